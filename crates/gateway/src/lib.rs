//! The gateway: stores tickets, answers searches, serves the inbox. The only crate that knows a server.
//!
//! [`wire_up`] assembles it. [`http`] parses a request and calls a use case, and [`http::inbox`] shows the tickets. Use cases and rules are in
//! [`deskbell_core`].

pub mod backup;
pub mod body_limits;
pub mod bus;
pub mod commands;
pub mod config;
pub mod database_watch;
pub mod demo;
pub mod deployment;
pub mod gateway_watch;
pub mod guard;
pub mod http;
pub mod live;
pub mod metrics;
pub mod other_gateways;
pub mod readiness;
pub mod serve;
pub mod supervisor;
pub mod telemetry;
pub mod wire_up;
pub mod workers;

pub use serve::{GatewayError, serve, stop_signal};
