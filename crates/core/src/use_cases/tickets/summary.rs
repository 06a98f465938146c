//! A ticket as its owner sees it in a list.

use crate::ports::{Handling, ListedTicket, StoredTicket};
use crate::timestamp::Timestamp;
use domain::conversation::{self, Summary};
use domain::ticket::Status;

/// The summary of a stored ticket.
pub fn summary(ticket: &StoredTicket) -> Summary {
    Summary {
        id: ticket.id.to_string(),
        reference: ticket.reference.to_string(),
        status: ticket.status,
        kind: ticket.ticket.kind,
        title: conversation::title(&ticket.ticket.message),
        created_at: ticket.received_at.to_string(),
        updated_at: ticket.handling.updated_at.to_string(),
        due_at: promised(ticket.status, &ticket.handling, ticket.due_at),
        unread: ticket.handling.unread,
        unconfirmed: ticket.handling.confirmation.is_awaited(),
        withheld: ticket.handling.confirmation.withheld(),
        code_sent: ticket.handling.confirmation.is_code_sent(),
    }
}

/// The summary of a listed ticket.
pub fn listed_summary(ticket: &ListedTicket) -> Summary {
    Summary {
        id: ticket.id.to_string(),
        reference: ticket.reference.to_string(),
        status: ticket.status,
        kind: ticket.shown.kind,
        title: ticket.shown.title.clone(),
        created_at: ticket.received_at.to_string(),
        updated_at: ticket.handling.updated_at.to_string(),
        due_at: promised(ticket.status, &ticket.handling, ticket.due_at),
        unread: ticket.handling.unread,
        unconfirmed: ticket.handling.confirmation.is_awaited(),
        withheld: ticket.handling.confirmation.withheld(),
        code_sent: ticket.handling.confirmation.is_code_sent(),
    }
}

/// When the first answer is due, while the ticket waits for it.
fn promised(status: Status, handling: &Handling, due_at: Option<Timestamp>) -> Option<String> {
    due_at.filter(|_| status == Status::Open && handling.answered_at.is_none()).map(|due_at| due_at.to_string())
}
