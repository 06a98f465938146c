//! The port for erasing tickets and personal data.

use async_trait::async_trait;

use super::attachments::{FileOwner, StoredAttachment};
use super::error::StoreError;
use crate::ids::{CustomerId, DestinationName, ExternalId, Reference, SessionHash, SiteKey, TicketId};
use crate::timestamp::Timestamp;
use domain::ticket::Status;

/// Erasure. Writes are on disk when they return. In a database file, erased content is overwritten, and [`Erasure::truncate_log`] removes it from the
/// write-ahead log as well. A database server overwrites it when it uses the space again.
#[async_trait]
pub trait Erasure: Send + Sync {
    /// The heads of tickets in the order of their ids, after an id or from the first on, at most `limit`; for walking through all tickets in chunks.
    async fn ticket_heads(&self, after: Option<&TicketId>, limit: u32) -> Result<Vec<TicketHead>, StoreError>;

    /// The head of the ticket with the reference or id that a person typed, even if the ticket itself cannot be read.
    async fn ticket_head(&self, name: &str) -> Result<Option<TicketHead>, StoreError>;

    /// The ids of solved tickets of a site that were last updated before a time, oldest first, at most `limit`.
    async fn solved_before(&self, site: &SiteKey, before: Timestamp, limit: u32) -> Result<Vec<TicketId>, StoreError>;

    /// The external tickets of a ticket: destination name and external id.
    async fn external_tickets(&self, ticket: &TicketId) -> Result<Vec<(DestinationName, ExternalId)>, StoreError>;

    /// What erasing a ticket would delete; `None` if there is no such ticket.
    async fn erasure_counts(&self, ticket: &TicketId) -> Result<Option<ErasureCounts>, StoreError>;

    /// Erases tickets with everything that belongs to them in one transaction. `is_meant` is asked again inside it, and tickets that it rejects
    /// are left alone: one may have been reopened since it was found. The bytes of their files are removed later through
    /// [`super::Attachments::removed_files`]. The idempotency keys of the tickets stay as digests, so that a retry does not bring a ticket
    /// back.
    async fn erase_tickets(
        &self,
        tickets: &[TicketId],
        is_meant: TicketFilter<'_>,
    ) -> Result<ErasureCounts, StoreError>;

    /// Unsent uploads of a customer or an anonymous session in a site.
    async fn unsent_files(&self, site: &SiteKey, owner: FileOwner<'_>) -> Result<Vec<StoredAttachment>, StoreError>;

    /// The address that the receipt of a ticket was or will be sent to, and when it was stored, while it is retained.
    async fn receipt_address(&self, ticket: &TicketId) -> Result<Option<(String, Timestamp)>, StoreError>;

    /// Erases personal data stored outside of tickets. Returns the number of rows.
    async fn erase_traces(&self, traces: &Traces) -> Result<u64, StoreError>;

    /// Deletes the digests of idempotency keys of tickets erased before a time.
    async fn forget_erased_submissions(&self, before: Timestamp) -> Result<(), StoreError>;

    /// Empties the write-ahead log, which still has the earlier content of pages. `false` if a reader prevents it at the moment. The log of a database
    /// server is its administrator's; there it does nothing.
    async fn truncate_log(&self) -> Result<bool, StoreError>;
}

/// Whether a ticket is to be erased. A pure rule that runs inside the transaction; it must not block.
pub type TicketFilter<'a> = &'a (dyn Fn(&TicketHead) -> bool + Send + Sync);

/// The columns of a ticket that can be read without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketHead {
    /// Its id.
    pub id: TicketId,
    /// Its site.
    pub site: SiteKey,
    /// Its reference.
    pub reference: Reference,
    /// Its status; none if it cannot be read.
    pub status: Option<Status>,
    /// When it was last updated; none if it cannot be read.
    pub updated_at: Option<Timestamp>,
    /// The verified customer who owns it, by the host's id.
    pub person: Option<CustomerId>,
}

/// How much is erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasureCounts {
    /// Tickets.
    pub tickets: u64,
    /// Messages of these tickets.
    pub messages: u64,
    /// Activities and internal notes.
    pub activities: u64,
    /// Deliveries in any state.
    pub deliveries: u64,
    /// Receipts by mail.
    pub mails: u64,
    /// Files.
    pub files: u64,
    /// Bytes of these files.
    pub file_bytes: u64,
}

impl ErasureCounts {
    /// The sum of both.
    pub fn plus(self, other: ErasureCounts) -> ErasureCounts {
        ErasureCounts {
            tickets: self.tickets + other.tickets,
            messages: self.messages + other.messages,
            activities: self.activities + other.activities,
            deliveries: self.deliveries + other.deliveries,
            mails: self.mails + other.mails,
            files: self.files + other.files,
            file_bytes: self.file_bytes + other.file_bytes,
        }
    }
}

/// The owners whose personal data is erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Customers.
    pub people: Vec<PersonTrace>,
    /// Sessions that sent the customers' tickets. Uploads of such a session for another customer stay.
    pub sessions: Vec<SessionTrace>,
}

/// A customer whose personal data is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonTrace {
    /// The site.
    pub site: SiteKey,
    /// The customer, by the host's id.
    pub person: CustomerId,
    /// The salted hash under which the customer is counted as affected by an incident.
    pub pseudonym: [u8; 32],
}

/// A session whose personal data is erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTrace {
    /// The site.
    pub site: SiteKey,
    /// The SHA-256 of the session.
    pub session: SessionHash,
    /// The owner of the ticket that it sent, by the host's id; none if nobody owned it.
    pub person: Option<CustomerId>,
}
