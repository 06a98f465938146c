//! A gateway in a folder of its own, and a client for it.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::{StoredTicket, View};
use deskbell_core::use_cases::mail::Codes;
use deskbell_core::use_cases::search;
use gateway::config::Overrides;
use gateway::http;
use gateway::wire_up;
use http_body_util::BodyExt;
use ring::hmac;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{documented, statements};

/// The origin of a page that embeds the site `acme`.
pub const ORIGIN: &str = "https://app.acme.example";

const SITES: &str = r#"
    [sites.acme]
    origins = ["https://app.acme.example"]
    plans = { enterprise = "high" }

    [sites.trusting]
    origins = ["*"]
    trust_page = true
    plans = { enterprise = "high", free = "low" }
    panel.topics = [{ id = "billing", label = "Billing", team = "growth" }]
"#;

/// The secret of the signer of the site `signed`.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A token for the site `signed`, with changed claims.
pub fn token(more: Value) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut claims = json!({"sub": "u-7", "aud": "signed", "exp": now + 300, "name": "Ada", "plan": "enterprise"});
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    signed_with(SECRET, json!({"alg": "HS256"}), claims)
}

/// A token with this header and these claims.
pub fn signed_with(secret: &str, header: Value, claims: Value) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

thread_local! {
    static IS_ON_SQLITE: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the gateways of the current test on SQLite, because the test opens the database itself.
pub fn on_sqlite() {
    IS_ON_SQLITE.set(true);
}

/// Whether gateways are on PostgreSQL: `DESKBELL_TEST_STORE=postgres`, which the Makefile sets in a second run of the suite.
fn is_on_postgres() -> bool {
    std::env::var("DESKBELL_TEST_STORE").is_ok_and(|store| store == "postgres") && !IS_ON_SQLITE.get()
}

pub struct Gateway {
    pub app: Arc<wire_up::Gateway>,
    pub router: Router,
    pub folder: TempDir,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// A gateway with two sites.
pub async fn gateway() -> Gateway {
    open(tempfile::tempdir().unwrap(), "", Overrides::default()).await
}

/// A gateway with additional configuration, or options.
pub async fn gateway_with(lines: &str, overrides: Overrides) -> Gateway {
    open(tempfile::tempdir().unwrap(), lines, overrides).await
}

/// A gateway that has built no index yet.
pub async fn gateway_without_indexes() -> Gateway {
    open_without_indexes(tempfile::tempdir().unwrap(), "", Overrides::default()).await
}

/// Gateways on one new PostgreSQL database.
pub async fn gateways_on_postgres(count: usize, lines: &str, overrides: Overrides) -> Vec<Gateway> {
    let url = test_postgres::database();
    let mut gateways = Vec::new();
    for _ in 0..count {
        gateways.push(gateway_at(&url, lines, overrides.clone()).await);
    }
    gateways
}

/// A gateway on the PostgreSQL database at a URL.
pub async fn gateway_at(url: &str, lines: &str, overrides: Overrides) -> Gateway {
    open_at(tempfile::tempdir().unwrap(), lines, Overrides { database: Some(url.into()), ..overrides }).await
}

/// A gateway on a PostgreSQL database, in the folder of another one.
pub async fn gateway_on(url: &str, folder: TempDir, lines: &str, overrides: Overrides) -> Gateway {
    open_at(folder, lines, Overrides { database: Some(url.into()), ..overrides }).await
}

async fn open_without_indexes(folder: TempDir, lines: &str, overrides: Overrides) -> Gateway {
    let database = Some(database_in(&folder));
    open_at(folder, lines, Overrides { database, ..overrides }).await
}

async fn open_at(folder: TempDir, lines: &str, overrides: Overrides) -> Gateway {
    statements::record();
    let file = folder.path().join("deskbell.toml");
    // A folder of its own, as with SQLite, unless the test names one.
    let is_on_server = overrides.database.as_ref().is_some_and(|url| url.starts_with("postgres"));
    let attachments = match is_on_server && !lines.trim_start().starts_with("attachments") {
        true => format!("attachments = {:?}\n", folder.path().join("test-attachments")),
        false => String::new(),
    };
    std::fs::write(&file, format!("{attachments}{lines}\n{SITES}")).unwrap();
    let setup = wire_up::load(&Overrides { config: Some(file), ..overrides }).unwrap();
    let app = Arc::new(wire_up::open(setup).await.unwrap());
    Gateway { router: http::router(&app.routers), app, folder }
}

/// The URL of the database of a gateway in a folder, which is the same after a restart.
fn database_in(folder: &TempDir) -> String {
    let kept = folder.path().join("postgres.url");
    if !is_on_postgres() {
        return format!("sqlite:{}", folder.path().join("test.db").display());
    }
    std::fs::read_to_string(&kept).unwrap_or_else(|_| {
        let url = test_postgres::database();
        std::fs::write(&kept, &url).unwrap();
        url
    })
}

async fn open(folder: TempDir, lines: &str, overrides: Overrides) -> Gateway {
    let gateway = open_without_indexes(folder, lines, overrides).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    gateway
}

impl Gateway {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router.clone(), request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Posts a ticket to `acme` under a key.
    pub async fn post(&self, key: &str, ticket: &Value) -> Answer {
        self.send(post("acme", key, None, ticket)).await
    }

    /// Stops it and starts another on the same files.
    pub async fn restarted(self) -> Gateway {
        self.restarted_with("").await
    }

    /// The same with additional configuration.
    pub async fn restarted_with(self, lines: &str) -> Gateway {
        self.app.store.close().await;
        open(self.folder, lines, Overrides::default()).await
    }

    /// The same with options.
    pub async fn restarted_with_options(self, overrides: Overrides) -> Gateway {
        self.app.store.close().await;
        open(self.folder, "", overrides).await
    }

    /// A connection of its own to the database.
    pub async fn connection(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("sqlite:{}", self.database().display())).await.unwrap()
    }

    /// Makes the lists of changes of all destinations due, as after a minute.
    pub async fn list_changes_again(&self) {
        let again = "UPDATE polls SET listed_at = NULL";
        sqlx::query(again).execute(&mut self.connection().await).await.unwrap();
    }

    /// Makes the lists and the exports of changes of all destinations due.
    pub async fn read_changes_again(&self) {
        let again = "UPDATE polls SET listed_at = NULL, exported_at = NULL, behind = 0";
        sqlx::query(again).execute(&mut self.connection().await).await.unwrap();
    }

    /// Stops it and starts another on the same files, which has built no index yet.
    pub async fn reopened(self) -> Gateway {
        self.app.store.close().await;
        open_without_indexes(self.folder, "", Overrides::default()).await
    }

    /// The SQLite file.
    pub fn database(&self) -> std::path::PathBuf {
        let database = &self.app.settings().database;
        database.file().expect("a test that opens the database begins with on_sqlite()").into()
    }

    pub async fn count(&self) -> usize {
        self.app.store.list_tickets(&View::default(), None, 1000).await.unwrap().tickets.len()
    }

    /// All tickets, in the order of the agents' list.
    pub async fn tickets(&self) -> Vec<StoredTicket> {
        let mut tickets = Vec::new();
        for listed in self.app.store.list_tickets(&View::default(), None, 1000).await.unwrap().tickets {
            tickets.extend(self.app.store.ticket(&listed.id).await.unwrap());
        }
        tickets
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a problem document.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        (self.status.as_u16(), problem["code"].as_str().unwrap().to_string())
    }
}

pub fn request(method: Method, path: &str) -> axum::http::request::Builder {
    request_from("127.0.0.1:50000", method, path)
}

/// A request from an address and port.
pub fn request_from(peer: &str, method: Method, path: &str) -> axum::http::request::Builder {
    let local: SocketAddr = peer.parse().unwrap();
    Request::builder().method(method).uri(path).header("host", "localhost:8383").extension(ConnectInfo(local))
}

/// A request that posts a ticket.
pub fn post(site: &str, key: &str, session: Option<&str>, ticket: &Value) -> Request<Body> {
    let mut request = request(Method::POST, &format!("/v1/sites/{site}/tickets"))
        .header("origin", ORIGIN)
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    if let Some(session) = session {
        request = request.header("deskbell-session", session);
    }
    request.body(Body::from(ticket.to_string())).unwrap()
}

/// Sends a request. The API's response has to be documented.
pub async fn send(router: Router, request: Request<Body>) -> Answer {
    let (method, path) = (request.method().clone(), request.uri().path().to_string());
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let answer = Answer { status: parts.status, headers: parts.headers, body };
    if path.starts_with("/v1/") {
        let documented = documented::check(&method, &path, &answer);
        documented.unwrap_or_else(|error| panic!("{method} {path} {}: {error}\n{}", answer.status, answer.text()));
    }
    answer
}

/// A ticket with a message.
pub fn ticket(message: &str) -> Value {
    json!({
        "kind": "bug",
        "severity": "high",
        "message": message,
        "contact": { "name": "Ada", "email": "ada@example.com" },
        "client": { "name": "test", "version": "1" },
    })
}

/// The code that was last mailed for a ticket.
pub async fn mailed_code(gateway: &Gateway, id: &str) -> String {
    let store = &gateway.app.store;
    let claimed = store.claimed_address(&TicketId::new(id)).await.unwrap().unwrap();
    Codes::new(&store.confirmations_key().await.unwrap()).code(&TicketId::new(id), claimed.code)
}

/// Imports questions into the database of a gateway, like another process would.
pub async fn import(gateway: &Gateway, site: &str, questions: &[(&str, &str)]) {
    let store = wire_up::open_store(gateway.app.settings()).await.unwrap();
    let lines: String =
        questions.iter().map(|(id, title)| format!("{}\n", json!({ "id": id, "title": title }))).collect();
    let reading = sources::json_lines(&lines);
    let limited = search::import::Prune::Limited;
    search::import::write(store.as_ref(), &SiteKey::new(site), "test", reading.questions, limited).await.unwrap();
    store.close().await;
}
