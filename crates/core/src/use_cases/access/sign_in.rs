//! Moves what a session has sent to the customer who signs in.

use std::sync::Arc;

use crate::destinations::Destinations;
use crate::ids::SiteKey;
use crate::ports::{
    Bus, ChangeOutcome, Confirmations, Conversations, CurrentTicket, Decision, DeliveryKind, Reader, Requester,
    StoreError, Tickets,
};
use crate::rules::address::mailbox;
use crate::rules::codes::{confirm_signed, is_same_address};
use crate::use_cases::mail::MailAnswers;
use domain::conversation::Author;

/// Why nothing can be read for a requester.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// Neither a token nor a session identifies the requester.
    #[error("the request has neither a token nor a session")]
    Unidentified,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Moves the tickets of sessions to the customers who sign in.
pub struct SignIn {
    tickets: Arc<dyn Tickets>,
    conversations: Arc<dyn Conversations>,
    confirmations: Arc<dyn Confirmations>,
    destinations: Arc<Destinations>,
    bus: Arc<dyn Bus>,
    answers: MailAnswers,
}

impl SignIn {
    /// Moves tickets within a store.
    pub fn new(
        tickets: Arc<dyn Tickets>,
        conversations: Arc<dyn Conversations>,
        confirmations: Arc<dyn Confirmations>,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
        answers: MailAnswers,
    ) -> SignIn {
        SignIn { tickets, conversations, confirmations, destinations, bus, answers }
    }

    /// The reader that a requester is in a site, after the tickets of their session were moved to them.
    pub async fn reader<'a>(&self, site: &SiteKey, requester: &'a Requester) -> Result<Reader<'a>, ReaderError> {
        self.adopt_session(site, requester).await?;
        requester.reader().ok_or(ReaderError::Unidentified)
    }

    /// Moves the tickets of the session to the customer, and confirms the address that the host has verified.
    pub async fn adopt_session(&self, site: &SiteKey, requester: &Requester) -> Result<(), StoreError> {
        let (Some(person), Some(session)) = (&requester.person, &requester.session) else { return Ok(()) };
        self.tickets.move_to_person(site, session, &person.id).await?;
        if person.email_verified != Some(true) || person.user.email.is_empty() {
            return Ok(());
        }
        let address = &person.user.email;
        let deliveries = self.destinations.deliveries(site, DeliveryKind::Confirmed, Author::Customer, None);
        let decide = |current: &CurrentTicket| {
            let mut decision = confirm_signed(current, address, &deliveries);
            if let Decision::Write(change) = &mut decision {
                self.answers.confirm_recipient(change);
            }
            decision
        };
        let unconfirmed = self.confirmations.unconfirmed_addresses(site, &person.id, &mailbox(address)).await?;
        // The others stay unconfirmed, and must not be locked again by every request.
        for (id, _) in unconfirmed.into_iter().filter(|(_, claimed)| is_same_address(claimed, address)) {
            match self.conversations.change(&id, None, &decide).await {
                Ok(ChangeOutcome::Written(ticket, _)) => {
                    self.bus.deliveries_due(site);
                    if self.answers.has(site) {
                        self.bus.mail_due(site);
                    }
                    self.bus.ticket_changed(*ticket);
                }
                Ok(_) => {}
                // A ticket that cannot be read does not block the others.
                Err(error) if error.concerns_row() => {
                    tracing::error!(ticket = id.as_str(), %error, "ticket unreadable, address not confirmed");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
