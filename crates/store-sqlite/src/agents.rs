//! The port for agents and their sessions in SQLite.

use async_trait::async_trait;
use sqlx::query;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use super::rows::{json, read_rows};
use deskbell_core::ids::{AgentId, AgentSessionHash, AgentSessionId};
use deskbell_core::ports::{Agent, AgentSession, AgentSessions, LoginMethod, NewAgentSession, SiteScope, StoreError};

/// Selects sessions with their agents.
macro_rules! sessions {
    ($conditions:literal) => {
        concat!(
            "SELECT agent_sessions.id, agent, method, credential, address, browser, created_at, seen_at, expires_at, agents.name,
                agents.grants
            FROM agent_sessions JOIN agents ON agents.id = agent_sessions.agent WHERE ",
            $conditions
        )
    };
}

#[async_trait]
impl AgentSessions for SqliteStore {
    async fn open_session(
        &self,
        session: &NewAgentSession,
        replaced_digest: Option<&AgentSessionHash>,
    ) -> Result<(), StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now_text();
        write_agent(&mut write, &session.agent, &now).await?;
        let over = query("DELETE FROM agent_sessions WHERE expires_at <= ?");
        over.bind(&now).execute(&mut *write).await.map_err(store_error)?;
        if let Some(replaced_digest) = replaced_digest {
            let end = query("DELETE FROM agent_sessions WHERE digest = ?");
            end.bind(&replaced_digest.as_bytes()[..]).execute(&mut *write).await.map_err(store_error)?;
        }
        query(
            "INSERT INTO agent_sessions (digest, agent, method, credential, address, browser, created_at, seen_at, expires_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)",
        )
        .bind(&session.digest.as_bytes()[..])
        .bind(session.agent.id.as_str())
        .bind(session.method.word())
        .bind(&session.credential_digest[..])
        .bind(&session.address)
        .bind(&session.browser)
        .bind(&now)
        .bind(self.lease_end(session.lifetime))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        write.commit().await.map_err(store_error)
    }

    async fn agent_session(&self, digest: &AgentSessionHash) -> Result<Option<AgentSession>, StoreError> {
        let row = query(sessions!("agent_sessions.digest = ? AND agent_sessions.expires_at > ?"))
            .bind(&digest.as_bytes()[..])
            .bind(self.now_text())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| session_of(&row)).transpose()
    }

    async fn agent_session_by_id(
        &self,
        id: AgentSessionId,
        agent: Option<&AgentId>,
    ) -> Result<Option<AgentSession>, StoreError> {
        let row = query(sessions!("agent_sessions.id = ?1 AND (?2 IS NULL OR agent_sessions.agent = ?2)"))
            .bind(id.as_number())
            .bind(agent.map(AgentId::as_str))
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| session_of(&row)).transpose()
    }

    async fn touch_session(&self, id: AgentSessionId) -> Result<(), StoreError> {
        query("UPDATE agent_sessions SET seen_at = ? WHERE id = ?")
            .bind(self.now_text())
            .bind(id.as_number())
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn agent_sessions(
        &self,
        agent: Option<&AgentId>,
        below: Option<AgentSessionId>,
        limit: u32,
    ) -> Result<Vec<AgentSession>, StoreError> {
        let below = below.map_or(i64::MAX, AgentSessionId::as_number);
        let of_agent = sessions!(
            "agent_sessions.agent = ? AND agent_sessions.id < ? AND agent_sessions.expires_at > ?
            ORDER BY agent_sessions.id DESC LIMIT ?"
        );
        let of_all = sessions!(
            "agent_sessions.id < ? AND agent_sessions.expires_at > ? ORDER BY agent_sessions.id DESC LIMIT ?"
        );
        let sessions = match agent {
            Some(agent) => query(of_agent).bind(agent.as_str()),
            None => query(of_all),
        };
        let sessions = sessions.bind(below).bind(self.now_text()).bind(limit);
        read_rows(&sessions.fetch_all(&self.readers).await.map_err(store_error)?, "agent session", session_of)
    }

    async fn end_sessions(&self, agent: &AgentId) -> Result<u64, StoreError> {
        let end = query("DELETE FROM agent_sessions WHERE agent = ?").bind(agent.as_str());
        Ok(end.execute(&self.writer).await.map_err(store_error)?.rows_affected())
    }

    async fn end_session(
        &self,
        id: AgentSessionId,
        agent: Option<&AgentId>,
    ) -> Result<Option<AgentSession>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let row = query(sessions!("agent_sessions.id = ?1 AND (?2 IS NULL OR agent_sessions.agent = ?2)"))
            .bind(id.as_number())
            .bind(agent.map(AgentId::as_str))
            .fetch_optional(&mut *write)
            .await
            .map_err(store_error)?;
        let Some(session) = row.map(|row| session_of(&row)).transpose()? else { return Ok(None) };
        let end = query("DELETE FROM agent_sessions WHERE id = ?").bind(id.as_number());
        end.execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(store_error)?;
        Ok(Some(session))
    }
}

/// The keys of some sites as JSON; null for all sites.
pub fn site_list(sites: &SiteScope) -> Result<Option<String>, StoreError> {
    match sites {
        SiteScope::All => Ok(None),
        SiteScope::Only(keys) => json(keys).map(Some),
    }
}

async fn write_agent(write: &mut SqliteConnection, agent: &Agent, now: &str) -> Result<(), StoreError> {
    query(
        "INSERT INTO agents (id, name, grants, logged_in_at) VALUES (?, ?, ?, ?) ON CONFLICT (id)
        DO UPDATE SET name = excluded.name, grants = excluded.grants, logged_in_at = excluded.logged_in_at",
    )
    .bind(agent.id.as_str())
    .bind(&agent.name)
    .bind(json(&agent.grants)?)
    .bind(now)
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

fn session_of(row: &SqliteRow) -> Result<AgentSession, StoreError> {
    let method = LoginMethod::from_word(row.value("method")?);
    let credential: Vec<u8> = row.value("credential")?;
    Ok(AgentSession {
        id: AgentSessionId::new(row.value("id")?),
        agent: Agent {
            id: row.id("agent")?,
            name: row.value("name")?,
            grants: serde_json::from_str(row.value("grants")?).map_err(|_| damaged("grants"))?,
        },
        method: method.ok_or_else(|| damaged("method"))?,
        credential_digest: credential.try_into().map_err(|_| damaged("credential"))?,
        address: row.value("address")?,
        browser: row.value("browser")?,
        created_at: row.time("created_at")?,
        seen_at: row.time("seen_at")?,
        expires_at: row.time("expires_at")?,
    })
}

fn damaged(column: &str) -> StoreError {
    StoreError::Damaged { record: "agent session".into(), reason: format!("column {column}: unknown value") }
}
