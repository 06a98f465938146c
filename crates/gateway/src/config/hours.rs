//! Business hours, as configured.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Value;

use super::suggestion::with_suggestion;
use deskbell_core::rules::business_hours::{BusinessHours, DAY, Holiday, Schedule, Span};
use domain::ticket::Severity;

/// The table `hours` of a site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursTable {
    zone: String,
    days: Option<Vec<Day>>,
    from: Option<String>,
    to: Option<String>,
    week: Option<BTreeMap<String, Value>>,
    holidays: Option<Vec<Value>>,
    #[serde(default)]
    severity: BTreeMap<String, Value>,
}

/// The hours of a severity: the same without the zone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleTable {
    days: Option<Vec<Day>>,
    from: Option<String>,
    to: Option<String>,
    week: Option<BTreeMap<String, Value>>,
    holidays: Option<Vec<Value>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// The invalid field, and the reason.
type FieldError = (String, String);
/// The spans of each day of the week, from Monday.
type Week = [Vec<Span>; 7];

const WEEK: [Day; 5] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri];
const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const SPANS: &str =
    "use \"09:00-17:00\", or a list such as [\"09:00-12:00\", \"13:30-18:00\"]; the whole day is \"00:00-24:00\"";
const ALWAYS: &str = "always";

impl HoursTable {
    /// The hours, or the invalid field and the reason.
    pub fn read(&self) -> Result<BusinessHours, FieldError> {
        let no_zone =
            |_| field_error("zone", format!("{:?} is not a time zone; use one such as \"Europe/Berlin\"", self.zone));
        let zone = TimeZone::get(&self.zone).map_err(no_zone)?;
        let table = ScheduleTable {
            days: self.days.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            week: self.week.clone(),
            holidays: self.holidays.clone(),
        };
        let usual = table.read(None)?;
        let mut severities = Vec::new();
        for (name, value) in &self.severity {
            let prefix = |(field, message): FieldError| {
                let dot = if field.is_empty() { "" } else { "." };
                (format!("severity.{name}{dot}{field}"), message)
            };
            let Some(severity) = Severity::from_word(name) else {
                return Err(prefix(field_error("", "not a severity; use critical, high, medium or low".into())));
            };
            let schedule = match value {
                Value::String(text) if text == ALWAYS => Schedule::always(),
                Value::Table(table) => {
                    let table = toml::Value::Table(table.clone());
                    let table: Result<ScheduleTable, _> = serde_path_to_error::deserialize(table);
                    let table = table.map_err(|error| {
                        let path = error.path().to_string();
                        let field = if path == "." { "" } else { &path };
                        prefix(field_error(field, with_suggestion(error.inner().message())))
                    })?;
                    table.read(Some(&usual)).map_err(prefix)?
                }
                _ => {
                    let message = format!("not a schedule; use {ALWAYS:?}, or a table like the hours themselves");
                    return Err(prefix(field_error("", message)));
                }
            };
            severities.push((severity, schedule));
        }
        Ok(BusinessHours { zone, usual, severities })
    }
}

/// The holidays that are over, by which an administrator notices a wrong year; they have no effect.
pub fn past_holidays(hours: &BusinessHours, now: Timestamp) -> BTreeSet<Date> {
    let today = now.to_zoned(hours.zone.clone()).date();
    let of_severities = hours.severities.iter().map(|(_, schedule)| schedule);
    let dates = [&hours.usual].into_iter().chain(of_severities).flat_map(|schedule| schedule.holidays.keys());
    dates.copied().filter(|date| *date < today).collect()
}

impl ScheduleTable {
    /// The schedule; without holidays of its own it has those of the usual one.
    fn read(&self, usual: Option<&Schedule>) -> Result<Schedule, FieldError> {
        let week = match &self.week {
            Some(table) => {
                let alternatives =
                    [("days", self.days.is_some()), ("from", self.from.is_some()), ("to", self.to.is_some())];
                if let Some((field, _)) = alternatives.into_iter().find(|(_, is_given)| *is_given) {
                    return Err(field_error(field, "cannot be combined with week; keep one of the two".into()));
                }
                read_week(table)?
            }
            None => self.simple_week()?,
        };
        check_overlaps(&week)?;
        let holidays = match (&self.holidays, usual) {
            (Some(holiday_entries), _) => read_holidays(holiday_entries, &week)?,
            (None, Some(usual)) if usual.holidays.values().all(|holiday| holiday.spans.is_empty()) => {
                usual.holidays.clone()
            }
            (None, Some(_)) => {
                let message = "missing; some usual holidays are half days, so set the holidays of this severity";
                return Err(field_error("holidays", message.into()));
            }
            (None, None) => BTreeMap::new(),
        };
        Ok(Schedule { week, holidays })
    }

    /// The same span on several days.
    fn simple_week(&self) -> Result<Week, FieldError> {
        let days = self.days.as_deref().unwrap_or(&WEEK);
        if days.is_empty() {
            return Err(field_error("days", format!("must not be empty; use at least one of {}", NAMES.join(", "))));
        }
        let opening =
            minute(self.from.as_deref().unwrap_or("09:00")).map_err(|message| field_error("from", message))?;
        let to = end(self.to.as_deref().unwrap_or("17:00")).map_err(|message| field_error("to", message))?;
        let span = span(opening, to).map_err(|message| field_error("to", message))?;
        let mut week = Week::default();
        for day in days {
            if let Some(spans) = week.get_mut(*day as usize) {
                *spans = vec![span];
            }
        }
        Ok(week)
    }
}

fn field_error(field: &str, message: String) -> FieldError {
    (field.into(), message)
}

/// The spans of each day of a table such as `{ mon-fri = ["09:00-12:00", "13:30-18:00"], sat = "10:00-14:00" }`.
fn read_week(table: &BTreeMap<String, Value>) -> Result<Week, FieldError> {
    let mut week: [Option<Vec<Span>>; 7] = Default::default();
    for (key, value) in table {
        let spans = spans(value).map_err(|message| field_error(&format!("week.{key}"), message))?;
        let days = days(key).ok_or_else(|| {
            let message = format!("not a day of the week; use {}, or a range such as mon-fri", NAMES.join(", "));
            field_error(&format!("week.{key}"), message)
        })?;
        for day in days {
            let Some(entry) = week.get_mut(day) else { continue };
            if entry.is_some() {
                let name = NAMES.get(day).copied().unwrap_or_default();
                return Err(field_error(&format!("week.{key}"), format!("{name} is listed twice; list each day once")));
            }
            *entry = Some(spans.clone());
        }
    }
    let week = week.map(Option::unwrap_or_default);
    if week.iter().all(Vec::is_empty) {
        return Err(field_error("week", "no day has hours; remove hours if the site has none".into()));
    }
    Ok(week)
}

/// The days of `mon` or `mon-fri`, Monday being 0. A range may wrap around the end of the week.
fn days(key: &str) -> Option<Vec<usize>> {
    let index = |name: &str| NAMES.iter().position(|candidate| *candidate == name.trim());
    let Some((first, last)) = key.split_once('-') else { return Some(vec![index(key)?]) };
    let (first, last) = (index(first)?, index(last)?);
    let count = (last + 7 - first) % 7 + 1;
    Some((0..count).map(|offset| (first + offset) % 7).collect())
}

/// The spans of a text or a list of texts, in order; none for an empty list or `closed`.
fn spans(value: &Value) -> Result<Vec<Span>, String> {
    let texts: Vec<&str> = match value {
        Value::String(text) if text == "closed" => Vec::new(),
        Value::String(text) => vec![text],
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.ok_or_else(|| format!("not a list of hours; {SPANS}"))?
        }
        _ => return Err(format!("not a span of hours; {SPANS}")),
    };
    let mut spans = texts.into_iter().map(read_span).collect::<Result<Vec<Span>, String>>()?;
    spans.sort();
    for pair in spans.windows(2) {
        if let [first, second] = pair
            && first.to > second.from
        {
            return Err(format!("{} and {} overlap", span_text(*first), span_text(*second)));
        }
    }
    Ok(spans)
}

fn read_span(text: &str) -> Result<Span, String> {
    let parts = text.split_once(['-', '–']);
    let (from, to) = parts.ok_or_else(|| format!("{text:?} is not a span of hours; {SPANS}"))?;
    span(minute(from.trim())?, end(to.trim())?)
}

/// A span; if it ends before it begins, it ends on the next day.
fn span(from: u16, to: u16) -> Result<Span, String> {
    match to {
        to if to == from || from == 0 && to == 0 => {
            Err("the end must differ from the start; the whole day is \"00:00\" to \"24:00\"".into())
        }
        to if to < from => Ok(Span { from, to: to + DAY }),
        to => Ok(Span { from, to }),
    }
}

/// A time of day, in minutes.
fn minute(text: &str) -> Result<u16, String> {
    let invalid = || format!("{text:?} is not a time of day; use \"09:00\", from \"00:00\" to \"23:59\"");
    let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5).ok_or_else(invalid)?;
    let number = |digits: &str, limit: u16| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|number: &u16| is_number && *number < limit)
    };
    Ok(number(hour, 24).ok_or_else(invalid)? * 60 + number(minute, 60).ok_or_else(invalid)?)
}

/// The end of a span. The last minute of the day counts as midnight, which is what is meant by it.
fn end(text: &str) -> Result<u16, String> {
    match text {
        "24:00" | "23:59" => Ok(DAY),
        "24:01" | "25:00" | "26:00" => {
            Err(format!("{text:?} is not a time of day; for a span past midnight, use \"21:00-02:00\""))
        }
        text => minute(text).map_err(|message| format!("{message}; the end of the day is \"24:00\"")),
    }
}

/// Rejects a span past midnight that overlaps with one of the next day.
fn check_overlaps(week: &Week) -> Result<(), FieldError> {
    for (index, spans) in week.iter().enumerate() {
        let next = (index + 1) % 7;
        let (Some(last), Some(first)) = (spans.last(), week.get(next).and_then(|spans| spans.first())) else {
            continue;
        };
        if last.to > DAY && last.to - DAY > first.from {
            let [day, next] = [index, next].map(|day| NAMES.get(day).copied().unwrap_or_default());
            let message = format!("{day} {} and {next} {} overlap", span_text(*last), span_text(*first));
            return Err(field_error("week", message));
        }
    }
    Ok(())
}

fn span_text(span: Span) -> String {
    let time = |minute: u16| match minute {
        DAY => "24:00".to_string(),
        minute => format!("{:02}:{:02}", minute % DAY / 60, minute % 60),
    };
    format!("{}-{}", time(span.from), time(span.to))
}

fn read_holidays(entries: &[Value], week: &Week) -> Result<BTreeMap<Date, Holiday>, FieldError> {
    let mut holidays = BTreeMap::new();
    for (index, value) in entries.iter().enumerate() {
        check_holiday_fields(value)
            .map_err(|(field, message)| field_error(&format!("holidays[{index}].{field}"), message))?;
        let (date, holiday) = holiday(value, week).map_err(|message| field_error("holidays", message))?;
        if holidays.insert(date, holiday).is_some() {
            return Err(field_error("holidays", format!("{date} is listed twice; list each day once")));
        }
    }
    Ok(holidays)
}

/// Rejects a holiday with an unknown field.
fn check_holiday_fields(value: &Value) -> Result<(), FieldError> {
    const FIELDS: [&str; 5] = ["date", "name", "open", "from", "until"];
    let mut fields = value.as_table().into_iter().flat_map(toml::Table::keys);
    match fields.find(|field| !FIELDS.contains(&field.as_str())) {
        Some(field) => {
            let allowed = FIELDS.map(|allowed| format!("`{allowed}`")).join(", ");
            Err(field_error(field, with_suggestion(&format!("unknown field `{field}`, expected one of {allowed}"))))
        }
        None => Ok(()),
    }
}

/// A closed day, or a table: `{ date, name }` with `open` for the hours of that day, or with `from` and `until` for a part of the usual hours.
fn holiday(value: &Value, week: &Week) -> Result<(Date, Holiday), String> {
    let table = match value {
        Value::Table(table) => table,
        value => return Ok((day(value)?, Holiday::default())),
    };
    let date =
        day(table.get("date").ok_or("a holiday has no date; use { date = \"2026-12-24\", until = \"12:00\" }")?)?;
    let text = |field: &str| match table.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("{date}: {field} must be a text")),
    };
    let with_date = |message: String| format!("{date}: {message}");
    let (name, from, until) = (text("name")?.unwrap_or_default(), text("from")?, text("until")?);
    let spans = match (table.get("open"), from, until) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            return Err(with_date("open cannot be combined with from or until; keep one of the two".into()));
        }
        (Some(open), None, None) => spans(open).map_err(with_date)?,
        (None, None, None) => Vec::new(),
        (None, from, until) => {
            let from = from.map_or(Ok(0), minute).map_err(with_date)?;
            let until = until.map_or(Ok(2 * DAY), end).map_err(with_date)?;
            let usual = week.get(weekday(date)).map(Vec::as_slice).unwrap_or_default();
            let spans_open = usual.iter().map(|span| Span { from: span.from.max(from), to: span.to.min(until) });
            let spans_open: Vec<Span> = spans_open.filter(|span| span.from < span.to).collect();
            if spans_open.is_empty() {
                return Err(with_date(
                    "there are no usual hours at that time of that weekday; use open = \"09:00-12:00\", or remove \
                     from and until"
                        .into(),
                ));
            }
            spans_open
        }
    };
    Ok((date, Holiday { name: name.into(), spans }))
}

/// A calendar day without a time.
fn day(value: &Value) -> Result<Date, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Datetime(date) => date.to_string(),
        _ => return Err("not a list of days; use [\"2026-12-25\"]".into()),
    };
    let is_day = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match text.parse::<Date>() {
        Ok(date) if is_day => Ok(date),
        Ok(date) => Err(format!(
            "{text:?} is a time, not a day; for a part of a day, use {{ date = \"{date}\", until = \"12:00\" }}"
        )),
        Err(_) => Err(format!("{text:?} is not a day; use \"2026-12-25\"")),
    }
}

fn weekday(date: Date) -> usize {
    let weekday: Weekday = date.weekday();
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or_default()
}
