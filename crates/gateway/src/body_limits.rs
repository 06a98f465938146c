//! How large the body of a request may be, and how long it and its answer may take.

use std::time::Duration;

/// The largest body, in bytes, but of a file and of what a destination tells.
pub const BODY_MAX: usize = 192 * 1024;
/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(10);
/// How long one may take that is larger than usual.
pub const LARGE_BODY_TIME: Duration = Duration::from_secs(60);
/// How long a file may take to arrive: 10 megabytes over a line of 140 kilobits a second.
pub const UPLOAD_TIME: Duration = Duration::from_secs(600);
/// How much is read beyond the limit and thrown away: a connection that is closed with unread bytes in it is reset, and
/// the client never sees why.
pub const DRAIN_MAX: usize = 4 * 1024 * 1024;
/// How long it may take until what is thrown away has arrived.
pub const DRAIN_TIME: Duration = Duration::from_secs(30);
/// How long a request may take; one that puts a file or brings a large hook after its body has arrived.
pub const REQUEST_TIME: Duration = Duration::from_secs(15);
