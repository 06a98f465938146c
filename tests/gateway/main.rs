//! The gateway from outside: its HTTP API with a real SQLite file, and its command.
// clippy.toml allows these in tests, but does not recognise helpers in separate files as tests.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod accounts;
mod administration;
mod answers;
mod api;
mod assets;
mod attachments;
mod attack;
mod backup;
mod base_path;
mod bucket;
mod command;
mod commits;
mod conversation;
mod crashes;
mod database_outages;
mod desk;
mod destinations;
mod documented;
mod events;
mod guard;
mod identity;
mod inbox;
mod inbox_deliveries;
mod incidents;
mod killed;
mod mail;
mod moving;
mod operations;
mod packages;
mod privacy;
mod problems;
mod queues;
mod reload;
mod search;
mod several_gateways;
mod single_sign_on;
mod snapshot;
mod sources;
mod statements;
mod support;
mod tickets;
mod traces;
mod upgrade;
mod versions;
mod wire;
#[path = "../zendesk/mod.rs"]
mod zendesk;
