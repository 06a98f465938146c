//! Business hours, and due times that are promised in business hours.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use domain::targets::HOURS_A_DAY;
use domain::ticket::Severity;

/// How many days ahead a due time may be. Beyond that nothing is promised.
const DAYS_MAX: usize = 366;
/// The minutes of a day by the wall clock.
pub const DAY: u16 = 24 * 60;

/// Business hours for each severity.
#[derive(Clone, Debug, PartialEq)]
pub struct BusinessHours {
    /// The time zone of all hours.
    pub zone: TimeZone,
    /// The default hours.
    pub usual: Schedule,
    /// The hours of severities that differ from the default.
    pub severities: Vec<(Severity, Schedule)>,
}

/// A weekly schedule with holidays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The spans of each day of the week from Monday on, sorted and without overlaps.
    pub week: [Vec<Span>; 7],
    /// Days with other spans than their day of the week, or none.
    pub holidays: BTreeMap<Date, Holiday>,
}

/// A day with hours of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holiday {
    /// Its name for administrators; may be empty.
    pub name: String,
    /// Its spans, sorted and without overlaps.
    pub spans: Vec<Span>,
}

/// A span of business hours, in minutes since the midnight of its day. If it ends after [`DAY`], it continues into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first minute, below [`DAY`].
    pub from: u16,
    /// The minute after the last; above `from`, by at most a day.
    pub to: u16,
}

impl BusinessHours {
    /// When this many business hours have passed since a time, for a ticket of a severity; `None` if that is more than a year away. Hours are
    /// elapsed hours, also on days on which the clocks change.
    pub fn due(&self, severity: Severity, since: Timestamp, hours: u32) -> Option<Timestamp> {
        let schedule = self.schedule(severity);
        let mut remaining = SignedDuration::from_hours(i64::from(hours));
        let mut date = since.to_zoned(self.zone.clone()).date();
        // The end of the time that is counted already. Overlaps, such as of a holiday's span and the next day's, count once.
        let mut counted = since;
        for _ in 0..DAYS_MAX {
            for span in schedule.spans(date) {
                let begin = self.instant(date, span.from)?.max(counted);
                let end = self.instant(date, span.to)?;
                let duration = begin.duration_until(end);
                if duration >= remaining && duration > SignedDuration::ZERO {
                    return begin.checked_add(remaining).ok();
                }
                remaining -= duration.max(SignedDuration::ZERO);
                counted = counted.max(end);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The business hours to show to a reader for whom [`HOURS_A_DAY`] of them are a day: if the shortest day of the schedule is shorter than
    /// that, rounded up to whole days of its length.
    pub fn displayed_hours(&self, severity: Severity, hours: u32) -> u32 {
        let shortest = self.schedule(severity).shortest_day();
        match shortest {
            Some(minutes) if hours >= HOURS_A_DAY && minutes < HOURS_A_DAY * 60 => {
                (hours * 60).div_ceil(minutes) * HOURS_A_DAY
            }
            _ => hours,
        }
    }

    /// The schedule for tickets of a severity.
    fn schedule(&self, severity: Severity) -> &Schedule {
        self.severities
            .iter()
            .find(|(of_severity, _)| *of_severity == severity)
            .map_or(&self.usual, |(_, schedule)| schedule)
    }

    /// The instant of a minute of a day, following RFC 5545, 3.3.5: the first of two if the local time occurs twice; if the clocks skip it, as
    /// long after the last time before the gap.
    fn instant(&self, date: Date, minute: u16) -> Option<Timestamp> {
        let date = date.checked_add(i64::from(minute / DAY).days()).ok()?;
        let (hour, minute) = (minute % DAY / 60, minute % 60);
        let time = Time::new(hour.try_into().ok()?, minute.try_into().ok()?, 0, 0).ok()?;
        Some(date.to_datetime(time).to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

impl Schedule {
    /// A schedule without closing times.
    pub fn always() -> Schedule {
        let all_day = || vec![Span { from: 0, to: DAY }];
        Schedule { week: std::array::from_fn(|_| all_day()), holidays: BTreeMap::new() }
    }

    /// The spans of a day of the week.
    pub fn spans_of_weekday(&self, day: Weekday) -> &[Span] {
        let index = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.week.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// The spans between the midnights of a day. A span that continues from the day before ends at midnight if this day is a holiday.
    fn spans(&self, date: Date) -> Vec<Span> {
        let spans_begun = |date: Date| match self.holidays.get(&date) {
            Some(holiday) => holiday.spans.as_slice(),
            None => self.spans_of_weekday(date.weekday()),
        };
        let spans_of_day = spans_begun(date).iter().map(|span| Span { to: span.to.min(DAY), ..*span });
        if self.holidays.contains_key(&date) {
            return spans_of_day.collect();
        }
        let before = date.yesterday().map(spans_begun).unwrap_or_default();
        let tails = before.iter().filter(|span| span.to > DAY).map(|span| Span { from: 0, to: span.to - DAY });
        tails.chain(spans_of_day).collect()
    }

    /// The minutes of the shortest day of the week that has any; `None` if no day has.
    fn shortest_day(&self) -> Option<u32> {
        let minutes = |spans: &Vec<Span>| spans.iter().map(|span| u32::from(span.to - span.from)).sum::<u32>();
        self.week.iter().map(minutes).filter(|minutes| *minutes > 0).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEEK: [Weekday; 5] =
        [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    fn hours(zone: &str, days: &[Weekday], from: &str, to: &str, holidays: &[&str]) -> BusinessHours {
        let minute = |text: &str| match text {
            "24:00" => DAY,
            text => text.parse::<Time>().unwrap().hour() as u16 * 60 + text.parse::<Time>().unwrap().minute() as u16,
        };
        let span = Span { from: minute(from), to: minute(to) };
        let mut week: [Vec<Span>; 7] = Default::default();
        for day in days {
            week[day.to_monday_zero_offset() as usize] = vec![span];
        }
        let holidays = holidays.iter().map(|date| (date.parse().unwrap(), Holiday::default())).collect();
        BusinessHours { zone: TimeZone::get(zone).unwrap(), usual: Schedule { week, holidays }, severities: Vec::new() }
    }

    fn office(zone: &str) -> BusinessHours {
        hours(zone, &WEEK, "09:00", "17:00", &["2026-12-25", "2027-01-01", "2026-11-26"])
    }

    /// The local due time for a local time; 2026-11-23 is a Monday.
    fn due(hours: &BusinessHours, since: &str, promised: u32) -> String {
        let local = |text: &str| format!("{text}[{}]", hours.zone.iana_name().unwrap()).parse::<jiff::Zoned>().unwrap();
        let due = hours.due(Severity::Medium, local(since).timestamp(), promised);
        due.map_or("never".into(), |due| due.to_zoned(hours.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string())
    }

    fn assert_due(cases: &[(&BusinessHours, &str, u32, &str)]) {
        for (hours, since, promised, expected) in cases {
            assert_eq!(due(hours, since, *promised), *expected, "{promised} hours after {since}");
        }
    }

    #[test]
    fn replies_are_due_after_their_business_hours() {
        let berlin = office("Europe/Berlin");
        for (since, promised, expected) in [
            // Within a day.
            ("2026-11-23T09:00", 1, "2026-11-23T10:00"),
            ("2026-11-23T10:30", 1, "2026-11-23T11:30"),
            ("2026-11-23T09:00", 8, "2026-11-23T17:00"),
            ("2026-11-23T16:00", 1, "2026-11-23T17:00"),
            // Past the end of a day.
            ("2026-11-23T16:01", 1, "2026-11-24T09:01"),
            ("2026-11-23T16:30", 1, "2026-11-24T09:30"),
            ("2026-11-23T10:00", 8, "2026-11-24T10:00"),
            ("2026-11-23T13:00", 16, "2026-11-25T13:00"),
            // Before opening and after closing.
            ("2026-11-23T00:00", 1, "2026-11-23T10:00"),
            ("2026-11-23T08:59", 1, "2026-11-23T10:00"),
            ("2026-11-23T17:00", 1, "2026-11-24T10:00"),
            ("2026-11-23T17:01", 8, "2026-11-24T17:00"),
            ("2026-11-23T23:59", 1, "2026-11-24T10:00"),
            // Weekends.
            ("2026-11-20T16:30", 1, "2026-11-23T09:30"),
            ("2026-11-20T17:30", 1, "2026-11-23T10:00"),
            ("2026-11-21T12:00", 1, "2026-11-23T10:00"),
            ("2026-11-22T23:59", 8, "2026-11-23T17:00"),
            ("2026-11-20T10:00", 16, "2026-11-24T10:00"),
            // A holiday on a Thursday, one on a Friday before a weekend, and two around the end of a year.
            ("2026-11-25T16:30", 1, "2026-11-27T09:30"),
            ("2026-11-26T10:00", 1, "2026-11-27T10:00"),
            ("2026-11-25T10:00", 8, "2026-11-27T10:00"),
            ("2026-12-24T16:00", 2, "2026-12-28T10:00"),
            ("2026-12-25T09:00", 8, "2026-12-28T17:00"),
            ("2026-12-31T16:30", 1, "2027-01-04T09:30"),
            ("2026-12-31T17:00", 40, "2027-01-08T17:00"),
        ] {
            assert_eq!(due(&berlin, since, promised), expected, "{promised} hours after {since}");
        }
    }

    #[test]
    fn clock_changes_do_not_change_business_hours() {
        // In 2027 Berlin skips 02:00 to 03:00 on 28 March; on 25 October 2026 it has 02:00 to 03:00 twice.
        let always = hours("Europe/Berlin", &ALL, "00:00", "24:00", &[]);
        let early = hours("Europe/Berlin", &ALL, "02:30", "10:30", &[]);
        let york = office("America/New_York");
        assert_due(&[
            (&always, "2027-03-28T01:30", 1, "2027-03-28T03:30"),
            (&always, "2027-03-27T20:00", 8, "2027-03-28T05:00"),
            (&always, "2026-10-24T20:00", 8, "2026-10-25T03:00"),
            (&always, "2026-10-25T01:30", 1, "2026-10-25T02:30"),
            (&always, "2026-10-25T01:30", 2, "2026-10-25T02:30"),
            (&always, "2026-10-25T01:30", 3, "2026-10-25T03:30"),
            // There is no half past two on that day.
            (&early, "2027-03-28T00:00", 1, "2027-03-28T04:30"),
            (&early, "2027-03-28T00:00", 7, "2027-03-28T10:30"),
            (&early, "2027-03-28T00:00", 8, "2027-03-29T03:30"),
            // New York changes its clocks on 1 November 2026 and 14 March 2027, both Sundays.
            (&york, "2026-10-30T16:30", 1, "2026-11-02T09:30"),
            (&york, "2027-03-12T16:30", 1, "2027-03-15T09:30"),
        ]);
    }

    #[test]
    fn business_hours_use_the_time_zone_of_the_office() {
        let due_in = |zone: &str, since: &str, promised| {
            office(zone).due(Severity::Medium, since.parse().unwrap(), promised).unwrap().to_string()
        };
        for (zone, since, promised, expected) in [
            // The same instant on a Monday: noon in London, before breakfast in New York, closed in Auckland.
            ("Europe/London", "2026-11-23T12:00:00Z", 1, "2026-11-23T13:00:00Z"),
            ("America/New_York", "2026-11-23T12:00:00Z", 1, "2026-11-23T15:00:00Z"),
            ("Pacific/Auckland", "2026-11-23T12:00:00Z", 1, "2026-11-23T21:00:00Z"),
            ("Asia/Kolkata", "2026-11-23T12:00:00Z", 1, "2026-11-24T04:30:00Z"),
            ("Asia/Kathmandu", "2026-11-23T12:00:00Z", 1, "2026-11-24T04:15:00Z"),
            // Sunday in one time zone and Monday in the other, in both directions.
            ("Pacific/Auckland", "2026-11-22T21:00:00Z", 1, "2026-11-22T22:00:00Z"),
            ("America/Los_Angeles", "2026-11-28T00:30:00Z", 1, "2026-11-30T17:30:00Z"),
            ("UTC", "2026-11-23T16:59:59.999Z", 1, "2026-11-24T09:59:59.999Z"),
        ] {
            assert_eq!(due_in(zone, since, promised), expected, "{zone}: {promised} hours after {since}");
        }
    }

    #[test]
    fn business_hours_may_be_continuous_or_end_at_midnight() {
        let late = hours("Europe/Berlin", &ALL, "16:00", "24:00", &["2026-11-24"]);
        let night = hours("Europe/Berlin", &[Weekday::Saturday], "00:00", "24:00", &[]);
        assert_due(&[
            (&late, "2026-11-23T23:30", 1, "2026-11-25T16:30"),
            (&late, "2026-11-23T23:00", 1, "2026-11-24T00:00"),
            (&late, "2026-11-23T16:00", 8, "2026-11-24T00:00"),
            (&night, "2026-11-23T12:00", 24, "2026-11-29T00:00"),
            (&night, "2026-11-23T12:00", 25, "2026-12-05T01:00"),
        ]);
    }

    #[test]
    fn without_business_hours_nothing_is_due() {
        assert_eq!(due(&hours("UTC", &[], "09:00", "17:00", &[]), "2026-11-23T09:00", 1), "never");
        assert_eq!(due(&office("UTC"), "2026-11-23T09:00", 8 * 300), "never");
    }

    proptest! {
        #[test]
        fn due_times_are_monotonic_and_within_business_hours(
            seconds in 1_790_000_000i64..1_830_000_000, later in 0i64..1_000_000, promised in 1u32..40,
        ) {
            let office = office("America/New_York");
            let time = |seconds| office.due(Severity::Medium, Timestamp::from_second(seconds).unwrap(), promised).unwrap();
            let (first, second) = (time(seconds), time(seconds + later));
            prop_assert!(first <= second && first.as_second() >= seconds + i64::from(promised) * 3600);
            let day = first.to_zoned(office.zone.clone()).date();
            let spans = office.usual.spans(day);
            let time = |minute| office.instant(day, minute).unwrap();
            prop_assert!(spans.iter().any(|span| time(span.from) < first && first <= time(span.to)));
        }
    }
}
