//! The event bus: wakes the workers of this process, notifies its open streams, and announces changed tickets to other gateways.

use std::sync::Arc;

use crate::live::Live;
use deskbell_core::ids::{QueueName, SiteKey};
use deskbell_core::ports::{Bus, StoredTicket, TicketChanges};
use deskbell_core::use_cases::delivery::DestinationStates;
use deskbell_core::use_cases::mail::MailWakers;

/// Announces changes within this process. What other gateways on the same database queue is found by the workers, which poll from time to time.
#[derive(Clone)]
pub struct LocalBus {
    live: Live,
    states: Arc<DestinationStates>,
    mail: Arc<MailWakers>,
    others: Option<Arc<dyn TicketChanges>>,
}

impl LocalBus {
    /// Announces to these streams and workers, and changed tickets to other gateways, if there may be any.
    pub fn new(
        live: Live,
        states: Arc<DestinationStates>,
        mail: Arc<MailWakers>,
        others: Option<Arc<dyn TicketChanges>>,
    ) -> LocalBus {
        LocalBus { live, states, mail, others }
    }
}

impl Bus for LocalBus {
    fn ticket_changed(&self, ticket: StoredTicket) {
        if let Some(others) = &self.others {
            others.announce(&ticket.id);
        }
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
