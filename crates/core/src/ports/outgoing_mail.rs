//! The receipts that are sent by e-mail.

use async_trait::async_trait;
use serde::Deserialize;

use super::error::StoreError;
use super::queue::Claim;
use super::tickets::StoredTicket;

/// How many mails go in 24 hours to addresses that nobody has signed: anybody can write anybody's address into a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailLimits {
    /// To one mailbox from one network address, whichever site it is for; from all together three times as many.
    pub mailbox: u32,
    /// For one session.
    pub session: u32,
    /// For one network address.
    pub address: u32,
    /// For one site.
    pub site: u32,
}

impl MailLimits {
    /// The part that receipts may use. A quarter is reserved for codes that somebody requests, so that receipts that nobody asked for lock
    /// nobody out.
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

/// What a mail to an address that nobody has signed counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailQuota {
    /// A keyed digest of the mailbox, in the one spelling that counts.
    pub mailbox: [u8; 32],
    /// The SHA-256 of the session.
    pub session: Option<[u8; 32]>,
    /// A keyed digest of the network address.
    pub network: Option<[u8; 32]>,
    /// How many there may be.
    pub limits: MailLimits,
}

/// A receipt that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// The address it goes to.
    pub address: String,
    /// What it counts against; none where the host has signed that the address is the person's.
    pub quota: Option<MailQuota>,
}

/// What became of an attempt to send a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOutcome<'a> {
    /// The server has taken it.
    Sent,
    /// It is tried again.
    Retry {
        /// When, RFC 3339 in UTC.
        due_at: &'a str,
    },
    /// It is given up: the code that it carries was not sent.
    GivenUp,
    /// The server says for good that the address has no mailbox: it is given up, no other mail about the ticket goes there, and agents read
    /// why.
    Bounced {
        /// What agents read.
        text: &'a str,
        /// When it was said, RFC 3339 in UTC.
        at: &'a str,
    },
}

/// A receipt that a mail server took and that did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnedReceipt<'a> {
    /// The number of the code that it carries, 0 for none; none where that is not known.
    pub number: Option<u32>,
    /// What agents read.
    pub text: &'a str,
    /// When that was told, RFC 3339 in UTC.
    pub at: &'a str,
    /// Whether the address has no mailbox: then no other mail about the ticket goes there.
    pub is_address_dead: bool,
}

/// A receipt that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DueMail {
    /// The ticket it is about.
    pub ticket: StoredTicket,
    /// The address it goes to.
    pub address: String,
    /// The number of the code that it carries; none where nothing is to be confirmed.
    pub code: Option<u32>,
    /// How often it has been tried, this time among them.
    pub tries: u32,
    /// Since when it is tried, RFC 3339 in UTC.
    pub since: String,
}

/// A place where receipts wait. When a write returns, it is on disk.
#[async_trait]
pub trait OutgoingMail: Send + Sync {
    /// Claims the receipt of a site that has been due for longest, and counts the attempt. One that cannot be read is given up alone, and
    /// logged.
    async fn claim_mail(&self, site: &str, claim: Claim<'_>) -> Result<Option<DueMail>, StoreError>;

    /// When the next receipt of a site can be claimed.
    async fn next_mail(&self, site: &str) -> Result<Option<String>, StoreError>;

    /// Extends the claim of a token; `false` where somebody else holds it by now.
    async fn extend_mail(&self, ticket: &str, token: &str, until: &str) -> Result<bool, StoreError>;

    /// Records what became of an attempt and ends its claim. `false` where somebody else holds the claim by now: nothing is recorded.
    async fn record_mail(&self, ticket: &str, token: &str, outcome: MailOutcome<'_>) -> Result<bool, StoreError>;

    /// Records that a receipt of a ticket was returned: the code that it carries was not sent, and agents read why. `false` where that is recorded
    /// already, once for each receipt.
    async fn record_returned_receipt(&self, ticket: &str, returned: ReturnedReceipt<'_>) -> Result<bool, StoreError>;

    /// The owner of a mailbox has written: mail reaches it, whatever was returned before.
    async fn forget_bounces(&self, site: &str, mailbox: &str) -> Result<(), StoreError>;

    /// Forgets the mails that are done, and what was counted against quotas, of before a time.
    async fn forget_mails(&self, before: &str) -> Result<(), StoreError>;
}
