//! The port for agents and their sessions in PostgreSQL.

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::query;

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::retry::retried;
use super::rows::{digest, json, parsed, read_rows, word_in};
use deskbell_core::ids::{AgentId, AgentSessionHash, AgentSessionId};
use deskbell_core::ports::{Agent, AgentSession, AgentSessions, LoginMethod, NewAgentSession, SiteScope, StoreError};
use deskbell_core::timestamp::Timestamp;

/// The columns of a session, in a table with this name, and its agent.
macro_rules! session {
    ($table:literal) => {
        concat!($table, ".id, agent, method, credential, address, browser, created_at, seen_at, expires_at, agents.name, agents.grants")
    };
}

/// Selects sessions with their agents.
macro_rules! sessions {
    ($conditions:literal) => {
        concat!(
            "SELECT ",
            session!("agent_sessions"),
            " FROM agent_sessions JOIN agents ON agents.id = agent_sessions.agent WHERE ",
            $conditions
        )
    };
}

#[async_trait]
impl AgentSessions for PostgresStore {
    async fn open_session(
        &self,
        session: &NewAgentSession,
        replaced_digest: Option<&AgentSessionHash>,
    ) -> Result<(), StoreError> {
        retried(|| self.try_open(session, replaced_digest)).await
    }

    async fn agent_session(&self, digest: &AgentSessionHash) -> Result<Option<AgentSession>, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        let row = query(sessions!("agent_sessions.digest = $1 AND agent_sessions.expires_at > $2"))
            .bind(&digest.as_bytes()[..])
            .bind(Time(now))
            .fetch_optional(&mut *read)
            .await
            .map_err(store_error)?;
        row.map(|row| session_of(&row)).transpose()
    }

    async fn agent_session_by_id(
        &self,
        id: AgentSessionId,
        agent: Option<&AgentId>,
    ) -> Result<Option<AgentSession>, StoreError> {
        let row = query(sessions!("agent_sessions.id = $1 AND ($2::text IS NULL OR agent_sessions.agent = $2)"))
            .bind(id.as_number())
            .bind(agent.map(|agent| text(agent.as_str())))
            .fetch_optional(&self.pool)
            .await
            .map_err(store_error)?;
        row.map(|row| session_of(&row)).transpose()
    }

    async fn touch_session(&self, id: AgentSessionId) -> Result<(), StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        let touch = query("UPDATE agent_sessions SET seen_at = $1 WHERE id = $2").bind(Time(now)).bind(id.as_number());
        touch.execute(&mut *write).await.map_err(store_error)?;
        Ok(())
    }

    async fn agent_sessions(
        &self,
        agent: Option<&AgentId>,
        below: Option<AgentSessionId>,
        limit: u32,
    ) -> Result<Vec<AgentSession>, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        let sessions = query(sessions!(
            "($1::text IS NULL OR agent_sessions.agent = $1) AND agent_sessions.id < $2 AND agent_sessions.expires_at > $3
            ORDER BY agent_sessions.id DESC LIMIT $4"
        ));
        let sessions = sessions
            .bind(agent.map(|agent| text(agent.as_str())))
            .bind(below.map_or(i64::MAX, AgentSessionId::as_number))
            .bind(Time(now))
            .bind(i64::from(limit));
        read_rows(&sessions.fetch_all(&mut *read).await.map_err(store_error)?, "agent session", session_of)
    }

    async fn end_sessions(&self, agent: &AgentId) -> Result<u64, StoreError> {
        retried(|| async {
            let end = query("DELETE FROM agent_sessions WHERE agent = $1").bind(text(agent.as_str()));
            Ok(end.execute(&self.pool).await.map_err(store_error)?.rows_affected())
        })
        .await
    }

    async fn end_session(
        &self,
        id: AgentSessionId,
        agent: Option<&AgentId>,
    ) -> Result<Option<AgentSession>, StoreError> {
        let mut write = self.begin().await?;
        let row = query(concat!(
            "WITH ended AS (DELETE FROM agent_sessions WHERE id = $1 AND ($2::text IS NULL OR agent = $2)
                RETURNING id, agent, method, credential, address, browser, created_at, seen_at, expires_at)
            SELECT ",
            session!("ended"),
            " FROM ended JOIN agents ON agents.id = ended.agent"
        ));
        let row = row.bind(id.as_number()).bind(agent.map(|agent| text(agent.as_str())));
        let row = row.fetch_optional(&mut *write).await.map_err(store_error)?;
        let ended = row.map(|row| session_of(&row)).transpose()?;
        write.commit().await.map_err(commit_error)?;
        Ok(ended)
    }
}

impl PostgresStore {
    async fn try_open(
        &self,
        session: &NewAgentSession,
        replaced_digest: Option<&AgentSessionHash>,
    ) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        write_agent(&mut write, &session.agent, now).await?;
        // Those that another login is deleting are left to it.
        let over = query(
            "DELETE FROM agent_sessions WHERE id IN
                (SELECT id FROM agent_sessions WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)",
        );
        over.bind(Time(now)).execute(&mut *write).await.map_err(store_error)?;
        if let Some(replaced_digest) = replaced_digest {
            let end = query("DELETE FROM agent_sessions WHERE digest = $1").bind(&replaced_digest.as_bytes()[..]);
            end.execute(&mut *write).await.map_err(store_error)?;
        }
        query(
            "INSERT INTO agent_sessions (digest, agent, method, credential, address, browser, created_at, seen_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        )
        .bind(&session.digest.as_bytes()[..])
        .bind(text(session.agent.id.as_str()))
        .bind(session.method.word())
        .bind(&session.credential_digest[..])
        .bind(text(&session.address))
        .bind(text(&session.browser))
        .bind(Time(now))
        .bind(Time(now + session.lifetime))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        write.commit().await.map_err(commit_error)
    }
}

/// The keys of some sites; none for all sites.
pub fn site_list(sites: &SiteScope) -> Option<Vec<String>> {
    match sites {
        SiteScope::All => None,
        SiteScope::Only(keys) => Some(keys.iter().map(|key| text(key.as_str()).into_owned()).collect()),
    }
}

async fn write_agent(write: &mut PgConnection, agent: &Agent, now: Timestamp) -> Result<(), StoreError> {
    query(
        "INSERT INTO agents (id, name, grants, logged_in_at) VALUES ($1, $2, $3, $4) ON CONFLICT (id)
        DO UPDATE SET name = excluded.name, grants = excluded.grants, logged_in_at = excluded.logged_in_at",
    )
    .bind(text(agent.id.as_str()))
    .bind(text(&agent.name))
    .bind(text(&json(&agent.grants)?))
    .bind(Time(now))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

fn session_of(row: &PgRow) -> Result<AgentSession, StoreError> {
    let record = "agent session";
    Ok(AgentSession {
        id: AgentSessionId::new(row.value("id")?),
        agent: Agent {
            id: row.id("agent")?,
            name: row.value("name")?,
            grants: parsed(record, "grants", row.value("grants")?)?,
        },
        method: word_in(record, row, "method", LoginMethod::from_word)?,
        credential_digest: digest(record, "credential", row.value("credential")?)?,
        address: row.value("address")?,
        browser: row.value("browser")?,
        created_at: row.time("created_at")?,
        seen_at: row.time("seen_at")?,
        expires_at: row.time("expires_at")?,
    })
}
