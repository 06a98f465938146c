//! Where the tickets of a site are brought to, as it stands in the file.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::file;
use crate::gateway::delivery::Destination;
use crate::gateway::delivery::email::EmailTable;
use crate::gateway::delivery::slack::SlackTable;
use crate::gateway::delivery::webhook::WebhookTable;
use crate::gateway::delivery::zendesk::ZendeskTable;

/// What is secret and comes from the environment; it wins over the file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Secrets<'a> {
    /// The password of the mail servers.
    pub smtp_password: Option<&'a str>,
    /// The secret of Zendesk's OAuth client.
    pub zendesk_secret: Option<&'a str>,
}

/// A destination as it stands in the file; `to` says what it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum DestinationTable {
    /// An account of Zendesk.
    Zendesk(Box<ZendeskTable>),
    /// A service of one's own.
    Webhook(WebhookTable),
    /// A mailbox.
    Email(EmailTable),
    /// A channel that is told.
    Slack(SlackTable),
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
            Ok(Some(text.trim().into()))
        }
        (None, None, None) => Ok(None),
    }
}
