//! Use cases: what customers, agents and administrators can do, and what happens in the background. Each is a struct whose constructor takes the
//! ports and the other use cases that it calls.

pub mod access;
pub mod agents;
pub mod attachments;
pub mod delivery;
pub mod inbound;
pub mod incidents;
pub mod mail;
pub mod moving;
pub mod privacy;
pub mod search;
pub mod tickets;
