//! The automatic reply to tickets that the community answers; the form has announced it.

use std::sync::Arc;

use crate::ports::{NewMessage, StoredTicket};
use crate::use_cases::search::Indexes;
use domain::config::{ASK, Config};
use domain::conversation::Author;
use domain::question::Hit;
use domain::targets::Owner;
use domain::texts::{self, GatewayText, fill};
use markdown::escape;

/// How many questions the reply links to.
const HITS: usize = 3;

/// Replies automatically to tickets that the community answers.
#[derive(Clone)]
pub struct AutomaticReply {
    indexes: Arc<Indexes>,
}

impl AutomaticReply {
    /// Searches these indexes.
    pub fn new(indexes: Arc<Indexes>) -> AutomaticReply {
        AutomaticReply { indexes }
    }

    /// The reply to a ticket of a site; none if a human replies.
    pub async fn reply(&self, site: &Config, ticket: &StoredTicket) -> Option<NewMessage> {
        if ticket.handling.owner != Some(Owner::Automated) {
            return None;
        }
        let t = |text: GatewayText| texts::text_in(&ticket.ticket.locale, text);
        // An index that is not ready in time leaves the reply without questions.
        let hits = self.indexes.search(&ticket.site, &ticket.ticket.message, HITS).await.unwrap_or_default();
        let mut parts = vec![t(if hits.is_empty() { GatewayText::Nothing } else { GatewayText::Perhaps })];
        if !hits.is_empty() {
            parts.push(hits.iter().map(item).collect::<Vec<_>>().join("\n"));
        }
        if let Some(ask) = site.links.iter().find(|link| link.kind == ASK) {
            parts.push(fill(&t(GatewayText::Ask), "{link}", &link(&ask.label, &ask.url)));
        }
        parts.push(t(GatewayText::Human));
        Some(NewMessage {
            author: Author::Automatic,
            name: String::new(),
            body: parts.join("\n\n"),
            at: ticket.received_at,
            attachments: Vec::new(),
        })
    }
}

fn item(hit: &Hit) -> String {
    let title: String = hit.title.iter().map(|run| run.text.as_str()).collect();
    let suggestion = if hit.url.is_empty() { escape(&title) } else { link(&title, &hit.url) };
    format!("- {suggestion}")
}

fn link(label: &str, url: &str) -> String {
    format!("[{}]({})", escape(label), url.replace(' ', "%20").replace('(', "%28").replace(')', "%29"))
}
