//! Announces stored tickets and messages, starts their delivery, and waits for it briefly, so that the API can answer 201.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::states::DestinationStates;
use crate::destinations::Destinations;
use crate::ids::{DestinationName, QueueName, SiteKey};
use crate::ports::{Bus, DeliveryKind, DeliveryState, NewDelivery, Queue, StoreError, StoredTicket};
use domain::conversation::Author;

/// How long a request waits for its deliveries, which are stored before.
const PATIENCE: Duration = Duration::from_secs(3);

/// Creates the deliveries of a change, announces it, and wakes the workers.
#[derive(Clone)]
pub struct Dispatch {
    queue: Arc<dyn Queue>,
    destinations: Arc<Destinations>,
    states: Arc<DestinationStates>,
    bus: Arc<dyn Bus>,
}

impl Dispatch {
    /// Dispatches the deliveries of a queue to these destinations.
    pub fn new(
        queue: Arc<dyn Queue>,
        destinations: Arc<Destinations>,
        states: Arc<DestinationStates>,
        bus: Arc<dyn Bus>,
    ) -> Dispatch {
        Dispatch { queue, destinations, states, bus }
    }

    /// See [`Destinations::deliveries`].
    pub fn deliveries(
        &self,
        site: &SiteKey,
        kind: DeliveryKind,
        author: Author,
        from: Option<&DestinationName>,
    ) -> Vec<NewDelivery> {
        self.destinations.deliveries(site, kind, author, from)
    }

    /// Announces a ticket that was just stored, with its receipt.
    pub fn announce_new(&self, ticket: &StoredTicket) {
        self.bus.mail_due(&ticket.site);
        self.bus.ticket_changed(ticket.clone());
    }

    /// Announces a ticket that was just stored, and starts its deliveries.
    pub fn start(&self, ticket: &StoredTicket) {
        self.announce_new(ticket);
        self.bus.deliveries_due(&ticket.site);
    }

    /// Announces a changed ticket.
    pub fn announce_change(&self, ticket: &StoredTicket) {
        self.bus.ticket_changed(ticket.clone());
    }

    /// Wakes the workers, and waits briefly until every delivery of a ticket is made, except to destinations that only notify. Returns whether
    /// that was so in time; `false` at once if a delivery is a dead letter or its destination is unreachable.
    pub async fn wait(&self, ticket: &StoredTicket) -> Result<bool, StoreError> {
        let site = &ticket.site;
        if self.destinations.in_site(site).next().is_none() {
            return Ok(true);
        }
        let mut settled = self.states.watch_settled();
        self.bus.deliveries_due(site);
        let arrives = async {
            loop {
                let deliveries = self.queue.deliveries(&ticket.id).await?;
                let works =
                    |name: &DestinationName| self.destinations.get(site, name).is_some_and(|to| !to.is_notice());
                let mut open =
                    deliveries.iter().filter(|one| one.state != DeliveryState::Delivered && works(&one.destination));
                let Some(first) = open.next() else { return Ok(true) };
                let state = self.states.get(&QueueName::new(site, &first.destination));
                let is_unreachable = state.is_none_or(|state| state.unreachable().is_some());
                if first.state == DeliveryState::DeadLetter || is_unreachable {
                    return Ok(false);
                }
                while settled.recv().await.is_ok_and(|id| id != ticket.id) {}
            }
        };
        timeout(PATIENCE, arrives).await.unwrap_or(Ok(false))
    }
}
