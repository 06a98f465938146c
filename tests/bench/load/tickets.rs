//! Lists, searches, tickets and deliveries where there are so many tickets.

use std::time::{Duration, Instant};

use reqwest::Method;

use super::client::{Caller, INBOX_TOKEN, ticket};
use super::gateway::Gateway;
use super::{Outcome, fill, row};

/// How often each thing is asked for.
const TIMES: usize = 200;

/// Prints how long each thing takes among so many tickets.
pub async fn print(count: usize) -> Outcome {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("load.db");
    let filled = fill::fill(&database, count).await?;
    let size = std::fs::metadata(&database)?.len() / 1_000_000;
    {
        let limits = "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000";
        let gateway = Gateway::start(folder.path(), limits, "")?;
        let caller = Caller::new(&gateway.address, "192.0.2.1");
        let agent = caller.with("authorization", format!("Bearer {INBOX_TOKEN}"));
        let person = caller.signed(&filled.person);
        let rare = filled.rare.as_str();
        let reference = filled.reference.as_str();
        for (name, path) in [
            ("inbox, first page", "/inbox".to_string()),
            ("inbox, all, first page", "/inbox?status=all".into()),
            ("inbox, tenth page", "/inbox?page=9".into()),
            ("inbox, a site and a person", "/inbox?site=acme&assignee=Ana".into()),
            ("inbox, search: a word of few", format!("/inbox?q={rare}")),
            ("inbox, search: a word of most", format!("/inbox?q={}", filled.common)),
            ("inbox, search: both", format!("/inbox?q={}+{rare}", filled.common)),
            ("inbox, search: half a word", format!("/inbox?q={}", &rare[..rare.len() / 2])),
            ("inbox, search: a reference", format!("/inbox?q={reference}")),
            ("inbox, a ticket", format!("/inbox/tickets/{reference}")),
        ] {
            row(count, name, times(&agent, &path).await?);
        }
        row(count, "a customer's tickets", times(&person, "/v1/sites/acme/tickets").await?);
        row(count, "taking a ticket", take(&person).await?);
        println!("{count:>9}  memory {} MB, database {size} MB", gateway.memory()?);
    }
    row(count, "claiming deliveries, six at a time", fill::claim(&database, TIMES).await?);
    Ok(())
}

async fn times(caller: &Caller, path: &str) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let (status, text, time) = caller.ask(Method::GET, path, None).await?;
        if !status.is_success() {
            return Err(format!("{path}: {status}: {text}").into());
        }
        times.push(time);
    }
    Ok(times)
}

async fn take(caller: &Caller) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    for number in 0..TIMES {
        let caller = caller.with("idempotency-key", format!("taken-{number}"));
        let start = Instant::now();
        let body = ticket(&format!("The export stops at row {number}"));
        let (status, text, _) = caller.ask(Method::POST, "/v1/sites/acme/tickets", Some(body)).await?;
        if !status.is_success() {
            return Err(format!("a ticket: {status}: {text}").into());
        }
        times.push(start.elapsed());
    }
    Ok(times)
}
