//! A destination: a place to which tickets are delivered, such as an account of Zendesk, a mailbox, a webhook or a channel.

mod delivery;
mod hook_headers;
mod inbound;
mod polling;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::external_tickets::Place;
use super::queue::What;
use super::tickets::StoredTicket;
use domain::config::Config;
use domain::conversation::Author;

pub use delivery::{Delivered, Failure, Parcel, ParcelFile, parcel_id};
pub use hook_headers::HookHeaders;
pub use inbound::{Heard, InboundFile, InboundMail, NotHeard, ReturnAddress, ReturnedMail, ReturnsOf};
pub use polling::{
    AgentNote, ExportFailure, ExportFrom, ExportedChanges, Foreign, Found, News, RecentChanges, SaidFile, Saying,
};

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

    /// The largest body that it is heard with, in bytes; none where it needs no larger one than other requests.
    fn hook_bytes_max(&self) -> Option<usize> {
        None
    }

    /// Tells an agent that a mail of theirs was not read as an answer, where mails are heard here. Nobody waits for it, and it is tried once.
    async fn tell_unread(&self, _ticket: &StoredTicket, _mail: &InboundMail) {}

    /// The sender on the envelope of mail to a customer about a ticket, at which bounces come back that are heard here.
    fn return_path(&self, _ticket: &str) -> Option<String> {
        None
    }

    /// Where an operator finds a ticket that is here.
    fn page(&self, _place: &Place) -> Option<String> {
        None
    }

    /// Compares the configuration with what the destination says about itself. `config` is that of the site, `hook` the path at which the
    /// destination is heard.
    async fn check(&self, config: &Config, hook: &str) -> Vec<Finding>;
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

/// What a check of the configuration finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as it should be.
    pub good: bool,
    /// What it is about and, where it is not good, how to mend it.
    pub says: String,
}
