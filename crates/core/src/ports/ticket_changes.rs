//! The port for changes of tickets among several gateways on one store.

use async_trait::async_trait;

use super::Reader;
use crate::ids::{CustomerId, SessionHash, SiteKey, TicketId};

/// Announces changed tickets to the other gateways on the store, and receives their announcements.
#[async_trait]
pub trait TicketChanges: Send + Sync {
    /// Announces a ticket that this gateway has changed and committed. Never waits.
    fn announce(&self, ticket: &TicketId);

    /// Waits for tickets that other gateways have changed; at most a second or two after they did, also if announcements are lost. Of a ticket
    /// that changes often, some changes may be left out, never the last.
    async fn changed(&self) -> Vec<AnnouncedChange>;
}

/// A ticket that another gateway has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedChange {
    /// Its id.
    pub id: TicketId,
    /// Its site.
    pub site: SiteKey,
    /// The customer who owns it.
    pub person: Option<CustomerId>,
    /// The session that sent it.
    pub session: Option<SessionHash>,
}

impl AnnouncedChange {
    /// Who may read it, if anybody.
    pub fn reader(&self) -> Option<Reader<'_>> {
        let session = || self.session.as_ref().map(Reader::Session);
        self.person.as_ref().map(Reader::Person).or_else(session)
    }
}
