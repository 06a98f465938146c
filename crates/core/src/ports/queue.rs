//! The port for the delivery queues: pending deliveries, the claims of workers, and the outcomes of attempts.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::agents::SiteScope;
use super::error::StoreError;
use super::external_tickets::ExternalTicketRef;
use super::tickets::StoredTicket;
use crate::ids::{DeliveryId, DestinationName, QueueName, Reference, SiteKey, TicketId};
use crate::timestamp::Timestamp;
use domain::words;

/// The queues of deliveries, one for each destination of a site. Writes are on disk when they return.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Claims the oldest due deliveries of a destination for a lease, at most `limit`, and counts an attempt for each. A delivery is not claimed while an
    /// earlier one of its ticket is undelivered, or while its id is in `claimed_ids`, the deliveries that the caller is working on. A delivery that
    /// cannot be read becomes a dead letter by itself and is logged. The cost depends on the number of claimed deliveries, not on the length of
    /// the queue.
    async fn claim_deliveries(
        &self,
        queue: &QueueName,
        lease: Duration,
        claimed_ids: &[DeliveryId],
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError>;

    /// The time until the next delivery of a destination can be claimed, apart from those in `claimed_ids`; none if there is none.
    async fn next_delivery(
        &self,
        queue: &QueueName,
        claimed_ids: &[DeliveryId],
    ) -> Result<Option<Duration>, StoreError>;

    /// Records the outcomes of attempts and ends their claims. After a delivery its ticket is polled soon, if the destination has replies.
    /// Returns the ids of deliveries that another worker has claimed since; nothing is recorded for them.
    async fn record_attempts(
        &self,
        attempts: &[(&DueDelivery, &DeliveryOutcome)],
    ) -> Result<Vec<DeliveryId>, StoreError>;

    /// Extends claims of deliveries by a lease from now on. Returns the ids of deliveries that another worker has claimed since.
    async fn extend_claims(
        &self,
        claims: &[(DeliveryId, &ClaimToken)],
        lease: Duration,
    ) -> Result<Vec<DeliveryId>, StoreError>;

    /// Makes pending deliveries due at once, at the positions in the queue that they were created with.
    async fn retry_at_once(&self, ids: &[DeliveryId]) -> Result<(), StoreError>;

    /// The deliveries of a ticket, oldest first.
    async fn deliveries(&self, ticket: &TicketId) -> Result<Vec<Delivery>, StoreError>;

    /// Dead letters of some sites, oldest first, with the references of their tickets.
    async fn dead_letters(&self, sites: &SiteScope, limit: u32) -> Result<Vec<(Delivery, Reference)>, StoreError>;

    /// The dead letter with a number and the reference of its ticket, if it is one.
    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<(Delivery, Reference)>, StoreError>;

    /// Deliveries that their destinations do not have, oldest first, after an id, with the references of their tickets.
    async fn undelivered(
        &self,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<(Delivery, Reference)>, StoreError>;

    /// The state of each queue that has pending deliveries or dead letters.
    async fn queues(&self) -> Result<Vec<QueueStatus>, StoreError>;

    /// Queues dead letters of some sites again, and returns how many. Deliveries behind them restart with them, as if all had just been created.
    async fn send_again(&self, letters: &DeadLetters, sites: &SiteScope) -> Result<u64, StoreError>;

    /// How often dead letters have been queued again, by all programs on this store. Cheap, so that a gateway notices soon what a command has
    /// queued.
    async fn resend_count(&self) -> Result<i64, StoreError>;

    /// Turns a delivery that was made and came back into a dead letter, with the reason; `false` if it is not in the state delivered.
    async fn return_delivery(&self, id: DeliveryId, reason: &str) -> Result<bool, StoreError>;
}

words! {
    /// What is delivered to a destination.
    DeliveryKind {
        /// A ticket.
        Ticket = "ticket",
        /// A message of the ticket.
        Message = "message",
        /// The ticket was solved here, by the customer or an agent.
        Solved = "solved",
        /// The ticket was reopened.
        Reopened = "reopened",
        /// The address of an unverified sender was confirmed.
        Confirmed = "confirmed",
    }
}

words! {
    /// The state of a delivery.
    DeliveryState {
        /// Pending: attempts are made.
        Waiting = "waiting",
        /// The destination has it.
        Delivered = "delivered",
        /// Dead letter: no further attempt unless an agent or administrator requests one.
        DeadLetter = "given_up",
    }
}

/// A delivery to be queued. A message delivery belongs to the message that it is stored with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// The name of the destination in its site.
    pub destination: DestinationName,
    /// What is delivered.
    pub kind: DeliveryKind,
}

/// Which undelivered deliveries are meant. Empty fields match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Whether they are pending or dead letters.
    pub state: Option<DeliveryState>,
    /// Their site.
    pub site: Option<SiteKey>,
    /// Their destination.
    pub destination: Option<DestinationName>,
}

/// Which dead letters are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadLetters {
    /// The one with a number.
    One(DeliveryId),
    /// Those for the destinations with this name.
    To(DestinationName),
    /// All of them.
    All,
}

/// A delivery as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number, in the order of creation.
    pub id: DeliveryId,
    /// The site of its ticket.
    pub site: SiteKey,
    /// The name of the destination in the site.
    pub destination: DestinationName,
    /// The id of its ticket.
    pub ticket: TicketId,
    /// What is delivered.
    pub kind: DeliveryKind,
    /// The number of its message; 0 if it has none.
    pub number: u32,
    /// Its state.
    pub state: DeliveryState,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When the next attempt is due; this is also its position in the queue.
    pub due_at: Timestamp,
    /// When the first attempt was made; none before.
    pub first_attempt_at: Option<Timestamp>,
    /// When it was delivered or became a dead letter; none while it is pending.
    pub settled_at: Option<Timestamp>,
    /// How many attempts were made, including the current one.
    pub attempts: u32,
    /// How many attempts failed because of the delivery itself, while others got through.
    pub failures: u32,
    /// Its external id; empty until it is delivered.
    pub external_id: String,
    /// Why it is not delivered, or which parts of it are not; one reason per line.
    pub reason: String,
}

/// Identifies the right of one worker to what it has claimed, for the time of a lease. Made by the store, and different for each claim.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimToken(String);

impl ClaimToken {
    /// A token from its text.
    pub fn new(token: impl Into<String>) -> ClaimToken {
        ClaimToken(token.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClaimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A claimed delivery with its ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct DueDelivery {
    /// The token of the claim.
    pub claim: ClaimToken,
    /// The delivery.
    pub delivery: Delivery,
    /// Its ticket.
    pub ticket: StoredTicket,
    /// The external ticket at the destination, if there is one.
    pub external: Option<ExternalTicketRef>,
}

/// The outcome of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The destination has it.
    Delivered {
        /// Its external id.
        external_id: String,
        /// The external ticket, if it has changed.
        external: Option<ExternalTicketRef>,
        /// The parts that were not delivered.
        reason: String,
    },
    /// Another attempt will be made.
    Retry {
        /// The time until it; none if the delivery keeps its position in the queue and stays due.
        after: Option<Duration>,
        /// Whether the attempt failed because of the delivery, and not because of the destination.
        blamed: bool,
        /// The reason.
        reason: String,
    },
    /// No further attempt will be made.
    DeadLetter {
        /// The reason.
        reason: String,
    },
}

/// The largest count of deliveries in a [`QueueStatus`], so that the cost of a status shown on every page does not grow while a destination is
/// down.
pub const QUEUE_COUNT_MAX: u32 = 2_000;

/// The state of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// Its name.
    pub name: QueueName,
    /// How many deliveries are pending, at most [`QUEUE_COUNT_MAX`].
    pub waiting: u32,
    /// When the oldest pending delivery was queued.
    pub since: Option<Timestamp>,
    /// How many dead letters there are, at most [`QUEUE_COUNT_MAX`].
    pub dead_letters: u32,
}
