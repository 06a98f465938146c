//! Who a requester is to the tickets of a site.

mod sign_in;

pub use sign_in::{ReaderError, SignIn};
