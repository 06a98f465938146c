//! Shows customers what other gateways on the same store have changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::live::Live;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{TicketChanges, Tickets};

/// How long is waited after the store has failed.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// The changes by other gateways, and the streams that show them.
#[derive(Clone)]
pub struct OtherGateways {
    /// Receives the changes.
    pub changes: Arc<dyn TicketChanges>,
    /// Reads the changed tickets.
    pub tickets: Arc<dyn Tickets>,
    /// The open streams of this gateway.
    pub live: Live,
}

impl OtherGateways {
    /// Notifies the streams whose tickets others change.
    pub async fn follow(&self) {
        loop {
            for changed in self.changes.changed().await {
                let is_watched = |reader| self.live.is_watched(&changed.site, reader);
                if !changed.reader().is_some_and(is_watched) && !self.live.is_granted(&changed.id) {
                    continue;
                }
                self.show(&changed.id).await;
            }
        }
    }

    /// Shows a ticket to its open streams. Waits for the store as long as it takes, because nobody reports the change again.
    async fn show(&self, id: &TicketId) {
        loop {
            match self.tickets.ticket(id).await {
                Ok(Some(ticket)) => return self.live.changed(ticket),
                Ok(None) => return,
                Err(error) if error.concerns_row() => {
                    tracing::error!(ticket = id.as_str(), %error, "changed ticket unreadable");
                    return;
                }
                Err(error) => {
                    tracing::warn!(ticket = id.as_str(), %error, "changed ticket not read");
                    sleep(RETRY_AFTER).await;
                }
            }
        }
    }
}
