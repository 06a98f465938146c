//! What polling a destination gives.

use std::time::Duration;

use jiff::Timestamp;

use crate::ports::external_tickets::Place;
use crate::ports::polls::ChangedTicket;
use domain::conversation::{Author, Turn};
use domain::ticket::Status;

/// A page of the newest changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentChanges {
    /// The tickets, the newest first.
    pub tickets: Vec<ChangedTicket>,
    /// When it was read, by the destination's clock, where that is told.
    pub at: Option<Timestamp>,
    /// Where the next page begins; none where there is none.
    pub next: Option<String>,
}

/// Where a page of the export begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFrom<'a> {
    /// With what changed at a time, more than a minute ago.
    Time(Timestamp),
    /// Where an earlier page ended.
    Cursor(&'a str),
}

/// A page of all changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedChanges {
    /// The tickets, the oldest change first.
    pub tickets: Vec<ChangedTicket>,
    /// When it was read, by the destination's clock, where that is told.
    pub at: Option<Timestamp>,
    /// Where the next page begins.
    pub cursor: String,
    /// Whether there is nothing more for now.
    pub is_complete: bool,
}

/// Why there is no page of the export. Nothing else waits for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportFailure {
    /// It cannot be had as long as nobody mends it, and why.
    Refused(String),
    /// The cursor is not known there any more, and what is said about it.
    CursorLost(String),
    /// It is to be tried again.
    Later {
        /// Why.
        reason: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
}

/// What was said at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// What the destination calls it, or another name that is the same each time.
    pub remote: String,
    /// Who says it.
    pub author: Author,
    /// What they are called; empty where that is not known.
    pub name: String,
    /// What they say: plain text from the customer, Markdown from support.
    pub body: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// What was found to be said at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What was said.
    pub saying: Saying,
    /// The same as it was written: it may be that it was brought there from here.
    pub written: String,
    /// The files that go along with it.
    pub files: Vec<SaidFile>,
}

/// A file that goes along with what was said at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidFile {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Whether it is a page of HTML. Otherwise a page in its place is a login.
    pub is_page: bool,
}

/// What there is about a ticket at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Where it stands, and who is to say something next; none where that is not known, and stays as it is.
    pub standing: Option<(Status, Turn)>,
    /// Up to which change of the ticket this is all; none where something of the same second may be missing.
    pub updated_at: Option<Timestamp>,
    /// What was said there, oldest first, without what says itself that it was brought there from here.
    pub said: Vec<Found>,
    /// Where it goes on from now on; none where it is where it was.
    pub moved: Option<Place>,
    /// What agents have to know.
    pub note: Option<AgentNote>,
}

/// Something that agents have to know of a ticket, and no customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentNote {
    /// The same each time that it is found.
    pub key: String,
    /// What it says.
    pub text: String,
}

/// A ticket of a person that is at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Where it is.
    pub place: Place,
    /// Its subject; may be empty.
    pub subject: String,
    /// What it says.
    pub message: String,
    /// How it came, such as `email`.
    pub via: String,
    /// Where it stands.
    pub status: Status,
    /// When it came, RFC 3339 in UTC.
    pub created_at: String,
    /// When something was said or done there last, RFC 3339 in UTC.
    pub updated_at: String,
}
