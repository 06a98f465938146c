//! Sites that are configured in the database: each as one table `[sites.KEY]`, which is checked like those of the file.

use toml::{Table, Value};

use super::document::LineNumbers;
use super::error::SettingsError;
use super::file;
use super::fingerprint::Fingerprint;
use super::secrets::SecretSource;
use super::site::{self, SiteConfig};

/// The fields that hold secrets, in all tables of a site.
const SECRETS: [&str; 6] = ["secret", "client_secret", "refresh_token", "webhook_secret", "api_token", "password"];

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
    let file = file::parse(text, name)?;
    let tables: Table = toml::from_str(text).unwrap_or_default();
    let sites = tables.get("sites").and_then(Value::as_table).filter(|sites| tables.len() == 1 && sites.len() == 1);
    let fingerprint = file.fingerprints.get(key).copied();
    let (Some(fingerprint), Some(_)) = (fingerprint, sites) else {
        let message = format!("must have the table [sites.{key}] and nothing else");
        return Err(SettingsError::Value { location: name.into(), message });
    };
    let lines = file.lines.clone();
    let config = site::check_all(file.sites, &|field| lines.location(field))?.remove(key);
    config.map(|config| StoredSite { config, fingerprint, lines }).ok_or_else(|| SettingsError::Value {
        location: name.into(),
        message: format!("must have the table [sites.{key}]"),
    })
}

/// The fields of a site's text that contain a secret itself, by their paths.
pub fn literal_secrets(text: &str) -> Vec<String> {
    let tables: Table = toml::from_str(text).unwrap_or_default();
    let mut found = Vec::new();
    note_secrets(&mut found, "", &tables);
    found
}

/// The secrets in files and variables that cannot be read here, each with the reason.
pub fn unreadable_secrets(text: &str) -> Vec<String> {
    let tables: Table = toml::from_str(text).unwrap_or_default();
    let mut found = Vec::new();
    note_unreadable(&mut found, "", &Value::Table(tables));
    found
}

fn note_unreadable(found: &mut Vec<String>, path: &str, value: &Value) {
    let fault = |path: &str, source: SecretSource| source.read().err().map(|error| format!("{path}: {error}"));
    match value {
        Value::Table(table) => {
            for (field, value) in table {
                let inner = super::document::joined(path, field);
                match value {
                    Value::String(file) if field == "file" => {
                        found.extend(fault(path, SecretSource::File(file.into())))
                    }
                    Value::String(name) if field == "env" => found.extend(fault(path, SecretSource::Env(name.clone()))),
                    Value::String(file) if field.ends_with("_file") => {
                        found.extend(fault(&inner, SecretSource::File(file.into())))
                    }
                    _ => note_unreadable(found, &inner, value),
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                note_unreadable(found, &format!("{path}[{index}]"), value);
            }
        }
        _ => {}
    }
}

fn note_secrets(found: &mut Vec<String>, path: &str, table: &Table) {
    let is_slack = table.get("to").and_then(Value::as_str) == Some("slack");
    for (field, value) in table {
        let path = super::document::joined(path, field);
        match value {
            Value::String(text) => {
                let is_secret = SECRETS.contains(&field.as_str())
                    || (is_slack && field == "url")
                    || (field == "smtp" && has_password(text));
                found.extend(is_secret.then_some(path));
            }
            Value::Table(table) => note_secrets(found, &path, table),
            Value::Array(values) => {
                for (index, table) in
                    values.iter().enumerate().filter_map(|(index, value)| Some((index, value.as_table()?)))
                {
                    note_secrets(found, &format!("{path}[{index}]"), table);
                }
            }
            _ => {}
        }
    }
}

fn has_password(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| url.password().is_some())
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

    #[test]
    fn secrets_in_the_text_are_found_and_those_in_files_are_not() {
        let text = r#"
            [sites.acme]
            origins = ["*"]
            signers = [{ secret = "x" }, { secret = { file = "/x" } }]
            [sites.acme.mail]
            smtp = "smtps://me:secret@mail.example.com"
            password = { env = "X" }
            [sites.acme.destinations.channel]
            to = "slack"
            url = "https://hooks.slack.com/x"
            [sites.acme.destinations.own]
            to = "webhook"
            url = "https://a.example"
            secret_file = "/x"
        "#;
        let expected = ["sites.acme.destinations.channel.url", "sites.acme.mail.smtp", "sites.acme.signers[0].secret"];
        assert_eq!(literal_secrets(text), expected);
        let unreadable = unreadable_secrets(&text.replace("\"X\"", "\"DESKBELL_TEST_UNSET\""));
        let fields: Vec<&str> = unreadable.iter().filter_map(|error| error.split(':').next()).collect();
        let expected =
            ["sites.acme.destinations.own.secret_file", "sites.acme.mail.password", "sites.acme.signers[1].secret"];
        assert_eq!(fields, expected);
    }
}
