//! The rules of support, pure: no browser, no server, no clock and no randomness of its own.
//!
//! Everything that goes over the wire is a type in here, used by both sides.

#[cfg(not(target_arch = "wasm32"))]
pub mod alike;
pub mod attachment;
pub mod best;
pub mod config;
pub mod context;
pub mod contrast;
pub mod conversation;
pub mod deflection;
pub mod engine;
pub mod event;
pub mod fields;
pub mod find;
pub mod github;
#[cfg(not(target_arch = "wasm32"))]
pub mod hours;
pub mod incident;
pub mod index_file;
pub mod joined;
pub mod link;
pub mod markdown;
pub mod memory;
pub mod outbox;
#[cfg(not(target_arch = "wasm32"))]
pub mod ownership;
pub mod pairs;
pub mod problem;
pub mod question;
pub mod ranking;
pub mod redaction;
pub mod reference;
#[cfg(not(target_arch = "wasm32"))]
pub mod robot;
#[cfg(not(target_arch = "wasm32"))]
pub mod rota;
pub mod source;
#[cfg(not(target_arch = "wasm32"))]
pub mod stripping;
pub mod targets;
pub mod texts;
pub mod ticket;
pub mod trouble;
pub mod unanswered;
pub(crate) mod words;
