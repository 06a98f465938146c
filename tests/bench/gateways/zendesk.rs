//! The stand-in for Zendesk, in a process of its own.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::Outcome;

/// How many requests the account accepts in a minute: less than 5,000 tickets in ten minutes need.
pub const RATE: usize = 3_000;

/// A running stand-in, which ends when it is dropped.
pub struct Zendesk {
    /// Its address, without a slash at the end.
    pub url: String,
    client: reqwest::Client,
    _process: Child,
}

impl Zendesk {
    /// Starts it.
    pub async fn start() -> Outcome<Zendesk> {
        let program = Path::new(env!("CARGO_BIN_EXE_deskbell")).with_file_name("examples").join("zendesk");
        let mut command = Command::new(&program);
        let mut process = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().map_err(|error| {
            format!("{}: {error}; build it with cargo build --package gateway --example zendesk", program.display())
        })?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("nothing to read")?).read_line(&mut line).await?;
        let url = line.trim_end().strip_prefix("Zendesk stands in at ").ok_or("the stand-in did not start")?;
        let url = url.trim_end_matches('/').to_string();
        let zendesk = Zendesk { url, client: reqwest::Client::new(), _process: process };
        let quirks = zendesk.client.post(format!("{}/_control/quirks", zendesk.url));
        quirks.json(&json!({ "rate_limit": RATE })).send().await?.error_for_status()?;
        Ok(zendesk)
    }

    /// Its whole state.
    pub async fn state(&self) -> Outcome<Value> {
        Ok(self.client.get(format!("{}/_control/state", self.url)).send().await?.error_for_status()?.json().await?)
    }
}
