//! Business hours as they stand in the file.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::domain::hours::Hours;

/// The table `hours` of a site.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursTable {
    zone: String,
    days: Option<Vec<Day>>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    holidays: Vec<String>,
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

const WEEK: [Day; 5] = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri];
const MIDNIGHT: &str = "24:00";

impl HoursTable {
    /// The hours, or the field that is wrong and why.
    pub fn read(&self) -> Result<Hours, (&'static str, String)> {
        let no_zone = |_| ("zone", format!("{:?} is no time zone; write one such as \"Europe/Berlin\"", self.zone));
        let zone = TimeZone::get(&self.zone).map_err(no_zone)?;
        let days: Vec<Weekday> = self.days.as_deref().unwrap_or(&WEEK).iter().map(|day| weekday(*day)).collect();
        if days.is_empty() {
            return Err(("days", "is empty; name at least one of mon, tue, wed, thu, fri, sat, sun".into()));
        }
        let from = time("from", self.from.as_deref().unwrap_or("09:00"))?;
        let to = match self.to.as_deref().unwrap_or("17:00") {
            MIDNIGHT => None,
            text => Some(time("to", text)?),
        };
        if to.is_some_and(|to| to <= from) {
            return Err(("to", format!("has to be later than from ({from:.0}); the end of the day is \"{MIDNIGHT}\"")));
        }
        let date = |text: &String| {
            text.parse::<Date>().map_err(|_| ("holidays", format!("{text:?} is no day; write \"2026-12-25\"")))
        };
        let holidays = self.holidays.iter().map(date).collect::<Result<Vec<Date>, _>>()?;
        Ok(Hours { zone, days, from, to, holidays })
    }
}

fn time(field: &'static str, text: &str) -> Result<Time, (&'static str, String)> {
    let digits = text.len() == 5;
    text.parse().ok().filter(|_| digits).ok_or_else(|| (field, format!("{text:?} is no time of day; write \"09:00\"")))
}

fn weekday(day: Day) -> Weekday {
    match day {
        Day::Mon => Weekday::Monday,
        Day::Tue => Weekday::Tuesday,
        Day::Wed => Weekday::Wednesday,
        Day::Thu => Weekday::Thursday,
        Day::Fri => Weekday::Friday,
        Day::Sat => Weekday::Saturday,
        Day::Sun => Weekday::Sunday,
    }
}
