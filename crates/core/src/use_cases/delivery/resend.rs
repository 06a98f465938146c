//! Retries dead letters.

use std::sync::Arc;

use crate::ids::DeliveryId;
use crate::ports::{Bus, Queue, StoreError};
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

    /// Queues dead letters again for an agent. Returns how many.
    pub async fn resend(&self, letters: DeadLetters, agent: &str) -> Result<u64, StoreError> {
        let id = match letters {
            DeadLetters::One(id) => Some(id),
            DeadLetters::All => None,
        };
        let count = self.queue.send_again(id).await?;
        tracing::info!(agent, count, "dead letter requeued");
        self.sites.keys().for_each(|site| self.bus.deliveries_due(site));
        Ok(count)
    }
}
