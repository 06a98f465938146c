//! Sixty-four connections send tickets while another process imports a hundred thousand questions.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::task::JoinSet;

use super::client::{Caller, ticket};
use super::gateway::{Gateway, NO_LIMITS, deskbell};
use super::made::{Random, SEED, Words};
use super::{Outcome, TICKET_MAX, millis, share};

const QUESTIONS: usize = 100_000;
const CONNECTIONS: usize = 64;

/// Prints how long tickets took meanwhile, and how many were refused.
pub async fn print(faults: &mut Vec<String>) -> Outcome {
    let folder = tempfile::tempdir()?;
    let words = Words::of_the_demo()?;
    let mut random = Random(SEED);
    let lines: Result<Vec<String>, _> =
        (0..QUESTIONS).map(|number| serde_json::to_string(&words.question(number, &mut random))).collect();
    fs::write(folder.path().join("questions.jsonl"), lines?.join("\n"))?;
    let gateway = Gateway::start(folder.path(), NO_LIMITS, "")?;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut connections = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let caller = Caller::new(&gateway.address, "192.0.2.1").with("deskbell-session", format!("{connection:032x}"));
        let is_over = is_over.clone();
        connections.spawn(async move {
            let (mut times, mut refused) = (Vec::new(), Vec::new());
            for number in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                let caller = caller.with("idempotency-key", format!("{connection}-{number}"));
                let start = Instant::now();
                match caller.ask(Method::POST, "/v1/sites/acme/tickets", Some(ticket("The export stops"))).await {
                    Ok((status, _, _)) if status.is_success() => times.push(start.elapsed()),
                    Ok((status, text, _)) => refused.push(format!("{status}: {text}")),
                    Err(error) => refused.push(error.to_string()),
                }
            }
            (times, refused)
        });
    }
    let import = ["import", "--database", "sqlite:load.db", "--site", "acme", "questions.jsonl"];
    let start = Instant::now();
    let mut importing = tokio::process::Command::from(deskbell(folder.path(), &import)).spawn()?;
    let imported = importing.wait().await?;
    let took = start.elapsed();
    is_over.store(true, Ordering::Relaxed);
    let (mut times, mut refused): (Vec<Duration>, Vec<String>) = (Vec::new(), Vec::new());
    for (some, others) in connections.join_all().await {
        times.extend(some);
        refused.extend(others);
    }
    times.sort_unstable();
    let p99 = share(&times, 0.99);
    if p99 > TICKET_MAX {
        faults.push(format!("tickets beside an import: {} at the 99th of 100", millis(p99)));
    }
    if !refused.is_empty() || !imported.success() {
        faults.push(format!("tickets beside an import: {} refused; {imported}", refused.len()));
    }
    println!(
        "\n{QUESTIONS} questions imported in {:.1} s ({imported}) beside {CONNECTIONS} connections: {} tickets, p50 {}, p99 {}, longest {}, {} refused{}",
        took.as_secs_f64(),
        times.len(),
        millis(share(&times, 0.5)),
        millis(share(&times, 0.99)),
        millis(share(&times, 1.0)),
        refused.len(),
        refused.first().map(|first| format!(", the first by {first}")).unwrap_or_default()
    );
    Ok(())
}
