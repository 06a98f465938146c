//! The port for the audit log in SQLite.

use async_trait::async_trait;
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::error::{RowExt, store_error};
use super::rows::read_rows;
use deskbell_core::ids::AgentId;
use deskbell_core::ports::{AuditEntry, AuditKind, AuditLog, NewAuditEntry, StoreError};
use deskbell_core::timestamp::Timestamp;

/// Selects entries, newest first.
macro_rules! entries {
    ($conditions:literal) => {
        concat!(
            "SELECT number, at, count, agent, name, address, kind, site, ticket, detail FROM audit_log WHERE ",
            $conditions,
            " ORDER BY number DESC LIMIT ?"
        )
    };
}

#[async_trait]
impl AuditLog for SqliteStore {
    async fn record_audit(&self, entry: &NewAuditEntry) -> Result<(), StoreError> {
        query(
            "INSERT INTO audit_log (at, agent, name, address, kind, site, ticket, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.now_text())
        .bind(entry.agent.as_str())
        .bind(&entry.name)
        .bind(&entry.address)
        .bind(entry.kind.word())
        .bind(&entry.site)
        .bind(&entry.ticket)
        .bind(&entry.detail)
        .execute(&self.writer)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn record_repeated(&self, entry: &NewAuditEntry, since: Timestamp) -> Result<(), StoreError> {
        let count = query(
            "UPDATE audit_log SET count = count + 1 WHERE number = (SELECT max(number) FROM audit_log
                WHERE agent = ? AND kind = ? AND ticket = ? AND address = ? AND at > ? AND kind IN ('ticket_read', 'login_refused'))",
        );
        let count = count
            .bind(entry.agent.as_str())
            .bind(entry.kind.word())
            .bind(&entry.ticket)
            .bind(&entry.address)
            .bind(since.to_string());
        let counted = count.execute(&self.writer).await.map_err(store_error)?.rows_affected() > 0;
        // Two that begin at the same time may both be written, which is no harm.
        if counted { Ok(()) } else { self.record_audit(entry).await }
    }

    async fn audit_entries(
        &self,
        agent: Option<&AgentId>,
        below: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let entries = match agent {
            Some(agent) => query(entries!("agent = ? AND number < ?")).bind(agent.as_str()),
            None => query(entries!("number < ?")),
        };
        let entries = entries.bind(below.unwrap_or(i64::MAX)).bind(limit);
        read_rows(&entries.fetch_all(&self.readers).await.map_err(store_error)?, "audit log entry", entry_of)
    }

    async fn delete_agents_before(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let delete = query(
            "DELETE FROM agents WHERE id IN (SELECT id FROM agents WHERE logged_in_at < ?
                AND NOT EXISTS (SELECT 1 FROM agent_sessions WHERE agent_sessions.agent = agents.id)
                AND NOT EXISTS (SELECT 1 FROM audit_log WHERE audit_log.agent = agents.id) LIMIT ?)",
        );
        let deleted = delete.bind(before.to_string()).bind(limit).execute(&self.writer).await.map_err(store_error)?;
        Ok(deleted.rows_affected())
    }

    async fn delete_audit_before(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let delete = query(
            "DELETE FROM audit_log WHERE number IN (SELECT number FROM audit_log WHERE at < ? ORDER BY at LIMIT ?)",
        );
        let deleted = delete.bind(before.to_string()).bind(limit).execute(&self.writer).await.map_err(store_error)?;
        Ok(deleted.rows_affected())
    }
}

fn entry_of(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    let kind = AuditKind::from_word(row.value("kind")?);
    let unknown = || StoreError::Damaged { record: "audit log entry".into(), reason: "unknown kind".into() };
    Ok(AuditEntry {
        number: row.value("number")?,
        at: row.time("at")?,
        count: row.value("count")?,
        entry: NewAuditEntry {
            agent: row.id("agent")?,
            name: row.value("name")?,
            address: row.value("address")?,
            kind: kind.ok_or_else(unknown)?,
            site: row.value("site")?,
            ticket: row.value("ticket")?,
            detail: row.value("detail")?,
        },
    })
}
