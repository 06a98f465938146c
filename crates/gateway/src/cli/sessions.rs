//! `deskbell sessions`.

use std::process::ExitCode;

use clap::{ArgGroup, Subcommand};
use deskbell_core::ids::AgentSessionId;
use deskbell_core::ports::{AgentSession, Grant, LoginMethod, SiteScope};
use serde_json::{Value, json};

use super::options::{DatabaseOptions, Page};
use super::output::{minute, note, print_json, print_line, print_table};
use gateway::GatewayError;
use gateway::commands::OpenData;
use gateway::commands::sessions::{self, EndedSessions};

#[derive(Subcommand)]
pub enum Sessions {
    /// List the sessions of agents, latest first.
    List(ListSessions),
    /// End sessions: the browser is logged out at its next request. The audit log notes it.
    End(EndSessions),
}

#[derive(clap::Args)]
pub struct ListSessions {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    page: Page,
}

#[derive(clap::Args)]
#[command(group = ArgGroup::new("ended").required(true).args(["id", "agent"]))]
pub struct EndSessions {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The number of a session, as `sessions list` shows it.
    #[arg(value_name = "ID")]
    id: Option<i64>,
    /// All sessions of an agent, by name or by id (`token:ana`).
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
}

pub async fn run_sessions(command: Sessions) -> Result<ExitCode, GatewayError> {
    match command {
        Sessions::List(options) => list(options).await,
        Sessions::End(options) => end(options).await,
    }
}

async fn list(options: ListSessions) -> Result<ExitCode, GatewayError> {
    let ListSessions { database, page: Page { limit, after, json } } = options;
    let data = OpenData::open(&database.settings()?).await?;
    let found = sessions::list(&data, after.map(AgentSessionId::new), limit).await;
    data.close().await;
    let found = found?;
    let next = found.last().map(|last| last.id.as_number()).filter(|_| found.len() == limit as usize);
    if json {
        let sessions: Vec<Value> = found.iter().map(session_json).collect();
        print_json(&json!({ "sessions": sessions, "next": next }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let columns = ["ID", "AGENT", "AGENT ID", "ROLE", "LOGIN", "SINCE (UTC)", "LAST USED", "ENDS", "ADDRESS"];
    let rows: Vec<Vec<String>> = found.iter().map(row).collect();
    print_table(&columns, &rows)?;
    if found.is_empty() {
        note("no agent is logged in");
    } else if next.is_some() {
        note("there may be more; use --limit, or --json with --after");
    }
    Ok(ExitCode::SUCCESS)
}

async fn end(options: EndSessions) -> Result<ExitCode, GatewayError> {
    let EndSessions { database, id, agent } = options;
    let ended = match (id, agent) {
        (Some(id), _) => EndedSessions::One(AgentSessionId::new(id)),
        (None, agent) => EndedSessions::OfAgent(agent.unwrap_or_default()),
    };
    let data = OpenData::open(&database.settings()?).await?;
    let ended = sessions::end(&data, &ended).await;
    data.close().await;
    for session in ended? {
        print_line(&format!("ended session {} of {}", session.id.as_number(), session.agent.name))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(session: &AgentSession) -> Vec<String> {
    let AgentSession { id, agent, method, address, created_at, seen_at, expires_at, .. } = session;
    vec![
        id.as_number().to_string(),
        agent.name.clone(),
        agent.id.to_string(),
        agent.grants.iter().map(grant_text).collect::<Vec<_>>().join("; "),
        login(*method).into(),
        minute(*created_at),
        minute(*seen_at),
        minute(*expires_at),
        address.clone(),
    ]
}

/// A role with its sites.
fn grant_text(grant: &Grant) -> String {
    match &grant.sites {
        SiteScope::All => grant.role.word().into(),
        SiteScope::Only(sites) => {
            let sites: Vec<&str> = sites.iter().map(|site| site.as_str()).collect();
            format!("{} of {}", grant.role.word(), sites.join(", "))
        }
    }
}

fn login(method: LoginMethod) -> &'static str {
    match method {
        LoginMethod::Oidc => "provider",
        LoginMethod::PersonalToken => "token",
        LoginMethod::SharedToken => "shared token",
    }
}

fn session_json(session: &AgentSession) -> Value {
    let AgentSession { id, agent, method, address, browser, created_at, seen_at, expires_at, .. } = session;
    json!({
        "id": id.as_number(),
        "agent": agent.id,
        "name": agent.name,
        "grants": agent.grants,
        "login": method.word(),
        "address": address,
        "browser": browser,
        "created_at": created_at,
        "seen_at": seen_at,
        "expires_at": expires_at,
    })
}
