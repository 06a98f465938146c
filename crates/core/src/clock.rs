//! The time, as it stands in the store and on the wire.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Now, RFC 3339 in UTC, always to the millisecond, so that the order of the texts is the order of the times.
pub fn now() -> String {
    written(timestamp())
}

/// Now.
pub fn timestamp() -> Timestamp {
    Timestamp::now()
}

/// A time, RFC 3339 in UTC, to the millisecond.
pub fn written(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// How long it is until a time; nothing where it is over.
pub fn left(until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(timestamp())).unwrap_or_default()
}

/// Now, in seconds since 1970.
pub fn seconds() -> u64 {
    timestamp().as_second().try_into().unwrap_or_default()
}

/// The Monday of a week: this one, or one so many weeks ago; `2026-11-23`, in UTC.
pub fn week(ago: u32) -> String {
    monday(timestamp(), ago)
}

fn monday(now: Timestamp, ago: u32) -> String {
    let today = now.to_zoned(TimeZone::UTC).date();
    let days = i64::from(today.weekday().to_monday_zero_offset()) + 7 * i64::from(ago);
    today.saturating_sub(days.days()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_its_monday() {
        for (now, ago, week) in [
            ("2026-11-23T00:00:00Z", 0, "2026-11-23"),
            ("2026-11-29T23:59:59Z", 0, "2026-11-23"),
            ("2026-11-25T12:00:00Z", 1, "2026-11-16"),
            ("2027-01-01T12:00:00Z", 0, "2026-12-28"),
        ] {
            assert_eq!(monday(now.parse().unwrap(), ago), week, "{now}");
        }
    }
}
