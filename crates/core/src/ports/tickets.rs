//! The port for tickets as they come, with the keys that they were sealed under.

use async_trait::async_trait;
use uuid::Uuid;

use super::conversations::{Handling, NewMessage};
use super::error::StoreError;
use super::listing::{InboxCursor, InboxPage};
use super::outgoing_mail::NewMail;
use super::queue::NewDelivery;
use super::submissions::{SubmissionExceeded, SubmissionQuota};
use domain::targets::{Owner, Target};
use domain::ticket::{NewTicket, Priority, Status};

/// Tickets. When a write returns, it is on disk.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Keeps a ticket together with its seal, its files and what goes along with it: all of them or none.
    async fn submit(
        &self,
        ticket: &StoredTicket,
        seal: &SubmissionKey,
        along: SubmissionExtras,
    ) -> Result<SubmissionOutcome, StoreError>;

    /// The ticket that was sealed under a key.
    async fn submission(&self, site: &str, key: &str) -> Result<Option<StoredSubmission>, StoreError>;

    /// Gives a session's tickets and files in a site to a person, those that nobody has yet. The session opens them no more.
    async fn move_to_person(&self, site: &str, session: &[u8; 32], person: &str) -> Result<(), StoreError>;

    /// The ticket of a reference or an id.
    async fn ticket(&self, name: &str) -> Result<Option<StoredTicket>, StoreError>;

    /// A page of the tickets of a view, no more than `limit`: in the order of [`ListPlace`], or newest first where words are searched for. It
    /// begins behind `after`; a cursor of the other kind means the beginning. A ticket that cannot be read is left out, and its id is logged.
    async fn list_tickets(&self, view: &View, after: Option<InboxCursor>, limit: u32) -> Result<InboxPage, StoreError>;
}

/// What is kept together with a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubmissionExtras {
    /// The first answer, where it has one at once.
    pub answer: Option<NewMessage>,
    /// The receipt that is sent by e-mail.
    pub mail: Option<NewMail>,
    /// The address that has to be confirmed before answers are shown.
    pub unconfirmed: Option<String>,
    /// What is brought to destinations.
    pub deliveries: Vec<NewDelivery>,
    /// What it counts against; none where the host has signed whose it is.
    pub quota: Option<SubmissionQuota>,
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

/// What an idempotency key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionKey {
    /// The key; unique in a site.
    pub key: String,
    /// The SHA-256 of the body.
    pub body: [u8; 32],
    /// The SHA-256 of the session, where there is one.
    pub session: Option<[u8; 32]>,
}

/// A ticket and the seal it came under.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSubmission {
    /// The seal.
    pub seal: SubmissionKey,
    /// The ticket.
    pub ticket: StoredTicket,
}

/// What became of a ticket that was to be kept.
#[derive(Clone, Debug, PartialEq)]
pub enum SubmissionOutcome {
    /// It is kept.
    Stored,
    /// Nothing was kept, because something is sealed under its key already.
    KeyTaken(Box<StoredSubmission>),
    /// Nothing was kept, because the ticket that came under its key was erased.
    Erased,
    /// Nothing was kept, because a quota is used up.
    OverQuota(SubmissionExceeded),
    /// Nothing was kept, because another ticket has its reference.
    ReferenceTaken,
    /// Nothing was kept, because the files at these places of its list are not there for it.
    MissingFiles(Vec<usize>),
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
    /// Whether they only try things out.
    pub is_test: Option<bool>,
    /// Words that all stand in them, the last of which may be the beginning of one: in the reference, the names and addresses of the person, or
    /// what was said.
    pub words: String,
}
