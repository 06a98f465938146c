//! Writes, reads and expires the audit log.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::ids::{AgentId, Reference, SiteKey};
use crate::ports::{Agent, AuditEntry, AuditKind, AuditLog, LoginMethod, NewAuditEntry, StoreError};
use crate::rules::retention::Retention;
use crate::timestamp::Timestamp;

/// How long the same read of a ticket, and the same refused login, is counted in one entry.
const REPEATED_WITHIN: Duration = Duration::from_secs(3600);
const EVERY: Duration = Duration::from_secs(3600);
/// How many entries are deleted per transaction, and the pause between transactions, for other writers.
const CHUNK: u32 = 1000;
const PAUSE: Duration = Duration::from_millis(50);

/// What an agent did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audited<'a> {
    /// They logged in.
    LoggedIn(LoginMethod),
    /// They wanted to log in, and have no role.
    LoginRefused(LoginMethod),
    /// They logged out.
    LoggedOut,
    /// They ended a session of this agent.
    SessionEnded(&'a Agent),
    /// They opened this ticket of a site.
    TicketRead(&'a SiteKey, &'a Reference),
    /// They erased this ticket of a site.
    TicketErased(&'a SiteKey, &'a Reference),
    /// They sent a delivery of this ticket of a site to a destination again.
    DeliveryResent(&'a SiteKey, &'a Reference, &'a str),
    /// They erased the tickets of a selection, with its word, on one site or on all.
    TicketsErased(Option<&'a SiteKey>, &'a str),
    /// They exported the tickets of a selection, with its word, on one site or on all.
    TicketsExported(Option<&'a SiteKey>, &'a str),
    /// They sent all deliveries that they may see again: of one site or of all, to the destinations of one name or to all (empty).
    AllResent(Option<&'a SiteKey>, &'a str),
    /// They added this site to the database.
    SiteAdded(&'a SiteKey),
    /// They changed this site of the database.
    SiteChanged(&'a SiteKey),
    /// They removed this site from the database.
    SiteRemoved(&'a SiteKey),
}

/// The audit log.
#[derive(Clone)]
pub struct Audit {
    log: Arc<dyn AuditLog>,
    keep: Retention,
    clock: Arc<dyn Clock>,
}

impl Audit {
    /// Keeps a log for a time.
    pub fn new(log: Arc<dyn AuditLog>, keep: Retention, clock: Arc<dyn Clock>) -> Audit {
        Audit { log, keep, clock }
    }

    /// Writes what an agent does, from a network address. To be called before it is done, so that nothing is done without an entry.
    pub async fn record(&self, agent: &Agent, address: &str, action: Audited<'_>) -> Result<(), StoreError> {
        let entry = entry(agent, address, action);
        match entry.kind {
            // Whoever reloads a page, or tries to log in again and again, fills no log.
            AuditKind::TicketRead | AuditKind::LoginRefused => {
                self.log.record_repeated(&entry, self.clock.now() - REPEATED_WITHIN).await
            }
            _ => self.log.record_audit(&entry).await,
        }
    }

    /// The latest entries, of an agent if one is given, below a number.
    pub async fn entries(
        &self,
        agent: Option<&AgentId>,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.log.audit_entries(agent, below, limit).await
    }

    /// Deletes expired entries once an hour; never returns.
    pub async fn run(&self) -> Infallible {
        loop {
            match self.expire(self.clock.now()).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "audit log entries expired"),
                Err(error) => tracing::warn!(%error, "audit log retention failed"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Deletes the entries that have expired at a time, and then the agents whom nothing mentions any more. Returns how many entries.
    pub async fn expire(&self, now: Timestamp) -> Result<u64, StoreError> {
        let Some(before) = self.keep.cutoff(now) else { return Ok(0) };
        let mut all = 0;
        loop {
            let deleted = self.log.delete_audit_before(before, CHUNK).await?;
            all += deleted;
            if deleted < CHUNK.into() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        while self.log.delete_agents_before(before, CHUNK).await? == u64::from(CHUNK) {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(all)
    }
}

fn entry<'a>(agent: &Agent, address: &str, action: Audited<'a>) -> NewAuditEntry {
    let nothing = ("", "", "");
    let key = |site: Option<&'a SiteKey>| site.map_or("", SiteKey::as_str);
    let (kind, (site, ticket, detail)) = match action {
        Audited::LoggedIn(method) => (AuditKind::LoggedIn, ("", "", method.word())),
        Audited::LoginRefused(method) => (AuditKind::LoginRefused, ("", "", method.word())),
        Audited::LoggedOut => (AuditKind::LoggedOut, nothing),
        Audited::SessionEnded(session_agent) => (AuditKind::SessionEnded, ("", "", session_agent.name.as_str())),
        Audited::TicketRead(site, ticket) => (AuditKind::TicketRead, (site.as_str(), ticket.as_str(), "")),
        Audited::TicketErased(site, ticket) => (AuditKind::TicketErased, (site.as_str(), ticket.as_str(), "")),
        Audited::DeliveryResent(site, ticket, to) => (AuditKind::DeliveryResent, (site.as_str(), ticket.as_str(), to)),
        Audited::TicketsErased(site, word) => (AuditKind::TicketsErased, (key(site), "", word)),
        Audited::TicketsExported(site, word) => (AuditKind::TicketsExported, (key(site), "", word)),
        Audited::AllResent(site, to) => (AuditKind::DeliveryResent, (key(site), "", to)),
        Audited::SiteAdded(site) => (AuditKind::SiteAdded, (site.as_str(), "", "")),
        Audited::SiteChanged(site) => (AuditKind::SiteChanged, (site.as_str(), "", "")),
        Audited::SiteRemoved(site) => (AuditKind::SiteRemoved, (site.as_str(), "", "")),
    };
    NewAuditEntry {
        agent: agent.id.clone(),
        name: agent.name.clone(),
        address: address.into(),
        kind,
        site: site.into(),
        ticket: ticket.into(),
        detail: detail.into(),
    }
}
