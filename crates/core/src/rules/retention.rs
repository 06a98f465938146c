//! How long solved tickets are stored.

use std::time::Duration;

use jiff::Span;
use jiff::tz::TimeZone;

use crate::timestamp::Timestamp;

/// The shortest retention of a site, in days.
const DAYS_MIN: u32 = 7;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long solved tickets are stored after their last update.
#[derive(Clone, Copy, Debug)]
pub struct Retention(Span);

impl Retention {
    /// Parses `18 months`, `2 years`, `90 days` or `1 year 6 months`; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Retention, String> {
        let wrong =
            || format!("{text:?} is not a duration of at least {DAYS_MIN} days, such as \"18 months\" or \"90 days\"");
        let span: Span = text.parse().map_err(|_| wrong())?;
        let whole_days = span.get_hours() == 0
            && span.get_minutes() == 0
            && span.get_seconds() == 0
            && span.get_milliseconds() == 0
            && span.get_microseconds() == 0
            && span.get_nanoseconds() == 0;
        let retention = Retention(span);
        // Any day: the shortest month has more than the fewest days.
        let day = Timestamp::EPOCH;
        let is_long = retention.cutoff(day).is_some_and(|cutoff| day.since(cutoff) >= DAY * DAYS_MIN);
        if whole_days && is_long { Ok(retention) } else { Err(wrong()) }
    }

    /// The time before which the last update of an expired ticket was; none if it is out of range.
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        Some(now.to_jiff().to_zoned(TimeZone::UTC).checked_sub(self.0).ok()?.timestamp().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_periods_follow_the_calendar() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (text, cutoff) in [
            ("18 months", "2025-05-28T12:00:00.000Z"),
            ("2 years", "2024-11-28T12:00:00.000Z"),
            ("1 year 6 months", "2025-05-28T12:00:00.000Z"),
            ("90 days", "2026-08-30T12:00:00.000Z"),
            ("8 weeks", "2026-10-03T12:00:00.000Z"),
        ] {
            assert_eq!(Retention::parse(text).unwrap().cutoff(now).unwrap().to_string(), cutoff, "{text}");
        }
        for bad in ["", "for ever", "6 days", "0 months", "-2 years", "200 hours", "18", "2 years 3 hours"] {
            assert!(Retention::parse(bad).unwrap_err().contains("18 months"), "{bad}");
        }
    }
}
