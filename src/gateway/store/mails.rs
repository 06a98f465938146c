//! The receipts that are sent by e-mail.

use async_trait::async_trait;

use super::{Claim, StoreError, StoredTicket};

/// How many receipts an address gets in a day for tickets that nobody has signed: anybody can write anybody's address into a form.
pub const UNSIGNED_A_DAY: u32 = 3;

/// A receipt that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// The address it goes to.
    pub address: String,
    /// Whether the host has signed that it is the person's; no more than [`UNSIGNED_A_DAY`] of the others are kept.
    pub verified: bool,
}

/// A receipt that is due.
#[derive(Clone, Debug, PartialEq)]
pub struct DueMail {
    /// The ticket it is about.
    pub ticket: StoredTicket,
    /// The address it goes to.
    pub address: String,
    /// How often it has been tried, this time among them.
    pub tries: u32,
    /// Since when it is tried, RFC 3339 in UTC.
    pub since: String,
}

/// A place where receipts wait. When a write returns, it is on disk.
#[async_trait]
pub trait Mails: Send + Sync {
    /// Claims the receipt of a site that has been due for longest, and counts the attempt. One that cannot be read is given up alone, and
    /// logged.
    async fn claim_mail(&self, site: &str, claim: Claim<'_>) -> Result<Option<DueMail>, StoreError>;

    /// When the next receipt of a site can be claimed.
    async fn next_mail(&self, site: &str) -> Result<Option<String>, StoreError>;

    /// Extends the claim of a token; `false` where somebody else holds it by now.
    async fn extend_mail(&self, ticket: &str, token: &str, until: &str) -> Result<bool, StoreError>;

    /// Records what became of an attempt and ends its claim: it is tried again at a time, or nothing more is done about it because it is sent
    /// or given up. `false` where somebody else holds the claim by now: nothing is recorded. Forgets those that are done and whose day is over.
    async fn record_mail(&self, ticket: &str, token: &str, again: Option<&str>, now: &str) -> Result<bool, StoreError>;
}
