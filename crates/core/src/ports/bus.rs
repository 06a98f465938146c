//! The port for announcing what has changed.

use super::StoredTicket;
use crate::ids::{QueueName, SiteKey};

/// Announces what has changed to workers and to open streams. All of it is in the store by then, so nothing is lost where nobody listens.
pub trait Bus: Send + Sync {
    /// A ticket has changed; open streams of its customer show it.
    fn ticket_changed(&self, ticket: StoredTicket);

    /// A site may have something to deliver.
    fn deliveries_due(&self, site: &SiteKey);

    /// A site may have mail to send.
    fn mail_due(&self, site: &SiteKey);

    /// Tickets of a destination of a site may have to be polled.
    fn polls_due(&self, queue: &QueueName);
}
