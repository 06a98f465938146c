//! An upgrade by one version and the way back, while customers send tickets and replies: nothing is refused, lost or done twice.
//!
//! `DESKBELL_TEST_PREVIOUS` names the command of the version before. Without it, as long as none was released, the program of this version stands in
//! for it, and for the next one as well: what tells them apart is then a migration that it does not know and that adds a column to every table. So the
//! test shows that this version works on the database of the next one, beside it and after it; that a real version before does so on
//! this one, only its command can show.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::io::BufReader;
use tokio::process::{Child, ChildStdout};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::command::{deskbell, program, start, stop};
use crate::support::ticket;
use crate::upgrade::Service;

/// Longer than everything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// How many customers send at the same time.
const CUSTOMERS: usize = 4;
/// How many requests are acknowledged before the next step.
const MORE: u64 = 40;
/// How long a customer whom no gateway answers waits before the next attempt.
const PAUSE: Duration = Duration::from_millis(20);

#[tokio::test]
async fn gateways_of_two_versions_replace_each_other_one_by_one_on_postgres() {
    tokio::time::timeout(PATIENCE, on_postgres()).await.unwrap();
}

#[tokio::test]
async fn a_gateway_is_replaced_by_the_next_version_and_back_on_sqlite() {
    tokio::time::timeout(PATIENCE, on_sqlite()).await.unwrap();
}

async fn on_postgres() {
    let installation = Installation::new(test_postgres::database()).await;
    let load = Load::start();
    let previous = installation.serve(Version::Previous).await;
    load.balance(&[&previous]);
    load.until_more().await;
    installation.migrate().await;
    load.until_more().await;
    let next = installation.serve(Version::Next).await;
    load.balance(&[&previous, &next]);
    load.until_more().await;
    previous.end().await;
    load.until_more().await;
    // And back.
    let previous = installation.serve(Version::Previous).await;
    load.balance(&[&next, &previous]);
    load.until_more().await;
    next.end().await;
    load.until_more().await;
    installation.check(&load).await;
    assert_eq!(load.pauses.load(Ordering::Relaxed), 0, "at every moment a gateway has answered");
}

/// Here one gateway ends before the next one starts. Meanwhile customers are not answered, and browsers send again.
async fn on_sqlite() {
    let installation = Installation::new("sqlite:test.db".into()).await;
    let load = Load::start();
    let mut serving = installation.serve(Version::Previous).await;
    load.balance(&[&serving]);
    load.until_more().await;
    installation.migrate().await;
    load.until_more().await;
    for version in [Version::Next, Version::Previous] {
        serving.end().await;
        serving = installation.serve(version).await;
        load.balance(&[&serving]);
        load.until_more().await;
    }
    installation.check(&load).await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Previous,
    Next,
}

/// The command of the version before, if there is one.
fn previous_command() -> Option<PathBuf> {
    std::env::var_os("DESKBELL_TEST_PREVIOUS").map(PathBuf::from)
}

/// A database with a configuration and a service to which everything is delivered.
struct Installation {
    folder: TempDir,
    database: String,
    service: Service,
}

impl Installation {
    async fn new(database: String) -> Installation {
        outbound_http::install_crypto();
        let (folder, service) = (tempfile::tempdir().unwrap(), Service::start().await);
        let configuration = format!(
            "attachments = \"files\"
            [limits]
            address = 1000000
            session = 1000000
            site = 1000000
            [sites.acme]
            origins = [\"*\"]
            [sites.acme.destinations.own]
            to = \"webhook\"
            url = {:?}
            private = true
            secret = \"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"",
            service.url
        );
        std::fs::write(folder.path().join("deskbell.toml"), configuration).unwrap();
        Installation { folder, database, service }
    }

    async fn serve(&self, version: Version) -> Serving {
        let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", &self.database];
        let mut command = match previous_command().filter(|_| version == Version::Previous) {
            Some(file) => program(&file, self.folder.path(), &arguments),
            None => deskbell(self.folder.path(), &arguments),
        };
        let (child, address, out) = start(command.stderr(Stdio::null())).await;
        Serving { child, address, _out: out }
    }

    /// Applies the migrations of the next version.
    async fn migrate(&self) {
        if previous_command().is_some() {
            let arguments = ["migrate", "--config", "deskbell.toml", "--database", &self.database];
            let output = deskbell(self.folder.path(), &arguments).output().await.unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            return;
        }
        let tables = match self.is_sqlite() {
            true => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
            false => "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
        };
        let record = match self.is_sqlite() {
            true => {
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'next', 1, x'00', 1)"
            }
            false => {
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'next', true, '\\x00', 1)"
            }
        };
        for table in self.texts(tables.into()).await.iter().filter(|table| *table != "_sqlx_migrations") {
            self.execute(format!("ALTER TABLE {table} ADD COLUMN next_version TEXT NOT NULL DEFAULT 'next'")).await;
        }
        self.execute(record.into()).await;
    }

    /// Everything that was acknowledged is in the database once, and was delivered once; and nothing was refused.
    async fn check(&self, load: &Load) {
        load.is_over.store(true, Ordering::Relaxed);
        load.until_all_have_ended().await;
        assert_eq!(*load.refusals.lock().unwrap(), Vec::<String>::new());
        while !self.texts("SELECT destination FROM deliveries WHERE state = 'waiting'".into()).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let sent = load.sent.lock().unwrap().clone();
        let mut expected: Vec<String> = sent.clone();
        let mut stored = self.texts("SELECT title FROM tickets UNION ALL SELECT body FROM messages".into()).await;
        expected.sort();
        stored.sort();
        assert_eq!(stored, expected);
        let events = self.service.got.lock().unwrap().clone();
        let ids: BTreeSet<&String> = events.iter().map(|(id, _)| id).collect();
        assert_eq!((events.len(), ids.len()), (sent.len(), sent.len()), "each is delivered once");
        for text in &sent {
            let is_ticket = text.starts_with("Ticket");
            let quoted = format!("{text:?}");
            let same_kind = events.iter().filter(|(_, body)| body.contains("ticket.created") == is_ticket);
            assert_eq!(same_kind.filter(|(_, body)| body.contains(&quoted)).count(), 1, "{text}");
        }
    }

    fn is_sqlite(&self) -> bool {
        self.database.starts_with("sqlite:")
    }

    fn sqlite_url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("test.db").display())
    }

    /// The texts that a query selects.
    async fn texts(&self, query: String) -> Vec<String> {
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.sqlite_url()).await.unwrap();
            return sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap();
        }
        let mut connection = PgConnection::connect(&self.database).await.unwrap();
        sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut connection).await.unwrap()
    }

    async fn execute(&self, statement: String) {
        if self.is_sqlite() {
            let mut connection = SqliteConnection::connect(&self.sqlite_url()).await.unwrap();
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
            return;
        }
        let mut connection = PgConnection::connect(&self.database).await.unwrap();
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
}

/// A running gateway.
struct Serving {
    child: Child,
    address: String,
    _out: BufReader<ChildStdout>,
}

impl Serving {
    /// Ends it as a restart does.
    async fn end(mut self) {
        stop(&self.child).await;
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// What customers send, and what came of it.
#[derive(Default)]
struct Load {
    /// The gateways that customers reach.
    addresses: Mutex<Vec<String>>,
    /// How many requests were answered.
    answered: watch::Sender<u64>,
    /// The texts of acknowledged tickets and replies.
    sent: Mutex<Vec<String>>,
    /// Answers of gateways other than success.
    refusals: Mutex<Vec<String>>,
    /// How often no gateway has answered a customer.
    pauses: AtomicU64,
    is_over: AtomicBool,
    customers: TaskTracker,
}

impl Load {
    fn start() -> Arc<Load> {
        let load = Arc::new(Load::default());
        for number in 0..CUSTOMERS {
            load.customers.spawn(send_and_read(load.clone(), number));
        }
        load
    }

    fn balance(&self, gateways: &[&Serving]) {
        *self.addresses.lock().unwrap() = gateways.iter().map(|gateway| gateway.address.clone()).collect();
    }

    async fn until_more(&self) {
        let mut answered = self.answered.subscribe();
        let enough = *answered.borrow() + MORE;
        answered.wait_for(|count| *count >= enough).await.unwrap();
    }

    async fn until_all_have_ended(&self) {
        self.customers.close();
        self.customers.wait().await;
    }

    /// The answer to a request, which is sent until a gateway answers it: to the next gateway at once, as a load balancer does, and to all again after
    /// a pause, as the panel does.
    async fn answer(&self, request: impl Fn(&str) -> RequestBuilder) -> Value {
        loop {
            let addresses = self.addresses.lock().unwrap().clone();
            let turn = *self.answered.borrow() as usize;
            for number in 0..addresses.len() {
                let address = &addresses[(turn + number) % addresses.len()];
                let Ok(answer) = request(&format!("http://{address}/v1/sites/acme")).send().await else { continue };
                let status = answer.status();
                let Ok(text) = answer.text().await else { continue };
                self.answered.send_modify(|count| *count += 1);
                if !status.is_success() {
                    self.refusals.lock().unwrap().push(format!("{status}: {text}"));
                }
                return serde_json::from_str(&text).unwrap_or_default();
            }
            if !addresses.is_empty() {
                self.pauses.fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends a text under a key that is as unique.
    async fn send(&self, client: &Client, session: &str, path: &str, text: &str, body: Value) -> Value {
        let answer = self.answer(|site| {
            let request = client.post(format!("{site}/{path}")).header("deskbell-session", session);
            let request = request.header("idempotency-key", text.replace(' ', "-"));
            request.header("content-type", "application/json").body(body.to_string())
        });
        let answer = answer.await;
        self.sent.lock().unwrap().push(text.into());
        answer
    }
}

/// One customer, who sends tickets, replies to each, and reads it.
async fn send_and_read(load: Arc<Load>, customer: usize) {
    // A connection for each request, so that every request finds out which gateways are there.
    let client = Client::builder().pool_max_idle_per_host(0).build().unwrap();
    let session = format!("{customer:032x}");
    for number in 0.. {
        if load.is_over.load(Ordering::Relaxed) {
            return;
        }
        let text = format!("Ticket {customer}-{number}");
        let sent = load.send(&client, &session, "tickets", &text, ticket(&text)).await;
        let id = sent["id"].as_str().unwrap_or_default().to_string();
        let (text, path) = (format!("Reply {customer}-{number}"), format!("tickets/{id}/messages"));
        load.send(&client, &session, &path, &text, json!({ "message": text })).await;
        for path in ["config", &format!("tickets/{id}"), &format!("tickets/{id}/messages")] {
            load.answer(|site| client.get(format!("{site}/{path}")).header("deskbell-session", &session)).await;
        }
    }
}
