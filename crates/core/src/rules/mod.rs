//! Rules: pure functions over the records of [`crate::ports`], without IO.

pub mod address;
pub mod body;
pub mod coalescing;
pub mod listing;
pub mod tokens;
