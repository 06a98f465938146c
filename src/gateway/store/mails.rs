//! The receipts that are sent by e-mail.

use async_trait::async_trait;

use super::{StoreError, StoredTicket};

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
    /// Takes the receipt of a site that has been due for longest, and notes the try. Until a time nobody else takes it.
    async fn take_mail(&self, site: &str, now: &str, until: &str) -> Result<Option<DueMail>, StoreError>;

    /// When the next receipt of a site is due.
    async fn next_mail(&self, site: &str) -> Result<Option<String>, StoreError>;

    /// Puts the receipt of a ticket off until a time.
    async fn put_off_mail(&self, ticket: &str, until: &str) -> Result<(), StoreError>;

    /// Nothing more is done about the receipt of a ticket: it is sent or given up. Forgets those for which that is so and whose day is over.
    async fn end_mail(&self, ticket: &str, now: &str) -> Result<(), StoreError>;
}
