//! Who a requester is to the tickets of a site.

mod links;
mod sign_in;

pub use links::{RequestAccessLink, RequestLinkError};
pub use sign_in::{ReaderError, SignIn};
