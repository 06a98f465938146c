//! The port for deliveries: what waits for a destination, who may bring it there, and what became of it.

use async_trait::async_trait;

use super::error::StoreError;
use super::external_tickets::Place;
use super::tickets::StoredTicket;
use domain::words;

/// The queues of deliveries, one for each destination of a site. When a write returns, it is on disk.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Claims the oldest deliveries of a destination that are due, `limit` at most, and counts the attempt. None is claimed while an earlier
    /// one of its ticket is not delivered, nor those of `held`, which the caller is at work on. What cannot be read becomes a dead letter
    /// alone, and is logged. Costs what is claimed, however much waits.
    async fn claim_deliveries(
        &self,
        queue: (&str, &str),
        claim: Claim<'_>,
        held: &[i64],
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError>;

    /// When the next delivery of a destination can be claimed, but for those of `held`.
    async fn next_delivery(&self, queue: (&str, &str), held: &[i64]) -> Result<Option<String>, StoreError>;

    /// Records the outcomes of attempts and ends their claims. A ticket about which something was delivered is looked at soon, where answers
    /// come back. Gives the ids of those whose claim somebody else holds by now: nothing is recorded for them.
    async fn record_attempts(
        &self,
        attempts: &[(&DueDelivery, &DeliveryOutcome)],
        now: &str,
    ) -> Result<Vec<i64>, StoreError>;

    /// Extends claims, each an id and its token. Gives the ids of those that somebody else holds by now.
    async fn extend_claims(&self, claims: &[(i64, &str)], until: &str) -> Result<Vec<i64>, StoreError>;

    /// Lets deliveries that wait be claimed at once, in the place that they had in the queue when they came.
    async fn retry_at_once(&self, ids: &[i64]) -> Result<(), StoreError>;

    /// The deliveries of a ticket, oldest first.
    async fn deliveries(&self, ticket: &str) -> Result<Vec<Delivery>, StoreError>;

    /// Those that were given up, oldest first, with the references of their tickets.
    async fn dead_letters(&self, limit: u32) -> Result<Vec<(Delivery, String)>, StoreError>;

    /// Where the deliveries stand, destination by destination, of those for which something waits or is given up.
    async fn queues(&self) -> Result<Vec<QueueStatus>, StoreError>;

    /// Tries again what was given up: one delivery, or all of them. How many it was. What waits behind them is renewed with them, as if all
    /// of it had just come.
    async fn send_again(&self, id: Option<i64>, now: &str) -> Result<u64, StoreError>;

    /// Gives up a delivery that was made and came back, and why; `false` where it is not delivered.
    async fn return_delivery(&self, id: i64, told: &str, now: &str) -> Result<bool, StoreError>;
}

words! {
    /// What is brought to a destination.
    What {
        /// A ticket.
        Ticket = "ticket",
        /// Something said about it.
        Message = "message",
        /// That the customer or an operator here has solved it.
        Solved = "solved",
        /// That it was opened again.
        Reopened = "reopened",
        /// That the address of an unverified sender was confirmed.
        Confirmed = "confirmed",
    }
}

words! {
    /// Where a delivery stands.
    State {
        /// It is tried, now or later.
        Waiting = "waiting",
        /// The destination has it.
        Delivered = "delivered",
        /// It is tried no more until an operator says so.
        GivenUp = "given_up",
    }
}

/// Something that is to be brought to a destination; a message is the one that it is kept together with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// The name of the destination in its site.
    pub destination: String,
    /// What is brought there.
    pub what: What,
}

/// A delivery as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number; what is older has a smaller one.
    pub id: i64,
    /// The site of its ticket.
    pub site: String,
    /// The name of the destination in the site.
    pub destination: String,
    /// The id of the ticket.
    pub ticket: String,
    /// What is brought there.
    pub what: What,
    /// The number of the message; 0 where it is none.
    pub number: u32,
    /// Where it stands.
    pub state: State,
    /// Since when it waits, RFC 3339 in UTC.
    pub created_at: String,
    /// When it is tried next, and its place in the queue, RFC 3339 in UTC.
    pub due_at: String,
    /// When it was tried first, RFC 3339 in UTC; none until then.
    pub tried_at: Option<String>,
    /// When it was delivered or given up, RFC 3339 in UTC; none while it waits.
    pub settled_at: Option<String>,
    /// How often it has been tried, this time among them.
    pub tries: u32,
    /// How often it failed by itself, while others got through.
    pub failures: u32,
    /// What the destination calls it; empty until it is there.
    pub remote: String,
    /// Why it is not there, or what of it is not, a line each.
    pub told: String,
}

/// The right of one worker to what it claims, for a time.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// A random token, different for each claim.
    pub token: &'a str,
    /// Now, RFC 3339 in UTC.
    pub now: &'a str,
    /// Until when nobody else may claim the same, RFC 3339 in UTC.
    pub until: &'a str,
}

/// A delivery that is due, with its ticket and where that is.
#[derive(Clone, Debug, PartialEq)]
pub struct DueDelivery {
    /// The token of the claim that it was claimed under.
    pub claim: String,
    /// The delivery.
    pub delivery: Delivery,
    /// Its ticket.
    pub ticket: StoredTicket,
    /// Where the ticket is at the destination.
    pub place: Option<Place>,
}

/// What has become of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The destination has it.
    Delivered {
        /// What it calls it.
        remote: String,
        /// Where the ticket is now, where that has changed.
        place: Option<Place>,
        /// What of it is not there.
        told: String,
    },
    /// It is tried again.
    Retry {
        /// When, RFC 3339 in UTC.
        due_at: String,
        /// Whether the delivery is to blame, and not the destination.
        blamed: bool,
        /// Why.
        told: String,
    },
    /// It is given up.
    DeadLetter {
        /// Why.
        told: String,
    },
}

/// How far the deliveries of a queue are counted: what an agent sees on every page does not cost more the longer a destination is away.
pub const QUEUE_COUNT_MAX: u32 = 2_000;

/// How many deliveries of a destination stand where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// The site.
    pub site: String,
    /// The name of the destination in the site.
    pub destination: String,
    /// How many wait, as far as [`QUEUE_COUNT_MAX`].
    pub waiting: u32,
    /// Since when the oldest of them does, RFC 3339 in UTC.
    pub since: Option<String>,
    /// How many are given up, as far as [`QUEUE_COUNT_MAX`].
    pub given_up: u32,
}
