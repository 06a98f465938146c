//! The port for what is known of changes at destinations, and which tickets are to be asked for there.

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use super::external_tickets::Place;
use super::tickets::StoredTicket;

/// What is polled, and how far. When a write returns, it is on disk.
#[async_trait]
pub trait Polls: Send + Sync {
    /// Tickets of a destination that are to be polled, `limit` at most; until a time nobody else does. Four in five are those that have changed
    /// last, so that a bulk change keeps no new answer waiting, and one in five has waited for longest, so that none waits for ever.
    async fn claim_polls(
        &self,
        queue: (&str, &str),
        now: &str,
        until: &str,
        limit: u32,
    ) -> Result<Vec<DuePoll>, StoreError>;

    /// When the next ticket of a destination is to be looked at.
    async fn next_poll(&self, queue: (&str, &str)) -> Result<Option<String>, StoreError>;

    /// A ticket was looked at until a time; when it is looked at again, or not any more, and up to which change of it all is known. What was told
    /// meanwhile stays.
    async fn record_poll(
        &self,
        ticket: &str,
        destination: &str,
        until: &str,
        again: Option<&str>,
        seen: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Lets those of changed tickets be looked at that are here, but for changes of which all is known. How many there are.
    async fn mark_changed(&self, queue: (&str, &str), changed: &[ChangedTicket], now: &str) -> Result<u64, StoreError>;

    /// What is known of the changes of a destination.
    async fn sync_state(&self, queue: (&str, &str)) -> Result<SyncState, StoreError>;

    /// Keeps when the list of changes of a destination was begun with last.
    async fn set_listed(&self, queue: (&str, &str), at: &str) -> Result<(), StoreError>;

    /// Keeps until when the changes of a destination are known.
    async fn set_synced(&self, queue: (&str, &str), until: &str) -> Result<(), StoreError>;

    /// Keeps that there is more in the export of a destination than the list has shown.
    async fn set_behind(&self, queue: (&str, &str)) -> Result<(), StoreError>;

    /// Keeps where the export of a destination goes on, when it was asked for, and whether there is more.
    async fn set_exported(
        &self,
        queue: (&str, &str),
        cursor: Option<&str>,
        is_behind: bool,
        at: &str,
    ) -> Result<(), StoreError>;

    /// Keeps that a destination has told something, and lets a ticket be looked at, unless all is known of the change that it was told of;
    /// `false` where it has told the same before. Forgets what was told before a time.
    async fn record_notification(
        &self,
        queue: (&str, &str),
        invocation: &str,
        changed: (&str, Option<&str>),
        now: &str,
        forget: &str,
    ) -> Result<bool, StoreError>;
}

/// A ticket that is to be looked at where it was brought to.
#[derive(Clone, Debug, PartialEq)]
pub struct DuePoll {
    /// The ticket.
    pub ticket: StoredTicket,
    /// Where it is.
    pub place: Place,
}

/// A ticket that has changed at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTicket {
    /// What the destination calls the ticket.
    pub remote: String,
    /// When it changed last, by the destination's clock.
    pub updated_at: Timestamp,
}

/// What is known of the changes of a destination; times are RFC 3339 in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncState {
    /// Until when they are known; none where it was never asked.
    pub until: Option<String>,
    /// When the list of changes was begun with last.
    pub listed_at: Option<String>,
    /// Where the export goes on; none where it begins.
    pub cursor: Option<String>,
    /// When the export was asked for last.
    pub exported_at: Option<String>,
    /// Whether there is more in the export at once.
    pub is_behind: bool,
}
