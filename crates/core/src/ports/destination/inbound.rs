//! Inbound events from destinations.

use crate::ids::{DestinationName, ExternalId, TicketId};
use crate::timestamp::Timestamp;
use mail_in::reply_text::Parts;
use mail_in::{Bounce, Origin};

/// An inbound event from a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboundEvent {
    /// A ticket has changed there.
    Changed {
        /// The external id of the ticket.
        external_id: ExternalId,
        /// When it changed, by the destination's clock, if known.
        updated_at: Option<Timestamp>,
        /// The id of the event; repetitions of an event have the same.
        invocation: String,
    },
    /// A reply by mail.
    Mail {
        /// The id of the ticket here.
        ticket: TicketId,
        /// The mail.
        mail: InboundMail,
    },
    /// A mail to a support address, which no reply address assigns to a ticket.
    Support(SupportMail),
    /// A bounce: a mail did not arrive, or arrives late.
    Returned(ReturnedMail),
    /// An event that does not matter here, with a reason for agents; empty if there is none.
    Nothing(&'static str),
}

/// A mail to an address at which a site takes new tickets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportMail {
    /// Its decoded subject.
    pub subject: String,
    /// The Message-IDs of the mails that it answers (`In-Reply-To`, `References`), the latest first.
    pub references: Vec<String>,
    /// The mail.
    pub mail: InboundMail,
}

/// A bounce, and the evidence for which mail it is about, because anybody can send one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedMail {
    /// Its content.
    pub bounce: Bounce,
    /// The mail to this destination that it is about, if its Message-ID was made here: the [`DeliveryContents::key`] and the destination.
    pub delivery: Option<(String, DestinationName)>,
    /// The bounce address that it was sent to, if it is one.
    pub came_to: Option<ReturnAddress>,
    /// The mailbox of this destination.
    pub mailbox: String,
}

/// An address for bounces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnAddress {
    /// The id of the ticket.
    pub ticket: TicketId,
    /// The recipients of the mails whose bounces it is for.
    pub to: ReturnsOf,
}

/// The recipients of mails that bounce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnsOf {
    /// The customer.
    Customer,
    /// The destination's mailbox.
    Desk,
}

/// A mail to a reply address or a support address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMail {
    /// Its Message-ID.
    pub message_id: String,
    /// The address in its From header.
    pub from: String,
    /// The sender's name; empty if unknown.
    pub name: String,
    /// Whether the receiving service has authenticated the sender's address; none if it does not say.
    pub authenticated: Option<bool>,
    /// Whether the address belongs to an agent.
    pub from_agent: bool,
    /// Whether a person or a program wrote it.
    pub origin: Origin,
    /// Its text as received, including quotations.
    pub parts: Parts,
    /// Its attachments.
    pub files: Vec<InboundFile>,
    /// How many further attachments were not read.
    pub more_files: usize,
    /// When it arrived.
    pub at: Timestamp,
}

/// An attachment of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundFile {
    /// Its name.
    pub name: String,
    /// Its bytes; none if they could not be read.
    pub bytes: Option<Vec<u8>>,
}

/// Why an inbound event is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboundEventError {
    /// The destination has no inbound events.
    #[error("no secret is configured for webhooks of this destination")]
    NoHook,
    /// The signature is missing or wrong.
    #[error("the signature does not match the configured secret")]
    Unsigned,
    /// It cannot be parsed.
    #[error("the webhook cannot be parsed: {0}")]
    Unreadable(&'static str),
}
