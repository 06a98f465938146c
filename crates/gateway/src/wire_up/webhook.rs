//! Webhook and Slack destinations, created from their tables in the configuration.

use crate::config::{SlackTable, WebhookTable, secret, secret_field};
use ::webhook::{Slack, Target, Webhook};
use outbound_http::SharedClients;
use standard_webhooks::{SECRET_FORM, Secret};

/// The webhook of a table, or the invalid field and the reason.
pub fn webhook(table: &WebhookTable, clients: &SharedClients) -> Result<Webhook, (String, String)> {
    let target = Target::read(&table.url, table.private, clients).map_err(|message| ("url".to_string(), message))?;
    let text = secret(("secret", table.secret.as_ref()), table.secret_file.as_ref(), None)?;
    let text = text.ok_or_else(|| ("secret".to_string(), format!("missing; {SECRET_FORM}")))?;
    let field = secret_field("secret", "secret_file", table.secret_file.as_ref());
    let secret = Secret::read(&text).map_err(|message| (field.to_string(), message))?;
    Ok(Webhook::new(target, secret, table.mails_requester))
}

/// The channel of a table, or the invalid field and the reason.
pub fn slack(table: &SlackTable, clients: &SharedClients) -> Result<Slack, (String, String)> {
    let url = secret(("url", table.url.as_ref()), table.url_file.as_ref(), None)?;
    let url = url.ok_or_else(|| {
        let message =
            "missing; use the address of an incoming webhook, https://hooks.slack.com/services/…, or url_file";
        ("url".to_string(), message.to_string())
    })?;
    let field = secret_field("url", "url_file", table.url_file.as_ref());
    let target = Target::read(&url, table.private, clients).map_err(|message| (field.to_string(), message))?;
    Ok(Slack::new(target))
}
