//! The results of polling a destination.

use std::time::Duration;

use crate::ports::external_tickets::ExternalTicketRef;
use crate::ports::polls::ChangedTicket;
use crate::timestamp::Timestamp;
use domain::conversation::{Author, Turn};
use domain::ticket::Status;

/// A page of the newest changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentChanges {
    /// The tickets, newest first.
    pub tickets: Vec<ChangedTicket>,
    /// When it was read, by the destination's clock, if known.
    pub at: Option<Timestamp>,
    /// The cursor of the next page; none on the last one.
    pub next: Option<String>,
}

/// Where a page of the export begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFrom<'a> {
    /// With changes at a time, which is more than a minute ago.
    Time(Timestamp),
    /// After an earlier page.
    Cursor(&'a str),
}

/// A page of all changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedChanges {
    /// The tickets, oldest change first.
    pub tickets: Vec<ChangedTicket>,
    /// When it was read, by the destination's clock, if known.
    pub at: Option<Timestamp>,
    /// The cursor of the next page.
    pub cursor: String,
    /// Whether there is nothing more for now.
    pub is_complete: bool,
}

/// Why there is no page of the export. Nothing else is blocked by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportFailure {
    /// The export is not available until somebody fixes the cause.
    Refused(String),
    /// The destination does not know the cursor any more, with its message.
    CursorLost(String),
    /// To be retried.
    Later {
        /// The reason.
        reason: String,
        /// How long the destination wants no requests.
        after: Option<Duration>,
    },
}

/// A message at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalMessage {
    /// Its external id, or another id that is the same each time.
    pub external_id: String,
    /// Who wrote it.
    pub author: Author,
    /// The author's name; empty if unknown.
    pub name: String,
    /// Plain text from the customer, Markdown from support.
    pub body: String,
    /// When it was written.
    pub at: Timestamp,
}

/// A message found at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolledMessage {
    /// The message.
    pub message: ExternalMessage,
    /// The text as written there, to recognise messages that were delivered from here.
    pub written: String,
    /// Its attachments.
    pub files: Vec<ExternalFile>,
}

/// An attachment of a message at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalFile {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Whether it is an HTML page. If not, a page in its place is a login.
    pub is_page: bool,
}

/// The current state of a ticket at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolledTicket {
    /// Its status, and whose reply is awaited; none if unknown, and then they stay as they are.
    pub state: Option<(Status, Turn)>,
    /// The change of the ticket up to which this is complete; none if something of the same second may be missing.
    pub updated_at: Option<Timestamp>,
    /// The messages there, oldest first, without those that are marked as delivered from here.
    pub messages: Vec<PolledMessage>,
    /// The external ticket in which it continues; none if it has not moved.
    pub moved: Option<ExternalTicketRef>,
    /// A note for agents.
    pub note: Option<AgentNote>,
}

/// A note for agents, which no customer sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentNote {
    /// Its key, the same each time that it is found.
    pub key: String,
    /// Its text.
    pub text: String,
}

/// A customer's ticket at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalTicket {
    /// The external ticket.
    pub external: ExternalTicketRef,
    /// Its subject; may be empty.
    pub subject: String,
    /// Its message.
    pub message: String,
    /// The channel, such as `email`.
    pub via: String,
    /// Its status.
    pub status: Status,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last updated there.
    pub updated_at: Timestamp,
}
