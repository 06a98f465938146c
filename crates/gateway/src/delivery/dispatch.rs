//! Starts the delivery of stored tickets and messages, and waits for it briefly, so that the API can answer 201.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::destinations::Destinations;
use super::lines::Lines;
use deskbell_core::ports::{DeliveryKind, DeliveryState, NewDelivery, Queue, StoreError, StoredTicket};
use domain::conversation::Author;

/// How long a request waits for its deliveries, which are stored before.
const PATIENCE: Duration = Duration::from_secs(3);

/// Creates the deliveries of a change, and wakes the workers.
#[derive(Clone)]
pub struct Dispatch {
    queue: Arc<dyn Queue>,
    destinations: Arc<Destinations>,
    lines: Arc<Lines>,
}

impl Dispatch {
    /// Dispatches the deliveries of a queue to these destinations.
    pub fn new(queue: Arc<dyn Queue>, destinations: Arc<Destinations>, lines: Arc<Lines>) -> Dispatch {
        Dispatch { queue, destinations, lines }
    }

    /// See [`Destinations::deliveries`].
    pub fn deliveries(&self, site: &str, what: DeliveryKind, author: Author, from: Option<&str>) -> Vec<NewDelivery> {
        self.destinations.deliveries(site, what, author, from)
    }

    /// See [`Destinations::deliveries_of_new`].
    pub fn deliveries_of_new(&self, site: &str, is_test: bool) -> Vec<NewDelivery> {
        self.destinations.deliveries_of_new(site, is_test)
    }

    /// Wakes the workers, and waits briefly until every delivery of a ticket is made, except to destinations that only notify. Returns whether
    /// that was so in time; `false` at once if a delivery is a dead letter or its destination is unreachable.
    pub async fn wait(&self, ticket: &StoredTicket) -> Result<bool, StoreError> {
        let site = ticket.site.as_str();
        if self.destinations.in_site(site).next().is_none() {
            return Ok(true);
        }
        let mut settled = self.lines.watch();
        self.lines.wake(site);
        let arrives = async {
            loop {
                let deliveries = self.queue.deliveries(&ticket.id).await?;
                let works = |name: &str| self.destinations.get(site, name).is_some_and(|to| !to.is_notice());
                let mut open =
                    deliveries.iter().filter(|one| one.state != DeliveryState::Delivered && works(&one.destination));
                let Some(first) = open.next() else { return Ok(true) };
                let away = self.lines.line(site, &first.destination).is_none_or(|line| line.away().is_some());
                if first.state == DeliveryState::DeadLetter || away {
                    return Ok(false);
                }
                while settled.recv().await.is_ok_and(|id| id != ticket.id) {}
            }
        };
        timeout(PATIENCE, arrives).await.unwrap_or(Ok(false))
    }
}
