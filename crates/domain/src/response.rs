//! What came back for a request. What that means for a submission is decided in `loader/outcome.js`.

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Response<S> {
    /// An answer with this status.
    Http {
        /// The HTTP status.
        status: u16,
        /// The body as parsed JSON; `None` where it is none.
        body: Option<S>,
        /// What `Retry-After` said, in seconds.
        retry_after: Option<u32>,
    },
    /// The browser could not reach the gateway, or something in between stopped it.
    Unreachable,
    /// There was no answer in time.
    TimedOut,
}
