//! Times in the precision of the store and the wire.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// A moment, to the millisecond: what is finer would be lost in the store.
///
/// Its text is RFC 3339 in UTC with exactly three fractional digits, so that sorting the texts sorts the times. Adding or subtracting a duration
/// ends at the first or the last time that has a text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an RFC 3339 time")]
pub struct InvalidTimestamp(pub String);

impl Timestamp {
    /// The beginning of 1970 in UTC.
    pub const EPOCH: Timestamp = Timestamp(jiff::Timestamp::UNIX_EPOCH);

    /// A time in seconds since 1970; the first or the last time if it is out of range.
    pub fn from_seconds(seconds: i64) -> Timestamp {
        let end = if seconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_second(seconds).unwrap_or(end).into()
    }

    /// A time in milliseconds since 1970; the first or the last time if it is out of range.
    pub fn from_milliseconds(milliseconds: i64) -> Timestamp {
        let end = if milliseconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(end).into()
    }

    /// The time of a file; `None` if it is out of range.
    pub fn from_system(time: SystemTime) -> Option<Timestamp> {
        jiff::Timestamp::try_from(time).ok().map(Timestamp::from)
    }

    /// The whole seconds since 1970.
    pub fn as_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The milliseconds since 1970.
    pub fn as_milliseconds(self) -> i64 {
        self.0.as_millisecond()
    }

    /// The time for calendars and time zones.
    pub fn to_jiff(self) -> jiff::Timestamp {
        self.0
    }

    /// The duration from an earlier time; zero if that one is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::try_from(self.0.duration_since(earlier.0)).unwrap_or_default()
    }

    /// The day in UTC, `2026-11-28`.
    pub fn day(self) -> String {
        self.0.to_zoned(TimeZone::UTC).date().to_string()
    }

    /// The Monday of the week in UTC, `2026-11-23`.
    pub fn week(self) -> String {
        let day = self.0.to_zoned(TimeZone::UTC).date();
        day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).to_string()
    }
}

impl From<jiff::Timestamp> for Timestamp {
    /// Drops what is finer than a millisecond.
    fn from(time: jiff::Timestamp) -> Timestamp {
        Timestamp(jiff::Timestamp::new(time.as_second(), time.subsec_millisecond() * 1_000_000).unwrap_or(time))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Timestamp;

    fn add(self, duration: Duration) -> Timestamp {
        self.0.checked_add(duration).unwrap_or(jiff::Timestamp::MAX).into()
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Timestamp;

    fn sub(self, duration: Duration) -> Timestamp {
        self.0.checked_sub(duration).unwrap_or(jiff::Timestamp::MIN).into()
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    /// Parses RFC 3339 with any offset from UTC.
    fn from_str(text: &str) -> Result<Timestamp, InvalidTimestamp> {
        text.parse::<jiff::Timestamp>().map(Timestamp::from).map_err(|_| InvalidTimestamp(text.into()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_written_in_milliseconds_and_read_with_any_offset() {
        for (text, expected) in [
            ("2026-11-24T23:05:00Z", "2026-11-24T23:05:00.000Z"),
            ("2026-11-24T23:05:00.1Z", "2026-11-24T23:05:00.100Z"),
            ("2026-11-24T23:05:00.123999Z", "2026-11-24T23:05:00.123Z"),
            ("2026-11-25T00:05:00+01:00", "2026-11-24T23:05:00.000Z"),
        ] {
            assert_eq!(time(text).to_string(), expected);
            assert_eq!(time(expected), time(text));
            assert_eq!(serde_json::to_value(time(text)).unwrap(), expected);
        }
        for text in ["", "soon", "2026-11-24", "2026-11-24T23:05:00", "1795687200"] {
            assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp(text.into())));
        }
    }

    #[test]
    fn fractions_of_a_millisecond_are_ignored() {
        let jiff: jiff::Timestamp = "2026-11-24T23:05:00.000999Z".parse().unwrap();
        assert_eq!(Timestamp::from(jiff), time("2026-11-24T23:05:00Z"));
        assert_eq!(time("2026-11-24T23:05:00Z") + Duration::from_micros(999), time("2026-11-24T23:05:00Z"));
        let system = SystemTime::UNIX_EPOCH + Duration::from_micros(1_500_999);
        assert_eq!(Timestamp::from_system(system), Some(Timestamp::EPOCH + Duration::from_millis(1_500)));
    }

    #[test]
    fn times_count_from_1970() {
        let second = time("2026-11-26T10:00:00.900Z");
        assert_eq!((second.as_seconds(), second.as_milliseconds()), (1_795_687_200, 1_795_687_200_900));
        assert_eq!(Timestamp::from_seconds(1_795_687_200), time("2026-11-26T10:00:00Z"));
        assert_eq!(Timestamp::from_seconds(0), Timestamp::EPOCH);
        assert_eq!(second.to_jiff().as_millisecond(), second.as_milliseconds());
    }

    #[test]
    fn arithmetic_saturates_at_the_first_and_last_time() {
        let start = time("2026-11-24T23:59:59.500Z");
        assert_eq!(start + SECOND, time("2026-11-25T00:00:00.500Z"));
        assert_eq!(start + SECOND - SECOND, start);
        let (first, last) = (start - Duration::MAX, start + Duration::MAX);
        assert_eq!((first, last), (Timestamp::from_seconds(i64::MIN), Timestamp::from_seconds(i64::MAX)));
        assert_eq!((first - SECOND, last + SECOND), (first, last));
        assert_eq!(last.to_string().parse(), Ok(last));
    }

    #[test]
    fn the_duration_since_a_later_time_is_zero() {
        let start = time("2026-11-24T23:05:00.250Z");
        assert_eq!((start + SECOND).since(start), SECOND);
        assert_eq!((start - SECOND).since(start), Duration::ZERO);
        assert_eq!(start.since(start), Duration::ZERO);
    }

    #[test]
    fn times_sort_as_their_texts() {
        let texts = ["1999-12-31T23:59:59.999Z", "2026-11-24T23:05:00.000Z", "2026-11-24T23:05:00.100Z"];
        assert!(texts.map(time).is_sorted() && texts.is_sorted());
    }

    #[test]
    fn weeks_are_named_by_their_monday() {
        for (now, day, week) in [
            ("2026-11-23T00:00:00Z", "2026-11-23", "2026-11-23"),
            ("2026-11-29T23:59:59Z", "2026-11-29", "2026-11-23"),
            ("2027-01-01T12:00:00Z", "2027-01-01", "2026-12-28"),
        ] {
            assert_eq!((time(now).day(), time(now).week()), (day.to_string(), week.to_string()));
        }
    }
}
