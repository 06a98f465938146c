//! The port for the audit log in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::query;

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::store_error;
use super::rows::{read_rows, word_in};
use deskbell_core::ids::AgentId;
use deskbell_core::ports::{AuditEntry, AuditKind, AuditLog, NewAuditEntry, StoreError};
use deskbell_core::timestamp::Timestamp;

/// Selects entries.
macro_rules! entries {
    ($conditions:literal) => {
        concat!(
            "SELECT number, at, count, agent, name, address, kind, site, ticket, detail FROM audit_log WHERE ",
            $conditions
        )
    };
}

#[async_trait]
impl AuditLog for PostgresStore {
    async fn record_audit(&self, entry: &NewAuditEntry) -> Result<(), StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        query(
            "INSERT INTO audit_log (at, agent, name, address, kind, site, ticket, detail)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(Time(now))
        .bind(text(entry.agent.as_str()))
        .bind(text(&entry.name))
        .bind(text(&entry.address))
        .bind(entry.kind.word())
        .bind(text(&entry.site))
        .bind(text(&entry.ticket))
        .bind(text(&entry.detail))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn record_repeated(&self, entry: &NewAuditEntry, since: Timestamp) -> Result<(), StoreError> {
        let count = query(
            "UPDATE audit_log SET count = count + 1 WHERE number = (SELECT max(number) FROM audit_log
                WHERE agent = $1 AND kind = $2 AND ticket = $3 AND address = $4 AND at > $5
                    AND kind IN ('ticket_read', 'login_refused'))",
        );
        let count = count
            .bind(text(entry.agent.as_str()))
            .bind(entry.kind.word())
            .bind(text(&entry.ticket))
            .bind(text(&entry.address))
            .bind(Time(since));
        let counted = count.execute(&self.pool).await.map_err(store_error)?.rows_affected() > 0;
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
            Some(_) => query(entries!("agent = $3 AND number < $1 ORDER BY number DESC LIMIT $2")),
            None => query(entries!("number < $1 ORDER BY number DESC LIMIT $2")),
        };
        let entries = entries.bind(below.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let entries = if let Some(agent) = agent { entries.bind(text(agent.as_str())) } else { entries };
        read_rows(&entries.fetch_all(&self.pool).await.map_err(store_error)?, "audit log entry", entry_of)
    }

    async fn delete_agents_before(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        // An agent who is logging in is locked, and left alone.
        let delete = query(
            "WITH old AS (SELECT id FROM agents WHERE logged_in_at < $1
                AND NOT EXISTS (SELECT 1 FROM agent_sessions WHERE agent_sessions.agent = agents.id)
                AND NOT EXISTS (SELECT 1 FROM audit_log WHERE audit_log.agent = agents.id) LIMIT $2
                FOR UPDATE SKIP LOCKED)
            DELETE FROM agents USING old WHERE agents.id = old.id",
        );
        let deleted =
            delete.bind(Time(before)).bind(i64::from(limit)).execute(&self.pool).await.map_err(store_error)?;
        Ok(deleted.rows_affected())
    }

    async fn delete_audit_before(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let delete = query(
            "WITH old AS (SELECT number FROM audit_log WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM audit_log USING old WHERE audit_log.number = old.number",
        );
        let deleted =
            delete.bind(Time(before)).bind(i64::from(limit)).execute(&self.pool).await.map_err(store_error)?;
        Ok(deleted.rows_affected())
    }
}

fn entry_of(row: &PgRow) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        number: row.value("number")?,
        at: row.time("at")?,
        count: row.number("count")?,
        entry: NewAuditEntry {
            agent: row.id("agent")?,
            name: row.value("name")?,
            address: row.value("address")?,
            kind: word_in("audit log entry", row, "kind", AuditKind::from_word)?,
            site: row.value("site")?,
            ticket: row.value("ticket")?,
            detail: row.value("detail")?,
        },
    })
}
