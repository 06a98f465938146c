//! Rules: pure functions over the records of [`crate::ports`], without IO.

pub mod address;
pub mod body;
pub mod coalescing;
pub mod codes;
pub mod comment;
pub mod customer_limits;
pub mod delivery_plan;
pub mod file_formats;
pub mod listing;
pub mod mail_quota;
pub mod polling;
pub mod promise;
pub mod quotas;
pub mod retention;
pub mod sender;
pub mod similar_tickets;
pub mod tokens;
pub mod unread;
