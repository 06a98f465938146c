//! The event bus within one process: wakes its workers and notifies its open streams.

use std::sync::Arc;

use crate::live::Live;
use deskbell_core::ids::{QueueName, SiteKey};
use deskbell_core::ports::{Bus, StoredTicket};
use deskbell_core::use_cases::delivery::DestinationStates;
use deskbell_core::use_cases::mail::MailWakers;

/// Announces changes within this process. Changes by other gateways on the same database are found by the workers, which poll from time to
/// time.
#[derive(Clone)]
pub struct LocalBus {
    live: Live,
    states: Arc<DestinationStates>,
    mail: Arc<MailWakers>,
}

impl LocalBus {
    /// Announces to these streams and workers.
    pub fn new(live: Live, states: Arc<DestinationStates>, mail: Arc<MailWakers>) -> LocalBus {
        LocalBus { live, states, mail }
    }
}

impl Bus for LocalBus {
    fn ticket_changed(&self, ticket: StoredTicket) {
        self.live.changed(ticket);
    }

    fn deliveries_due(&self, site: &SiteKey) {
        self.states.wake_deliveries(site);
    }

    fn mail_due(&self, site: &SiteKey) {
        self.mail.wake(site);
    }

    fn polls_due(&self, queue: &QueueName) {
        if let Some(state) = self.states.get(queue) {
            state.wake_polls();
        }
    }
}
