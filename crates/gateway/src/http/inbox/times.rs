//! Formats times and durations for agents: in UTC, and by the page's script in the time zone of their browser. A malformed time is shown as it
//! is.

use std::fmt::Display;

use jiff::Timestamp as Moment;
use maud::{Markup, html};

use deskbell_core::timestamp::Timestamp;

/// To the minute: `23 Nov 2026, 10:00 UTC`.
pub fn minute(time: impl Display) -> Markup {
    marked(&time.to_string(), "minute", "%-d %b %Y, %H:%M UTC")
}

/// A day without a time: `23 Nov 2026`.
pub fn day(text: &str) -> Markup {
    match text.parse::<jiff::civil::Date>() {
        Ok(day) => html! { time datetime=(text) { (day.strftime("%-d %b %Y")) } },
        Err(_) => html! { bdi { (text) } },
    }
}

/// To the second: `23 Nov 2026, 10:00:12 UTC`.
pub fn second(time: impl Display) -> Markup {
    marked(&time.to_string(), "second", SECOND)
}

/// The same without markup.
pub fn second_text(text: &str) -> String {
    formatted(text, SECOND)
}

/// The time of day, as in server logs: `10:00:12.345`.
pub fn clock(text: &str) -> Markup {
    marked(text, "clock", "%H:%M:%S%.3f")
}

/// The offset from another time: `−12 s`; empty if one of them is malformed.
pub fn relative(time: &str, to: &str) -> String {
    let (Ok(time), Ok(to)) = (time.parse::<Timestamp>(), to.parse::<Timestamp>()) else { return String::new() };
    let ms = time.as_milliseconds().saturating_sub(to.as_milliseconds());
    match (ms, duration(ms.unsigned_abs())) {
        (0, _) => "0 s".into(),
        (1.., apart) => format!("+{apart}"),
        (_, apart) => format!("−{apart}"),
    }
}

/// The duration until or since a time, and whether it has passed.
pub fn duration_until(time: Timestamp, now: Timestamp) -> (bool, String) {
    let minutes = time.as_seconds().abs_diff(now.as_seconds()) / 60;
    let duration = match (minutes / (24 * 60), minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    };
    (time < now, duration)
}

/// A duration: `340 ms`, `2.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`.
pub fn duration(ms: u64) -> String {
    let (seconds, minutes) = (ms / 1000, ms / 60_000);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 if ms % 1_000 >= 100 => format!("{seconds}.{} s", ms % 1_000 / 100),
        1_000..60_000 => format!("{seconds} s"),
        60_000..3_600_000 => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

const SECOND: &str = "%-d %b %Y, %H:%M:%S UTC";

fn marked(text: &str, shows: &str, form: &str) -> Markup {
    match text.parse::<Moment>() {
        Ok(time) => html! { time datetime=(text) data-shows=(shows) { (time.strftime(form)) } },
        Err(_) => html! { bdi { (text) } },
    }
}

fn formatted(text: &str, form: &str) -> String {
    text.parse::<Moment>().map_or_else(|_| text.to_string(), |time| time.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_times_are_formatted() {
        let frozen_at = "2026-11-23T10:00:00Z";
        for (time, expected) in [
            ("2026-11-23T09:59:48.000Z", "−12 s"),
            ("2026-11-23T09:59:59.600Z", "−400 ms"),
            ("2026-11-23T10:00:00Z", "0 s"),
            ("2026-11-23T10:00:02.490Z", "+2.4 s"),
            ("2026-11-23T09:56:55Z", "−3 min 5 s"),
            ("2026-11-23T07:50:00Z", "−2 h 10 min"),
            ("yesterday", ""),
        ] {
            assert_eq!(relative(time, frozen_at), expected, "{time}");
        }
    }

    #[test]
    fn due_times_are_rounded_to_minutes_hours_or_days() {
        let now = "2026-11-23T10:00:00Z";
        for (time, passed, expected) in [
            ("2026-11-23T10:59:59Z", false, "59 min"),
            ("2026-11-23T12:05:00Z", false, "2 h 5 min"),
            ("2026-11-23T09:59:00Z", true, "1 min"),
            ("2026-11-20T08:00:00Z", true, "3 d 2 h"),
        ] {
            let [time, now] = [time, now].map(|text| text.parse().unwrap());
            assert_eq!(duration_until(time, now), (passed, expected.to_string()), "{time}");
        }
    }

    #[test]
    fn invalid_times_stay_text() {
        assert_eq!(second_text("<soon>"), "<soon>");
        assert_eq!(clock("<soon>").0, "<bdi>&lt;soon&gt;</bdi>");
        assert_eq!(second_text("2026-11-23T10:00:12.3Z"), "23 Nov 2026, 10:00:12 UTC");
    }
}
