//! What becomes of the ticket, and how it came.

use maud::Markup;

use super::super::super::app::App;
use super::super::super::store::StoredTicket;
use super::super::{times, words};
use super::section::{card as section, marked_facts, text};

/// The card.
pub fn card(app: &App, ticket: &StoredTicket) -> Markup {
    let sent = &ticket.ticket;
    let priority = ticket.priority.map_or("Not known", |priority| priority.word());
    let client = format!("{} {}", sent.client.name, sent.client.version);
    let sent_at = if sent.created_at.is_empty() { text("") } else { times::minute(&sent.created_at) };
    let facts = [
        ("First answer", text(&words::target(ticket.target))),
        ("Due", ticket.due_at.as_deref().map(times::minute).unwrap_or_default()),
        ("Priority", text(priority)),
        ("Topic", text(words::topic(app, ticket))),
        ("Team", text(words::team(app, ticket))),
        ("Received", times::minute(&ticket.received_at)),
        ("Sent", sent_at),
        ("Came from", text(&sent.via)),
        ("Site", text(&ticket.site)),
        ("Language", text(&sent.locale)),
        ("Sent by", text(client.trim())),
    ];
    section("handling", "Handling", &[], marked_facts(&facts))
}
