//! The gateway: stores tickets, answers searches, serves the inbox. The only crate that knows a server.
//!
//! [`wire_up`] assembles it. [`http`] parses a request and calls a use case of another module: [`tickets`] stores tickets, [`attachments`] their
//! files, [`search`] keeps the indexes up to date with the store, and [`http::inbox`] shows the tickets. Rules and response targets are
//! decided in [`domain`].

pub mod attachments;
pub mod backup;
pub mod body_limits;
pub mod bus;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod deployment;
pub mod guard;
pub mod http;
pub mod incidents;
pub mod json;
pub mod live;
pub mod mail;
pub mod network;
mod pauses;
pub mod privacy;
pub mod pseudonym;
pub mod search;
pub mod serve;
pub mod supervisor;
pub mod tickets;
pub mod wire_up;
pub mod workers;

pub use serve::{GatewayError, serve, stop_signal};
