//! The port for one-time links that open the tickets of anonymous senders, for whoever reads the mail of their address.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;
use super::outgoing_mail::{MailLimits, MailQuota};
use super::queue::ClaimToken;
use crate::ids::{SessionHash, SiteKey, TicketId};
use crate::timestamp::Timestamp;

/// A request for a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccessLink {
    /// The site.
    pub site: SiteKey,
    /// The address as typed.
    pub address: String,
    /// Its mailbox, in the spelling by which mailboxes are compared.
    pub mailbox: String,
    /// The language of the mail.
    pub language: String,
    /// What the mail counts against. Its limits are not stored: [`LinkTerms`] has those that are valid when it is sent.
    pub quota: MailQuota,
    /// How long it is stored if no mail is sent.
    pub life: Duration,
    /// How many requests of the site may wait. Further ones are dropped.
    pub queue_max: u32,
}

/// What a mail with a link is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkTerms {
    /// The SHA-256 of the link's token. It replaces that of an earlier attempt, whose mail may have arrived all the same.
    pub token_hash: [u8; 32],
    /// How long the link is valid.
    pub life: Duration,
    /// The limits of mails to unsigned addresses.
    pub limits: MailLimits,
}

/// A mail with a link that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueAccessLink {
    /// Its id.
    pub id: String,
    /// The token of the claim.
    pub claim: ClaimToken,
    /// The recipient's address.
    pub address: String,
    /// Its language.
    pub language: String,
    /// How many attempts were made, including this one.
    pub attempts: u32,
    /// When it was requested.
    pub since: Timestamp,
}

/// The outcome of an attempt to send a mail with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLinkOutcome {
    /// The mail server accepted it.
    Sent,
    /// Another attempt will be made, with another token.
    Retry {
        /// After this time.
        after: Duration,
    },
    /// It is not sent, and deleted.
    Dropped,
}

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGrant {
    /// The address to which it was sent.
    pub address: String,
    /// The tickets of anonymous sessions of its site with exactly this address: first those whose sender has confirmed it, then newest first.
    pub tickets: Vec<TicketId>,
}

/// Requests for links, their mails, the links that were sent, and what they have granted sessions. [`super::OutgoingMail::forget_mails`] deletes what
/// has expired. Writes are on disk when they return.
#[async_trait]
pub trait AccessLinks: Send + Sync {
    /// Stores a request, in the same way whether or not there are tickets. One that waits for the same address already is the same.
    async fn request_access_link(&self, new: &NewAccessLink) -> Result<(), StoreError>;

    /// Claims the mail of a site that has been due longest, and counts the attempt. Requests for addresses without a ticket that a link would
    /// open, above a limit, or for which nobody waits any more ([`crate::rules::access_link::is_given_up`]) are deleted instead.
    async fn claim_access_link(
        &self,
        site: &SiteKey,
        lease: Duration,
        terms: &LinkTerms,
    ) -> Result<Option<DueAccessLink>, StoreError>;

    /// The time until the next mail of a site can be claimed; none if there is none.
    async fn next_access_link(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError>;

    /// Extends a claim by a lease from now on; `false` if another worker has claimed the mail since, or if it is not wanted any more.
    async fn extend_access_link(&self, id: &str, claim: &ClaimToken, lease: Duration) -> Result<bool, StoreError>;

    /// Records the outcome of an attempt and ends its claim. `false` if another worker has claimed the mail since, or if it is not wanted any
    /// more; nothing is recorded then.
    async fn record_access_link(
        &self,
        id: &str,
        claim: &ClaimToken,
        outcome: AccessLinkOutcome,
    ) -> Result<bool, StoreError>;

    /// Whether a link of a site could be opened now.
    async fn is_access_link_valid(&self, site: &SiteKey, token_hash: &[u8; 32]) -> Result<bool, StoreError>;

    /// What a link of a site would open now, at most `limit` tickets; none if it is not valid. Changes nothing.
    async fn access_grant(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        limit: u32,
    ) -> Result<Option<AccessGrant>, StoreError>;

    /// Opens a link of a site once, and ends all other links of its mailbox there. A session, if there is one, is granted these tickets from
    /// [`AccessLinks::access_grant`] for [`crate::rules::access_link::GRANT_LIFE`]. `false` if the link is not valid, or was opened before; nothing is
    /// granted then.
    async fn open_access_link(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        grant: Option<(&SessionHash, &[TicketId])>,
    ) -> Result<bool, StoreError>;

    /// Takes from a session what links have granted it.
    async fn forget_grants(&self, session: &SessionHash) -> Result<(), StoreError>;
}
