//! Retries dead letters.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::ids::{DeliveryId, Reference};
use crate::ports::{Bus, DeadLetters, Delivery, Queue, SiteScope, StoreError};
use crate::site::Sites;

/// How often a gateway looks for dead letters that a command has queued again.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Retries dead letters.
pub struct ResendDeliveries {
    queue: Arc<dyn Queue>,
    sites: Arc<Sites>,
    bus: Arc<dyn Bus>,
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
    pub async fn resend(&self, letters: &DeadLetters, sites: &SiteScope, agent: &str) -> Result<u64, StoreError> {
        let count = self.queue.send_again(letters, sites).await?;
        tracing::info!(agent, count, "dead letter requeued");
        self.wake();
        Ok(count)
    }

    /// Wakes the workers of this process after another one, such as a command, has queued dead letters again; never returns.
    pub async fn follow(&self) -> Infallible {
        let mut seen = None;
        loop {
            match self.queue.resend_count().await {
                Ok(count) => {
                    // Also the first time: one may have been queued while no worker was looking, as during a reload.
                    if seen != Some(count) {
                        self.wake();
                    }
                    seen = Some(count);
                }
                Err(error) => tracing::warn!(%error, "resend poll failed"),
            }
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }

    fn wake(&self) {
        self.sites.keys().for_each(|site| self.bus.deliveries_due(site));
    }
}
