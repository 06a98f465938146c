//! The destinations of a site, as configured.

mod email;
mod slack;
mod webhook;
mod zendesk;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, table};
use super::error::SettingsError;

pub use email::EmailTable;
pub use slack::SlackTable;
pub use webhook::WebhookTable;
pub use zendesk::{FieldTable, ZendeskTable};

/// A destination as configured; `to` is its kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DestinationTable {
    /// An account of Zendesk.
    Zendesk(Box<ZendeskTable>),
    /// A service of the host.
    Webhook(WebhookTable),
    /// A mailbox.
    Email(Box<EmailTable>),
    /// A channel that is notified.
    Slack(SlackTable),
}

/// The kinds of destinations.
const KINDS: [&str; 4] = ["zendesk", "webhook", "email", "slack"];

/// Nests the table of each destination under its kind, as serde reads an enum. Serde could read `to` as a tag, but would lose the line of an
/// error.
pub fn tag_destinations(document: &mut Document<'_>) -> Result<(), SettingsError> {
    let mut problem = None;
    for (site, _, options) in document.sites() {
        let destinations = options.get_mut("destinations").and_then(|entries| table(entries.get_mut()));
        for (name, destination) in destinations.into_iter().flat_map(DeTable::iter_mut) {
            let span = destination.span();
            let Some(fields) = table(destination.get_mut()) else { continue };
            let path = format!("sites.{site}.destinations.{}", name.get_ref());
            let Some((key, to)) = fields.remove_entry("to") else {
                problem = problem.or(Some((name.span(), path, "missing field `to`".to_string())));
                continue;
            };
            let Some(kind) = KINDS.into_iter().find(|kind| to.get_ref().as_str() == Some(kind)) else {
                let kind_text = to.get_ref().as_str().unwrap_or_default();
                let message = format!("{kind_text:?} is not a kind of destination; use one of {}", KINDS.join(", "));
                problem = problem.or(Some((to.span(), format!("{path}.to"), message)));
                continue;
            };
            let kind = Spanned::new(key.span(), kind.into());
            let fields = DeValue::Table(std::mem::take(fields));
            *destination.get_mut() = DeValue::Table(DeTable::from_iter([(kind, Spanned::new(span, fields))]));
        }
    }
    problem.map_or(Ok(()), |(span, path, message)| Err(document.error(span, &path, message)))
}
