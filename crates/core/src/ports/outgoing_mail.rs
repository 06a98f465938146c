//! The port for receipts that are sent by e-mail.

use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;

use super::error::StoreError;
use super::queue::ClaimToken;
use super::tickets::StoredTicket;
use crate::ids::{SessionHash, SiteKey, TicketId};
use crate::timestamp::Timestamp;

/// How many mails may be sent in 24 hours to addresses that the host has not signed. Anybody can type anybody's address into a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailLimits {
    /// To one mailbox from one network address, over all sites; from all network addresses together three times as many.
    pub mailbox: u32,
    /// For one session.
    pub session: u32,
    /// For one network address.
    pub address: u32,
    /// For one site.
    pub site: u32,
}

impl MailLimits {
    /// The share for receipts. A quarter is reserved for codes that a customer requests, so that unrequested receipts cannot lock anybody out.
    pub fn of_receipts(self) -> MailLimits {
        let part = |limit: u32| if limit > 1 { limit - limit.div_ceil(4) } else { limit };
        MailLimits {
            mailbox: part(self.mailbox),
            session: part(self.session),
            address: part(self.address),
            site: part(self.site),
        }
    }
}

impl Default for MailLimits {
    fn default() -> MailLimits {
        MailLimits { mailbox: 3, session: 10, address: 20, site: 500 }
    }
}

/// The quotas that a mail to an unsigned address counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailQuota {
    /// A keyed digest of the mailbox in its canonical spelling.
    pub mailbox: [u8; 32],
    /// The SHA-256 of the session.
    pub session: Option<SessionHash>,
    /// A keyed digest of the network address.
    pub network: Option<[u8; 32]>,
    /// The limits.
    pub limits: MailLimits,
}

/// A receipt to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// The recipient's address.
    pub address: String,
    /// The quotas that it counts against; none if the host has signed the address.
    pub quota: Option<MailQuota>,
}

/// The outcome of an attempt to send a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOutcome<'a> {
    /// The mail server accepted it.
    Sent,
    /// Another attempt will be made.
    Retry {
        /// After this time.
        after: Duration,
    },
    /// Dead letter: the code in it was not sent.
    DeadLetter,
    /// The mail server reported for good that the mailbox does not exist. The mail is a dead letter, no further mail about the ticket is sent
    /// to the address, and agents see why.
    Bounced {
        /// The text that agents see.
        text: &'a str,
        /// A keyed digest of the address. No answer to any ticket is mailed to it either.
        recipient: &'a [u8; 32],
    },
}

/// A receipt that a mail server accepted and that bounced later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnedReceipt<'a> {
    /// The number of the code in it; 0 if it has none, none if unknown.
    pub number: Option<u32>,
    /// The text that agents see.
    pub text: &'a str,
    /// A keyed digest of the address if its mailbox does not exist. No further mail about the ticket is sent to it then, and no answer to any other.
    pub dead_recipient: Option<&'a [u8; 32]>,
}

/// A receipt that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DueMail {
    /// The token of the claim.
    pub claim: ClaimToken,
    /// Its ticket.
    pub ticket: StoredTicket,
    /// The recipient's address.
    pub address: String,
    /// The number of the code in it; none if there is nothing to confirm.
    pub code: Option<u32>,
    /// How many attempts were made, including this one.
    pub attempts: u32,
    /// When it was queued.
    pub since: Timestamp,
}

/// The mails of a site that are waiting: receipts, answers and one-time links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingMails {
    /// The site.
    pub site: SiteKey,
    /// How many there are.
    pub count: u32,
    /// When the oldest was queued.
    pub since: Option<Timestamp>,
}

/// The queue of receipts. Writes are on disk when they return.
#[async_trait]
pub trait OutgoingMail: Send + Sync {
    /// Claims the receipt of a site that has been due longest, and counts the attempt. A receipt that cannot be read becomes a dead letter by
    /// itself and is logged.
    async fn claim_mail(&self, site: &SiteKey, lease: Duration) -> Result<Option<DueMail>, StoreError>;

    /// The time until the next receipt of a site can be claimed; none if there is none.
    async fn next_mail(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError>;

    /// What is waiting to be mailed, by site; nothing for sites without waiting mails.
    async fn waiting_mails(&self) -> Result<Vec<WaitingMails>, StoreError>;

    /// Extends a claim by a lease from now on; `false` if another worker has claimed the receipt since.
    async fn extend_mail(&self, ticket: &TicketId, claim: &ClaimToken, lease: Duration) -> Result<bool, StoreError>;

    /// Records the outcome of an attempt and ends its claim. `false` if another worker has claimed the receipt since; nothing is recorded then.
    async fn record_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: MailOutcome<'_>,
    ) -> Result<bool, StoreError>;

    /// Records that a receipt of a ticket bounced: its code counts as not sent, and agents see why. Each receipt bounces once; `false` if this
    /// was recorded before.
    async fn record_returned_receipt(
        &self,
        ticket: &TicketId,
        returned: ReturnedReceipt<'_>,
    ) -> Result<bool, StoreError>;

    /// Clears recorded bounces of a mailbox, because its owner has written from it.
    async fn forget_bounces(&self, site: &SiteKey, mailbox: &str) -> Result<(), StoreError>;

    /// Deletes finished mails, and mails counted against quotas, from before a time, and links and what they have granted that expired before it.
    async fn forget_mails(&self, before: Timestamp) -> Result<(), StoreError>;
}
