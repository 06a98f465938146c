//! Times as the store and the wire write them.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The current time: RFC 3339 in UTC with exactly three fractional digits, so that sorting the strings sorts the times.
pub fn now() -> String {
    written(timestamp())
}

/// The current time.
pub fn timestamp() -> Timestamp {
    Timestamp::now()
}

/// Formats a time as RFC 3339 in UTC, to the millisecond.
pub fn written(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// The time that remains until `until`; zero if it has passed.
pub fn left(until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(timestamp())).unwrap_or_default()
}

/// The current time in seconds since 1970.
pub fn seconds() -> u64 {
    timestamp().as_second().try_into().unwrap_or_default()
}

/// The Monday of the current week, or of the week `ago` weeks earlier, as `2026-11-23` in UTC.
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
