//! The port for answers of support that are mailed to customers.

use std::time::Duration;

use async_trait::async_trait;

use super::conversations::Activity;
use super::error::StoreError;
use super::queue::ClaimToken;
use super::tickets::StoredTicket;
use crate::ids::{SiteKey, TicketId};
use crate::timestamp::Timestamp;

/// An answer that is to be mailed. It joins the mail about its ticket that is due, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnswerMail {
    /// A keyed digest of the address that it goes to.
    pub recipient: [u8; 32],
    /// How long it waits.
    pub delay: Duration,
}

/// A mail with answers that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DueAnswerMail {
    /// The token of the claim.
    pub claim: ClaimToken,
    /// Its ticket.
    pub ticket: StoredTicket,
    /// The number of the last code that was mailed for the ticket; 0 if none was.
    pub code: u32,
    /// The number of the last message that was mailed, or need not be.
    pub mailed_until: u32,
    /// The number of the last message that is queued.
    pub queued_until: u32,
    /// Whether its mailbox does not exist ([`AnswerMails::is_mailbox_blocked`]).
    pub is_blocked: bool,
    /// The number of the last message in the last mail that was sent; none if none was.
    pub last_mail: Option<u32>,
    /// How many mails about the ticket were sent.
    pub mails_sent: u32,
    /// How many attempts were made, including this one.
    pub attempts: u32,
    /// When it was queued.
    pub since: Timestamp,
}

/// The outcome of an attempt to mail answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerMailOutcome {
    /// Nothing more is done about the messages up to a number.
    Finished {
        /// The number of the last message.
        until: u32,
        /// Whether a mail was sent; otherwise there was nothing to send.
        is_sent: bool,
        /// After this time the next mail is due, if answers have arrived meanwhile.
        pause: Duration,
    },
    /// Another attempt will be made.
    Retry {
        /// After this time.
        after: Duration,
    },
    /// Dead letter: the messages up to a number are not mailed, and agents see why. Later ones stay queued.
    DeadLetter {
        /// The number of the last message.
        until: u32,
        /// After this time the next mail is due, if answers have arrived meanwhile.
        pause: Duration,
        /// What agents see.
        activity: Activity,
        /// Whether the mailbox does not exist, which blocks it.
        is_address_dead: bool,
    },
}

/// The queue of mails with answers, at most one for each ticket, and who does not want any. Answers are queued by
/// [`super::Conversations::change`]. Writes are on disk when they return.
#[async_trait]
pub trait AnswerMails: Send + Sync {
    /// Claims the mail of a site that has been due longest, and counts the attempt. A mail that cannot be read becomes a dead letter by itself
    /// and is logged.
    async fn claim_answer_mail(&self, site: &SiteKey, lease: Duration) -> Result<Option<DueAnswerMail>, StoreError>;

    /// The time until the next mail of a site can be claimed; none if there is none.
    async fn next_answer_mail(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError>;

    /// Extends a claim by a lease from now on; `false` if another worker has claimed the mail since, or if it is not wanted any more.
    async fn extend_answer_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        lease: Duration,
    ) -> Result<bool, StoreError>;

    /// Records the outcome of an attempt and ends its claim. `false` if another worker has claimed the mail since, or if it is not wanted any
    /// more; nothing is recorded then.
    async fn record_answer_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: &AnswerMailOutcome,
    ) -> Result<bool, StoreError>;

    /// Records that no further answers to a ticket are to be mailed; `false` if none was queued before.
    async fn unsubscribe(&self, ticket: &TicketId) -> Result<bool, StoreError>;

    /// Whether a mail server has reported within [`BLOCK_LIFE`](crate::rules::answer_mail::BLOCK_LIFE) that the mailbox of an address does not exist, to
    /// which a site has sent mail.
    async fn is_mailbox_blocked(&self, site: &SiteKey, recipient: &[u8; 32]) -> Result<bool, StoreError>;

    /// Clears that report, because the owner of the mailbox has written from it.
    async fn unblock_mailbox(&self, site: &SiteKey, recipient: &[u8; 32]) -> Result<(), StoreError>;
}
