//! Whoever signs in takes along what they sent before.

use std::sync::Arc;

use super::ReaderError;
use crate::clock;
use crate::delivery::Destinations;
use crate::store::{Bus, Confirmations, Reader, Requester, StoreError, Tickets, What};
use deskbell_core::rules::address::mailbox;
use domain::conversation::Author;

/// Gives people what their sessions sent before they signed in.
pub struct SignIn {
    tickets: Arc<dyn Tickets>,
    confirmations: Arc<dyn Confirmations>,
    destinations: Arc<Destinations>,
    bus: Arc<dyn Bus>,
}

impl SignIn {
    /// Moves tickets within a store.
    pub fn new(
        tickets: Arc<dyn Tickets>,
        confirmations: Arc<dyn Confirmations>,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
    ) -> SignIn {
        SignIn { tickets, confirmations, destinations, bus }
    }

    /// As whom a requester reads in a site, once they have what their session sent.
    pub async fn reader<'a>(&self, site: &str, requester: &'a Requester) -> Result<Reader<'a>, ReaderError> {
        self.adopt_session(site, requester).await?;
        requester.reader().ok_or(ReaderError::Unidentified)
    }

    /// Gives a person what the session sent before they signed in, and confirms the address that the host has verified.
    pub async fn adopt_session(&self, site: &str, requester: &Requester) -> Result<(), StoreError> {
        let (Some(person), Some(session)) = (&requester.person, &requester.session) else { return Ok(()) };
        self.tickets.move_to_person(site, session, &person.user.id).await?;
        if person.email_verified != Some(true) || person.user.email.is_empty() {
            return Ok(());
        }
        let mailbox = mailbox(&person.user.email);
        let deliveries = self.destinations.deliveries(site, What::Confirmed, Author::Customer, None);
        let confirmed =
            self.confirmations.confirm_signed(site, &person.user.id, &mailbox, &clock::now(), &deliveries).await?;
        if !confirmed.is_empty() {
            self.bus.deliveries_due(site);
        }
        confirmed.into_iter().for_each(|ticket| self.bus.ticket_changed(ticket));
        Ok(())
    }
}
