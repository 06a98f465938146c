//! The port for the audit log: who logged in, read sensitive tickets, and did what cannot be undone.

use async_trait::async_trait;

use super::error::StoreError;
use crate::ids::AgentId;
use crate::timestamp::Timestamp;
use domain::words;

words! {
    /// What was done.
    AuditKind {
        /// An agent logged in. The detail is the word of a [`super::LoginMethod`].
        LoggedIn = "logged_in",
        /// The identity provider vouched for somebody who has no role here.
        LoginRefused = "login_refused",
        /// An agent logged out.
        LoggedOut = "logged_out",
        /// An agent ended a session, perhaps of somebody else. The detail is the name of its agent.
        SessionEnded = "session_ended",
        /// An agent opened a ticket with a sensitive topic.
        TicketRead = "ticket_read",
        /// An agent erased a ticket.
        TicketErased = "ticket_erased",
        /// Somebody erased several tickets with a command. The detail is the word of a [`crate::use_cases::privacy::Selection`].
        TicketsErased = "tickets_erased",
        /// Somebody exported tickets with a command. The detail is the word of a [`crate::use_cases::privacy::Selection`].
        TicketsExported = "tickets_exported",
        /// An agent sent a delivery again, or without a ticket all of them. The detail is the destination; empty for all of them.
        DeliveryResent = "delivery_resent",
        /// Somebody added a site to the database.
        SiteAdded = "site_added",
        /// Somebody changed a site of the database.
        SiteChanged = "site_changed",
        /// Somebody removed a site from the database.
        SiteRemoved = "site_removed",
    }
}

/// What is written to the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// Who did it.
    pub agent: AgentId,
    /// Their name at that time.
    pub name: String,
    /// The network address of their browser; empty if it is not known.
    pub address: String,
    /// What they did.
    pub kind: AuditKind,
    /// The key of the site; empty if it concerns none.
    pub site: String,
    /// The reference of the ticket; empty if it concerns none.
    pub ticket: String,
    /// What else is to be known, see [`AuditKind`]; may be empty.
    pub detail: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number. Later entries have greater ones.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What was written.
    pub entry: NewAuditEntry,
    /// How often it was done, if it was repeated soon; otherwise 1.
    pub count: u32,
}

/// The audit log. Of an entry only the count ever changes. Writes are on disk when they return.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Writes an entry.
    async fn record_audit(&self, entry: &NewAuditEntry) -> Result<(), StoreError>;

    /// Counts an entry if the same agent has done the same since a time, and writes it otherwise. Only for [`AuditKind::TicketRead`] and
    /// [`AuditKind::LoginRefused`].
    async fn record_repeated(&self, entry: &NewAuditEntry, since: Timestamp) -> Result<(), StoreError>;

    /// The latest entries, of an agent if one is given. A page begins below a number.
    async fn audit_entries(
        &self,
        agent: Option<&AgentId>,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// Deletes up to `limit` agents who last logged in before a time, have no session, and are in no entry. Returns how many.
    async fn delete_agents_before(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Deletes up to `limit` entries that were written before a time. Returns how many.
    async fn delete_audit_before(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
