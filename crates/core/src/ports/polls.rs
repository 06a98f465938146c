//! The port for polling and syncing destinations: which external tickets to poll, and how far changes are known.

use async_trait::async_trait;
use jiff::Timestamp;

use super::error::StoreError;
use super::external_tickets::ExternalTicketRef;
use super::tickets::StoredTicket;

/// Poll schedule and sync state. Writes are on disk when they return.
#[async_trait]
pub trait Polls: Send + Sync {
    /// Claims tickets of a destination whose poll is due, at most `limit`, until a time. Four in five are those that changed last, so that a
    /// bulk change does not delay new replies; one in five are those that have waited longest, so that none waits for ever.
    async fn claim_polls(
        &self,
        queue: (&str, &str),
        now: &str,
        until: &str,
        limit: u32,
    ) -> Result<Vec<DuePoll>, StoreError>;

    /// When the next poll of a destination is due.
    async fn next_poll(&self, queue: (&str, &str)) -> Result<Option<String>, StoreError>;

    /// Records a poll of a ticket that was claimed until `until`: when the next one is due (`again`; none for no further poll), and the time of
    /// the latest change that is known (`seen`). A notification that arrived meanwhile keeps its earlier poll.
    async fn record_poll(
        &self,
        ticket: &str,
        destination: &str,
        until: &str,
        again: Option<&str>,
        seen: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Schedules a poll for those of the changed tickets that are stored here, unless the change is known already. Returns how many.
    async fn mark_changed(&self, queue: (&str, &str), changed: &[ChangedTicket], now: &str) -> Result<u64, StoreError>;

    /// The sync state of a destination.
    async fn sync_state(&self, queue: (&str, &str)) -> Result<SyncState, StoreError>;

    /// Records when the list of changes of a destination was last started.
    async fn set_last_listed(&self, queue: (&str, &str), at: &str) -> Result<(), StoreError>;

    /// Records until when the changes of a destination are known.
    async fn set_synced(&self, queue: (&str, &str), until: &str) -> Result<(), StoreError>;

    /// Records that the export of a destination has more than the list has shown.
    async fn mark_sync_behind(&self, queue: (&str, &str)) -> Result<(), StoreError>;

    /// Records where the export of a destination continues, when it was requested, and whether more of it is ready.
    async fn set_exported(
        &self,
        queue: (&str, &str),
        cursor: Option<&str>,
        is_behind: bool,
        at: &str,
    ) -> Result<(), StoreError>;

    /// Records a notification from a destination and schedules a poll of the ticket, unless the change is known already. `false` if a
    /// notification with the same `invocation` was recorded before. Deletes notifications from before `forget`.
    async fn record_notification(
        &self,
        queue: (&str, &str),
        invocation: &str,
        changed: (&str, Option<&str>),
        now: &str,
        forget: &str,
    ) -> Result<bool, StoreError>;
}

/// A ticket whose poll is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DuePoll {
    /// The ticket.
    pub ticket: StoredTicket,
    /// Its external ticket.
    pub place: ExternalTicketRef,
}

/// A ticket that has changed at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTicket {
    /// Its external id.
    pub external_id: String,
    /// When it last changed, by the destination's clock.
    pub updated_at: Timestamp,
}

/// How far the changes of a destination are known. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncState {
    /// Until when; none before the first sync.
    pub until: Option<String>,
    /// When the list of changes was last started.
    pub listed_at: Option<String>,
    /// The cursor of the export; none to begin at the start.
    pub cursor: Option<String>,
    /// When the export was last requested.
    pub exported_at: Option<String>,
    /// Whether more of the export can be requested at once.
    pub is_behind: bool,
}
