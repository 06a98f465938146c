//! Business hours: when an answer is due that is promised within so many of them.
//!
//! Only the gateway promises times, and knows time zones.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::targets::HOURS_A_DAY;
use super::vocabulary::Severity;

/// How far ahead a due time is looked for, in days; whoever has closed for longer promises nothing.
const DAYS_MAX: usize = 366;
/// The minutes of a day, by the clock on the wall.
pub const DAY: u16 = 24 * 60;

/// When somebody is there, for each severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// Where they are.
    pub zone: TimeZone,
    /// The usual hours.
    pub usual: Schedule,
    /// The hours of severities that have others.
    pub severities: Vec<(Severity, Schedule)>,
}

/// When somebody is there, week by week.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// The spans of each day of the week, from Monday on, in their order and without overlaps.
    pub week: [Vec<Span>; 7],
    /// Days that have other spans than their day of the week, or none.
    pub holidays: BTreeMap<Date, Holiday>,
}

/// A day that has hours of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holiday {
    /// What the administrator calls it; may be empty.
    pub name: String,
    /// When somebody is there all the same, in their order and without overlaps.
    pub spans: Vec<Span>,
}

/// From when to when somebody is there, in minutes since the midnight of the day to which it belongs. What ends after [`DAY`] goes on into the
/// next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first minute, below [`DAY`].
    pub from: u16,
    /// The minute after the last, above `from`, and no more than a day after it.
    pub to: u16,
}

impl Hours {
    /// When so many business hours have passed since a moment, for a ticket of a severity; `None` where that is more than a year away. An
    /// hour is an hour that passes, also on a day that has one less or one more.
    pub fn due(&self, severity: Severity, since: Timestamp, hours: u32) -> Option<Timestamp> {
        let schedule = self.schedule(severity);
        let mut left = SignedDuration::from_hours(i64::from(hours));
        let mut date = since.to_zoned(self.zone.clone()).date();
        // Until when time is counted: what overlaps, as a holiday's span and the next day's may, counts once.
        let mut counted = since;
        for _ in 0..DAYS_MAX {
            for span in schedule.spans(date) {
                let begin = self.instant(date, span.from)?.max(counted);
                let end = self.instant(date, span.to)?;
                let there = begin.duration_until(end);
                if there >= left && there > SignedDuration::ZERO {
                    return begin.checked_add(left).ok();
                }
                left -= there.max(SignedDuration::ZERO);
                counted = counted.max(end);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// So many business hours as they may be told to somebody who reads [`HOURS_A_DAY`] of them as a day: rounded up to days of the
    /// shortest day there is, where one is shorter than that.
    pub fn told_hours(&self, severity: Severity, hours: u32) -> u32 {
        let shortest = self.schedule(severity).shortest_day();
        match shortest {
            Some(minutes) if hours >= HOURS_A_DAY && minutes < HOURS_A_DAY * 60 => {
                (hours * 60).div_ceil(minutes) * HOURS_A_DAY
            }
            _ => hours,
        }
    }

    /// When somebody is there for tickets of a severity.
    fn schedule(&self, severity: Severity) -> &Schedule {
        self.severities.iter().find(|(of, _)| *of == severity).map_or(&self.usual, |(_, schedule)| schedule)
    }

    /// The moment of a minute of a day, as RFC 5545, 3.3.5 has it: of a time that comes twice the first, and a time that the clocks skip is
    /// as long after the last one before it.
    fn instant(&self, date: Date, minute: u16) -> Option<Timestamp> {
        let date = date.checked_add(i64::from(minute / DAY).days()).ok()?;
        let (hour, minute) = (minute % DAY / 60, minute % 60);
        let time = Time::new(hour.try_into().ok()?, minute.try_into().ok()?, 0, 0).ok()?;
        Some(date.to_datetime(time).to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

impl Schedule {
    /// When somebody is there at all times.
    pub fn always() -> Schedule {
        let all_day = || vec![Span { from: 0, to: DAY }];
        Schedule { week: std::array::from_fn(|_| all_day()), holidays: BTreeMap::new() }
    }

    /// The spans that belong to a day of the week.
    pub fn of(&self, day: Weekday) -> &[Span] {
        let index = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        self.week.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// From when to when somebody is there between the midnights of a day. What goes on from the day before ends at midnight if this day is
    /// a holiday.
    fn spans(&self, date: Date) -> Vec<Span> {
        let begun = |date: Date| match self.holidays.get(&date) {
            Some(holiday) => holiday.spans.as_slice(),
            None => self.of(date.weekday()),
        };
        let own = begun(date).iter().map(|span| Span { to: span.to.min(DAY), ..*span });
        if self.holidays.contains_key(&date) {
            return own.collect();
        }
        let before = date.yesterday().map(begun).unwrap_or_default();
        let tails = before.iter().filter(|span| span.to > DAY).map(|span| Span { from: 0, to: span.to - DAY });
        tails.chain(own).collect()
    }

    /// The minutes of the shortest day of the week on which somebody is there; `None` where nobody ever is.
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

    fn hours(zone: &str, days: &[Weekday], from: &str, to: &str, holidays: &[&str]) -> Hours {
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
        Hours { zone: TimeZone::get(zone).unwrap(), usual: Schedule { week, holidays }, severities: Vec::new() }
    }

    fn office(zone: &str) -> Hours {
        hours(zone, &WEEK, "09:00", "17:00", &["2026-12-25", "2027-01-01", "2026-11-26"])
    }

    /// The local time at which so many hours after a local time an answer is due; 2026-11-23 is a Monday.
    fn due(hours: &Hours, since: &str, promised: u32) -> String {
        let local = |text: &str| format!("{text}[{}]", hours.zone.iana_name().unwrap()).parse::<jiff::Zoned>().unwrap();
        let due = hours.due(Severity::Medium, local(since).timestamp(), promised);
        due.map_or("never".into(), |due| due.to_zoned(hours.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string())
    }

    #[test]
    fn an_answer_is_due_when_its_business_hours_have_passed() {
        let berlin = office("Europe/Berlin");
        for (since, promised, expected) in [
            // Within a day.
            ("2026-11-23T09:00", 1, "2026-11-23T10:00"),
            ("2026-11-23T10:30", 1, "2026-11-23T11:30"),
            ("2026-11-23T09:00", 8, "2026-11-23T17:00"),
            ("2026-11-23T16:00", 1, "2026-11-23T17:00"),
            // Over the end of a day.
            ("2026-11-23T16:01", 1, "2026-11-24T09:01"),
            ("2026-11-23T16:30", 1, "2026-11-24T09:30"),
            ("2026-11-23T10:00", 8, "2026-11-24T10:00"),
            ("2026-11-23T13:00", 16, "2026-11-25T13:00"),
            // Before it opens and after it closes.
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
            // A holiday on a Thursday, one on a Friday before a weekend, and two with the end of a year between.
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
    fn clocks_that_change_make_no_hour_longer_or_shorter() {
        // In 2027 Berlin loses 02:00 to 03:00 on 28 March; on 25 October 2026 it has 02:00 to 03:00 twice.
        let always = hours("Europe/Berlin", &ALL, "00:00", "24:00", &[]);
        let early = hours("Europe/Berlin", &ALL, "02:30", "10:30", &[]);
        let york = office("America/New_York");
        for (hours, since, promised, expected) in [
            (&always, "2027-03-28T01:30", 1, "2027-03-28T03:30"),
            (&always, "2027-03-27T20:00", 8, "2027-03-28T05:00"),
            (&always, "2026-10-24T20:00", 8, "2026-10-25T03:00"),
            (&always, "2026-10-25T01:30", 1, "2026-10-25T02:30"),
            (&always, "2026-10-25T01:30", 2, "2026-10-25T02:30"),
            (&always, "2026-10-25T01:30", 3, "2026-10-25T03:30"),
            // Nobody can come at half past two on a day without it.
            (&early, "2027-03-28T00:00", 1, "2027-03-28T04:30"),
            (&early, "2027-03-28T00:00", 7, "2027-03-28T10:30"),
            (&early, "2027-03-28T00:00", 8, "2027-03-29T03:30"),
            // New York changes on 1 November 2026 and 14 March 2027, both Sundays.
            (&york, "2026-10-30T16:30", 1, "2026-11-02T09:30"),
            (&york, "2027-03-12T16:30", 1, "2027-03-15T09:30"),
        ] {
            assert_eq!(due(hours, since, promised), expected, "{promised} hours after {since}");
        }
    }

    #[test]
    fn the_office_keeps_its_own_time_wherever_the_customer_is() {
        let at = |zone: &str, since: &str, promised| {
            office(zone).due(Severity::Medium, since.parse().unwrap(), promised).unwrap().to_string()
        };
        for (zone, since, promised, expected) in [
            // The same moment, a Monday: noon in London, before breakfast in New York, closed in Auckland.
            ("Europe/London", "2026-11-23T12:00:00Z", 1, "2026-11-23T13:00:00Z"),
            ("America/New_York", "2026-11-23T12:00:00Z", 1, "2026-11-23T15:00:00Z"),
            ("Pacific/Auckland", "2026-11-23T12:00:00Z", 1, "2026-11-23T21:00:00Z"),
            ("Asia/Kolkata", "2026-11-23T12:00:00Z", 1, "2026-11-24T04:30:00Z"),
            ("Asia/Kathmandu", "2026-11-23T12:00:00Z", 1, "2026-11-24T04:15:00Z"),
            // Sunday here, Monday there; and the other way round.
            ("Pacific/Auckland", "2026-11-22T21:00:00Z", 1, "2026-11-22T22:00:00Z"),
            ("America/Los_Angeles", "2026-11-28T00:30:00Z", 1, "2026-11-30T17:30:00Z"),
            ("UTC", "2026-11-23T16:59:59.999Z", 1, "2026-11-24T09:59:59.999Z"),
        ] {
            assert_eq!(at(zone, since, promised), expected, "{zone}: {promised} hours after {since}");
        }
    }

    #[test]
    fn offices_that_never_close_or_work_till_midnight_are_offices() {
        let late = hours("Europe/Berlin", &ALL, "16:00", "24:00", &["2026-11-24"]);
        let night = hours("Europe/Berlin", &[Weekday::Saturday], "00:00", "24:00", &[]);
        for (hours, since, promised, expected) in [
            (&late, "2026-11-23T23:30", 1, "2026-11-25T16:30"),
            (&late, "2026-11-23T23:00", 1, "2026-11-24T00:00"),
            (&late, "2026-11-23T16:00", 8, "2026-11-24T00:00"),
            (&night, "2026-11-23T12:00", 24, "2026-11-29T00:00"),
            (&night, "2026-11-23T12:00", 25, "2026-12-05T01:00"),
        ] {
            assert_eq!(due(hours, since, promised), expected, "{promised} hours after {since}");
        }
    }

    #[test]
    fn whoever_is_never_there_promises_nothing() {
        assert_eq!(due(&hours("UTC", &[], "09:00", "17:00", &[]), "2026-11-23T09:00", 1), "never");
        assert_eq!(due(&office("UTC"), "2026-11-23T09:00", 8 * 300), "never");
    }

    proptest! {
        #[test]
        fn later_is_never_due_earlier_and_always_while_somebody_is_there(
            seconds in 1_790_000_000i64..1_830_000_000, later in 0i64..1_000_000, promised in 1u32..40,
        ) {
            let office = office("America/New_York");
            let at = |seconds| office.due(Severity::Medium, Timestamp::from_second(seconds).unwrap(), promised).unwrap();
            let (first, second) = (at(seconds), at(seconds + later));
            prop_assert!(first <= second && first.as_second() >= seconds + i64::from(promised) * 3600);
            let day = first.to_zoned(office.zone.clone()).date();
            let spans = office.usual.spans(day);
            let at = |minute| office.instant(day, minute).unwrap();
            prop_assert!(spans.iter().any(|span| at(span.from) < first && first <= at(span.to)));
        }
    }
}
