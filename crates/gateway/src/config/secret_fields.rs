//! Finds the fields of a site's table that contain secrets, or that name the files and variables where they are.

use std::path::PathBuf;

use toml::{Table, Value};

use super::document::joined;
use super::secrets::SecretSource;

/// The fields that hold secrets, in all tables of a site.
const SECRETS: [&str; 6] = ["secret", "client_secret", "refresh_token", "webhook_secret", "api_token", "password"];

/// The fields of a text that contain a secret itself, by their paths.
pub fn literal_secrets(text: &str) -> Vec<String> {
    let tables: Table = toml::from_str(text).unwrap_or_default();
    let mut found = Vec::new();
    add_literals(&mut found, "", &tables);
    found
}

/// The secrets in files and variables that cannot be read here, each with the reason.
pub fn unreadable_secrets(text: &str) -> Vec<String> {
    let tables: Table = toml::from_str(text).unwrap_or_default();
    let sources = named_sources(&Value::Table(tables));
    sources.iter().filter_map(|(path, source)| Some(format!("{path}: {}", source.read().err()?))).collect()
}

/// The files and variables that a value names, each with the path of its field: `{ file = "…" }`, `{ env = "…" }`, `…_file = "…"`, `ca = "…"`.
pub fn named_sources(value: &Value) -> Vec<(String, SecretSource)> {
    let mut found = Vec::new();
    add_sources(&mut found, "", value);
    found
}

fn add_sources(found: &mut Vec<(String, SecretSource)>, path: &str, value: &Value) {
    match value {
        Value::Table(table) => {
            for (field, value) in table {
                let inner = joined(path, field);
                match value {
                    Value::String(name) if field == "env" => found.push((path.into(), SecretSource::Env(name.clone()))),
                    Value::String(file) if field == "file" => found.push((path.into(), of_file(file))),
                    Value::String(file) if field == "ca" || field.ends_with("_file") => {
                        found.push((inner, of_file(file)));
                    }
                    _ => add_sources(found, &inner, value),
                }
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                add_sources(found, &format!("{path}[{index}]"), value);
            }
        }
        _ => {}
    }
}

fn of_file(path: &str) -> SecretSource {
    SecretSource::File(PathBuf::from(path))
}

fn add_literals(found: &mut Vec<String>, path: &str, table: &Table) {
    let is_slack = table.get("to").and_then(Value::as_str) == Some("slack");
    for (field, value) in table {
        let path = joined(path, field);
        match value {
            Value::String(text) => {
                let is_secret = SECRETS.contains(&field.as_str())
                    || (is_slack && field == "url")
                    || (field == "smtp" && has_password(text));
                found.extend(is_secret.then_some(path));
            }
            Value::Table(table) => add_literals(found, &path, table),
            Value::Array(values) => {
                let tables = values.iter().enumerate().filter_map(|(index, value)| Some((index, value.as_table()?)));
                for (index, table) in tables {
                    add_literals(found, &format!("{path}[{index}]"), table);
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
