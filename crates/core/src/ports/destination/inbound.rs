//! What a destination tells by itself.

use jiff::Timestamp;

use mail_in::reply_text::Parts;
use mail_in::{Bounce, Origin};

/// What a destination tells by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A ticket there has changed.
    Changed {
        /// What the destination calls the ticket.
        remote: String,
        /// When it changed, by the destination's clock, where that is told.
        updated_at: Option<Timestamp>,
        /// The name of this telling; the same is told with the same.
        invocation: String,
    },
    /// Somebody has answered by mail.
    Mail {
        /// The id of the ticket here.
        ticket: String,
        /// The mail.
        mail: InboundMail,
    },
    /// A mail did not arrive, or arrives late.
    Returned(ReturnedMail),
    /// It is about nothing that matters here, and why an operator may want to know; empty where none does.
    Nothing(&'static str),
}

/// A bounce, and what shows which mail it is about: anybody can send one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedMail {
    /// What it says.
    pub bounce: Bounce,
    /// The mail to this destination that it is about, where its Message-ID was made here: what [`Parcel::id`] says of it, and the destination.
    pub parcel: Option<(String, String)>,
    /// The address that was made for bounces at which it came back.
    pub came_to: Option<ReturnAddress>,
    /// The mailbox of this destination.
    pub mailbox: String,
}

/// An address at which bounces come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnAddress {
    /// The id of the ticket.
    pub ticket: String,
    /// Whom the mails go to whose bounces come back there.
    pub to: ReturnsOf,
}

/// Whose mails come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnsOf {
    /// Those to the customer.
    Customer,
    /// Those to the mailbox of the destination.
    Desk,
}

/// A mail about a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMail {
    /// Its Message-ID.
    pub message_id: String,
    /// The address that it says it is from.
    pub from: String,
    /// What the sender is called; empty where that is not known.
    pub name: String,
    /// Whether its receiver has found that the address is the sender's; none where it does not say.
    pub authenticated: Option<bool>,
    /// Whether the address is one of support's.
    pub from_agent: bool,
    /// Whether somebody wrote it, or a program.
    pub origin: Origin,
    /// Its words as they came, with what they quote.
    pub parts: Parts,
    /// The files that go along with it.
    pub files: Vec<InboundFile>,
    /// How many more files it has, which are not read.
    pub more_files: usize,
    /// When it came, RFC 3339 in UTC.
    pub at: String,
}

/// A file of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundFile {
    /// What it is called.
    pub name: String,
    /// What is in it; none where it could not be read.
    pub bytes: Option<Vec<u8>>,
}

/// Why what was told is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHeard {
    /// It tells nothing.
    #[error("nothing is told from there; the configuration names no secret for it")]
    NoHook,
    /// It is not signed by the destination.
    #[error("this is not signed with the secret of the configuration")]
    Unsigned,
    /// It cannot be read.
    #[error("this cannot be read: {0}")]
    Unreadable(&'static str),
}
