//! Requests to other people's servers: to public addresses only unless the configuration says otherwise, with bounded answers, and with the patience
//! that a server asks for.
//!
//! An [`attempt`] has a time limit that is suspended while the attempt waits to be admitted. [`Fetcher`] reads JSON from a source. Code with a
//! client of its own builds it with [`guard_redirects`], [`PublicOnly`], [`USER_AGENT`] and [`install_crypto`].

mod address;
mod client;
mod error_message;
mod fetcher;
mod public;
mod shared_clients;
mod times;

pub use address::{AddressError, source_url, web_address};
pub use client::{USER_AGENT, cause, guard_redirects, install_crypto};
pub use error_message::error_message;
pub use fetcher::{ClientError, FetchError, Fetched, Fetcher, Limits, Validators};
pub use public::{PublicOnly, addresses, is_public, literal, not_public};
pub use shared_clients::SharedClients;
pub use times::{http_date, retry_after};
