//! `deskbell sessions`: lists and ends the sessions of agents, while a gateway runs or not.

use std::collections::BTreeSet;

use super::actor::current_user;
use super::{DataError, OpenData};
use deskbell_core::ids::{AgentId, AgentSessionId};
use deskbell_core::ports::{AgentSession, StoreError};
use deskbell_core::use_cases::agents::HandleSessions;

/// How many sessions are read at a time.
const PAGE: u32 = 500;

/// Which sessions are ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndedSessions {
    /// The one with a number.
    One(AgentSessionId),
    /// All of the agent with an id or a name.
    OfAgent(String),
}

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// There is none with this number.
    #[error("there is no session {0}; `deskbell sessions list` shows all")]
    NoSession(i64),
    /// The agent has none.
    #[error("{0:?} has no session; `deskbell sessions list` shows all")]
    NoAgent(String),
    /// Several agents have the name.
    #[error("{name:?} is the name of several agents; use one of their ids: {ids}")]
    SeveralAgents {
        /// The name.
        name: String,
        /// The ids of the agents.
        ids: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The latest sessions below an id.
pub async fn list(data: &OpenData, below: Option<AgentSessionId>, limit: u32) -> Result<Vec<AgentSession>, DataError> {
    Ok(data.sessions().list(&current_user(), true, below, limit).await?)
}

/// Ends sessions, and returns them.
pub async fn end(data: &OpenData, ended: &EndedSessions) -> Result<Vec<AgentSession>, DataError> {
    let sessions = data.sessions();
    let numbers = match ended {
        EndedSessions::One(number) => vec![*number],
        EndedSessions::OfAgent(name) => numbers_of(&all(&sessions).await?, name)?,
    };
    let mut ended_sessions = Vec::new();
    for number in numbers {
        ended_sessions.extend(sessions.end(&current_user(), "", number).await?);
    }
    match ended {
        EndedSessions::One(number) if ended_sessions.is_empty() => {
            Err(SessionsError::NoSession(number.as_number()).into())
        }
        _ => Ok(ended_sessions),
    }
}

async fn all(sessions: &HandleSessions) -> Result<Vec<AgentSession>, StoreError> {
    let mut found: Vec<AgentSession> = Vec::new();
    loop {
        let below = found.last().map(|last| last.id);
        let page = sessions.list(&current_user(), true, below, PAGE).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

/// The sessions of the agent with an id or a name.
fn numbers_of(sessions: &[AgentSession], name: &str) -> Result<Vec<AgentSessionId>, SessionsError> {
    let has_id = sessions.iter().any(|session| session.agent.id == *name);
    let of_agent =
        sessions.iter().filter(|session| if has_id { session.agent.id == *name } else { session.agent.name == name });
    let of_agent: Vec<&AgentSession> = of_agent.collect();
    let agents: BTreeSet<&AgentId> = of_agent.iter().map(|session| &session.agent.id).collect();
    match agents.len() {
        0 => Err(SessionsError::NoAgent(name.into())),
        1 => Ok(of_agent.iter().map(|session| session.id).collect()),
        _ => {
            let ids = agents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(SessionsError::SeveralAgents { name: name.into(), ids })
        }
    }
}
