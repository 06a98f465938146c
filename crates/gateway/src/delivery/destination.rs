//! The trait that every destination implements.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lettre::Address;

use super::hook_headers::HookHeaders;
use crate::body_limits::BODY_MAX;
use crate::site::Site;
use crate::store::{ChangedTicket, Delivery, Place, StoredTicket, What};
use domain::attachment::FileType;
use domain::conversation::{Author, Message, Turn};
use domain::ticket::Status;
use mail_in::reply_text::Parts;
use mail_in::{Bounce, Origin};

/// A place to which tickets are brought.
#[async_trait]
pub trait Destination: fmt::Debug + Send + Sync {
    /// Whether something is brought here, of which `author` is the cause.
    fn takes(&self, what: What, author: Author) -> bool;

    /// Whether somebody works here. A notice only tells that there is something; nobody waits for it.
    fn is_notice(&self) -> bool {
        false
    }

    /// What tells that another destination is the same place, from which everything would come back twice; `None` where nothing comes back.
    fn account(&self) -> Option<String> {
        None
    }

    /// How many things are brought here at the same time.
    fn at_once(&self) -> u32 {
        1
    }

    /// Brings something here. It may have been brought already, where an earlier try ended without an answer: a destination that lets
    /// itself be asked is asked first.
    async fn deliver(&self, parcel: &Parcel<'_>) -> Result<Delivered, Failure>;

    /// How answers come back; `None` where none do by asking.
    fn answers(&self) -> Option<&dyn Answers> {
        None
    }

    /// Reads what the destination tells by itself (`POST …/hooks/{destination}`).
    fn hear(&self, _headers: &HookHeaders, _body: &[u8]) -> Result<Heard, NotHeard> {
        Err(NotHeard::NoHook)
    }

    /// Whether what it tells may be signed, as far as the headers say; asked before a body is read that is larger than usual.
    fn may_be_signed(&self, _headers: &HookHeaders) -> bool {
        true
    }

    /// The largest body that it is heard with, in bytes.
    fn hook_bytes_max(&self) -> usize {
        BODY_MAX
    }

    /// Tells an agent that a mail of theirs was not read as an answer, where mails are heard here. Nobody waits for it, and it is tried once.
    async fn tell_unread(&self, _ticket: &StoredTicket, _mail: &InboundMail) {}

    /// The sender on the envelope of mail to a customer about a ticket, at which bounces come back that are heard here.
    fn return_path(&self, _ticket: &str) -> Option<Address> {
        None
    }

    /// Where an operator finds a ticket that is here.
    fn page(&self, _place: &Place) -> Option<String> {
        None
    }

    /// Compares the configuration with what the destination says about itself. `hook` is the path at which it is heard.
    async fn check(&self, site: &Site, hook: &str) -> Vec<Finding>;
}

/// How answers come back from a destination.
#[async_trait]
pub trait Answers: Send + Sync {
    /// How often it is asked which tickets have changed.
    fn every(&self) -> Duration;

    /// The tickets that have changed, the newest first: a page of them, from the beginning or from where an earlier page ended.
    async fn recent(&self, after: Option<&str>) -> Result<RecentChanges, Failure>;

    /// All tickets that have changed, the oldest first: a page of them. It may lack the last minute.
    async fn export(&self, from: ExportFrom<'_>) -> Result<ExportedChanges, ExportFailure>;

    /// What there is about a ticket.
    async fn news(&self, place: &Place) -> Result<News, Failure>;

    /// The bytes of a file that goes along with what was said, no more than so many.
    async fn file(&self, file: &SaidFile, max: usize) -> Result<Vec<u8>, Failure>;

    /// The tickets of the person with a verified address, that came from elsewhere or from here. Nobody has to have them: where the
    /// destination has more important things to do, it is not asked, and there is nothing.
    async fn of_person(&self, email: &str) -> Result<Option<Vec<Foreign>>, Failure>;
}

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

/// Something on its way.
#[derive(Debug)]
pub struct Parcel<'a> {
    /// The site of the ticket.
    pub site: &'a Site,
    /// What is to be done.
    pub delivery: &'a Delivery,
    /// The ticket that it is about.
    pub ticket: &'a StoredTicket,
    /// The message, where it is one.
    pub message: Option<&'a Message>,
    /// The files that go along with the ticket or the message.
    pub files: &'a [ParcelFile],
    /// Where the ticket is at the destination already.
    pub place: Option<&'a Place>,
}

impl Parcel<'_> {
    /// A name that is the same in every try and that nothing else has: the ticket's id, and behind it the number of the message.
    pub fn id(&self) -> String {
        parcel_id(self.delivery)
    }
}

/// What [`Parcel::id`] is for a delivery.
pub fn parcel_id(Delivery { ticket, number, what, id, .. }: &Delivery) -> String {
    match what {
        What::Ticket => ticket.clone(),
        What::Message => format!("{ticket}/{number}"),
        What::Solved | What::Reopened | What::Confirmed => format!("{ticket}/{what}/{id}"),
    }
}

/// A file on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelFile {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub media: FileType,
    /// How large it is, in bytes.
    pub size: u32,
    /// Where its bytes are.
    pub path: PathBuf,
}

/// It is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// What the destination calls it; empty where it says nothing.
    pub remote: String,
    /// Where the ticket is now, where that has changed.
    pub place: Option<Place>,
    /// What of it is not there, and why: a sentence each, for operators.
    pub told: Vec<String>,
}

/// Why it is not there. What the destination says may name a person, so no reason repeats what the customer wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Nothing gets through now: everything waits, for as long as the destination says or longer from time to time.
    #[error("{reason}")]
    Away {
        /// Why, for operators.
        reason: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// This did not get through, or nobody knows: it is tried again, and other things are tried meanwhile.
    #[error("{reason}")]
    Later {
        /// Why, for operators.
        reason: String,
        /// How long it wants to be left alone.
        after: Option<Duration>,
    },
    /// What it answers is larger than what is read of an answer. Less may be asked for.
    #[error("{0}")]
    TooLarge(String),
    /// It is refused for good: an operator has to see to it.
    #[error("{0}")]
    Never(String),
}

impl Failure {
    /// It is tried again.
    pub fn later(reason: impl Into<String>) -> Failure {
        Failure::Later { reason: reason.into(), after: None }
    }

    /// Nothing gets through.
    pub fn away(reason: impl Into<String>) -> Failure {
        Failure::Away { reason: reason.into(), after: None }
    }
}

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

/// What a check of the configuration finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be.
    pub good: bool,
    /// What it is about and, where it is not good, how to mend it.
    pub says: String,
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::store::State;
    use crate::wire_up;

    /// A site with nothing but its name.
    pub fn site() -> Site {
        wire_up::parse("[sites.acme]\norigins = [\"*\"]", "test").unwrap().remove("acme").unwrap()
    }

    /// A delivery to `desk`, the first that is tried.
    pub fn delivery(what: What, number: u32) -> Delivery {
        Delivery {
            id: 9,
            site: "acme".into(),
            destination: "desk".into(),
            ticket: "1".into(),
            what,
            number,
            state: State::Waiting,
            created_at: "2026-11-25T08:00:00.000Z".into(),
            due_at: String::new(),
            tried_at: None,
            settled_at: None,
            tries: 1,
            failures: 0,
            remote: String::new(),
            told: String::new(),
        }
    }
}
