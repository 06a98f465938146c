//! The gateway: stores tickets, answers searches, shows the inbox. The only code that knows a server.
//!
//! [`wire_up`] puts it together. A request passes [`http`], which parses it and calls a use case of another module: [`tickets`] takes tickets in,
//! [`attachments`] the files that go along with them, [`search`] keeps the index in step with the [`store`], [`http::inbox`] shows what arrived. What is allowed and promised is
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

pub use deskbell_core::{clock, ports as store, site};
pub use serve::{GatewayError, serve, stop_signal};
