//! The event bus within one process: wakes its workers and notifies its open streams.

use std::sync::Arc;

use crate::delivery::Lines;
use crate::live::Live;
use crate::mail::MailWakers;
use deskbell_core::ports::{Bus, StoredTicket};

/// Announces changes within this process. Changes by other gateways on the same database are found by the workers, which poll from time to
/// time.
#[derive(Clone)]
pub struct LocalBus {
    live: Live,
    lines: Arc<Lines>,
    mail: Arc<MailWakers>,
}

impl LocalBus {
    /// Announces to these streams and workers.
    pub fn new(live: Live, lines: Arc<Lines>, mail: Arc<MailWakers>) -> LocalBus {
        LocalBus { live, lines, mail }
    }
}

impl Bus for LocalBus {
    fn ticket_changed(&self, ticket: StoredTicket) {
        self.live.changed(ticket);
    }

    fn deliveries_due(&self, site: &str) {
        self.lines.wake(site);
    }

    fn mail_due(&self, site: &str) {
        self.mail.wake(site);
    }

    fn polls_due(&self, site: &str, destination: &str) {
        if let Some(line) = self.lines.line(site, destination) {
            line.look();
        }
    }
}
