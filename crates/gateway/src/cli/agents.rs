//! `deskbell agents`.

use std::process::ExitCode;

use clap::Subcommand;
use gateway::GatewayError;
use gateway::config::starter;

#[derive(Subcommand)]
pub enum Agents {
    /// Make a personal token for an agent, and the table for the configuration file.
    ///
    /// The agent gets the token; the table has only its SHA-256. Nothing is stored. To replace a token, exchange token_sha256 in the table
    /// and reload the gateway, which ends the agent's sessions.
    Token(AgentToken),
}

#[derive(clap::Args)]
pub struct AgentToken {
    /// The id of the agent, which stays the same when their name or token changes.
    #[arg(value_name = "ID")]
    id: String,
    /// The name that customers see [default: the id].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What the agent may do: agent answers tickets, lead also sends deliveries again, administrator also erases tickets, ends sessions
    /// and reads the audit log.
    #[arg(long, value_name = "ROLE", default_value = "agent", value_parser = ["agent", "lead", "administrator"])]
    role: String,
    /// A site on which they have the role; repeatable [default: all sites].
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<String>,
}

pub fn make_token(options: AgentToken) -> Result<ExitCode, GatewayError> {
    let AgentToken { id, name, role, sites } = options;
    let (token, table) = starter::agent(&id, name.as_deref().unwrap_or(&id), &role, &sites)?;
    eprintln!(
        "The token of {id}, which is shown only now:\n\n{token}\n\nAdd this to the configuration file and reload the gateway:\n"
    );
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}
