//! Queues under load and errors: a locked database, attempts that panic, unreadable rows, and a gateway that is stopped.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::http::StatusCode;
use deskbell_core::ids::TicketId;
use deskbell_core::panics;
use deskbell_core::ports::destination::{DeliveryContents, DeliveryReceipt, Destination, Failure, Finding};
use deskbell_core::ports::{DeliveryKind, DeliveryState};
use domain::config::Config;
use domain::conversation::Author;
use gateway::config::Overrides;
use gateway::{wire_up, workers};
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::command::{deskbell, start};
use crate::desk;
use crate::support::{Gateway, gateway_with, on_sqlite, post, ticket};
use crate::wire::Wire;
use crate::zendesk::Zendesk;
use crate::zendesk::control::{Side, new_comment};
use crate::zendesk::quirks::{Fault, FaultKind as Trouble, next};

const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than a write waits for the database.
const HELD: Duration = Duration::from_secs(12);

/// A webhook receiver that reports requests, and responds when it is released.
struct Service {
    url: String,
    posted: mpsc::UnboundedReceiver<String>,
    may_answer: watch::Sender<bool>,
}

impl Service {
    async fn new() -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (tell, posted) = mpsc::unbounded_channel();
        let (may_answer, answers) = watch::channel(false);
        let router = Router::new().fallback(async move |body: String| {
            tell.send(body).unwrap();
            answers.clone().wait_for(|may| *may).await.unwrap();
            StatusCode::OK
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Service { url, posted, may_answer }
    }

    fn slack(&self) -> String {
        format!("to = \"slack\"\nurl = \"{}\"\nprivate = true", self.url)
    }
}

fn site(table: &str) -> String {
    format!("[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\n{table}\n")
}

async fn file(gateway: &Gateway, key: &str) -> String {
    let answer = gateway.send(post("desk", key, None, &ticket("It broke"))).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()["id"].as_str().unwrap().into()
}

/// Waits for a condition.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it is so in time");
}

/// Locks the database for a time, like an import in another process.
async fn hold(gateway: &Gateway, time: Duration) {
    let mut other = other(gateway).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    sleep(time).await;
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
}

async fn other(gateway: &Gateway) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", gateway.database().display())).await.unwrap()
}

#[tokio::test]
async fn attempts_with_an_unrecorded_outcome_are_not_repeated() {
    on_sqlite();
    let mut service = Service::new().await;
    let gateway = gateway_with(&site(&service.slack()), Overrides::default()).await;
    let id = file(&gateway, "k").await;
    tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), CancellationToken::new()));
    timeout(PATIENCE, service.posted.recv()).await.unwrap().unwrap();
    let answering = async {
        sleep(HELD / 12).await;
        service.may_answer.send_replace(true);
    };
    tokio::join!(hold(&gateway, HELD), answering);
    until(async || {
        gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].state == DeliveryState::Delivered
    })
    .await;
    assert_eq!(gateway.app.store.deliveries(&TicketId::new(&id)).await.unwrap()[0].attempts, 1);
    assert!(service.posted.try_recv().is_err(), "it was posted once");
}

#[tokio::test]
async fn mails_with_an_unrecorded_outcome_are_not_sent_again() {
    on_sqlite();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = format!(
        "[sites.desk]\norigins = [\"*\"]\nmail = {{ smtp = \"smtp://{}\", from = \"a@b.example\" }}",
        listener.local_addr().unwrap()
    );
    let gateway = gateway_with(&lines, Overrides::default()).await;
    let id = file(&gateway, "k").await;
    tokio::spawn(workers::send_mail(gateway.app.workers.mail.clone(), CancellationToken::new()));
    // The database is locked from before the server has the mail.
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    tokio::join!(hold(&gateway, HELD), async {
        sleep(HELD / 12).await;
        take(stream).await;
    });
    until(async || gateway.app.store.next_mail(&"desk".into()).await.unwrap().is_none()).await;
    let attempts: u32 = sqlx::query_scalar("SELECT tries FROM mails WHERE ticket = ?")
        .bind(&id)
        .fetch_one(&mut other(&gateway).await)
        .await
        .unwrap();
    assert_eq!(attempts, 1);
}

/// Accepts a mail like a server.
async fn take(stream: tokio::net::TcpStream) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await.unwrap();
    let mut inside = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap() == 0 {
            return;
        }
        let answer = match line.trim_end() {
            "." => "250 taken",
            "DATA" => "354 go on",
            "QUIT" if !inside => return,
            _ if inside => continue,
            _ => "250 yes",
        };
        inside = answer.starts_with("354");
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
}

/// A destination that panics at a message, and stores its other deliveries.
#[derive(Debug, Default)]
struct Fragile {
    got: Mutex<Vec<String>>,
    panics: Mutex<u32>,
}

#[async_trait]
impl Destination for Fragile {
    fn accepts(&self, _what: DeliveryKind, _author: Author) -> bool {
        true
    }

    async fn deliver(&self, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
        if contents.ticket.ticket.message == "panic" {
            let mut panics = self.panics.lock().unwrap_or_else(|broken| broken.into_inner());
            if *panics < 1 {
                *panics += 1;
                panic!("on purpose");
            }
        }
        self.got.lock().unwrap_or_else(|broken| broken.into_inner()).push(contents.ticket.ticket.message.clone());
        Ok(DeliveryReceipt::default())
    }

    async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
        Vec::new()
    }
}

#[tokio::test]
async fn panicking_attempts_are_counted_and_retried_without_affecting_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deskbell.toml");
    std::fs::write(&path, "[sites.desk]\norigins = [\"*\"]").unwrap();
    let database = Some(format!("sqlite:{}", folder.path().join("test.db").display()));
    let overrides = Overrides { config: Some(path), database, ..Overrides::default() };
    let mut setup = wire_up::load(&overrides).unwrap();
    let fragile = Arc::new(Fragile::default());
    setup.parts.destinations.insert(&"desk".into(), &"there".into(), fragile.clone());
    let app = Arc::new(wire_up::open(setup).await.unwrap());
    let router = gateway::http::router(&app.routers);
    let gateway = Gateway { app, router, folder };
    let before = panics::count();
    tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), CancellationToken::new()));
    for (key, message) in [("1", "one"), ("2", "panic"), ("3", "two")] {
        let answer = gateway.send(post("desk", key, None, &ticket(message))).await;
        assert!(answer.status.is_success());
    }
    until(async || fragile.got.lock().unwrap().len() == 3).await;
    let mut got = fragile.got.lock().unwrap().clone();
    got.sort_unstable();
    assert_eq!(got, ["one", "panic", "two"]);
    assert!(panics::count() > before);
}

#[tokio::test]
async fn unreadable_tickets_do_not_block_deliveries() {
    on_sqlite();
    let mut service = Service::new().await;
    service.may_answer.send_replace(true);
    let gateway = gateway_with(&site(&service.slack()), Overrides::default()).await;
    let (broken, whole) = (file(&gateway, "1").await, file(&gateway, "2").await);
    sqlx::query("UPDATE tickets SET severity = 'urgent' WHERE id = ?")
        .bind(&broken)
        .execute(&mut other(&gateway).await)
        .await
        .unwrap();
    tokio::spawn(workers::deliver(gateway.app.workers.deliver.clone(), CancellationToken::new()));
    let state = async |id: &str| gateway.app.store.deliveries(&TicketId::new(id)).await.unwrap()[0].clone();
    until(async || state(&whole).await.state == DeliveryState::Delivered).await;
    let dead = state(&broken).await;
    assert_eq!(dead.state, DeliveryState::DeadLetter);
    assert!(dead.reason.starts_with("its ticket cannot be read: "), "{}", dead.reason);
    assert!(service.posted.recv().await.is_some() && service.posted.try_recv().is_err());
}

#[tokio::test]
async fn shutdown_waits_for_a_running_attempt() {
    let mut service = Service::new().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), site(&service.slack())).unwrap();
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:test.db"];
    let (mut child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    let mut wire = Wire::open(&address).await.unwrap();
    let session = "00112233445566778899aabbccddeeff";
    wire.send("/v1/sites/desk/tickets", session, "key", &ticket("It broke")).await.unwrap();
    let (_, receipt): (_, Value) = wire.answer().await.unwrap();
    timeout(PATIENCE, service.posted.recv()).await.unwrap().unwrap();
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    // It accepts no more connections, and waits for the response.
    until(async || tokio::net::TcpStream::connect(&address).await.is_err()).await;
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    service.may_answer.send_replace(true);
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    let (state, attempts): (String, u32) = sqlx::query_as("SELECT state, tries FROM deliveries WHERE ticket = ?")
        .bind(receipt["id"].as_str().unwrap())
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!((state.as_str(), attempts), ("delivered", 1));
    assert!(service.posted.try_recv().is_err());
}

/// A gateway in a process of its own, with this configuration.
async fn serve(folder: &tempfile::TempDir, lines: &str) -> (tokio::process::Child, String) {
    std::fs::write(folder.path().join("deskbell.toml"), lines).unwrap();
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", "sqlite:test.db"];
    let (child, address, _out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
    (child, address)
}

/// Terminates a process, and waits until it accepts no more connections.
async fn terminate(child: &tokio::process::Child, address: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    until(async || tokio::net::TcpStream::connect(address).await.is_err()).await;
}

async fn database(folder: &tempfile::TempDir) -> SqliteConnection {
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    SqliteConnection::connect(&url).await.unwrap()
}

#[tokio::test]
async fn shutdown_waits_for_a_running_mail() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lines = format!(
        "[sites.desk]\norigins = [\"*\"]\nmail = {{ smtp = \"smtp://{}\", from = \"a@b.example\" }}",
        listener.local_addr().unwrap()
    );
    let folder = tempfile::tempdir().unwrap();
    let (mut child, address) = serve(&folder, &lines).await;
    let mut wire = Wire::open(&address).await.unwrap();
    let session = "00112233445566778899aabbccddeeff";
    assert_eq!(wire.post("/v1/sites/desk/tickets", session, "key", &ticket("It broke")).await.unwrap().0, 201);
    let (stream, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    terminate(&child, &address).await;
    take(stream).await;
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
    let mail = "SELECT tries, due_at IS NULL, claim IS NULL FROM mails";
    let mail: (u32, bool, bool) = sqlx::query_as(mail).fetch_one(&mut database(&folder).await).await.unwrap();
    assert_eq!(mail, (1, true, true));
}

#[tokio::test]
async fn shutdown_waits_for_a_running_poll() {
    let (zendesk, folder) = (Zendesk::start().await, tempfile::tempdir().unwrap());
    let (mut child, address) = serve(&folder, &desk::site(&zendesk, "")).await;
    let mut wire = Wire::open(&address).await.unwrap();
    let posted = wire.post("/v1/sites/desk/tickets", desk::SESSION, "key", &ticket("It broke")).await.unwrap();
    assert_eq!(posted.0, 201, "{}", posted.1);
    let external_id = *zendesk.state().tickets.keys().next().unwrap();
    zendesk.comment(external_id, &new_comment(Side::Agent, "Yes.")).unwrap();
    zendesk.fault(next("GET", &format!("/api/v2/tickets/{external_id}/comments"), Trouble::SlowAfter(3_000)));
    let path = format!("/v1/sites/desk/tickets/{}/messages", posted.1["id"].as_str().unwrap());
    wire.send(&path, desk::SESSION, "reply", &serde_json::json!({"message": "Well?"})).await.unwrap();
    until(async || zendesk.state().log.iter().any(|entry| entry.fault.as_deref() == Some("slow_after"))).await;
    terminate(&child, &address).await;
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
    let answers = "SELECT body FROM messages WHERE author = 'support'";
    let answers: Vec<String> = sqlx::query_scalar(answers).fetch_all(&mut database(&folder).await).await.unwrap();
    assert_eq!(answers, ["Yes."]);
}

#[tokio::test]
async fn shutdown_cancels_attempts_that_wait_for_the_rate_limit() {
    let (zendesk, folder) = (Zendesk::start().await, tempfile::tempdir().unwrap());
    let (mut child, address) = serve(&folder, &desk::site(&zendesk, "")).await;
    let refused = crate::zendesk::quirks::Answer { status: 429, retry_after: Some(3_600), html: false };
    zendesk.fault(Fault { after: 2, ..next("POST", "/api/v2/uploads", Trouble::Status(refused)) });
    let mut posting = tokio::task::JoinSet::new();
    for number in 0..6 {
        let address = address.clone();
        posting.spawn(async move {
            let mut wire = Wire::open(&address).await.unwrap();
            let key = number.to_string();
            wire.post("/v1/sites/desk/tickets", desk::SESSION, &key, &ticket("It broke")).await.unwrap().0
        });
    }
    posting.join_all().await;
    until(async || zendesk.state().faults.is_empty()).await;
    terminate(&child, &address).await;
    assert!(timeout(PATIENCE, child.wait()).await.unwrap().unwrap().success());
    let claimed = "SELECT count(*) FROM deliveries WHERE claim IS NOT NULL";
    let claimed: u32 = sqlx::query_scalar(claimed).fetch_one(&mut database(&folder).await).await.unwrap();
    let stopped =
        "SELECT count(*) FROM deliveries WHERE state = 'waiting' AND failures = 0 AND told = 'the gateway was stopped'";
    let stopped: u32 = sqlx::query_scalar(stopped).fetch_one(&mut database(&folder).await).await.unwrap();
    assert!(claimed == 0 && stopped > 0, "{claimed} are still claimed, {stopped} were stopped");
}
