//! The world as it is: what other people's programs write, send and refuse, one folder a kind, each with its table and sources.
// clippy.toml allows these in tests, but does not see that the helpers beside them belong to tests.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
// The helpers that `tests/gateway` shares have more functions than one of the two needs.
#![allow(dead_code)]

mod addresses;
#[path = "../gateway/documented.rs"]
mod documented;
mod files;
mod hours;
mod importers;
mod languages;
mod mail;
mod origins;
mod proxies;
mod redaction;
mod refusals;
mod returned;
mod rows;
mod smtp;
#[path = "../gateway/statements.rs"]
mod statements;
#[path = "../gateway/support.rs"]
mod support;
mod tokens;
mod tracing;
#[path = "../zendesk/mod.rs"]
mod zendesk;
