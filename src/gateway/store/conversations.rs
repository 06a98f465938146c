//! What happens to a ticket after it came: what is said about it, and what support makes of it.

use async_trait::async_trait;

use super::{NewDelivery, StoreError, StoredTicket};
use crate::domain::conversation::{Author, Message, Turn};
use crate::domain::targets::Owner;
use crate::domain::ticket::{NewTicket, Severity};
use crate::domain::words::words;

/// A place where conversations are kept. When a write returns, it is on disk.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// The tickets that a reader may open: those where something was said last, no more than `limit`.
    async fn tickets_of(&self, site: &str, reader: Reader<'_>, limit: u32) -> Result<Vec<StoredTicket>, StoreError>;

    /// The ticket of an id, where a reader may open it.
    async fn ticket_of(&self, site: &str, reader: Reader<'_>, id: &str) -> Result<Option<StoredTicket>, StoreError>;

    /// What was said about a ticket after a number; the ticket itself, number 0, is not among it.
    async fn messages(&self, ticket: &str, after: u32) -> Result<Vec<Message>, StoreError>;

    /// What was said about a ticket under a key, and the SHA-256 of the body that said it.
    async fn said(&self, ticket: &str, key: &str) -> Result<Option<([u8; 32], Message)>, StoreError>;

    /// What operators did about a ticket, in its order.
    async fn deeds(&self, ticket: &str) -> Result<Vec<Deed>, StoreError>;

    /// Takes a step with a ticket: what is said, what is noted and what changes, all of it or nothing.
    async fn step(&self, ticket: &str, step: Step<'_>) -> Result<Stepped, StoreError>;
}

/// Who may open a ticket: the person whose it is; or the session that sent it, as long as it is nobody's.
#[derive(Clone, Copy, Debug)]
pub enum Reader<'a> {
    /// A signed person, by the host's id.
    Person(&'a str),
    /// The SHA-256 of a session.
    Session(&'a [u8; 32]),
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
    /// How many messages the customer has not seen. Counted where it is read, and never written.
    pub unread: u32,
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
        }
    }
}

/// Something that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Who says it.
    pub author: Author,
    /// What they are called.
    pub name: String,
    /// What they say.
    pub body: String,
    /// The key of a reply and the SHA-256 of its body, so that the same is not said twice.
    pub seal: Option<(String, [u8; 32])>,
    /// The ids of the files that go along with it.
    pub attachments: Vec<String>,
}

words! {
    /// What was done about a ticket.
    Act {
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
    }
}

/// What was done, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Who did it; empty where the customer did.
    pub operator: String,
    /// What was done.
    pub act: Act,
    /// What there is to say about it; empty where the act says it all.
    pub text: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// A step with a ticket.
pub struct Step<'a> {
    /// When it is taken, RFC 3339 in UTC.
    pub at: &'a str,
    /// What is said.
    pub said: Option<Said>,
    /// What operators read about it.
    pub deed: Option<Deed>,
    /// What is brought to destinations.
    pub deliveries: Vec<NewDelivery>,
    /// What changes: status, promise and handling. It sees the ticket as it is inside the write.
    pub change: &'a (dyn Fn(&mut StoredTicket) + Send + Sync),
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Stepped {
    /// It is kept: the ticket as it is now, and the message, where something was said.
    Done(Box<StoredTicket>, Option<Message>),
    /// Nothing was kept: the same was said under the same key before.
    Again(Message),
    /// Nothing was kept: something else was said under this key.
    KeyReused,
    /// Nothing was kept: the files at these places of the list are not there for it.
    Missing(Vec<usize>),
    /// There is no such ticket.
    Gone,
}
