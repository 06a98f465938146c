//! Posts a line to a Slack channel, or to anything that accepts Slack's incoming webhooks, for each new ticket. It is a notification: no ticket is
//! handled there, and nothing waits for it.

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde_json::json;

use crate::target::Target;
use deskbell_core::ports::destination::{DeliveryContents, DeliveryReceipt, Destination, Failure, Finding};
use deskbell_core::ports::{DeliveryKind, StoredTicket};
use domain::config::Config;
use domain::conversation::{self, Author};
use redaction::{Origin, Rules, redact};

/// A Slack channel.
#[derive(Debug)]
pub struct Slack {
    target: Target,
}

impl Slack {
    /// The channel of an incoming webhook.
    pub fn new(target: Target) -> Slack {
        Slack { target }
    }
}

#[async_trait]
impl Destination for Slack {
    fn accepts(&self, kind: DeliveryKind, _author: Author) -> bool {
        kind == DeliveryKind::Ticket
    }

    fn is_notice(&self) -> bool {
        true
    }

    async fn deliver(&self, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
        // Addresses in a customer's message must not be fetched for a preview.
        let body = json!({"text": text(contents.ticket), "unfurl_links": false, "unfurl_media": false});
        self.target.post(HeaderMap::new(), body.to_string().into_bytes()).await?;
        Ok(DeliveryReceipt::default())
    }

    async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
        // Only a ticket can show whether it accepts messages.
        vec![self.target.check().await]
    }
}

/// The text: enough to decide whether to look, and nothing about the customer.
fn text(ticket: &StoredTicket) -> String {
    let (submitted, handling) = (&ticket.ticket, &ticket.handling);
    let priority = ticket.priority.map(|priority| format!(", {priority} priority")).unwrap_or_default();
    let title = redact(&conversation::title(&submitted.message), Origin::Collected, &Rules::default());
    format!("{} ({}, {} severity{priority}): {}", ticket.reference, submitted.kind, handling.severity, escaped(&title))
}

/// A text without active parts, such as links and mentions. Slack's rule covers three characters. Other services that accept its webhooks
/// notify people named after an at sign, unless a zero-width space is between them.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    use deskbell_core::fixtures::stored;
    use domain::ticket::Priority;

    #[test]
    fn the_line_describes_the_ticket_without_personal_data() {
        let mut ticket = stored();
        assert_eq!(text(&ticket), "DB-4K7Q9 (bug, high severity): The export stops.");
        ticket.priority = Some(Priority::Medium);
        ticket.ticket.message = "I am bob@example.com, password=hunter2hunter2".into();
        let line = text(&ticket);
        assert!(line.starts_with("DB-4K7Q9 (bug, high severity, medium priority): I am "), "{line}");
        assert!(!line.contains("bob") && !line.contains("hunter2") && !line.contains("ada"), "{line}");
    }

    #[test]
    fn texts_of_customers_have_no_active_markup() {
        for (title, expected) in [
            ("<!channel> & <https://evil.example|bank>", "&lt;!channel&gt; &amp; &lt;https://evil.example|bank&gt;"),
            ("@all look\u{7}", "@\u{200b}all look "),
            ("&lt;", "&amp;lt;"),
        ] {
            assert_eq!(escaped(title), expected);
        }
    }
}
