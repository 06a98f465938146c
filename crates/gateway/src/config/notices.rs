//! Warnings about settings that are valid but probably not intended.

use std::path::Path;

use super::Settings;
use super::database::{DEFAULT_DATABASE, Database};
use super::hours::past_holidays;
use super::misplaced_options;
use super::starter::FILE;
use deskbell_core::timestamp::Timestamp;

/// The largest number of holidays of a site in a warning.
const NAMED_MAX: usize = 5;
/// The file in the assets folder that pages embed.
const LOADER: &str = "deskbell.js";

/// The warnings, one sentence each.
pub fn notices(settings: &Settings, now: Timestamp) -> Vec<String> {
    let misplaced = misplaced_options::deprecation_warning(&settings.misplaced);
    let shared = shared_token(settings);
    misplaced
        .into_iter()
        .chain(shared)
        .chain(settings.warnings.clone())
        .chain(settings.invalid_sites.clone())
        .chain(missing_assets(settings))
        .chain(past_holiday_notices(settings, now))
        .collect()
}

/// What to use instead of the token that all agents share.
fn shared_token(settings: &Settings) -> Option<String> {
    settings.logins.shared_token.as_ref().map(|_| {
        "inbox_token (DESKBELL_INBOX_TOKEN) is one secret for all agents, who can do everything under any name; the next version \
         rejects it. Make a personal token for each agent with `deskbell agents token`, or set [inbox.oidc]"
            .into()
    })
}

/// Why no panel is served, and how to fix it.
fn missing_assets(settings: &Settings) -> Option<String> {
    let file = settings.file.as_deref().unwrap_or(Path::new(FILE)).display();
    match &settings.assets {
        None => Some(format!(
            "the panel is not served, because no assets folder is set; run `make build` and set assets = \"dist\" in \
             {file}, or start with --assets dist"
        )),
        Some(folder) if !folder.join(LOADER).exists() => {
            let folder = folder.display();
            Some(format!(
                "the panel is not served, because {folder} has no {LOADER}; run `make build`, or use the folder that \
                 it wrote"
            ))
        }
        Some(_) => None,
    }
}

/// A warning if a command uses another database than a gateway started with the configuration in `folder` would. None if there is no
/// configuration, or if the command was given one: whoever names a configuration and a database means both.
pub fn other_database(settings: &Settings, folder: &Path) -> Option<String> {
    if settings.file.is_some() {
        return None;
    }
    // This command does not report other errors in the file.
    let table: toml::Table = toml::from_str(&std::fs::read_to_string(folder.join(FILE)).ok()?).ok()?;
    let url = table.get("database").map_or(Some(DEFAULT_DATABASE), toml::Value::as_str)?;
    let configured = Database::parse(url, "").ok()?;
    (!configured.is_same(&settings.database, folder)).then(|| {
        format!(
            "the database is {}, but {FILE} has {}; to use that one, pass --config {FILE} instead of --database",
            settings.database.url(),
            configured.url()
        )
    })
}

fn past_holiday_notices(settings: &Settings, now: Timestamp) -> Vec<String> {
    let sites = settings.sites.iter().filter_map(|(name, site)| Some((name, site.hours.as_ref()?)));
    let past =
        sites.map(|(name, hours)| (name, past_holidays(hours, now.to_jiff()))).filter(|(_, past)| !past.is_empty());
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
    use crate::config::{Overrides, load};

    fn notices_of(hours: &str, now: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskbell.toml");
        std::fs::write(
            &file,
            format!("[sites.acme]\norigins = [\"*\"]\n[sites.acme.hours]\nzone = \"Europe/Berlin\"\n{hours}"),
        )
        .unwrap();
        let settings = load(&Overrides { config: Some(file), ..Overrides::default() }).unwrap();
        past_holiday_notices(&settings, now.parse().unwrap())
    }

    #[test]
    fn past_holidays_are_reported_in_the_time_zone_of_the_site() {
        let two_dates = "holidays = [\"2024-12-25\", \"2027-01-01\"]";
        assert_eq!(notices_of(two_dates, "2026-11-28T10:00:00Z"), ["holiday 2024-12-25 of site acme is in the past"]);
        assert!(notices_of(two_dates, "2024-12-25T22:59:59Z").is_empty());
        assert_eq!(notices_of(two_dates, "2024-12-25T23:00:00Z").len(), 1);
        let short_day = "holidays = [{ date = \"2025-12-24\", until = \"12:00\" }, \"2025-12-25\"]\n\
            [sites.acme.hours.severity.critical]\nholidays = [\"2025-12-25\"]";
        assert_eq!(
            notices_of(short_day, "2026-11-28T10:00:00Z"),
            ["holidays 2025-12-24, 2025-12-25 of site acme are in the past"]
        );
        let many_dates: Vec<String> = (1..=9).map(|day| format!("\"2025-01-0{day}\"")).collect();
        let notices = notices_of(&format!("holidays = [{}]", many_dates.join(", ")), "2026-11-28T10:00:00Z");
        assert_eq!(
            notices,
            [
                "holidays 2025-01-01, 2025-01-02, 2025-01-03, 2025-01-04, 2025-01-05 and 4 more of site acme are in the past"
            ]
        );
        assert!(notices_of("", "2026-11-28T10:00:00Z").is_empty());
    }

    fn with_file(text: &str) -> (tempfile::TempDir, Settings) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, text).unwrap();
        let settings = load(&Overrides { config: Some(file), ..Overrides::default() }).unwrap();
        (folder, settings)
    }

    #[test]
    fn a_missing_panel_is_reported_with_the_line_to_write() {
        let (folder, mut settings) = with_file("");
        let notice = missing_assets(&settings).unwrap();
        assert!(notice.contains("set assets = \"dist\" in ") && notice.contains(FILE), "{notice}");
        settings.assets = Some(folder.path().into());
        let notice = missing_assets(&settings).unwrap();
        assert!(notice.contains("has no deskbell.js; run `make build`"), "{notice}");
        std::fs::write(folder.path().join(LOADER), "").unwrap();
        assert_eq!(missing_assets(&settings), None);
    }

    #[test]
    fn using_another_database_is_reported_with_the_option_to_write() {
        let (folder, mut settings) = with_file("database = \"sqlite:data/served.db\"");
        settings.file = None;
        settings.database = Database::Sqlite("data/served.db".into());
        assert_eq!(other_database(&settings, folder.path()), None);
        settings.database = Database::Sqlite(folder.path().join("data/served.db"));
        assert_eq!(other_database(&settings, folder.path()), None);
        settings.database = Database::Sqlite("data/deskbell.db".into());
        assert_eq!(
            other_database(&settings, folder.path()).unwrap(),
            "the database is sqlite:data/deskbell.db, but deskbell.toml has sqlite:data/served.db; to use that one, pass --config deskbell.toml instead of --database"
        );
        let other_folder = tempfile::tempdir().unwrap();
        assert_eq!(other_database(&settings, other_folder.path()), None, "there is no configuration");
        settings.file = Some(folder.path().join(FILE));
        settings.database = Database::Sqlite("data/another.db".into());
        assert_eq!(other_database(&settings, folder.path()), None, "both were named");
    }
}
