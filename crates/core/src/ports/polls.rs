//! The port for polling and syncing destinations: which external tickets to poll, and how far changes are known.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;
use super::external_tickets::ExternalTicketRef;
use super::tickets::StoredTicket;
use crate::ids::{DestinationName, ExternalId, QueueName};
use crate::timestamp::Timestamp;

/// Poll schedule and sync state. Writes are on disk when they return.
#[async_trait]
pub trait Polls: Send + Sync {
    /// Claims tickets of a destination whose poll is due, at most `limit`, for a lease. Four in five are those that changed last, so that a
    /// bulk change does not delay new replies; one in five are those that have waited longest, so that none waits for ever.
    async fn claim_polls(&self, queue: &QueueName, lease: Duration, limit: u32) -> Result<Vec<DuePoll>, StoreError>;

    /// The time until the next poll of a destination is due; none if no ticket is to be polled.
    async fn next_poll(&self, queue: &QueueName) -> Result<Option<Duration>, StoreError>;

    /// Records a poll of a claimed ticket: the time until the next one (`poll_in`; none for no further poll), and the time of the latest change
    /// that is known (`seen`). A notification that arrived meanwhile keeps its earlier poll.
    async fn record_poll(
        &self,
        poll: &DuePoll,
        destination: &DestinationName,
        poll_in: Option<Duration>,
        seen: Option<Timestamp>,
    ) -> Result<(), StoreError>;

    /// Schedules a poll for those of the changed tickets that are stored here, unless the change is known already. Returns how many.
    async fn mark_changed(&self, queue: &QueueName, changed: &[ChangedTicket]) -> Result<u64, StoreError>;

    /// The sync state of a destination.
    async fn sync_state(&self, queue: &QueueName) -> Result<SyncState, StoreError>;

    /// Records that the list of changes of a destination is being read.
    async fn mark_listed(&self, queue: &QueueName) -> Result<(), StoreError>;

    /// Records until when the changes of a destination are known.
    async fn set_synced(&self, queue: &QueueName, until: Timestamp) -> Result<(), StoreError>;

    /// Records that the export of a destination has more than the list has shown.
    async fn mark_sync_behind(&self, queue: &QueueName) -> Result<(), StoreError>;

    /// Records that the export of a destination was requested, where it continues, and whether more of it is ready.
    async fn set_exported(&self, queue: &QueueName, cursor: Option<&str>, is_behind: bool) -> Result<(), StoreError>;

    /// Records a notification from a destination and schedules a poll of the ticket, unless the change is known already. `false` if a
    /// notification with the same `invocation` was recorded within `memory`.
    async fn record_notification(
        &self,
        queue: &QueueName,
        invocation: &str,
        changed: (&ExternalId, Option<Timestamp>),
        memory: Duration,
    ) -> Result<bool, StoreError>;
}

/// A ticket whose poll is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DuePoll {
    /// The ticket.
    pub ticket: StoredTicket,
    /// Its external ticket.
    pub external: ExternalTicketRef,
    /// When the claim expires, by the store's clock. It identifies the claim.
    pub claimed_until: Timestamp,
}

/// A ticket that has changed at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedTicket {
    /// Its external id.
    pub external_id: ExternalId,
    /// When it last changed, by the destination's clock.
    pub updated_at: Timestamp,
}

/// How far the changes of a destination are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncState {
    /// Until when, by the destination's clock; none before the first sync.
    pub until: Option<Timestamp>,
    /// How long ago the list of changes was last read; none if never, or if the clock was set back since.
    pub since_list: Option<Duration>,
    /// The cursor of the export; none to begin at the start.
    pub cursor: Option<String>,
    /// How long ago the export was last requested; none if never, or if the clock was set back since.
    pub since_export: Option<Duration>,
    /// Whether more of the export can be requested at once.
    pub is_behind: bool,
}
