//! Sites that are configured in the database: each as one table `[sites.KEY]`, which is checked like those of the file.

use toml::{Table, Value};

use super::document::LineNumbers;
use super::error::SettingsError;
use super::file;
use super::fingerprint::Fingerprint;
use super::site::{self, SiteConfig};

/// A valid site of the database.
#[derive(Clone, Debug)]
pub struct StoredSite {
    /// The site.
    pub config: SiteConfig,
    /// Its version.
    pub fingerprint: Fingerprint,
    /// The line of each field.
    pub lines: LineNumbers,
}

/// Reads the table of a site; `name` is the name of the text in errors.
pub fn parse_site(key: &str, text: &str, name: &str) -> Result<StoredSite, SettingsError> {
    let only_its_table = || SettingsError::Value {
        location: name.into(),
        message: format!(
            "must have the table [sites.{key}] and nothing else; begin it with the line [sites.{key}], and write the options of the site below"
        ),
    };
    let tables: Table = toml::from_str(text).unwrap_or_default();
    // Its options above the table, or without it, would be called unknown fields.
    if !tables.is_empty() && !tables.contains_key("sites") {
        return Err(only_its_table());
    }
    let file = file::parse(text, name)?;
    let sites = tables.get("sites").and_then(Value::as_table).map_or(0, Table::len);
    if (tables.len(), sites) != (1, 1) {
        return Err(only_its_table());
    }
    let (lines, fingerprint) = (file.lines.clone(), file.fingerprints.get(key).copied());
    let config = site::check_all(file.sites, &|field| lines.location(field))?.remove(key);
    let (config, fingerprint) = config.zip(fingerprint).ok_or_else(only_its_table)?;
    Ok(StoredSite { config, fingerprint, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_site_is_one_table_with_the_errors_of_the_file() {
        let read = |text: &str| parse_site("acme", text, "x.toml").map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(read("[sites.acme]\norigins = [\"*\"]\n[sites.acme.panel]\nkinds = [\"bug\"]"), Ok(()));
        for (text, expected) in [
            ("", "x.toml: must have the table [sites.acme] and nothing else"),
            ("origins = [\"*\"]", "and nothing else; begin it with the line [sites.acme]"),
            ("[sites.other]\norigins = [\"*\"]", "x.toml: must have the table [sites.acme] and nothing else"),
            ("[sites.acme]\norigins = [\"*\"]\n[sites.b]\norigins = [\"*\"]", "and nothing else"),
            ("listen = \"127.0.0.1:1\"\n[sites.acme]\norigins = [\"*\"]", "and nothing else"),
            ("[sites.acme]\n\norigins = []", "x.toml:3: sites.acme.origins: list the pages"),
            (
                "[sites.acme]\norigin = 1",
                "x.toml:2: sites.acme.origin: unknown field `origin`, did you mean `origins`?",
            ),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
