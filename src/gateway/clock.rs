//! The time, as it stands in the store and on the wire.

use jiff::Timestamp;

/// Now, RFC 3339 in UTC, always to the millisecond, so that the order of the texts is the order of the times.
pub fn now() -> String {
    format!("{:.3}", Timestamp::now())
}
