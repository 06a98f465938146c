//! The current time, and times as the store and the wire write them.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// A source of the current time. A store has one, by which it decides what is due and which claims have expired: gateways on one database may
/// have clocks that differ.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp()
    }
}

/// The current time: RFC 3339 in UTC with exactly three fractional digits, so that sorting the strings sorts the times.
pub fn now() -> String {
    written(timestamp())
}

/// The current time, to the millisecond, so that it is the same after it was stored.
pub fn timestamp() -> Timestamp {
    to_millisecond(Timestamp::now())
}

/// A time without what is finer than a millisecond.
pub fn to_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

/// Formats a time as RFC 3339 in UTC, to the millisecond.
pub fn written(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// A time after another, or the latest that there is.
pub fn after(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// A time before another, or the earliest that there is.
pub fn before(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// The duration from one time to a later one; zero if it is not later.
pub fn between(from: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(from)).unwrap_or_default()
}

/// The time that remains until `until`; zero if it has passed.
pub fn left(until: Timestamp) -> Duration {
    between(timestamp(), until)
}

/// The current time in seconds since 1970.
pub fn seconds() -> u64 {
    timestamp().as_second().try_into().unwrap_or_default()
}

/// The day of a time in UTC, `2026-11-28`.
pub fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).date().to_string()
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
