//! Mail in: what mail programs and servers send where a person, or a program, answers a mail of the gateway.

mod automatic;
mod bounces;
mod hidden;
pub mod hook;
mod letter;
mod quotations;
mod senders;
mod words;
mod wrapping;
