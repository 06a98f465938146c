//! Pure rules of support: without browser, server, clock or randomness.
//!
//! Everything on the wire is a type in here, which both sides use.

pub mod attachment;
pub mod config;
pub mod context;
pub mod contrast;
pub mod conversation;
pub mod deflection;
pub mod engine;
pub mod event;
pub mod fields;
pub mod identifier;
pub mod incident;
pub mod join;
pub mod memory;
pub mod opening;
pub mod problem;
pub mod question;
pub mod reference;
pub mod response;
#[cfg(not(target_arch = "wasm32"))]
pub mod robot;
pub mod search_miss;
#[cfg(not(target_arch = "wasm32"))]
pub mod stripping;
pub mod suggested_query;
pub mod targets;
pub mod texts;
pub mod ticket;
pub mod vocabulary;

pub use wire::words;
