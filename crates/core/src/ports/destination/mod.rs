//! A destination: a place to which tickets are delivered, such as an account of Zendesk, a mailbox, a webhook or a channel.

mod delivery;
mod inbound;
mod inbound_headers;
mod polling;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::external_tickets::ExternalTicketRef;
use super::queue::DeliveryKind;
use super::tickets::StoredTicket;
use crate::ids::TicketId;
use crate::timestamp::Timestamp;
use domain::config::Config;
use domain::conversation::Author;

pub use delivery::{ClaimHold, DeliveryContents, DeliveryFile, DeliveryReceipt, Failure, delivery_key};
pub use inbound::{
    InboundEvent, InboundEventError, InboundFile, InboundMail, ReturnAddress, ReturnedMail, ReturnsOf, SupportMail,
};
pub use inbound_headers::InboundHeaders;
pub use polling::{
    AgentNote, ExportFailure, ExportFrom, ExportedChanges, ExternalFile, ExternalMessage, ExternalTicket,
    PolledMessage, PolledTicket, RecentChanges,
};

/// A place to which tickets are delivered.
#[async_trait]
pub trait Destination: fmt::Debug + Send + Sync {
    /// Whether this kind of delivery, caused by `author`, is for this destination.
    fn accepts(&self, kind: DeliveryKind, author: Author) -> bool;

    /// Whether it is only a notification channel, in which nobody works on tickets. Nothing waits for such a delivery.
    fn is_notice(&self) -> bool {
        false
    }

    /// Identifies the account, to detect two destinations that are the same place, from which every reply would come back twice; `None` if
    /// nothing comes back.
    fn account(&self) -> Option<String> {
        None
    }

    /// How many deliveries are made concurrently.
    fn at_once(&self) -> u32 {
        1
    }

    /// Makes a delivery. An earlier attempt without a response may have succeeded, so a destination that can be queried is queried first.
    async fn deliver(&self, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure>;

    /// Polling for replies; `None` if the destination cannot be polled.
    fn polling(&self) -> Option<&dyn Polling> {
        None
    }

    /// Parses an inbound event (`POST …/hooks/{destination}`). `now`, by the store's clock, decides whether its signature is recent.
    fn read_event(
        &self,
        _headers: &InboundHeaders,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<InboundEvent, InboundEventError> {
        Err(InboundEventError::NoHook)
    }

    /// Whether an inbound event may be signed, judging by its headers. Called before a body above the usual limit is read.
    fn may_be_signed(&self, _headers: &InboundHeaders, _now: Timestamp) -> bool {
        true
    }

    /// The largest body of an inbound event, in bytes; none for the usual limit.
    fn hook_bytes_max(&self) -> Option<usize> {
        None
    }

    /// Tells an agent that their mail was not accepted as a reply, if the destination accepts mail. Attempted once, and nobody waits for it.
    async fn notify_unread(&self, _ticket: &StoredTicket, _mail: &InboundMail) {}

    /// The envelope sender of mail to a customer about a ticket, if this destination receives its bounces.
    fn return_path(&self, _ticket: &TicketId) -> Option<String> {
        None
    }

    /// The address to which a customer can reply by mail about a ticket, if this destination receives such mail.
    fn reply_address(&self, _ticket: &TicketId) -> Option<String> {
        None
    }

    /// Whether it mails the answers that it has to the requester.
    fn mails_requester(&self) -> RequesterMail {
        RequesterMail::Never
    }

    /// Whether it mails the answers that it has to a requester whose address the host has not signed.
    fn mails_unsigned(&self) -> RequesterMail {
        self.mails_requester()
    }

    /// The address at which an agent finds an external ticket.
    fn page(&self, _place: &ExternalTicketRef) -> Option<String> {
        None
    }

    /// Compares the configuration with the destination's own. `config` is the site's, `hook` the path for inbound events.
    async fn check(&self, config: &Config, hook: &str) -> Vec<Finding>;
}

/// Whether a destination mails the answers that it has to the requester.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequesterMail {
    /// It does not.
    #[default]
    Never,
    /// That depends on the destination's own settings, which are not known.
    Unknown,
    /// It does.
    Always,
}

impl RequesterMail {
    /// The value of a setting, if it is made.
    pub fn of_setting(mails_requester: Option<bool>) -> RequesterMail {
        mails_requester
            .map_or(RequesterMail::Unknown, |mails| if mails { RequesterMail::Always } else { RequesterMail::Never })
    }
}

/// Polling of a destination.
#[async_trait]
pub trait Polling: Send + Sync {
    /// How often to poll for changed tickets.
    fn interval(&self) -> Duration;

    /// A page of the changed tickets, newest first, from the beginning or after an earlier page.
    async fn recent_changes(&self, after: Option<&str>) -> Result<RecentChanges, Failure>;

    /// A page of all changed tickets, oldest first. It may lack the last minute.
    async fn export(&self, from: ExportFrom<'_>) -> Result<ExportedChanges, ExportFailure>;

    /// The current state of a ticket.
    async fn poll(&self, external: &ExternalTicketRef) -> Result<PolledTicket, Failure>;

    /// The bytes of an attachment of a message, at most `max`.
    async fn download(&self, file: &ExternalFile, max: usize) -> Result<Vec<u8>, Failure>;

    /// The tickets of the customer with a verified address, from any channel. Optional: none if the destination is busy with more important
    /// requests.
    async fn tickets_of(&self, email: &str) -> Result<Option<Vec<ExternalTicket>>, Failure>;
}

/// A finding of a configuration check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is in order.
    pub is_good: bool,
    /// What it is about and, if it is not in order, how to fix it.
    pub message: String,
}
