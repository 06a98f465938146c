//! Erasing tickets and what is kept about people.

use async_trait::async_trait;

use super::attachments::{FileOwner, StoredAttachment};
use super::error::StoreError;
use domain::ticket::Status;

/// A place from which tickets can be erased. When a write returns, it is on disk, and what was erased is overwritten in the
/// database file; [`Erasure::truncate_log`] removes it from the write-ahead log as well.
#[async_trait]
pub trait Erasure: Send + Sync {
    /// The heads of tickets in the order of their ids, those after an id, `limit` at most; so that all of them can be walked through in
    /// pieces.
    async fn ticket_heads(&self, after: &str, limit: u32) -> Result<Vec<TicketHead>, StoreError>;

    /// The head of the ticket of an id or a reference, also where the ticket itself cannot be read.
    async fn ticket_head(&self, name: &str) -> Result<Option<TicketHead>, StoreError>;

    /// The ids of solved tickets of a site that were updated last before a time, oldest first, `limit` at most.
    async fn solved_before(&self, site: &str, before: &str, limit: u32) -> Result<Vec<String>, StoreError>;

    /// Where tickets are at destinations: the name of the destination and the id there.
    async fn external_tickets(&self, ticket: &str) -> Result<Vec<(String, String)>, StoreError>;

    /// What would be erased with a ticket; `None` where there is none.
    async fn erasure_counts(&self, ticket: &str) -> Result<Option<ErasureCounts>, StoreError>;

    /// Erases tickets with everything that belongs to them, in one transaction. Those that `is_meant` does not mean as they are inside it are
    /// left: somebody may have opened one again since it was found. Bytes of files are left to whoever removes
    /// [`super::Attachments::removed_files`]. The idempotency keys of the tickets are kept as digests, so that none of them comes back.
    async fn erase_tickets(
        &self,
        tickets: &[String],
        now: &str,
        is_meant: IsMeant<'_>,
    ) -> Result<ErasureCounts, StoreError>;

    /// Files of a site that were put and not sent by a person, or by an anonymous session.
    async fn unsent_files(&self, site: &str, owner: FileOwner<'_>) -> Result<Vec<StoredAttachment>, StoreError>;

    /// The address that the receipt of a ticket went or goes to, and since when it is there, as long as that is kept.
    async fn receipt_address(&self, ticket: &str) -> Result<Option<(String, String)>, StoreError>;

    /// Erases what is kept about people beside their tickets; how many rows.
    async fn erase_traces(&self, traces: &Traces) -> Result<u64, StoreError>;

    /// Forgets the idempotency keys of what was erased before a time.
    async fn forget_erased_submissions(&self, before: &str) -> Result<(), StoreError>;

    /// Empties the write-ahead log, in which pages stand as they were before. `false` where somebody reads it at the moment.
    async fn truncate_log(&self) -> Result<bool, StoreError>;
}

/// Whether a ticket is one of those that are to be erased. A pure rule, which runs inside the transaction and must not block.
pub type IsMeant<'a> = &'a (dyn Fn(&TicketHead) -> bool + Send + Sync);

/// What is known of a ticket without reading all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketHead {
    /// Its id.
    pub id: String,
    /// Its site.
    pub site: String,
    /// Its name among people.
    pub reference: String,
    /// Where it stands; none where that cannot be read.
    pub status: Option<Status>,
    /// When something was said last, RFC 3339 in UTC.
    pub updated_at: String,
    /// Whose it is, by the host's id, where the host has signed it.
    pub person: Option<String>,
}

/// How much is erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasureCounts {
    /// Tickets.
    pub tickets: u64,
    /// Messages behind them.
    pub messages: u64,
    /// Activity and internal notes.
    pub activities: u64,
    /// Deliveries to destinations, whatever became of them.
    pub deliveries: u64,
    /// Receipts by mail.
    pub mails: u64,
    /// Files.
    pub files: u64,
    /// Bytes of these files.
    pub file_bytes: u64,
}

impl ErasureCounts {
    /// Both together.
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

/// Whose traces are erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// People.
    pub people: Vec<PersonTrace>,
    /// Sessions that sent tickets of theirs. What such a session has put for somebody else stays.
    pub sessions: Vec<SessionTrace>,
}

/// A person of whom traces are erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonTrace {
    /// The site.
    pub site: String,
    /// The host's id of the person.
    pub person: String,
    /// The salted hash by which [`super::Counts`] knows them among those who have an incident.
    pub pseudonym: [u8; 32],
}

/// A session of which traces are erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTrace {
    /// The site.
    pub site: String,
    /// Its SHA-256.
    pub session: [u8; 32],
    /// The person whose ticket it sent, by the host's id; none where it was nobody's.
    pub person: Option<String>,
}
