//! What is kept: tickets, the keys they were sealed under, what is said about them, and questions.

mod attachments;
mod body;
mod coalescing;
mod conversations;
mod deliveries;
mod erasure;
mod listing;
mod mails;
mod sqlite;
mod tokens;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::question::Question;
use crate::domain::targets::{Owner, Target};
use crate::domain::ticket::{NewTicket, Priority, Status};

pub use attachments::{FileOwner, Files, Put, StoredAttachment, Upload, UploadUsage, Usage};
pub use conversations::{
    Act, CUSTOMER_MESSAGES_MAX, Change, Changed, Conversations, CurrentTicket, Decide, Decision, Deed, Handling, Limit,
    MESSAGE_PAGE_BYTES, MessagePage, MessageSeal, NewMessage, Reader, ReaderCounts, STATUS_CHANGES_AN_HOUR,
};
pub use deliveries::{
    ChangedTicket, Claim, Deliveries, Delivery, DueDelivery, DueLook, NewDelivery, Place, Queue, State, SyncState,
    Tried, What,
};
pub use erasure::{Erasure, ErasureCounts, TicketHead, Traces};
pub use listing::{Cursor, ListPlace, ListedTicket, SOLVED_GROUP, Shown, customer_cursor, inbox_cursor};
pub use mails::{DueMail, Mails, NewMail};
pub use sqlite::SqliteStore;

/// A place where tickets and questions are kept. When a write returns, it is on disk.
#[async_trait]
pub trait Store: Conversations + Deliveries + Erasure + Files + Mails {
    /// Keeps a ticket together with its seal, its files and what goes along with it: all of them or none.
    async fn place(&self, ticket: &StoredTicket, seal: &Seal, along: Along) -> Result<Placed, StoreError>;

    /// The ticket that was sealed under a key.
    async fn sealed(&self, site: &str, key: &str) -> Result<Option<Sealed>, StoreError>;

    /// Gives a session's tickets and files in a site to a person, those that nobody has yet. The session opens them no more.
    async fn move_to_person(&self, site: &str, session: &[u8; 32], person: &str) -> Result<(), StoreError>;

    /// The ticket of a reference or an id.
    async fn ticket(&self, name: &str) -> Result<Option<StoredTicket>, StoreError>;

    /// The tickets of a view in the order of [`ListPlace`], no more than `limit` behind a place. One that cannot be read is left out, and its
    /// id is logged.
    async fn list_tickets(
        &self,
        view: &View,
        after: Option<(ListPlace, i64)>,
        limit: u32,
    ) -> Result<Vec<ListedTicket>, StoreError>;

    /// One question.
    async fn question(&self, site: &str, id: &str) -> Result<Option<Question>, StoreError>;

    /// The questions of a site, in the order of their ids, and the revision they are of.
    async fn questions(&self, site: &str) -> Result<(i64, Vec<Question>), StoreError>;

    /// The revision of every site that has had questions.
    async fn revisions(&self) -> Result<BTreeMap<String, i64>, StoreError>;

    /// Adds and changes the questions of a source, and with `prune` removes those of this source that are not among them.
    /// Ids are unique among them; those that another source has are left as they are.
    async fn import(
        &self,
        site: &str,
        source: &str,
        questions: &[Question],
        prune: bool,
    ) -> Result<Changes, StoreError>;

    /// When a source was last imported, RFC 3339 in UTC.
    async fn imported_at(&self, site: &str, source: &str) -> Result<Option<String>, StoreError>;

    /// Keeps what has become of questions; the same again changes nothing.
    async fn count(&self, site: &str, week: &str, event: &Event) -> Result<(), StoreError>;

    /// What has become of questions since a week.
    async fn counts(&self, site: &str, since: &str) -> Result<Vec<EventCount>, StoreError>;

    /// Keeps that a visitor searched for words that found nothing: hashed, and the words only once enough people did.
    async fn unanswered(&self, site: &str, week: &str, visitor: &str, words: &str, now: &str)
    -> Result<(), StoreError>;

    /// What enough people searched for without finding anything since a week, most searched for first.
    async fn unanswered_since(&self, site: &str, since: &str) -> Result<Vec<Unanswered>, StoreError>;

    /// Forgets what was counted before a week.
    async fn forget_counts(&self, before: &str) -> Result<(), StoreError>;

    /// Keeps that somebody has what is broken; the same again changes nothing.
    async fn affect(&self, site: &str, incident: &str, who: &[u8; 32], now: &str) -> Result<(), StoreError>;

    /// How many have it.
    async fn affected(&self, site: &str, incident: &str) -> Result<u32, StoreError>;

    /// Keeps that an operator has logged in: the SHA-256 of the session, who it is, and until when. Forgets those that ended.
    async fn log_in(&self, session: &[u8; 32], operator: &str, now: &str, until: &str) -> Result<(), StoreError>;

    /// The operator of a session that has not ended.
    async fn operator(&self, session: &[u8; 32], now: &str) -> Result<Option<String>, StoreError>;

    /// Ends a session.
    async fn log_out(&self, session: &[u8; 32]) -> Result<(), StoreError>;

    /// Lets go of the database; nothing can be asked afterwards.
    async fn close(&self);
}

/// What is kept together with a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Along {
    /// The first answer, where it has one at once.
    pub answer: Option<NewMessage>,
    /// The receipt that is sent by e-mail.
    pub mail: Option<NewMail>,
    /// What is brought to destinations.
    pub deliveries: Vec<NewDelivery>,
}

/// A ticket as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTicket {
    /// A UUID in the order of time.
    pub id: String,
    /// The site it came to.
    pub site: String,
    /// Its name among people.
    pub reference: String,
    /// Where it stands.
    pub status: Status,
    /// The customer's priority, where it is known.
    pub priority: Option<Priority>,
    /// What was promised.
    pub target: Option<Target>,
    /// When the first answer is due.
    pub due_at: Option<String>,
    /// When it came, by the gateway's clock.
    pub received_at: String,
    /// Whose it is, by the host's id, where the host has signed it.
    pub person: Option<String>,
    /// The SHA-256 of the session that sent it.
    pub session: Option<[u8; 32]>,
    /// What was sent.
    pub ticket: NewTicket,
    /// What support has made of it.
    pub handling: Handling,
}

impl StoredTicket {
    /// An open ticket that came at a time (RFC 3339 in UTC), for which nothing is promised and which is nobody's yet.
    pub fn new(site: &str, reference: String, new: NewTicket, received_at: &str) -> StoredTicket {
        StoredTicket {
            id: Uuid::now_v7().to_string(),
            site: site.into(),
            reference,
            status: Status::Open,
            priority: None,
            target: None,
            due_at: None,
            received_at: received_at.into(),
            person: None,
            session: None,
            handling: Handling::of(&new, received_at),
            ticket: new,
        }
    }
}

/// What has become of a question in a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCount {
    /// The Monday of its week, `2026-11-23`.
    pub week: String,
    /// The visit.
    pub visit: String,
    /// What happened: a word of [`crate::domain::event::What`].
    pub name: String,
    /// The kind of the draft.
    pub kind: String,
    /// The question's id; empty where a ticket was sent without any.
    pub question: String,
}

/// A search that found nothing for several people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// What was searched for.
    pub words: String,
    /// How many people did, week by week.
    pub visitors: u32,
    /// When it was searched for last.
    pub last_at: String,
}

/// What an idempotency key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The key; unique in a site.
    pub key: String,
    /// The SHA-256 of the body.
    pub body: [u8; 32],
    /// The SHA-256 of the session, where there is one.
    pub session: Option<[u8; 32]>,
}

/// A ticket and the seal it came under.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    /// The seal.
    pub seal: Seal,
    /// The ticket.
    pub ticket: StoredTicket,
}

/// What became of a ticket that was to be kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Placed {
    /// It is kept.
    New,
    /// Nothing was kept, because something is sealed under its key already.
    KeyTaken(Box<Sealed>),
    /// Nothing was kept, because the ticket that came under its key was erased.
    Erased,
    /// Nothing was kept, because another ticket has its reference.
    ReferenceTaken,
    /// Nothing was kept, because the files at these places of its list are not there for it.
    Missing(Vec<usize>),
}

/// Which tickets are listed; what is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// The site they came to.
    pub site: String,
    /// Where they stand.
    pub status: Option<Status>,
    /// Who answers them.
    pub owner: Option<Owner>,
    /// The team that owns them.
    pub team: String,
    /// Who has them in hand.
    pub assignee: String,
    /// Words that all stand in them, the last of which may be the beginning of one: in the reference, the names and addresses of the person, or
    /// what was said.
    pub words: String,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Questions that were not there.
    pub new: usize,
    /// Questions that were there and said something else.
    pub changed: usize,
    /// Questions that were there as they are.
    pub unchanged: usize,
    /// Questions that were there and are gone.
    pub removed: usize,
    /// Questions that were left out, because another source has their ids.
    pub taken: Vec<Taken>,
}

/// An id that another source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The id.
    pub id: String,
    /// The source that has it.
    pub source: String,
}

/// Why the store cannot do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened.
    #[error("{path}: {reason}; name a database that can be written, sqlite:PATH")]
    Open {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The folder for files cannot be made.
    #[error("{path}: {reason}; name a folder that can be written, attachments = \"FOLDER\"")]
    Folder {
        /// The folder.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// Somebody else holds the database.
    #[error("the database was held by another process for too long")]
    Busy,
    /// What is kept cannot be read. The message names no word of it.
    #[error("{what} cannot be read: {reason}")]
    Damaged {
        /// The row.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// The database refuses.
    #[error("the database says: {0}")]
    Database(Arc<sqlx::Error>),
}
