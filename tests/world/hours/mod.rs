//! Business hours of real offices: each due time follows from the hours, and invalid hours are refused with what is allowed.

mod oracle;

use deskbell_core::rules::business_hours::BusinessHours;
use domain::ticket::Severity;
use gateway::config::{self, Overrides};
use serde::Deserialize;

use crate::rows;

/// A row of the table.
#[derive(Debug, Deserialize)]
struct Case {
    /// The lines below `[sites.acme.hours]`. The default zone is Berlin's.
    hours: String,
    /// A part of the error for invalid hours.
    #[serde(default)]
    refused: String,
    /// `SINCE + HOURS = DUE`, in local times, with a severity before it unless it is medium. 2026-11-23 is a Monday.
    #[serde(default)]
    due: Vec<String>,
}

/// The hours of a configuration, or its error.
fn read(lines: &str) -> Result<BusinessHours, String> {
    let zone = if lines.contains("zone = ") { "" } else { "zone = \"Europe/Berlin\"\n" };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deskbell.toml");
    let text = format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.hours]\n{zone}{lines}\n");
    std::fs::write(&file, text).unwrap();
    let settings = config::load(&Overrides { config: Some(file), ..Overrides::default() });
    let settings = settings.map_err(|error| error.to_string())?;
    Ok(settings.sites["acme"].hours.clone().unwrap())
}

/// Whether the due time is as in a line of the table.
fn check(hours: &BusinessHours, line: &str) -> Result<(), String> {
    let (severity, line) = match line.split_once(": ") {
        Some((severity, line)) => (Severity::from_word(severity).unwrap(), line),
        None => (Severity::Medium, line),
    };
    let (since, rest) = line.split_once(" + ").unwrap();
    let (promised, expected) = rest.split_once(" = ").unwrap();
    let zone = hours.zone.iana_name().unwrap();
    let since: jiff::Zoned = format!("{}[{zone}]", since.replace(' ', "T")).parse().unwrap();
    let due = hours.due(severity, since.timestamp(), promised.parse().unwrap());
    let due = due.map_or("never".into(), |due| due.to_zoned(hours.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
    if due == expected { Ok(()) } else { Err(format!("{line}, and not {due}")) }
}

#[test]
fn replies_are_due_after_their_hours_and_near_misses_are_refused() {
    let rows = rows::read::<Case>(include_str!("table.toml"));
    rows::check_all(&rows, |case| match (read(&case.hours), case.refused.as_str()) {
        (Err(error), "") => Err(error),
        (Err(error), refused) if error.contains(refused) => Ok(()),
        (Err(error), refused) => Err(format!("{error:?} does not say {refused:?}")),
        (Ok(_), refused) if !refused.is_empty() => Err("is not refused".into()),
        (Ok(hours), _) => {
            assert!(!case.due.is_empty());
            case.due.iter().try_for_each(|line| check(&hours, line))
        }
    });
}

#[test]
fn targets_in_days_use_the_shortest_working_day() {
    for (lines, hours, expected) in [
        // A day of at least eight hours is a day.
        ("", 8, 8),
        ("week = { mon-fri = \"08:00-18:00\" }", 16, 16),
        // Eight hours of these are more than a day, two days on Saturdays.
        ("week = { mon-fri = [\"09:00-12:00\", \"13:30-18:00\"] }", 8, 16),
        ("week = { mon-fri = \"09:00-17:00\", sat = \"10:00-14:00\" }", 8, 16),
        ("week = { mon-fri = \"09:00-17:00\", sat = \"10:00-14:00\" }", 16, 32),
        // Less than a day is shown in hours.
        ("week = { mon-fri = \"09:00-12:00\" }", 1, 1),
    ] {
        assert_eq!(read(lines).unwrap().displayed_hours(Severity::Medium, hours), expected, "{lines}: {hours}");
    }
}
