//! A gateway that is killed between every two steps of a delivery, while another one works on the same database.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::task::{JoinSet, LocalSet};

use super::{SESSION, full, mapping, site, until, within};
use crate::command::{deskbell, start};
use crate::wire::Wire;
use crate::zendesk::Zendesk;
use crate::zendesk::quirks::{Fault, FaultKind};

const FILE: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";
/// Longer than anything waits.
const FOREVER: u64 = 600_000;
/// The requests for a ticket with a file and a reply to it: two files, the fields, the ticket, the comment, and then to poll the ticket and its
/// comments.
const STEPS: u32 = 7;

#[tokio::test]
async fn a_kill_at_any_step_leaves_one_complete_ticket() {
    LocalSet::new().run_until(all()).await;
}

async fn all() {
    let mut stories = JoinSet::new();
    for step in 0..STEPS {
        for fault in [FaultKind::Slow(FOREVER), FaultKind::SlowAfter(FOREVER)] {
            stories.spawn_local(async move {
                let name = format!("step {step}, {fault:?}");
                let outcome = tokio::task::spawn_local(story(step, fault)).await;
                (name, outcome.is_ok_and(|killed| killed))
            });
        }
    }
    let broken: Vec<String> =
        stories.join_all().await.into_iter().filter(|(_, good)| !good).map(|(name, _)| name).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Kills the gateway at a step, before or after Zendesk has handled it; starts it again and checks the result.
async fn story(step: u32, fault: FaultKind) -> bool {
    let (zendesk, folder) = (Zendesk::start().await, tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("deskbell.toml"), site(&zendesk, &mapping())).unwrap();
    let (mut child, address) = serve(&folder).await;
    put_file(&address).await;
    let done = matches!(fault, FaultKind::SlowAfter(_));
    zendesk.fault(Fault { method: String::new(), path_prefix: String::new(), after: step, times: 1, kind: fault });

    let mut ticket = full("One");
    ticket["attachments"] = json!([FILE]);
    let mut wire = Wire::open(&address).await.unwrap();
    wire.send("/v1/sites/desk/tickets", SESSION, "key", &ticket).await.unwrap();
    let (_, receipt) = wire.answer().await.unwrap();
    let path = format!("/v1/sites/desk/tickets/{}/messages", receipt["id"].as_str().unwrap());
    wire.send(&path, SESSION, "reply", &json!({"message": "It did not help."})).await.unwrap();
    let _ = wire.answer().await.unwrap();

    until(async || zendesk.state().faults.is_empty()).await;
    let fault = if done { "slow_after" } else { "slow" };
    if done {
        until(async || zendesk.state().log.iter().any(|entry| entry.fault.as_deref() == Some(fault))).await;
    }
    // Another one is running on the same database, and continues.
    let (_other, address) = serve(&folder).await;
    child.kill().await.unwrap();
    // The claims of the killed one expire after half a minute.
    within(Duration::from_secs(120), async || settled(&folder).await).await;
    let mut wire = Wire::open(&address).await.unwrap();
    let (status, again) = wire.post("/v1/sites/desk/tickets", SESSION, "key", &ticket).await.unwrap();
    assert_eq!((status, again), (201, receipt));
    let state = crate::zendesk::control::state(&zendesk.state());
    let tickets = state["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    let comments = tickets[0]["comments"].as_array().unwrap();
    let bodies: Vec<&str> = comments.iter().map(|one| super::words(one["body"].as_str().unwrap())).collect();
    assert_eq!(bodies, ["One", "It did not help."]);
    assert_eq!(comments[0]["attachments"].as_array().unwrap().len(), 2);
    assert_eq!(tickets[0]["priority"], "high");
    true
}

async fn serve(folder: &TempDir) -> (Child, String) {
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:test.db"];
    let (child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    (child, address)
}

async fn put_file(address: &str) {
    let client = reqwest::Client::new();
    let path = format!("http://{address}/v1/sites/desk/attachments/{FILE}?name=log.txt");
    let put = client.put(path).header("deskbell-session", SESSION).body("one line\n").send().await.unwrap();
    assert_eq!(put.status(), 201);
}

/// Whether nothing is pending, according to the database.
async fn settled(folder: &TempDir) -> bool {
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let count = "SELECT count(*) FROM deliveries WHERE state <> 'delivered'";
    let waiting: u32 = sqlx::query_scalar(count).fetch_one(&mut database).await.unwrap();
    waiting == 0
}
