//! Incoming mail: what mail programs and servers send when a person or a program replies to a mail of the gateway.

mod automatic;
mod bounces;
mod hidden;
pub mod hook;
mod letter;
mod quotations;
mod senders;
mod words;
mod wrapping;
