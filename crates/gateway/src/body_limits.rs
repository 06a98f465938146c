//! Size and time limits for request bodies and responses.

use std::time::Duration;

/// The largest body, in bytes, except for uploads and inbound events.
pub const BODY_MAX: usize = 192 * 1024;
/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// The same for a body that is larger than usual.
pub const LARGE_BODY_TIME: Duration = Duration::from_secs(60);
/// How much is read and discarded beyond the limit: a connection closed with unread bytes is reset, and the client never sees the error.
pub const DRAIN_MAX: usize = 4 * 1024 * 1024;
/// How long reading discarded bytes may take.
pub const DRAIN_TIME: Duration = Duration::from_secs(30);
/// How long a request may take; for an upload or a large inbound event, after its body has arrived.
pub const REQUEST_TIME: Duration = Duration::from_secs(15);
