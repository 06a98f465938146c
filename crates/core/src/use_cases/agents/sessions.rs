//! Opens, finds, lists and ends sessions of agents.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Audit, Audited};
use crate::clock::Clock;
use crate::ids::{AgentId, AgentSessionHash, AgentSessionId};
use crate::ports::{Agent, AgentSession, AgentSessions, LoginMethod, NewAgentSession, StoreError};
use crate::random::{self, NoRandomness};
use crate::rules::agent_sessions::{LIFETIME, is_use_outdated};
use crate::rules::permissions::{Permission, is_permitted};

/// The length of a session's secret, in bytes.
const SECRET_LENGTH: usize = 32;
/// How much of what a browser reports about itself is stored, in characters.
const BROWSER_MAX: usize = 300;

/// Why a session cannot be opened, found or ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The system provides no random bytes.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A successful login.
#[derive(Clone, Debug)]
pub struct Login<'a> {
    /// The agent.
    pub agent: Agent,
    /// How they logged in.
    pub method: LoginMethod,
    /// A digest of what the login depends on, such as the token. [`is_opened_with`] compares it.
    pub credential: [u8; 32],
    /// The network address of the browser; empty if it is not known.
    pub address: &'a str,
    /// The browser, as it reports itself.
    pub browser: &'a str,
}

/// Handles the sessions of agents.
pub struct HandleSessions {
    sessions: Arc<dyn AgentSessions>,
    audit: Audit,
    clock: Arc<dyn Clock>,
}

impl HandleSessions {
    /// Handles the sessions in a store; `clock` is that of the store.
    pub fn new(sessions: Arc<dyn AgentSessions>, audit: Audit, clock: Arc<dyn Clock>) -> HandleSessions {
        HandleSessions { sessions, audit, clock }
    }

    /// Opens a session in place of a replaced one, if any. Returns its secret.
    pub async fn log_in(&self, login: Login<'_>, replaced: Option<AgentSessionHash>) -> Result<String, SessionError> {
        let Login { agent, method, credential, address, browser } = login;
        let secret = BASE64_URL_SAFE_NO_PAD.encode(random::bytes::<SECRET_LENGTH>()?);
        self.audit.record(&agent, address, Audited::LoggedIn(method)).await?;
        let session = NewAgentSession {
            digest: session_hash(&secret),
            agent,
            method,
            credential_digest: seal(&credential, &secret),
            address: address.into(),
            browser: browser.chars().take(BROWSER_MAX).collect(),
            lifetime: LIFETIME,
        };
        self.sessions.open_session(&session, replaced.as_ref()).await?;
        Ok(secret)
    }

    /// The session with a secret, which is being used. The caller decides whether its credential is still valid.
    pub async fn find(&self, secret: &str) -> Result<Option<AgentSession>, StoreError> {
        let session = self.sessions.agent_session(&session_hash(secret)).await?;
        if let Some(session) = &session
            && is_use_outdated(session.seen_at, self.clock.now())
            // Agents need the inbox most when the disk is full.
            && let Err(error) = self.sessions.touch_session(session.id).await
        {
            tracing::warn!(%error, "noting the use of an agent session failed");
        }
        Ok(session)
    }

    /// Ends the session with a secret, at the request of its agent from a network address.
    pub async fn log_out(&self, secret: &str, address: &str) -> Result<(), StoreError> {
        let Some(session) = self.sessions.agent_session(&session_hash(secret)).await? else { return Ok(()) };
        self.audit.record(&session.agent, address, Audited::LoggedOut).await?;
        self.sessions.end_session(session.id, Some(&session.agent.id)).await?;
        Ok(())
    }

    /// A page of sessions below an id: those of the agent, or of all if they want to see them and may.
    pub async fn list(
        &self,
        agent: &Agent,
        all: bool,
        below: Option<AgentSessionId>,
        limit: u32,
    ) -> Result<Vec<AgentSession>, StoreError> {
        let restricted_to = Some(&agent.id).filter(|_| !(all && is_permitted(&agent.grants, Permission::AllSessions)));
        self.sessions.agent_sessions(restricted_to, below, limit).await
    }

    /// Ends all sessions of an agent who has no role any more.
    pub async fn end_all(&self, agent: &AgentId) -> Result<(), StoreError> {
        let count = self.sessions.end_sessions(agent).await?;
        tracing::info!(%agent, count, reason = "no_role", "agent sessions ended");
        Ok(())
    }

    /// Ends a session of the agent, or of anybody if they may. Returns it; none if there is none that they may end.
    pub async fn end(
        &self,
        agent: &Agent,
        address: &str,
        id: AgentSessionId,
    ) -> Result<Option<AgentSession>, StoreError> {
        let restricted_to = Some(&agent.id).filter(|_| !is_permitted(&agent.grants, Permission::AllSessions));
        let Some(session) = self.sessions.agent_session_by_id(id, restricted_to).await? else { return Ok(None) };
        self.audit.record(agent, address, Audited::SessionEnded(&session.agent)).await?;
        self.sessions.end_session(id, restricted_to).await
    }
}

/// Whether the session with a secret was opened with a credential. What is stored of the credential cannot be guessed without the secret.
pub fn is_opened_with(session: &AgentSession, secret: &str, credential: &[u8; 32]) -> bool {
    session.credential_digest == seal(credential, secret)
}

fn seal(credential: &[u8; 32], secret: &str) -> [u8; 32] {
    Sha256::new().chain_update(credential).chain_update(secret).finalize().into()
}

/// The digest under which the session with a secret is stored.
pub fn session_hash(secret: &str) -> AgentSessionHash {
    AgentSessionHash::from(<[u8; 32]>::from(Sha256::digest(secret)))
}
