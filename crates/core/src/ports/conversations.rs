//! The port for everything that happens to a ticket after it was submitted: messages, activities and changes by support.

use std::time::Duration;

use async_trait::async_trait;

use super::answer_mail::NewAnswerMail;
use super::confirmations::{ClaimedAddress, Confirmation};
use super::error::StoreError;
use super::listing::{CustomerCursor, CustomerPage, ListedTicket};
use super::outgoing_mail::NewMail;
use super::queue::NewDelivery;
use super::submissions::{SubmissionExceeded, SubmissionQuota};
use super::tickets::StoredTicket;
use crate::ids::{CustomerId, IdempotencyKey, SessionHash, SiteKey, TicketId};
use crate::timestamp::Timestamp;
use domain::conversation::{Author, Message, Turn};
use domain::targets::Owner;
use domain::ticket::{NewTicket, Severity};
use domain::words;

/// Conversations of tickets. Writes are on disk when they return.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// A page of the tickets that a reader may open, at most `limit`, after a cursor: open ones first, then by latest message. Tickets that
    /// cannot be read are left out, and their ids are logged.
    async fn customer_tickets(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        after: Option<&CustomerCursor>,
        limit: u32,
    ) -> Result<CustomerPage, StoreError>;

    /// How many tickets a reader has, over all pages.
    async fn customer_counts(&self, site: &SiteKey, reader: Reader<'_>) -> Result<ReaderCounts, StoreError>;

    /// The open tickets of a reader with the latest messages, each with the beginning of the customer's message.
    async fn customer_excerpts(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        limit: u32,
    ) -> Result<Vec<(ListedTicket, String)>, StoreError>;

    /// A ticket as lists show it, if the reader may open it.
    async fn listed_ticket_of(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
    ) -> Result<Option<ListedTicket>, StoreError>;

    /// A ticket, if the reader may open it.
    async fn ticket_of(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
    ) -> Result<Option<StoredTicket>, StoreError>;

    /// The tickets that links have granted a session ([`super::AccessLinks::open_access_link`]), unless that has expired.
    async fn granted_tickets(&self, session: &SessionHash) -> Result<Vec<TicketId>, StoreError>;

    /// The messages of a ticket with numbers above `after`. The ticket itself, number 0, is not included.
    async fn messages(&self, ticket: &TicketId, after: u32) -> Result<Vec<Message>, StoreError>;

    /// The messages of a ticket with numbers above `after`: at most `limit`, and at most [`MESSAGE_PAGE_BYTES`] from the second on.
    async fn message_page(&self, ticket: &TicketId, after: u32, limit: u32) -> Result<MessagePage, StoreError>;

    /// The last messages of a ticket before a number, or before its end, in order.
    async fn last_messages(
        &self,
        ticket: &TicketId,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError>;

    /// The last activities of a ticket from one time until before another, in order, at most `limit`. None means without a bound.
    async fn last_activities(
        &self,
        ticket: &TicketId,
        between: (Option<Timestamp>, Option<Timestamp>),
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError>;

    /// The message of a ticket with an idempotency key, and the SHA-256 of the request body that it was sent with.
    async fn message_by_key(
        &self,
        ticket: &TicketId,
        key: &IdempotencyKey,
    ) -> Result<Option<([u8; 32], Message)>, StoreError>;

    /// The activities of agents on a ticket, in order.
    async fn activities(&self, ticket: &TicketId) -> Result<Vec<Activity>, StoreError>;

    /// Changes a ticket in one transaction. `decide` runs inside it and sees the ticket as it is, so its decision
    /// cannot contradict the row; it must not block. The change is written in full or not at all. If a message with the same `key` exists
    /// already, `decide` is not called.
    async fn change(
        &self,
        ticket: &TicketId,
        key: Option<MessageKey<'_>>,
        decide: Decide<'_>,
    ) -> Result<ChangeOutcome, StoreError>;
}

/// Who may open a ticket: the customer who owns it; or while no customer owns it, the session that sent it, and those to which a link that was mailed to
/// its address has granted it. For these nothing waits for a confirmation of the address.
#[derive(Clone, Copy, Debug)]
pub enum Reader<'a> {
    /// A verified customer, by the host's id.
    Person(&'a CustomerId),
    /// A session, by its SHA-256.
    Session(&'a SessionHash),
}

/// The most bytes of messages in a page, from the second message on.
pub const MESSAGE_PAGE_BYTES: usize = 1 << 20;

/// A page of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessagePage {
    /// Messages, in order.
    pub messages: Vec<Message>,
    /// Whether more messages follow.
    pub has_more: bool,
}

/// How many tickets a reader has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReaderCounts {
    /// All tickets.
    pub total: u32,
    /// Open tickets.
    pub open: u32,
    /// Unread messages in all tickets.
    pub unread: u32,
}

/// What support has set on a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handling {
    /// The topic, as sent or as corrected by support.
    pub topic: String,
    /// The severity, as sent or as corrected by support.
    pub severity: Severity,
    /// Who answers it; none on tickets from before owners were stored.
    pub owner: Option<Owner>,
    /// The team that owns it; empty if none does.
    pub team: String,
    /// The agent who has taken it; empty if nobody has.
    pub assignee: String,
    /// Whose reply is awaited.
    pub turn: Turn,
    /// When support first replied.
    pub answered_at: Option<Timestamp>,
    /// When the last message was written.
    pub updated_at: Timestamp,
    /// The number of the last message that the customer has read.
    pub read_until: u32,
    /// How many messages the customer has not read. The store computes it and ignores the value written here.
    pub unread: u32,
    /// Whether the sender's claimed address is confirmed. Read with the ticket; written through [`super::Confirmations`].
    pub confirmation: Confirmation,
}

impl Handling {
    /// The handling of a new ticket.
    pub fn new(new: &NewTicket, received_at: Timestamp) -> Handling {
        Handling {
            topic: new.topic.clone(),
            severity: new.severity,
            owner: None,
            team: String::new(),
            assignee: String::new(),
            turn: Turn::Support,
            answered_at: None,
            updated_at: received_at,
            read_until: 0,
            unread: 0,
            confirmation: Confirmation::NotNeeded,
        }
    }

    /// Reveals what waits for the confirmation of the address, for whoever has opened the ticket by a link that was mailed to it.
    pub fn reveal_withheld(&mut self) {
        if self.confirmation.is_awaited() {
            self.confirmation = Confirmation::Confirmed;
        }
    }
}

/// A message to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Who wrote it.
    pub author: Author,
    /// The author's display name; empty if unknown.
    pub name: String,
    /// Plain text from customers, Markdown from everybody else.
    pub body: String,
    /// When it was written.
    pub at: Timestamp,
    /// The ids of its attachments. They belong to the ticket's owner and to no message yet.
    pub attachments: Vec<String>,
}

/// The idempotency key of a message and the SHA-256 of the request body.
#[derive(Clone, Copy, Debug)]
pub struct MessageKey<'a> {
    /// The key, unique within the ticket.
    pub key: &'a IdempotencyKey,
    /// The SHA-256 of the request body.
    pub body_hash: [u8; 32],
}

words! {
    /// The kind of an activity.
    ActivityKind {
        /// Wrote an internal note.
        Noted = "noted",
        /// Recorded that the customer was contacted elsewhere.
        Contacted = "contacted",
        /// Corrected topic or severity.
        Triaged = "triaged",
        /// Assigned the ticket to an agent.
        Assigned = "assigned",
        /// Handed the ticket over to another owner.
        HandedOver = "handed_over",
        /// Solved the ticket.
        Solved = "solved",
        /// Reopened the ticket.
        Reopened = "reopened",
        /// The sender confirmed their address.
        Confirmed = "confirmed",
        /// Mail to the sender was rejected for good.
        Bounced = "bounced",
    }
}

/// An activity with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The agent who did it; empty if it was the customer.
    pub actor: String,
    /// What was done.
    pub kind: ActivityKind,
    /// Details; empty if the kind says it all.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// A ticket as seen inside the transaction that may change it.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentTicket {
    /// The ticket.
    pub ticket: StoredTicket,
    /// The current time, by the store's clock.
    pub now: Timestamp,
    /// The number of the last message; 0 if there is none besides the ticket itself.
    pub last_message: u32,
    /// How many messages the customer has written, without the ticket itself.
    pub customer_messages: u32,
    /// How many notes came by mail.
    pub mailed_notes: u32,
    /// When the customer last changed the status, newest first, at most [`STATUS_CHANGES_AN_HOUR`] entries.
    pub customer_status_changes: Vec<Timestamp>,
    /// The address that the sender claims, until it is confirmed; none if there is nothing to confirm.
    pub claimed_address: Option<ClaimedAddress>,
}

impl CurrentTicket {
    /// A change that leaves the ticket as it is.
    pub fn unchanged(&self) -> Change {
        Change {
            ticket: self.ticket.clone(),
            message: None,
            activity: None,
            activity_key: None,
            deliveries: Vec::new(),
            mail: None,
            answer_mail: None,
            proved_recipient: None,
            quota: None,
            confirmation: None,
        }
    }
}

/// What one transaction writes about a ticket.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The ticket after the change. Status, target, due time and handling are written; what was sent never changes.
    pub ticket: StoredTicket,
    /// A new message.
    pub message: Option<NewMessage>,
    /// An activity that agents see.
    pub activity: Option<Activity>,
    /// The key of an activity that came from elsewhere, unique within the ticket. If it exists already, nothing is written.
    pub activity_key: Option<String>,
    /// New deliveries. Those of kind message are for `message`.
    pub deliveries: Vec<NewDelivery>,
    /// The receipt, for a ticket that has none.
    pub mail: Option<NewMail>,
    /// The mail with `message`, an answer of support, or without one with all answers that were not mailed yet.
    pub answer_mail: Option<NewAnswerMail>,
    /// A keyed digest of an address whose owner has just proved that they read it: mail to it is not blocked any more.
    pub proved_recipient: Option<[u8; 32]>,
    /// The quota that it counts against; none for agents and verified customers.
    pub quota: Option<SubmissionQuota>,
    /// What happens to the claimed address.
    pub confirmation: Option<ConfirmationChange>,
}

/// What happens to the claimed address of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmationChange {
    /// It is confirmed; its codes are not valid any more.
    Confirmed,
    /// A wrong code was entered for it: one more attempt.
    WrongCode,
}

/// The decision about a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Write nothing.
    Nothing,
    /// Write this change.
    Write(Box<Change>),
    /// Write nothing, because a limit of the ticket is reached.
    Refuse(TicketLimit),
}

/// A limit of one ticket that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketLimit {
    /// The customer has changed the status [`STATUS_CHANGES_AN_HOUR`] times within an hour.
    StatusChanges {
        /// The time until the next change is allowed.
        wait: Duration,
    },
    /// The customer has written [`CUSTOMER_MESSAGES_MAX`] messages.
    Messages,
    /// [`MAILED_NOTES_MAX`] notes came by mail.
    MailedNotes,
}

impl TicketLimit {
    /// Its name in the log.
    pub fn name(self) -> &'static str {
        match self {
            TicketLimit::StatusChanges { .. } => "status_changes",
            TicketLimit::Messages => "messages",
            TicketLimit::MailedNotes => "mailed_notes",
        }
    }
}

impl From<Change> for Decision {
    fn from(change: Change) -> Decision {
        Decision::Write(Box::new(change))
    }
}

/// A pure rule that decides about a ticket.
pub type Decide<'a> = &'a (dyn Fn(&CurrentTicket) -> Decision + Send + Sync);

/// The result of changing a ticket.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeOutcome {
    /// Written: the ticket after the change, and the new message, if any.
    Written(Box<StoredTicket>, Option<Message>),
    /// Nothing to write: the ticket as it is.
    Unchanged(Box<StoredTicket>),
    /// Not written: a limit is reached.
    Refused(TicketLimit),
    /// Not written: a quota is used up.
    OverQuota(SubmissionExceeded),
    /// Not written: the same message was stored under its key before.
    Repeated(Message),
    /// Not written: another message has this key.
    KeyReused,
    /// Not written: the attachments at these indices of the list do not exist, or are not the owner's to send.
    MissingFiles(Vec<usize>),
    /// There is no such ticket.
    NotFound,
}
