//! Compares due times with a slow oracle that goes through the wall clock minute by minute.

use deskbell_core::rules::business_hours::{BusinessHours, DAY, Holiday, Schedule, Span};
use domain::ticket::Severity;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

/// How many days the oracle covers, and the most hours it is asked for.
const DAYS: usize = 24;
const HOURS: u32 = 30;

/// Zones whose clocks change at night, at midnight, by half an hour or not at all, with a day near a change.
const ZONES: &[(&str, &str)] = &[
    ("Europe/Berlin", "2027-03-28"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/New_York", "2027-03-14"),
    ("America/New_York", "2026-11-01"),
    // The clocks go from midnight to one, and from midnight back to eleven.
    ("America/Santiago", "2027-09-05"),
    ("America/Santiago", "2027-04-04"),
    ("Africa/Cairo", "2026-04-24"),
    // By half an hour.
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("Asia/Kathmandu", "2026-11-23"),
    ("UTC", "2026-12-31"),
];

/// The minutes from some days before an instant on, each with its local time.
struct Wall {
    minutes: Vec<(Timestamp, DateTime)>,
}

impl Wall {
    fn new(zone: &TimeZone, since: Timestamp) -> Wall {
        let first = since.checked_sub(72.hours()).unwrap();
        let minutes = (0..(DAYS + 3) as i64 * 24 * 60).map(|minute| {
            let time = first.checked_add(minute.minutes()).unwrap();
            (time, time.to_zoned(zone.clone()).datetime())
        });
        Wall { minutes: minutes.collect() }
    }

    /// The first minute with a local time; for a skipped one, as long after the last minute before the gap.
    fn index(&self, time: DateTime) -> usize {
        if let Some(index) = self.minutes.iter().position(|(_, wall)| *wall == time) {
            return index;
        }
        let Some(before) = self.minutes.iter().position(|(_, wall)| *wall > time) else { return self.minutes.len() };
        let Some((_, last)) = before.checked_sub(1).map(|index| self.minutes[index]) else { return 0 };
        let skipped = time.duration_since(last).as_secs() / 60;
        before - 1 + skipped as usize
    }
}

/// When this many hours have passed, counted minute by minute; `None` beyond the range of the oracle.
fn due(hours: &BusinessHours, since: Timestamp, promised: u32) -> Option<Timestamp> {
    let wall = Wall::new(&hours.zone, since);
    let mut open = vec![false; wall.minutes.len() + 2 * 24 * 60];
    let midnight = |date: Date| wall.index(date.to_datetime(Time::midnight()));
    let index_of = |date: Date, minute: u16| {
        let date = date.checked_add(i64::from(minute / DAY).days()).unwrap();
        wall.index(date.at((minute % DAY / 60) as i8, (minute % 60) as i8, 0, 0))
    };
    let mut dates: Vec<Date> = wall.minutes.iter().map(|(_, time)| time.date()).collect();
    dates.dedup();
    for date in dates {
        let spans = match hours.usual.holidays.get(&date) {
            Some(holiday) => &holiday.spans,
            None => &hours.usual.week[date.weekday().to_monday_zero_offset() as usize],
        };
        let tomorrow = date.tomorrow().unwrap();
        for span in spans {
            let is_cut = span.to > DAY && hours.usual.holidays.contains_key(&tomorrow);
            let end = if is_cut { midnight(tomorrow) } else { index_of(date, span.to) };
            let begin = index_of(date, span.from);
            if begin < end {
                open[begin..end].fill(true);
            }
        }
    }
    let start = wall.minutes.iter().position(|(time, _)| *time == since).unwrap();
    let mut remaining = promised * 60;
    for ((time, _), is_open) in wall.minutes.iter().zip(open).skip(start) {
        remaining -= u32::from(is_open);
        if remaining == 0 {
            return time.checked_add(1.minute()).ok();
        }
    }
    None
}

/// One to three spans of a day, the last of which may pass midnight.
fn spans() -> impl Strategy<Value = Vec<Span>> {
    prop_oneof![
        2 => Just(Vec::new()),
        1 => Just(vec![Span { from: 0, to: DAY }]),
        5 => prop::collection::btree_set(0u16..DAY + 240, 2..7).prop_map(|edges| {
            let edges: Vec<u16> = edges.into_iter().collect();
            let spans = edges.chunks_exact(2).map(|pair| Span { from: pair[0], to: pair[1] });
            spans.filter(|span| span.from < DAY).collect()
        }),
    ]
}

fn hours() -> impl Strategy<Value = (BusinessHours, Timestamp)> {
    let week = prop::array::uniform7(spans());
    let holidays = prop::collection::vec((0i64..10, spans()), 0..4);
    (week, holidays, 0..ZONES.len(), 0i64..5 * 24 * 60).prop_map(|(mut week, holidays, zone, minutes)| {
        // Overlaps are no valid configuration: a span past midnight ends where the next day begins.
        for day in 0..7 {
            let next = week[(day + 1) % 7].first().map_or(DAY, |span| span.from);
            if let Some(last) = week[day].last_mut() {
                last.to = last.to.min(DAY + next);
            }
        }
        let (zone, middle) = ZONES[zone];
        let zone = TimeZone::get(zone).unwrap();
        let middle: Date = middle.parse().unwrap();
        let first = middle.checked_sub(3.days()).unwrap();
        let holidays = holidays
            .into_iter()
            .map(|(days, spans)| (first.checked_add(days.days()).unwrap(), Holiday { name: String::new(), spans }));
        let schedule = Schedule { week, holidays: holidays.collect() };
        let since = first.to_zoned(zone.clone()).unwrap().timestamp().checked_add(minutes.minutes()).unwrap();
        (BusinessHours { zone, usual: schedule, severities: Vec::new() }, since)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn due_times_match_a_minute_by_minute_clock((hours, since) in hours(), promised in 1u32..HOURS) {
        // Times beyond the range of the oracle are not compared.
        if let Some(expected) = due(&hours, since, promised) {
            prop_assert_eq!(hours.due(Severity::Low, since, promised), Some(expected));
        }
    }
}

proptest! {
    #[test]
    fn due_times_are_monotonic((hours, since) in hours(), later in 0i64..100_000, promised in 1u32..200) {
        let due = |since| hours.due(Severity::Low, since, promised);
        if let (Some(first), Some(second)) = (due(since), due(since.checked_add(later.seconds()).unwrap())) {
            prop_assert!(first <= second && first >= since.checked_add(i64::from(promised).hours()).unwrap());
        }
    }
}
