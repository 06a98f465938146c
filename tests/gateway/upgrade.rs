//! A database with a full queue, written by commit 5f755cf, is served by this gateway: everything in it arrives, once, and is
//! read as before; also if it was moved to PostgreSQL.
//!
//! `upgrade/database.sql` is that database (`sqlite3 .dump`): 12 tickets of the site `desk`, 4 of them by a signed person and 8 by a session,
//! with replies, a file, an answer and a note of an agent, and nothing of it delivered to any of four destinations; and a ticket of
//! the site `plain`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::command::{deskbell, start};
use crate::mail::take;
use crate::support::{SECRET, signed_with};
use crate::zendesk::{self, Zendesk};

const DATABASE: &str = include_str!("upgrade/database.sql");
/// The body of the second ticket, as it was sent under the key `old-1`.
const BODY: &str = include_str!("upgrade/ticket-1.body");
/// The references, in the order of the messages `Ticket 0 …` to `Ticket 11 …`, then that of the site `plain`.
const REFERENCES: [&str; 13] = [
    "DB-DS629", "DB-EQTW6", "DB-5EAHT", "DB-G3TC9", "DB-E4T0G", "DB-V2NK8", "DB-AMTHJ", "DB-4HGKH", "DB-J7GW7",
    "DB-SNQMR", "DB-X5Q5S", "DB-Z9R7P", "DB-PGHH9",
];
const SESSION: &str = "00112233445566778899aabbccddeeff";
const INBOX_TOKEN: &str = "a-long-inbox-token-1234";
/// Longer than everything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test]
async fn deliveries_queued_by_an_older_version_arrive_once() {
    deliveries_arrive_once(Place::Sqlite).await;
}

#[tokio::test]
async fn deliveries_queued_before_a_move_to_postgres_arrive_once() {
    deliveries_arrive_once(Place::MovedToPostgres).await;
}

async fn deliveries_arrive_once(place: Place) {
    let (zendesk, service, channel, mailbox) =
        (Zendesk::start().await, Service::start().await, Service::start().await, Mailbox::start().await);
    let old = Old::start(place, &zendesk.url(), &service.url, &channel.url, &mailbox.address).await;
    old.until_nothing_waits().await;

    let zendesk_state = zendesk::control::state(&zendesk.state());
    let tickets: BTreeMap<String, &Value> = zendesk_state["tickets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ticket| (number(ticket["subject"].as_str().unwrap()), ticket))
        .collect();
    assert_eq!(tickets.len(), 12);
    assert_eq!(zendesk_state["tickets"].as_array().unwrap().len(), 12);
    for (number, comments, is_solved) in
        [("1", 2, false), ("2", 2, true), ("4", 1, false), ("5", 2, false), ("6", 2, true)]
    {
        let ticket = tickets[number];
        let bodies = ticket["comments"].as_array().unwrap().iter().filter_map(|one| one["body"].as_str());
        // A notice precedes the message of an unsigned customer.
        let is_message =
            |line: &str| ["Ticket ", "More about ", "Please reload"].iter().any(|words| line.starts_with(words));
        let shown = bodies.filter(|body| body.lines().any(is_message));
        assert_eq!(shown.count(), comments, "ticket {number}: {ticket:#}");
        assert_eq!(ticket["status"] == "solved", is_solved, "ticket {number}");
    }
    let files = tickets["1"]["comments"][0]["attachments"].as_array().unwrap();
    assert!(files.iter().any(|file| file["file_name"] == "log.txt"), "{files:#?}");

    let events = service.got.lock().unwrap().clone();
    let ids: std::collections::BTreeSet<&str> = events.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((events.len(), ids.len()), (21, 21));
    assert_eq!(events.iter().filter(|(_, body)| body.contains("ticket.created")).count(), 12);
    assert_eq!(channel.got.lock().unwrap().len(), 12);
    let mails = mailbox.mails.lock().unwrap().clone();
    let to =
        |address: &str| mails.iter().filter(|mail| mail.lines().any(|line| line == format!("To: {address}"))).count();
    // Three receipts for the unsigned address, one for each ticket of the verified customer.
    assert_eq!((to("desk@acme.example"), to("ben@example.com"), to("ada@acme.example")), (20, 3, 4));
}

#[tokio::test]
async fn data_of_an_older_version_is_read() {
    data_is_read(Place::Sqlite).await;
}

#[tokio::test]
async fn data_of_an_older_version_is_read_after_a_move_to_postgres() {
    data_is_read(Place::MovedToPostgres).await;
}

async fn data_is_read(place: Place) {
    let nobody = "http://127.0.0.1:1/";
    let old = Old::start(place, "http://127.0.0.1:1", nobody, nobody, "127.0.0.1:1").await;
    let session = [("deskbell-session", SESSION.to_string())];
    let person = [("authorization", format!("Bearer {}", token()))];
    for (who, count) in [(&session, 8), (&person, 4)] {
        let list = old.get("/v1/sites/desk/tickets", who).await;
        assert_eq!(list["tickets"].as_array().unwrap().len(), count, "{list:#}");
    }
    let list = old.get("/v1/sites/desk/tickets", &session).await;
    let find = |reference: &str| {
        list["tickets"].as_array().unwrap().iter().find(|one| one["reference"] == reference).unwrap().clone()
    };
    assert_eq!((&find(REFERENCES[2])["status"], &find(REFERENCES[4])["status"]), (&json!("solved"), &json!("open")));
    let title = find(REFERENCES[1])["title"].as_str().unwrap().to_string();
    assert_eq!(title, "Ticket 1 of before: the export stops at row 100 Grüße");
    // What was shown of an unverified ticket before is still shown.
    assert_eq!(find(REFERENCES[5])["unread"], 1);
    let id = find(REFERENCES[1])["id"].as_str().unwrap().to_string();
    let messages = old.get(&format!("/v1/sites/desk/tickets/{id}/messages"), &session).await;
    let bodies: Vec<&str> =
        messages["messages"].as_array().unwrap().iter().map(|one| one["body"].as_str().unwrap()).collect();
    assert_eq!(bodies, [title.as_str(), "More about ticket 1"]);
    let file = &messages["messages"][0]["attachments"][0];
    assert_eq!(file["name"], "log.txt");
    assert_eq!(old.text(file["url"].as_str().unwrap(), &[]).await.1, "a line of a log\n");

    // The same key belongs to the same bytes for good.
    let again = old.client.post(old.url("/v1/sites/desk/tickets")).header("deskbell-session", SESSION);
    let again = again.header("idempotency-key", "old-1").header("content-type", "application/json").body(BODY);
    let again: Value = again.send().await.unwrap().json().await.unwrap();
    assert_eq!(again["reference"], REFERENCES[1]);

    let agent = [("authorization", format!("Bearer {INBOX_TOKEN}"))];
    let all = "?status=all";
    for (query, found) in
        [(all, &REFERENCES[..]), ("?q=gr%C3%BCsse", &REFERENCES[..12]), ("?q=platform", &REFERENCES[5..6])]
    {
        let (status, page) = old.text(&format!("/inbox{query}"), &agent).await;
        assert_eq!(status, 200);
        for reference in found {
            assert!(page.contains(reference), "{reference} is not found by {query:?}");
        }
    }
    let (status, page) = old.text(&format!("/inbox/tickets/{}", REFERENCES[5]), &agent).await;
    assert_eq!(status, 200);
    for words in ["Please reload the page.", "Asked the platform team.", "x is undefined"] {
        assert!(page.contains(words), "{words}");
    }
}

/// The number of a ticket, from its message.
fn number(subject: &str) -> String {
    let rest = subject.split("Ticket ").nth(1).unwrap();
    rest.chars().take_while(char::is_ascii_digit).collect()
}

/// A token of the customer who sent every third ticket.
fn token() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({"sub": "u-7", "aud": "desk", "exp": now + 600, "name": "Ada"});
    signed_with(SECRET, json!({"alg": "HS256"}), claims)
}

/// Where the current gateway has the old data.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the old database.
    Sqlite,
    /// In another one, to which the old one was moved.
    MovedToPostgres,
}

/// The current gateway with the old data.
struct Old {
    folder: TempDir,
    /// The URL of the database.
    database: String,
    address: String,
    client: reqwest::Client,
    _serving: (Child, tokio::io::BufReader<tokio::process::ChildStdout>),
}

impl Old {
    async fn start(place: Place, zendesk: &str, service: &str, channel: &str, smtp: &str) -> Old {
        let folder = tempfile::tempdir().unwrap();
        write_database(&folder.path().join("old.db")).await;
        let files = folder.path().join("old-attachments");
        std::fs::create_dir(&files).unwrap();
        let old_files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/gateway/upgrade/files");
        for file in std::fs::read_dir(old_files).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), files.join(file.file_name())).unwrap();
        }
        let configuration = configuration(zendesk, service, channel, smtp);
        let configuration = format!("attachments = \"old-attachments\"\n{configuration}");
        std::fs::write(folder.path().join("deskbell.toml"), configuration).unwrap();
        let database = match place {
            Place::Sqlite => "sqlite:old.db".to_string(),
            Place::MovedToPostgres => test_postgres::database(),
        };
        if place == Place::MovedToPostgres {
            run(folder.path(), &["migrate", "--config", "deskbell.toml", "--database", "sqlite:old.db"]).await;
            let arguments = ["move", "--config", "deskbell.toml", "--database", &database, "--from", "sqlite:old.db"];
            run(folder.path(), &arguments).await;
        }
        let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", &database];
        let (child, address, out) = start(deskbell(folder.path(), &arguments).stderr(Stdio::null())).await;
        // The HTTP client needs a provider, though nothing here is encrypted. It is no error if one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Old { folder, database, address, client: reqwest::Client::new(), _serving: (child, out) }
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.into() } else { format!("http://{}{path}", self.address) }
    }

    async fn text(&self, path: &str, headers: &[(&str, String)]) -> (StatusCode, String) {
        let mut request = self.client.get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    async fn get(&self, path: &str, headers: &[(&str, String)]) -> Value {
        let (status, text) = self.text(path, headers).await;
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn until_nothing_waits(&self) {
        let waiting = async {
            loop {
                let waiting = "SELECT destination FROM deliveries WHERE state = 'waiting'
                    UNION ALL SELECT 'mail' FROM mails WHERE due_at IS NOT NULL";
                if self.query(waiting).await.is_empty() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("everything is delivered in time");
        let lost = self.query("SELECT destination FROM deliveries WHERE state <> 'delivered'").await;
        assert_eq!(lost, Vec::<String>::new());
    }

    /// The texts that a query selects.
    async fn query(&self, query: &'static str) -> Vec<String> {
        match self.database.strip_prefix("sqlite:") {
            Some(file) => {
                let path = self.folder.path().join(file);
                let mut database = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
                sqlx::query_scalar(query).fetch_all(&mut database).await.unwrap()
            }
            None => {
                let mut database = PgConnection::connect(&self.database).await.unwrap();
                sqlx::query_scalar(query).fetch_all(&mut database).await.unwrap()
            }
        }
    }
}

/// Runs a command, which has to succeed.
async fn run(folder: &Path, arguments: &[&str]) {
    let output = tokio::time::timeout(PATIENCE, deskbell(folder, arguments).output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Writes the old database with current times in its queue: what is older than three days is not delivered any more.
async fn write_database(path: &Path) {
    let mut database = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(DATABASE)).execute(&mut database).await.unwrap();
    let now = deskbell_core::clock::now().to_string();
    for queue in ["UPDATE deliveries SET created_at = ?1, due_at = ?1", "UPDATE mails SET created_at = ?1, due_at = ?1"]
    {
        sqlx::query(queue).bind(&now).execute(&mut database).await.unwrap();
    }
    database.close().await.unwrap();
}

fn configuration(zendesk: &str, service: &str, channel: &str, smtp: &str) -> String {
    let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    format!(
        r#"
        inbox_token = "{INBOX_TOKEN}"
        [sites.desk]
        origins = ["*"]
        panel.topics = [{{ id = "billing", label = "Billing", team = "growth" }}]
        plans = {{ enterprise = "high", free = "low" }}
        [[sites.desk.signers]]
        algorithm = "HS256"
        secret = "{SECRET}"
        [sites.desk.mail]
        smtp = "smtp://{smtp}"
        from = "Acme <help@acme.example>"
        [sites.desk.destinations.desk]
        to = "zendesk"
        url = "{zendesk}"
        client_id = "deskbell"
        client_secret = "secret"
        [sites.desk.destinations.own]
        to = "webhook"
        url = "{service}"
        secret = "{secret}"
        private = true
        [sites.desk.destinations.mailbox]
        to = "email"
        mailbox = "desk@acme.example"
        from = "Acme <help@acme.example>"
        smtp = "smtp://{smtp}"
        [sites.desk.destinations.channel]
        to = "slack"
        url = "{channel}"
        private = true
        [sites.plain]
        origins = ["*"]
        "#
    )
}

/// A webhook receiver that stores the id and body of each request.
pub struct Service {
    pub url: String,
    pub got: Arc<Mutex<Vec<(String, String)>>>,
}

impl Service {
    pub async fn start() -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let received = got.clone();
        let router = Router::new().fallback(async move |headers: HeaderMap, body: Bytes| {
            let id = headers.get("webhook-id").map(|id| id.to_str().unwrap().to_string()).unwrap_or_default();
            received.lock().unwrap().push((id, String::from_utf8(body.to_vec()).unwrap()));
            "ok"
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        Service { url, got }
    }
}

/// A mail server that accepts every mail.
struct Mailbox {
    address: String,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    async fn start() -> Mailbox {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let received = mails.clone();
        tokio::spawn(async move {
            loop {
                let lines = take(&listener).await;
                received.lock().unwrap().push(lines.join("\n"));
            }
        });
        Mailbox { address, mails }
    }
}
