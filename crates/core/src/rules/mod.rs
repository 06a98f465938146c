//! Rules: pure functions over the records of [`crate::ports`], without IO.

pub mod address;
pub mod backoff;
pub mod body;
pub mod business_hours;
pub mod coalescing;
pub mod codes;
pub mod comment;
pub mod customer_limits;
pub mod delivery_plan;
pub mod file_formats;
pub mod listing;
pub mod mail_quota;
pub mod networks;
pub mod on_call;
pub mod ownership;
pub mod polling;
pub mod quotas;
pub mod response_plan;
pub mod retention;
pub mod sender;
pub mod similar_tickets;
pub mod text_encodings;
pub mod tokens;
pub mod unread;
pub mod upload_quotas;
