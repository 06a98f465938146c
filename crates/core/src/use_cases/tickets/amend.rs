//! The customer solves or reopens a ticket, or marks messages as read.

use std::sync::Arc;

use super::AmendTicketError;
use super::find::{FindTicketError, find_listed_ticket};
use super::summary::summary;
use crate::destinations::Destinations;
use crate::ids::{SiteKey, TicketId};
use crate::json;
use crate::ports::{
    Activity, ActivityKind, Bus, ChangeOutcome, Conversations, CurrentTicket, Decision, DeliveryKind, NewDelivery,
    Reader, StoredTicket,
};
use crate::rules::customer_limits;
use domain::conversation::{Author, Patch, Summary, Turn};
use domain::ticket::Status;

/// Changes tickets for customers.
pub struct AmendTicket {
    conversations: Arc<dyn Conversations>,
    destinations: Arc<Destinations>,
    bus: Arc<dyn Bus>,
}

impl AmendTicket {
    /// Changes tickets of a store, and dispatches the changes.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
    ) -> AmendTicket {
        AmendTicket { conversations, destinations, bus }
    }

    /// Changes a ticket of a reader. Returns the changed ticket.
    pub async fn amend(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
        body: &[u8],
    ) -> Result<Summary, AmendTicketError> {
        let ticket = find_listed_ticket(self.conversations.as_ref(), site, reader, id).await?;
        let patch = json::parse::<Patch>(body)?;
        let deliveries = |kind| self.destinations.deliveries(site, kind, Author::Customer, None);
        // Whoever has opened the ticket by a link that was mailed reads what its sender does not.
        let reads_all = !ticket.handling.confirmation.is_awaited();
        let decide = |current: &CurrentTicket| patched(current, &patch, reads_all, &deliveries);
        match self.conversations.change(&ticket.id, None, &decide).await? {
            ChangeOutcome::Written(ticket, _) => {
                self.bus.deliveries_due(site);
                self.bus.ticket_changed((*ticket).clone());
                Ok(summary_for(*ticket, reads_all))
            }
            ChangeOutcome::Unchanged(ticket) => Ok(summary_for(*ticket, reads_all)),
            ChangeOutcome::Refused(limit) => Err(AmendTicketError::Limit(limit)),
            _ => Err(FindTicketError::NoTicket.into()),
        }
    }
}

/// The summary for a reader.
fn summary_for(mut ticket: StoredTicket, reads_all: bool) -> Summary {
    if reads_all {
        ticket.handling.reveal_withheld();
    }
    summary(&ticket)
}

/// Whether a change does more than mark messages as read.
pub fn changes_status(body: &[u8]) -> bool {
    json::parse::<Patch>(body).is_ok_and(|patch| patch.status.is_some())
}

/// The change of a patch; none if the ticket is in that state already. `reads_all`: whether nothing is withheld from the reader.
fn patched(
    current: &CurrentTicket,
    patch: &Patch,
    reads_all: bool,
    deliveries: &(dyn Fn(DeliveryKind) -> Vec<NewDelivery> + Send + Sync),
) -> Decision {
    let mut change = current.unchanged();
    let handling = &mut change.ticket.handling;
    // Messages that do not exist yet cannot be read.
    let readable = handling.confirmation.readable_until(current.last_message);
    let last = if reads_all { current.last_message } else { readable };
    handling.read_until = handling.read_until.max(patch.read_until.unwrap_or_default().min(last));
    if let Some(status) = patch.status.filter(|status| *status != current.ticket.status) {
        if let Err(limit) = customer_limits::check_status_change(current) {
            return Decision::Refuse(limit);
        }
        let (kind, delivery_kind, turn) = match status {
            Status::Open => (ActivityKind::Reopened, DeliveryKind::Reopened, Turn::Support),
            Status::Solved => (ActivityKind::Solved, DeliveryKind::Solved, Turn::Customer),
        };
        handling.turn = turn;
        change.ticket.status = status;
        change.activity = Some(Activity { actor: String::new(), kind, text: String::new(), at: current.now });
        change.deliveries = deliveries(delivery_kind);
    }
    if change.ticket == current.ticket { Decision::Nothing } else { change.into() }
}
