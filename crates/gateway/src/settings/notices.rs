//! What in the settings is allowed, and most likely not what was meant.

use jiff::Timestamp;

use super::Settings;
use super::hours::past_holidays;

/// How many holidays of a site are named.
const NAMED_MAX: usize = 5;

/// One sentence for each.
pub fn notices(settings: &Settings, now: Timestamp) -> Vec<String> {
    let sites = settings.sites.iter().filter_map(|(name, site)| Some((name, site.hours.as_ref()?)));
    let past = sites.map(|(name, hours)| (name, past_holidays(hours, now))).filter(|(_, past)| !past.is_empty());
    past.map(|(name, past)| {
        let (holidays, are) = if past.len() == 1 { ("holiday", "is") } else { ("holidays", "are") };
        let more = past.len().saturating_sub(NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let dates: Vec<String> = past.iter().take(NAMED_MAX).map(ToString::to_string).collect();
        format!("{holidays} {}{more} of site {name} {are} in the past", dates.join(", "))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Overrides, load};

    fn of(hours: &str, now: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskbell.toml");
        std::fs::write(
            &file,
            format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.hours]\nzone = \"Europe/Berlin\"\n{hours}"),
        )
        .unwrap();
        let settings = load(&Overrides { config: Some(file), ..Overrides::default() }).unwrap();
        notices(&settings, now.parse().unwrap())
    }

    #[test]
    fn a_holiday_in_the_past_is_named_once_by_the_clock_of_the_site() {
        let one = "holidays = [\"2024-12-25\", \"2027-01-01\"]";
        assert_eq!(of(one, "2026-11-28T10:00:00Z"), ["holiday 2024-12-25 of site acme is in the past"]);
        assert!(of(one, "2024-12-25T22:59:59Z").is_empty());
        assert_eq!(of(one, "2024-12-25T23:00:00Z").len(), 1);
        let half = "holidays = [{ date = \"2025-12-24\", until = \"12:00\" }, \"2025-12-25\"]\n\
            [sites.acme.hours.severity.critical]\nholidays = [\"2025-12-25\"]";
        assert_eq!(of(half, "2026-11-28T10:00:00Z"), ["holidays 2025-12-24, 2025-12-25 of site acme are in the past"]);
        let many: Vec<String> = (1..=9).map(|day| format!("\"2025-01-0{day}\"")).collect();
        let said = of(&format!("holidays = [{}]", many.join(", ")), "2026-11-28T10:00:00Z");
        assert_eq!(
            said,
            [
                "holidays 2025-01-01, 2025-01-02, 2025-01-03, 2025-01-04, 2025-01-05 and 4 more of site acme are in the past"
            ]
        );
        assert!(of("", "2026-11-28T10:00:00Z").is_empty());
    }
}
