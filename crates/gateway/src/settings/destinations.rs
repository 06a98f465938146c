//! Where the tickets of a site are brought to, as it stands in the file.

use std::path::PathBuf;
use std::sync::Arc;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

use super::file;
use crate::delivery::Destination;
use crate::delivery::email::EmailTable;
use crate::delivery::slack::SlackTable;
use crate::delivery::webhook::WebhookTable;
use crate::delivery::zendesk::ZendeskTable;

/// What is secret and comes from the environment; it wins over the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secrets<'a> {
    /// The password of the mail servers.
    pub smtp_password: Option<&'a str>,
    /// The secret of Zendesk's OAuth client.
    pub zendesk_secret: Option<&'a str>,
}

/// A destination as it stands in the file; `to` says what it is.
#[derive(Clone, Debug)]
pub enum DestinationTable {
    /// An account of Zendesk.
    Zendesk(Box<ZendeskTable>),
    /// A service of one's own.
    Webhook(WebhookTable),
    /// A mailbox.
    Email(Box<EmailTable>),
    /// A channel that is told.
    Slack(SlackTable),
}

impl<'de> Deserialize<'de> for DestinationTable {
    /// By hand, because serde forgets in a tagged enum which field an error is about.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DestinationTable, D::Error> {
        let mut table = toml::Table::deserialize(deserializer)?;
        let to = table.remove("to").ok_or_else(|| D::Error::missing_field("to"))?;
        match to.as_str().unwrap_or_default() {
            "zendesk" => fields(table).map(DestinationTable::Zendesk),
            "webhook" => fields(table).map(DestinationTable::Webhook),
            "email" => fields(table).map(DestinationTable::Email),
            "slack" => fields(table).map(DestinationTable::Slack),
            _ => Err(D::Error::custom(format!(
                "to: {to} is no kind of destination; one of zendesk, webhook, email, slack"
            ))),
        }
    }
}

/// The fields of a table; what is wrong with one begins with its name.
fn fields<T: DeserializeOwned, E: Error>(table: toml::Table) -> Result<T, E> {
    serde_path_to_error::deserialize(toml::Value::Table(table)).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { String::new() } else { format!("{path}: ") };
        E::custom(format!("{field}{}", error.inner().message()))
    })
}

impl DestinationTable {
    /// The destination, or the field that is wrong and why.
    pub fn read(&self, secrets: Secrets<'_>) -> Result<Arc<dyn Destination>, (String, String)> {
        match self {
            DestinationTable::Zendesk(table) => table.read(secrets.zendesk_secret),
            DestinationTable::Webhook(table) => table.read(),
            DestinationTable::Email(table) => table.read(secrets.smtp_password),
            DestinationTable::Slack(table) => table.read(),
        }
    }
}

/// A secret that stands in the file, in another file, or in the environment, which wins; `None` where it stands nowhere.
pub fn secret(
    (field, inline): (&str, Option<&str>),
    path: Option<&PathBuf>,
    environment: Option<&str>,
) -> Result<Option<String>, (String, String)> {
    match (environment, inline, path) {
        (Some(secret), _, _) => Ok(Some(secret.into())),
        (None, Some(_), Some(_)) => {
            Err((format!("{field}_file"), format!("stands beside {field}; keep one of the two")))
        }
        (None, Some(secret), None) => Ok(Some(secret.into())),
        (None, None, Some(path)) => {
            let text = file::text(path).map_err(|error| (format!("{field}_file"), error.to_string()))?;
            match text.trim() {
                "" => Err((format!("{field}_file"), format!("{}: holds no secret", path.display()))),
                secret => Ok(Some(secret.into())),
            }
        }
        (None, None, None) => Ok(None),
    }
}
