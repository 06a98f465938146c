//! Telling those who watch that a ticket has changed.

use std::sync::Arc;

use tokio::sync::broadcast::{self, Receiver, Sender};

use super::store::{Reader, StoredTicket};

/// How many changes a watcher may be behind before it is told to look at everything again.
const BEHIND_MAX: usize = 256;

/// Tells those who watch.
#[derive(Clone, Debug)]
pub struct Live(Sender<Arc<StoredTicket>>);

impl Default for Live {
    fn default() -> Live {
        Live(broadcast::channel(BEHIND_MAX).0)
    }
}

impl Live {
    /// A ticket has changed.
    pub fn changed(&self, ticket: StoredTicket) {
        // Nobody watches, which is no error.
        let _ = self.0.send(Arc::new(ticket));
    }

    /// What changes from now on.
    pub fn watch(&self) -> Receiver<Arc<StoredTicket>> {
        self.0.subscribe()
    }
}

/// Whether a reader may open a ticket.
pub fn opens(site: &str, reader: Reader<'_>, ticket: &StoredTicket) -> bool {
    ticket.site == site
        && match reader {
            Reader::Person(person) => ticket.person.as_deref() == Some(person),
            Reader::Session(session) => ticket.person.is_none() && ticket.session.as_ref() == Some(session),
        }
}
