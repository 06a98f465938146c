//! The addresses that senders claim: whether they were confirmed by a code that was sent there.

use async_trait::async_trait;

use super::error::StoreError;
use super::outgoing_mail::MailQuota;
use super::queue::NewDelivery;
use super::tickets::StoredTicket;

/// Whether the address of a sender is confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirmation {
    /// It need not be: the host has signed who sent the ticket, or there is no address to confirm.
    #[default]
    NotNeeded,
    /// Not yet, and until then what did not come from the sender's own panel is withheld from it.
    Awaited {
        /// How many messages are withheld.
        withheld: u32,
        /// The number of the first of them; 0 where there is none.
        first: u32,
        /// Whether a code was mailed, or is about to be.
        code_sent: bool,
    },
    /// It is.
    Confirmed,
}

impl Confirmation {
    /// Whether messages wait until the address is confirmed.
    pub fn is_awaited(self) -> bool {
        matches!(self, Confirmation::Awaited { .. })
    }

    /// Whether a code was mailed that confirms the address, or is about to be.
    pub fn is_code_sent(self) -> bool {
        matches!(self, Confirmation::Awaited { code_sent: true, .. })
    }

    /// How many messages wait for that.
    pub fn withheld(self) -> u32 {
        match self {
            Confirmation::Awaited { withheld, .. } => withheld,
            Confirmation::NotNeeded | Confirmation::Confirmed => 0,
        }
    }

    /// Up to which number the customer can have read, where a message of the number `last` is the last.
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
    /// The address, as it was written.
    pub address: String,
    /// Which code is valid: they are numbered from 1, and 0 is none.
    pub code: u32,
    /// When it was handed to whoever sends mail, RFC 3339 in UTC; none where it could not be sent.
    pub sent_at: Option<String>,
    /// How often a wrong one was typed since.
    pub attempts: u32,
    /// When the address was confirmed, RFC 3339 in UTC.
    pub confirmed_at: Option<String>,
    /// When a mail server said that it has no mailbox, RFC 3339 in UTC.
    pub bounced_at: Option<String>,
}

/// What became of a code that was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeCheck {
    /// The address is confirmed by it.
    Confirmed,
    /// It was confirmed before, or need not be.
    NotNeeded,
    /// It is not the code; so many attempts are left.
    Wrong(u32),
    /// No code is valid: none was sent, or its time is over.
    NoneValid,
    /// A wrong one was typed [`ATTEMPTS_MAX`] times, so another is needed.
    TooManyAttempts,
}

/// What became of a request for another code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeRequest {
    /// It will be sent.
    Accepted,
    /// Nothing is to be confirmed.
    NotNeeded,
    /// The last one was sent too recently.
    TooSoon {
        /// When it was sent, RFC 3339 in UTC.
        sent_at: String,
    },
    /// A quota of mails is used up.
    QuotaUsedUp {
        /// When the oldest of the mails that it counts was sent, RFC 3339 in UTC: a day later there is room again.
        oldest: String,
    },
    /// [`CODES_MAX`] were sent for the ticket.
    TooManyCodes,
    /// A mail server said for good that the address has no mailbox.
    Bounced,
}

/// A place where it is kept which addresses are confirmed. When a write returns, it is on disk.
#[async_trait]
pub trait Confirmations: Send + Sync {
    /// The address that the sender of a ticket claims; none where it need not be confirmed.
    async fn claimed_address(&self, ticket: &str) -> Result<Option<ClaimedAddress>, StoreError>;

    /// The numbers of the messages of a ticket that did not come from its sender's panel, and are no automatic answers.
    async fn foreign_messages(&self, ticket: &str) -> Result<Vec<u32>, StoreError>;

    /// Confirms the address of a ticket, where `is_code` knows the number of the code that is valid. A code that was sent before `oldest`
    /// is not. An attempt is counted, and what is brought to destinations is kept, in the same transaction.
    async fn confirm(
        &self,
        ticket: &str,
        now: &str,
        oldest: &str,
        is_code: &(dyn Fn(u32) -> bool + Send + Sync),
        deliveries: &[NewDelivery],
    ) -> Result<CodeCheck, StoreError>;

    /// Confirms the address of the tickets of a person in a site whose mailbox is the one that the host has verified. What is brought to
    /// destinations about each is kept in the same transaction. Gives the tickets.
    async fn confirm_signed(
        &self,
        site: &str,
        person: &str,
        mailbox: &str,
        now: &str,
        deliveries: &[NewDelivery],
    ) -> Result<Vec<StoredTicket>, StoreError>;

    /// Has another code sent for a ticket, unless the last one was sent after `before`, or a quota is used up.
    async fn request_code(
        &self,
        ticket: &str,
        now: &str,
        before: &str,
        quota: &MailQuota,
    ) -> Result<CodeRequest, StoreError>;

    /// What codes and links are derived from, made once.
    async fn confirmations_key(&self) -> Result<Vec<u8>, StoreError>;
}
