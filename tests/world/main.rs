//! Input from other people's programs as it really is: one folder for each kind, with a table and its sources.
// clippy.toml allows these in tests, but does not recognise helpers in separate files as tests.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
// The helpers that `tests/gateway` shares have more functions than either suite needs.
#![allow(dead_code)]

mod access_links;
mod addresses;
mod answers;
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
