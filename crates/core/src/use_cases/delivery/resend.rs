//! Retries dead letters.

use std::sync::Arc;

use crate::ids::{DeliveryId, Reference};
use crate::ports::{Bus, Delivery, Queue, SiteScope, StoreError};
use crate::site::Sites;

/// Retries dead letters.
pub struct ResendDeliveries {
    queue: Arc<dyn Queue>,
    sites: Arc<Sites>,
    bus: Arc<dyn Bus>,
}

/// The dead letters to retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeadLetters {
    /// The one with a number.
    One(DeliveryId),
    /// All of them.
    All,
}

impl ResendDeliveries {
    /// Retries deliveries of a queue to the destinations of these sites.
    pub fn new(queue: Arc<dyn Queue>, sites: Arc<Sites>, bus: Arc<dyn Bus>) -> ResendDeliveries {
        ResendDeliveries { queue, sites, bus }
    }

    /// The dead letter with a number and the reference of its ticket, if it is one.
    pub async fn find(&self, id: DeliveryId) -> Result<Option<(Delivery, Reference)>, StoreError> {
        self.queue.dead_letter(id).await
    }

    /// Queues dead letters of some sites again for an agent. Returns how many.
    pub async fn resend(&self, letters: DeadLetters, sites: &SiteScope, agent: &str) -> Result<u64, StoreError> {
        let id = match letters {
            DeadLetters::One(id) => Some(id),
            DeadLetters::All => None,
        };
        let count = self.queue.send_again(id, sites).await?;
        tracing::info!(agent, count, "dead letter requeued");
        self.sites.keys().for_each(|site| self.bus.deliveries_due(site));
        Ok(count)
    }
}
