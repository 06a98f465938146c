//! The port for agents and their sessions.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use crate::ids::{AgentId, AgentSessionHash, AgentSessionId, SiteKey};
use crate::timestamp::Timestamp;
use domain::words;

words! {
    /// What an agent does at the host company, the one that may do least first. [`crate::rules::permissions`] says what each may do.
    Role {
        /// Answers tickets.
        Agent = "agent",
        /// Also sees to deliveries.
        Lead = "lead",
        /// Also erases tickets, ends sessions and reads the audit log.
        Administrator = "administrator",
    }
}

words! {
    /// How an agent logged in.
    LoginMethod {
        /// At the company's identity provider.
        Oidc = "oidc",
        /// With a token of their own.
        PersonalToken = "token",
        /// With the token that all agents share.
        SharedToken = "shared",
    }
}

/// Which sites are meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SiteScope {
    /// The sites with these keys; possibly none.
    Only(BTreeSet<SiteKey>),
    /// All sites, also those that will be added.
    All,
}

impl SiteScope {
    /// No site.
    pub const NONE: SiteScope = SiteScope::Only(BTreeSet::new());

    /// Whether a site is meant.
    pub fn includes(&self, site: impl AsRef<str>) -> bool {
        match self {
            SiteScope::All => true,
            SiteScope::Only(sites) => sites.contains(site.as_ref()),
        }
    }

    /// Whether no site is meant.
    pub fn is_empty(&self) -> bool {
        matches!(self, SiteScope::Only(sites) if sites.is_empty())
    }

    /// The sites that either of two scopes means.
    #[must_use]
    pub fn union(&self, other: &SiteScope) -> SiteScope {
        match (self, other) {
            (SiteScope::All, _) | (_, SiteScope::All) => SiteScope::All,
            (SiteScope::Only(sites), SiteScope::Only(others)) => SiteScope::Only(sites | others),
        }
    }
}

/// A role on some sites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The sites on which the agent has it.
    pub sites: SiteScope,
}

/// Somebody who uses the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Their id.
    pub id: AgentId,
    /// The name that customers and other agents see.
    pub name: String,
    /// Their roles.
    pub grants: Vec<Grant>,
}

/// The session of an agent who logs in.
#[derive(Clone, Debug)]
pub struct NewAgentSession {
    /// The digest of its secret.
    pub digest: AgentSessionHash,
    /// The agent.
    pub agent: Agent,
    /// How they logged in.
    pub method: LoginMethod,
    /// A digest of its secret and of what the login depends on, such as the token. The session is void once that has changed.
    pub credential_digest: [u8; 32],
    /// The network address of the browser; empty if it is not known.
    pub address: String,
    /// The browser, as it reports itself; empty if it does not.
    pub browser: String,
    /// How long the session lasts.
    pub lifetime: Duration,
}

/// The session of an agent who has logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSession {
    /// Its id.
    pub id: AgentSessionId,
    /// The agent.
    pub agent: Agent,
    /// How they logged in.
    pub method: LoginMethod,
    /// What the login depends on, see [`NewAgentSession::credential_digest`].
    pub credential_digest: [u8; 32],
    /// The network address of the browser; empty if it was not known.
    pub address: String,
    /// The browser, as it reported itself.
    pub browser: String,
    /// When the agent logged in.
    pub created_at: Timestamp,
    /// When it was last used, to some minutes.
    pub seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Agents and their sessions. Writes are on disk when they return.
#[async_trait]
pub trait AgentSessions: Send + Sync {
    /// Stores a session and what is known of its agent, and deletes the session that it replaces and expired ones.
    async fn open_session(
        &self,
        session: &NewAgentSession,
        replaced_digest: Option<&AgentSessionHash>,
    ) -> Result<(), StoreError>;

    /// The unexpired session with a digest. Its agent has the name and the grants of their latest login.
    async fn agent_session(&self, digest: &AgentSessionHash) -> Result<Option<AgentSession>, StoreError>;

    /// The session with an id, of this agent if one is given.
    async fn agent_session_by_id(
        &self,
        id: AgentSessionId,
        agent: Option<&AgentId>,
    ) -> Result<Option<AgentSession>, StoreError>;

    /// Notes that a session is being used.
    async fn touch_session(&self, id: AgentSessionId) -> Result<(), StoreError>;

    /// The unexpired sessions of an agent, or of all, the latest first. A page begins below an id.
    async fn agent_sessions(
        &self,
        agent: Option<&AgentId>,
        below: Option<AgentSessionId>,
        limit: u32,
    ) -> Result<Vec<AgentSession>, StoreError>;

    /// Deletes all sessions of an agent, and returns how many there were.
    async fn end_sessions(&self, agent: &AgentId) -> Result<u64, StoreError>;

    /// Deletes a session, of this agent if one is given. Returns it; none if there is no such session.
    async fn end_session(
        &self,
        id: AgentSessionId,
        agent: Option<&AgentId>,
    ) -> Result<Option<AgentSession>, StoreError>;
}
