//! What happens to a ticket after it came: what is said about it, and what support makes of it.

use std::time::Duration;

use async_trait::async_trait;

use super::confirmations::Confirmation;
use super::error::StoreError;
use super::listing::{CustomerCursor, CustomerPage, ListedTicket};
use super::outgoing_mail::NewMail;
use super::queue::NewDelivery;
use super::submissions::{SubmissionExceeded, SubmissionQuota};
use super::tickets::StoredTicket;
use domain::conversation::{Author, Message, Turn};
use domain::targets::Owner;
use domain::ticket::{NewTicket, Severity};
use domain::words;

/// A place where conversations are kept. When a write returns, it is on disk.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// A page of the tickets that a reader may open, no more than `limit` behind a cursor: open ones first, and among those alike the one where
    /// something was said last. One that cannot be read is left out, and its id is logged.
    async fn customer_tickets(
        &self,
        site: &str,
        reader: Reader<'_>,
        after: Option<&CustomerCursor>,
        limit: u32,
    ) -> Result<CustomerPage, StoreError>;

    /// How many tickets a reader has, of all of them.
    async fn customer_counts(&self, site: &str, reader: Reader<'_>) -> Result<ReaderCounts, StoreError>;

    /// The open tickets of a reader where something was said last, each with the beginning of its message.
    async fn customer_excerpts(
        &self,
        site: &str,
        reader: Reader<'_>,
        limit: u32,
    ) -> Result<Vec<(ListedTicket, String)>, StoreError>;

    /// The ticket of an id as lists show it, where a reader may open it.
    async fn listed_ticket_of(
        &self,
        site: &str,
        reader: Reader<'_>,
        id: &str,
    ) -> Result<Option<ListedTicket>, StoreError>;

    /// The ticket of an id, where a reader may open it.
    async fn ticket_of(&self, site: &str, reader: Reader<'_>, id: &str) -> Result<Option<StoredTicket>, StoreError>;

    /// What was said about a ticket after a number; the ticket itself, number 0, is not among it.
    async fn messages(&self, ticket: &str, after: u32) -> Result<Vec<Message>, StoreError>;

    /// What was said about a ticket after a number, no more than `limit` messages and, from the second on, no more than
    /// [`MESSAGE_PAGE_BYTES`].
    async fn message_page(&self, ticket: &str, after: u32, limit: u32) -> Result<MessagePage, StoreError>;

    /// The last messages of a ticket before a number, or before its end, in their order.
    async fn last_messages(&self, ticket: &str, before: Option<u32>, limit: u32) -> Result<Vec<Message>, StoreError>;

    /// The last activities of a ticket between two times, in their order, no more than `limit`.
    async fn last_activities(
        &self,
        ticket: &str,
        between: (&str, &str),
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError>;

    /// What was said about a ticket under a key, and the SHA-256 of the body that said it.
    async fn message_by_key(&self, ticket: &str, key: &str) -> Result<Option<([u8; 32], Message)>, StoreError>;

    /// What operators did about a ticket, in its order.
    async fn activities(&self, ticket: &str) -> Result<Vec<Activity>, StoreError>;

    /// Changes the ticket of an id or a reference in one transaction. `decide` runs inside it and sees the ticket as it is, so that what it
    /// decides cannot contradict the row; it must not block. What it decides is written whole or not at all. Where a message with the same
    /// `seal` is kept already, nothing is decided.
    async fn change(
        &self,
        ticket: &str,
        at: &str,
        seal: Option<MessageKey<'_>>,
        decide: Decide<'_>,
    ) -> Result<Changed, StoreError>;
}

/// Who may open a ticket: the person whose it is; or the session that sent it, as long as it is nobody's.
#[derive(Clone, Copy, Debug)]
pub enum Reader<'a> {
    /// A signed person, by the host's id.
    Person(&'a str),
    /// The SHA-256 of a session.
    Session(&'a [u8; 32]),
}

/// How many bytes the messages of a page have, from the second on.
pub const MESSAGE_PAGE_BYTES: usize = 1 << 20;

/// A part of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    /// Messages in their order.
    pub messages: Vec<Message>,
    /// Whether more come behind them.
    pub has_more: bool,
}

/// How many tickets a reader has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReaderCounts {
    /// All of them.
    pub total: u32,
    /// Those that are open.
    pub open: u32,
    /// The messages that they have not seen, in all of them.
    pub unread: u32,
}

/// What support has made of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// Its topic, as sent or as corrected.
    pub topic: String,
    /// Its severity, as sent or as corrected.
    pub severity: Severity,
    /// Who answers it; none on tickets of before this was known.
    pub owner: Option<Owner>,
    /// The team that owns it; empty where none does.
    pub team: String,
    /// Who has it in hand; empty where nobody does.
    pub assignee: String,
    /// Who is to say something next.
    pub turn: Turn,
    /// When support answered first.
    pub answered_at: Option<String>,
    /// When something was said last.
    pub updated_at: String,
    /// The number of the last message that the customer has seen.
    pub read_until: u32,
    /// How many messages the customer has not seen. The store counts them, whatever is written here.
    pub unread: u32,
    /// Whether the address that the sender claims has been confirmed. Read with the ticket, and written by
    /// [`super::Confirmations`].
    pub confirmation: Confirmation,
}

impl Handling {
    /// The handling of a ticket that nobody has touched.
    pub fn of(new: &NewTicket, received_at: &str) -> Handling {
        Handling {
            topic: new.topic.clone(),
            severity: new.severity,
            owner: None,
            team: String::new(),
            assignee: String::new(),
            turn: Turn::Support,
            answered_at: None,
            updated_at: received_at.into(),
            read_until: 0,
            unread: 0,
            confirmation: Confirmation::NotNeeded,
        }
    }
}

/// A message that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Who wrote it.
    pub author: Author,
    /// What they are called; empty where that is not known.
    pub name: String,
    /// Plain text from the customer, Markdown from everybody else.
    pub body: String,
    /// When it was written, RFC 3339 in UTC.
    pub at: String,
    /// The ids of its files, which are of the ticket's owner and belong to no message yet.
    pub attachments: Vec<String>,
}

/// The idempotency key of a message and the SHA-256 of the body that it was sent with.
#[derive(Clone, Copy, Debug)]
pub struct MessageKey<'a> {
    /// Unique in the ticket.
    pub key: &'a str,
    /// The SHA-256 of the body.
    pub body: [u8; 32],
}

words! {
    /// What was done about a ticket.
    ActivityKind {
        /// Wrote something that only operators read.
        Noted = "noted",
        /// Said where the customer was spoken to elsewhere.
        Contacted = "contacted",
        /// Corrected topic or severity.
        Triaged = "triaged",
        /// Gave it to somebody.
        Assigned = "assigned",
        /// Handed it over to other owners.
        HandedOver = "handed_over",
        /// Said that it is solved.
        Solved = "solved",
        /// Said that it is not.
        Reopened = "reopened",
        /// Confirmed their address.
        Confirmed = "confirmed",
        /// Mail to them could not be delivered, for good.
        Bounced = "bounced",
    }
}

/// What was done, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Who did it; empty where the customer did.
    pub operator: String,
    /// What was done.
    pub act: ActivityKind,
    /// What there is to say about it; empty where the act says it all.
    pub text: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// A ticket as it is inside the transaction that may change it.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentTicket {
    /// The ticket.
    pub ticket: StoredTicket,
    /// The number of the last message; 0 where there is none but the ticket itself.
    pub last_message: u32,
    /// How many messages the customer has written, the ticket itself not among them.
    pub customer_messages: u32,
    /// How many notes came by mail.
    pub mailed_notes: u32,
    /// When the customer last changed the status, RFC 3339 in UTC, newest first, [`STATUS_CHANGES_AN_HOUR`] of them at most.
    pub customer_status_changes: Vec<String>,
}

impl CurrentTicket {
    /// A change that leaves everything as it is.
    pub fn unchanged(&self) -> Change {
        Change {
            ticket: self.ticket.clone(),
            message: None,
            activity: None,
            activity_key: None,
            deliveries: Vec::new(),
            mail: None,
            quota: None,
        }
    }
}

/// What is written about a ticket together.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The ticket as it is to be. Status, target, due time and handling are written; what was sent never changes.
    pub ticket: StoredTicket,
    /// A message.
    pub message: Option<NewMessage>,
    /// What agents read about it.
    pub activity: Option<Activity>,
    /// The name of an activity that came from elsewhere, unique in the ticket: where it is kept already, nothing is written.
    pub activity_key: Option<String>,
    /// What is brought to destinations; those of a message are about this one.
    pub deliveries: Vec<NewDelivery>,
    /// The receipt, for a ticket that has none.
    pub mail: Option<NewMail>,
    /// What it counts against; none where that is nobody's, as what agents and signed people write.
    pub quota: Option<SubmissionQuota>,
}

/// What is decided about a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Nothing is written.
    Nothing,
    /// This is written.
    Write(Box<Change>),
    /// Nothing is written, because a limit of the ticket is reached.
    Refuse(Limit),
}

/// A limit of one ticket that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The customer has changed the status [`STATUS_CHANGES_AN_HOUR`] times within an hour.
    StatusChanges {
        /// The time until it can be changed again.
        wait: Duration,
    },
    /// The customer has written [`CUSTOMER_MESSAGES_MAX`] messages.
    Messages,
    /// [`MAILED_NOTES_MAX`] notes came by mail.
    MailedNotes,
}

impl From<Change> for Decision {
    fn from(change: Change) -> Decision {
        Decision::Write(Box::new(change))
    }
}

/// A pure rule that decides what changes.
pub type Decide<'a> = &'a (dyn Fn(&CurrentTicket) -> Decision + Send + Sync);

/// What became of a ticket that was to change.
#[derive(Clone, Debug, PartialEq)]
pub enum Changed {
    /// The change is kept: the ticket as it is with it, and the message, where there was one.
    Written(Box<StoredTicket>, Option<Message>),
    /// Nothing was to change: the ticket as it is.
    Unchanged(Box<StoredTicket>),
    /// Nothing was kept: a limit is reached.
    Refused(Limit),
    /// Nothing was kept: a quota is used up.
    OverQuota(SubmissionExceeded),
    /// Nothing was kept: the same message was kept under its key before.
    Repeated(Message),
    /// Nothing was kept: another message has this key.
    KeyReused,
    /// Nothing was kept: the files at these places of the list are not there for it.
    MissingFiles(Vec<usize>),
    /// There is no such ticket.
    NotFound,
}
