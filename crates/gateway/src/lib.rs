//! The gateway: stores tickets, answers searches, shows the inbox. The only code that knows a server.
//!
//! A request passes [`http`], which parses it and calls what the other modules do: [`tickets`] takes tickets in, [`attachments`] the
//! files that go along with them, [`search`] keeps the index in step with the [`store`], [`http::inbox`] shows what arrived. What is allowed and promised is
//! decided in [`domain`].

pub mod app;
pub mod attachments;
pub mod backup;
pub mod body_limits;
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
pub mod site;
pub mod supervisor;
pub mod tickets;
pub mod wire_up;

pub use deskbell_core::{clock, ports as store};
pub use serve::{GatewayError, serve, stop_signal};
