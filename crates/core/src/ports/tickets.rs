//! The port for submitted tickets and their idempotency keys.

use async_trait::async_trait;
use uuid::Uuid;

use super::conversations::{Handling, NewMessage};
use super::error::StoreError;
use super::listing::{InboxCursor, InboxPage};
use super::outgoing_mail::NewMail;
use super::queue::NewDelivery;
use super::submissions::{SubmissionExceeded, SubmissionQuota};
use crate::ids::{CustomerId, IdempotencyKey, Reference, SessionHash, SiteKey, TicketId};
use crate::timestamp::Timestamp;
use domain::targets::{Owner, Target};
use domain::ticket::{NewTicket, Priority, Status};

/// Tickets. Writes are on disk when they return.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Stores a ticket with its idempotency key, its attachments and its extras: all of them or nothing.
    async fn submit(
        &self,
        ticket: &StoredTicket,
        key: &SubmissionKey,
        extras: SubmissionExtras,
    ) -> Result<SubmissionOutcome, StoreError>;

    /// The ticket that was submitted under an idempotency key.
    async fn submission(&self, site: &SiteKey, key: &IdempotencyKey) -> Result<Option<StoredSubmission>, StoreError>;

    /// Moves the tickets and attachments of a session in a site to a customer, as far as no customer owns them. The session cannot open them
    /// any more.
    async fn move_to_person(
        &self,
        site: &SiteKey,
        session: &SessionHash,
        person: &CustomerId,
    ) -> Result<(), StoreError>;

    /// The ticket with an id.
    async fn ticket(&self, id: &TicketId) -> Result<Option<StoredTicket>, StoreError>;

    /// The ticket with the reference or id that a person typed or followed.
    async fn ticket_by_name(&self, name: &str) -> Result<Option<StoredTicket>, StoreError>;

    /// A page of the tickets in a view, at most `limit`: ordered by [`SortPosition`], or newest first for a search and if the view says so. The page begins after `after`;
    /// a cursor of the other order means the beginning. Tickets that cannot be read are left out, and their ids are logged.
    async fn list_tickets(&self, view: &View, after: Option<InboxCursor>, limit: u32) -> Result<InboxPage, StoreError>;
}

/// What is stored together with a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionExtras {
    /// The first reply, if there is an automatic one.
    pub answer: Option<NewMessage>,
    /// The receipt by e-mail.
    pub mail: Option<NewMail>,
    /// The address that has to be confirmed before replies are shown.
    pub unconfirmed: Option<String>,
    /// Whether the sender has already proved that this address is theirs.
    pub is_confirmed: bool,
    /// Its deliveries.
    pub deliveries: Vec<NewDelivery>,
    /// The quota that it counts against; none if the host has signed the customer.
    pub quota: Option<SubmissionQuota>,
}

/// A ticket as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTicket {
    /// A UUID that sorts by time.
    pub id: TicketId,
    /// Its site.
    pub site: SiteKey,
    /// The reference that people use for it.
    pub reference: Reference,
    /// Its status.
    pub status: Status,
    /// The customer's priority, if known.
    pub priority: Option<Priority>,
    /// Its response target.
    pub target: Option<Target>,
    /// When the first reply is due.
    pub due_at: Option<Timestamp>,
    /// When it was received, by the gateway's clock.
    pub received_at: Timestamp,
    /// The verified customer who owns it, by the host's id.
    pub person: Option<CustomerId>,
    /// The SHA-256 of the session that sent it.
    pub session: Option<SessionHash>,
    /// What was sent.
    pub ticket: NewTicket,
    /// What support has set on it.
    pub handling: Handling,
}

impl StoredTicket {
    /// A new open ticket, received at a time, without response target or owner.
    pub fn new(site: SiteKey, reference: Reference, new: NewTicket, received_at: Timestamp) -> StoredTicket {
        StoredTicket {
            id: TicketId::new(Uuid::now_v7()),
            site,
            reference,
            status: Status::Open,
            priority: None,
            target: None,
            due_at: None,
            received_at,
            person: None,
            session: None,
            handling: Handling::new(&new, received_at),
            ticket: new,
        }
    }
}

/// The idempotency key of a submission, with what it was first used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionKey {
    /// The key, unique in a site.
    pub key: IdempotencyKey,
    /// The SHA-256 of the body.
    pub body: [u8; 32],
    /// The SHA-256 of the session, if there is one.
    pub session: Option<SessionHash>,
}

/// A ticket and the idempotency key it was submitted under.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSubmission {
    /// The key.
    pub key: SubmissionKey,
    /// The ticket.
    pub ticket: StoredTicket,
}

/// The result of submitting a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum SubmissionOutcome {
    /// Stored.
    Stored,
    /// Not stored: a ticket was submitted under this key before.
    KeyTaken(Box<StoredSubmission>),
    /// Not stored: the ticket that was submitted under this key has been erased.
    Erased,
    /// Not stored: a quota is used up.
    OverQuota(SubmissionExceeded),
    /// Not stored: another ticket has its reference.
    ReferenceTaken,
    /// Not stored: the attachments at these indices of its list do not exist, or are not the owner's to send.
    MissingFiles(Vec<usize>),
}

/// A filter for tickets. Empty fields match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The site.
    pub site: Option<SiteKey>,
    /// The status.
    pub status: Option<Status>,
    /// Who answers them.
    pub owner: Option<Owner>,
    /// The team that owns them.
    pub team: String,
    /// The agent who has taken them.
    pub assignee: String,
    /// Whether they are test tickets.
    pub is_test: Option<bool>,
    /// When they were received at the earliest.
    pub received_since: Option<Timestamp>,
    /// Whether the newest come first, as in a search, also without search terms.
    pub is_newest_first: bool,
    /// Search terms. All of them have to occur in the reference, in the customer's names and addresses, or in what was written; the last one
    /// may be a prefix.
    pub words: String,
}
