//! The port for addresses that senders claim, and their confirmation by a mailed code.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;
use super::outgoing_mail::MailQuota;
use crate::ids::{CustomerId, SiteKey, TicketId};
use crate::timestamp::Timestamp;

/// Whether the sender's address is confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmation {
    /// Nothing to confirm: the host has signed the sender, or there is no address.
    #[default]
    NotNeeded,
    /// Not yet confirmed. Until it is, the sender sees only what came from their own panel.
    Awaited {
        /// How many messages are withheld.
        withheld: u32,
        /// The number of the first withheld message; 0 if there is none.
        first: u32,
        /// Whether a code was mailed or is about to be.
        code_sent: bool,
    },
    /// Confirmed.
    Confirmed,
}

impl Confirmation {
    /// Whether messages are withheld until the address is confirmed.
    pub fn is_awaited(self) -> bool {
        matches!(self, Confirmation::Awaited { .. })
    }

    /// Whether a code that confirms the address was mailed or is about to be.
    pub fn is_code_sent(self) -> bool {
        matches!(self, Confirmation::Awaited { code_sent: true, .. })
    }

    /// How many messages are withheld.
    pub fn withheld(self) -> u32 {
        match self {
            Confirmation::Awaited { withheld, .. } => withheld,
            Confirmation::NotNeeded | Confirmation::Confirmed => 0,
        }
    }

    /// The number of the last message that the customer can have read, if `last` is the last of the ticket.
    pub fn readable_until(self, last: u32) -> u32 {
        match self {
            Confirmation::Awaited { first, .. } if first > 0 => last.min(first - 1),
            _ => last,
        }
    }
}

/// An address that the sender of a ticket claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedAddress {
    /// The address as typed.
    pub address: String,
    /// The number of the code that is valid, from 1; 0 if there is none.
    pub code: u32,
    /// When the code was handed to the mail server; none if it could not be sent.
    pub sent_at: Option<Timestamp>,
    /// How long ago that was, by the store's clock.
    pub code_age: Option<Duration>,
    /// How many wrong codes were entered since.
    pub attempts: u32,
    /// When the address was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When a mail server reported that the mailbox does not exist.
    pub bounced_at: Option<Timestamp>,
}

/// The result of entering a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCheck {
    /// Correct: the address is confirmed.
    Confirmed,
    /// The address was confirmed before, or need not be.
    NotNeeded,
    /// Wrong; this many attempts remain.
    Wrong(u32),
    /// No code is valid: none was sent, or it has expired.
    NoneValid,
    /// [`ATTEMPTS_MAX`] wrong codes were entered; a new code is needed.
    TooManyAttempts,
}

/// The result of requesting another code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeRequest {
    /// A code will be mailed.
    Accepted,
    /// There is nothing to confirm.
    NotNeeded,
    /// The last code was sent too recently.
    TooSoon {
        /// The time until another can be requested.
        wait: Duration,
    },
    /// A mail quota is used up.
    QuotaUsedUp {
        /// The time until there is room again.
        wait: Duration,
    },
    /// [`CODES_MAX`] codes were sent for the ticket.
    TooManyCodes,
    /// A mail server reported for good that the mailbox does not exist.
    Bounced,
}

/// Claimed addresses and their confirmation. Writes are on disk when they return.
#[async_trait]
pub trait Confirmations: Send + Sync {
    /// The address that the sender of a ticket claims; none if it need not be confirmed.
    async fn claimed_address(&self, ticket: &TicketId) -> Result<Option<ClaimedAddress>, StoreError>;

    /// The numbers of the messages of a ticket that neither came from its sender's panel nor are automatic answers.
    async fn messages_of_others(&self, ticket: &TicketId) -> Result<Vec<u32>, StoreError>;

    /// The tickets of a customer in a site whose claimed address has this mailbox and is not confirmed, with that address.
    async fn unconfirmed_addresses(
        &self,
        site: &SiteKey,
        person: &CustomerId,
        mailbox: &str,
    ) -> Result<Vec<(TicketId, String)>, StoreError>;

    /// Queues another code for a ticket, unless the last one was sent within `pause` or a quota is used up.
    async fn request_code(
        &self,
        ticket: &TicketId,
        pause: Duration,
        quota: &MailQuota,
    ) -> Result<CodeRequest, StoreError>;

    /// The key that codes and links are derived from; created on first use.
    async fn confirmations_key(&self) -> Result<Vec<u8>, StoreError>;
}
