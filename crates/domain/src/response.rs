//! Responses to requests. What they mean for a submission is decided in `loader/outcome.js`.

/// The result of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Response<S> {
    /// An HTTP response.
    Http {
        /// The HTTP status.
        status: u16,
        /// The body as parsed JSON; `None` if it is not JSON.
        body: Option<S>,
        /// `Retry-After` in seconds.
        retry_after: Option<u32>,
    },
    /// The browser could not reach the gateway, or something in between blocked the request.
    Unreachable,
    /// The request timed out.
    TimedOut,
}
