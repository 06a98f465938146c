//! The commands that administrators run beside a gateway: tickets, deliveries, sessions and migrations, with the real command.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, StatusCode};
use axum::routing::post as to_post;
use deskbell_core::ids::QueueName;
use deskbell_core::ports::{Agent, AuditKind, DeliveryOutcome, LoginMethod, SiteScope};
use deskbell_core::rules::permissions::all_grants;
use deskbell_core::use_cases::agents::{HandleSessions, Login};
use gateway::config::Overrides;
use gateway::workers::RunningWorkers;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::command::{deskbell, start};
use crate::support::{Gateway, gateway_with, on_sqlite, post, request, ticket};

const SENSITIVE: &str = "[sites.people]\norigins = [\"*\"]\nsensitive_topics = [\"salary\"]\n\
    panel.topics = [{ id = \"salary\", label = \"Salary\" }]\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command has printed.
struct Printed {
    code: i32,
    out: String,
    err: String,
}

impl Printed {
    fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("no JSON: {}{}", self.out, self.err))
    }
}

/// Runs a command beside a gateway, on its database.
async fn run(gateway: &Gateway, arguments: &[&str]) -> Printed {
    let mut command = deskbell(gateway.folder.path(), arguments);
    let command = command.args(["--config", "deskbell.toml", "--database", "sqlite:test.db"]);
    printed(command).await
}

async fn printed(command: &mut tokio::process::Command) -> Printed {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Printed { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Sends a ticket to a site, and returns its reference.
async fn sent(gateway: &Gateway, site: &str, key: &str, ticket: &Value) -> String {
    let answer = gateway.send(post(site, key, None, ticket)).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    answer.json()["reference"].as_str().unwrap().to_string()
}

/// The audit log: kind, name, site, ticket and detail of each entry, latest first.
async fn audit(gateway: &Gateway) -> Vec<(AuditKind, String, String, String)> {
    let entries = gateway.app.store.audit_entries(None, None, 100).await.unwrap();
    let line = |entry: deskbell_core::ports::AuditEntry| {
        let entry = entry.entry;
        assert!(entry.agent.as_str().starts_with("command:"), "{:?}", entry.agent);
        assert!(!entry.name.is_empty() && entry.address.is_empty());
        (entry.kind, entry.site, entry.ticket, entry.detail)
    };
    entries.into_iter().map(line).collect()
}

fn references(list: &Value) -> Vec<String> {
    let all = list["tickets"].as_array().unwrap().iter();
    all.map(|ticket| ticket["reference"].as_str().unwrap().to_string()).collect()
}

#[tokio::test]
async fn tickets_are_listed_newest_first_and_by_filters() {
    on_sqlite();
    let gateway = gateway_with(SENSITIVE, Overrides::default()).await;
    let first = sent(&gateway, "acme", "1", &ticket("Zebra stripes")).await;
    let second = sent(&gateway, "trusting", "2", &ticket("Zebra \u{1b}[2J hooves")).await;
    let third = sent(&gateway, "acme", "3", &ticket("Lion")).await;
    let id = gateway.app.store.ticket_by_name(&first).await.unwrap().unwrap().id;
    let solve = "UPDATE tickets SET status = 'solved', list_group = 3 WHERE id = ?";
    sqlx::query(solve).bind(id.as_str()).execute(&mut gateway.connection().await).await.unwrap();

    let list = async |options: &[&str]| {
        references(&run(&gateway, &[&["tickets", "list", "--json"], options].concat()).await.json())
    };
    assert_eq!(list(&[]).await, [&*third, &second], "open ones, newest first");
    assert_eq!(list(&["--status", "all"]).await, [&*third, &second, &first]);
    assert_eq!(list(&["--status", "solved"]).await, [&*first]);
    assert_eq!(list(&["--status", "all", "--site", "acme"]).await, [&*third, &first]);
    assert_eq!(list(&["--status", "all", "--query", "zebra"]).await, [&*second, &first]);
    assert_eq!(list(&["--query", &third]).await, [&*third]);
    assert_eq!(list(&["--since", "1h"]).await, [&*third, &second]);
    assert!(list(&["--since", "2099-01-01"]).await.is_empty());

    let page = run(&gateway, &["tickets", "list", "--json", "--status", "all", "--limit", "2"]).await.json();
    assert_eq!(references(&page), [&*third, &second]);
    let next = page["next"].as_str().unwrap();
    let rest = run(&gateway, &["tickets", "list", "--json", "--status", "all", "--after", next]).await.json();
    assert_eq!((references(&rest), &rest["next"]), (vec![first], &Value::Null));

    let table = run(&gateway, &["tickets", "list", "--site", "trusting"]).await;
    let lines: Vec<&str> = table.out.lines().collect();
    assert!(lines[0].starts_with("TICKET ") && lines[0].ends_with("TITLE"), "{}", table.out);
    assert!(lines[1].starts_with(&second) && lines[1].ends_with("Zebra [2J hooves"), "{}", table.out);
    assert_eq!((lines.len(), table.err.as_str()), (2, ""));
    for (options, reason) in [
        (["--since", "yesterday"], "use a duration such as 24h"),
        (["--limit", "0"], "use a number from 1 to 1000"),
        (["--after", "x"], "not a position"),
    ] {
        let refused = run(&gateway, &[&["tickets", "list"], &options[..]].concat()).await;
        assert!(refused.code == 2 && refused.err.contains(reason), "{}", refused.err);
    }
}

#[tokio::test]
async fn a_ticket_is_shown_and_the_audit_log_has_reads_of_sensitive_ones() {
    on_sqlite();
    let gateway = gateway_with(SENSITIVE, Overrides::default()).await;
    let plain = sent(&gateway, "acme", "1", &ticket("One\n\u{1b}]0;title\u{7}Two")).await;
    let mut secret = ticket("My salary");
    secret["topic"] = json!("salary");
    let secret = sent(&gateway, "people", "2", &secret).await;

    let shown = run(&gateway, &["tickets", "show", &plain.to_lowercase()]).await;
    for text in [&*format!("{plain}  acme  open"), "Ada <ada@example.com>, not verified", "    One\n    ]0;titleTwo"] {
        assert!(shown.out.contains(text), "{text:?} in {}", shown.out);
    }
    assert_eq!(audit(&gateway).await, [], "it is not sensitive");
    let whole = run(&gateway, &["tickets", "show", "--json", &secret]).await.json();
    assert_eq!((&whole["ticket"]["message"], &whole["reference"]), (&json!("My salary"), &json!(secret)));
    assert_eq!(whole["deliveries"], json!([]));
    assert_eq!(audit(&gateway).await, [(AuditKind::TicketRead, "people".into(), secret, String::new())]);

    let missing = run(&gateway, &["tickets", "show", "DB-00000"]).await;
    assert!(missing.code == 1 && missing.err.contains("there is no ticket DB-00000"), "{}", missing.err);
    let nowhere =
        printed(&mut deskbell(gateway.folder.path(), &["tickets", "list", "--database", "sqlite:no.db"])).await;
    assert!(nowhere.code == 1 && nowhere.err.contains("no.db: database not found"), "{}", nowhere.err);
}

/// A service that refuses everything for good until it is mended; returns its address, whether it is mended, and what it has received.
async fn service() -> (String, Arc<Mutex<bool>>, Arc<Mutex<Vec<String>>>) {
    let (is_mended, received) = (Arc::new(Mutex::new(false)), Arc::new(Mutex::new(Vec::new())));
    let state = (is_mended.clone(), received.clone());
    let receive = async move |body: String| {
        if !*state.0.lock().unwrap() {
            return StatusCode::GONE;
        }
        state.1.lock().unwrap().push(body);
        StatusCode::OK
    };
    let router = Router::new().route("/hook", to_post(receive));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, is_mended, received)
}

fn hooked(url: &str) -> String {
    format!(
        "[sites.hooked]\norigins = [\"*\"]\n[sites.hooked.destinations.hook]\nto = \"webhook\"\nurl = \"{url}\"\nprivate = true\n\
         secret = \"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"\n"
    )
}

/// Turns the next pending delivery into a dead letter.
async fn refuse(gateway: &Gateway) {
    let queue = QueueName::new(&"hooked".into(), &"hook".into());
    let store = &gateway.app.store;
    let due = store.claim_deliveries(&queue, PATIENCE, &[], 1).await.unwrap();
    let refused = DeliveryOutcome::DeadLetter { reason: "410 Gone".into() };
    store.record_attempts(&[(&due[0], &refused)]).await.unwrap();
}

#[tokio::test]
async fn undelivered_items_are_listed_by_state_site_and_destination() {
    on_sqlite();
    let gateway = gateway_with(&hooked("http://127.0.0.1:9/hook"), Overrides::default()).await;
    let nothing = run(&gateway, &["deliveries", "list"]).await;
    assert_eq!((nothing.code, nothing.out.as_str()), (0, "every destination has received everything\n"));
    let dead = sent(&gateway, "hooked", "1", &ticket("One")).await;
    refuse(&gateway).await;
    let pending = sent(&gateway, "hooked", "2", &ticket("Two")).await;

    let list = async |options: &[&str]| {
        let list = run(&gateway, &[&["deliveries", "list", "--json"], options].concat()).await.json();
        let all = list["deliveries"].as_array().unwrap().iter();
        all.map(|delivery| delivery["ticket"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(&[]).await, [&*dead, &pending]);
    assert_eq!(list(&["--state", "dead"]).await, [&*dead]);
    assert_eq!(list(&["--state", "pending", "--site", "hooked", "--destination", "hook"]).await, [&*pending]);
    assert!(list(&["--site", "acme"]).await.is_empty());
    assert!(list(&["--destination", "other"]).await.is_empty());
    let page = run(&gateway, &["deliveries", "list", "--json", "--limit", "1"]).await.json();
    let next = page["next"].to_string();
    assert_eq!(list(&["--after", &next]).await, [&*pending]);

    let table = run(&gateway, &["deliveries", "list"]).await.out;
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!((lines[1][..3].join(" "), lines[1].last()), ("hooked hook 1".to_string(), Some(&"1")), "{table}");
    assert!(table.contains(&dead) && table.contains("410 Gone"), "{table}");
}

#[tokio::test]
async fn a_running_gateway_delivers_what_a_command_sends_again() {
    on_sqlite();
    let (url, is_mended, received) = service().await;
    let gateway = gateway_with(&hooked(&url), Overrides::default()).await;
    for key in ["1", "2"] {
        sent(&gateway, "hooked", key, &ticket(key)).await;
        refuse(&gateway).await;
    }
    let mut workers = RunningWorkers::default();
    workers.replace(gateway.app.workers.list(), &CancellationToken::new());
    *is_mended.lock().unwrap() = true;
    let dead = gateway.app.store.dead_letters(&SiteScope::All, 10).await.unwrap();
    let id = dead[0].0.id.to_string();

    let wrong = run(&gateway, &["deliveries", "retry", &id, "999"]).await;
    assert!(wrong.code == 1 && wrong.err.contains("999 is not a dead letter"), "{}", wrong.err);
    assert_eq!(gateway.app.store.dead_letters(&SiteScope::All, 10).await.unwrap().len(), 2, "all or none");
    let other = run(&gateway, &["deliveries", "retry", "--all", "--destination", "other"]).await;
    assert_eq!((other.code, other.out.as_str()), (0, "there are no dead letters\n"));
    let one = run(&gateway, &["deliveries", "retry", &id]).await;
    assert_eq!(one.out, "1 dead letter is queued again\n", "{}", one.err);
    until(async || received.lock().unwrap().len() == 1).await;
    let all = run(&gateway, &["deliveries", "retry", "--all", "--site", "hooked"]).await;
    assert_eq!(all.out, "1 dead letter is queued again\n", "{}", all.err);
    until(async || received.lock().unwrap().len() == 2).await;
    drop(workers);

    let log = audit(&gateway).await;
    let entry = |site: &str, ticket: &str, detail: &str| {
        (AuditKind::DeliveryResent, site.to_string(), ticket.to_string(), detail.to_string())
    };
    let reference = dead[0].1.as_str();
    assert_eq!(log, [entry("hooked", "", ""), entry("hooked", reference, "hook"), entry("", "", "other")]);
}

async fn until(mut is_done: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_done().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // Shorter than the minute after which workers look by themselves.
    tokio::time::timeout(Duration::from_secs(40), wait).await.expect("it is done soon");
}

async fn log_in(gateway: &Gateway, id: &str, name: &str) {
    let agent = Agent { id: id.to_string().into(), name: name.into(), grants: all_grants() };
    let sessions: &HandleSessions = &gateway.app.routers.inbox.access.sessions;
    let login =
        Login { agent, method: LoginMethod::PersonalToken, credential: [0; 32], address: "203.0.113.7", browser: "x" };
    sessions.log_in(login, None).await.unwrap();
}

#[tokio::test]
async fn sessions_of_agents_are_listed_and_ended() {
    on_sqlite();
    let gateway = gateway_with("", Overrides::default()).await;
    for (id, name) in [("token:ana", "Ana"), ("token:ben", "Ben"), ("oidc:x", "Ana"), ("token:ben", "Ben")] {
        log_in(&gateway, id, name).await;
    }
    let list = async || {
        let list = run(&gateway, &["sessions", "list", "--json"]).await.json();
        let all = list["sessions"].as_array().unwrap().iter();
        all.map(|session| (session["id"].as_i64().unwrap(), session["agent"].as_str().unwrap().to_string()))
            .collect::<Vec<_>>()
    };
    let all = list().await;
    assert_eq!(
        all.iter().map(|(_, agent)| agent.as_str()).collect::<Vec<_>>(),
        ["token:ben", "oidc:x", "token:ben", "token:ana"]
    );
    let table = run(&gateway, &["sessions", "list"]).await.out;
    assert!(table.starts_with("ID ") && table.contains("administrator") && table.contains("203.0.113.7"), "{table}");

    let several = run(&gateway, &["sessions", "end", "--agent", "Ana"]).await;
    assert!(several.code == 1 && several.err.contains("oidc:x, token:ana"), "{}", several.err);
    let nobody = run(&gateway, &["sessions", "end", "--agent", "Eve"]).await;
    assert!(nobody.code == 1 && nobody.err.contains("\"Eve\" has no session"), "{}", nobody.err);
    let none = run(&gateway, &["sessions", "end", "999"]).await;
    assert!(none.code == 1 && none.err.contains("there is no session 999"), "{}", none.err);
    assert_eq!(list().await.len(), 4);

    let ended = run(&gateway, &["sessions", "end", "--agent", "Ben"]).await;
    assert_eq!(ended.out, format!("ended session {} of Ben\nended session {} of Ben\n", all[0].0, all[2].0));
    let ended = run(&gateway, &["sessions", "end", &all[3].0.to_string()]).await;
    assert_eq!((ended.code, list().await), (0, vec![all[1].clone()]), "{}", ended.err);
    let entries = gateway.app.store.audit_entries(None, None, 3).await.unwrap();
    let details: Vec<&str> = entries.iter().map(|entry| entry.entry.detail.as_str()).collect();
    assert_eq!(details, ["Ana", "Ben", "Ben"]);
    assert!(entries.iter().all(|entry| entry.entry.kind == AuditKind::SessionEnded));
}

#[tokio::test]
async fn erasures_and_exports_by_command_are_in_the_audit_log() {
    on_sqlite();
    let gateway = gateway_with("", Overrides::default()).await;
    let reference = sent(&gateway, "acme", "1", &ticket("One")).await;
    for (arguments, code) in [
        (&["export", "--email", "ada@example.com"][..], 0),
        (&["erase", "--ticket", &reference], 0),
        (&["erase", "--ticket", &reference, "--yes"], 0),
        (&["erase", "--email", "ada@example.com", "--site", "acme", "--yes"], 0),
        (&["erase", "--ticket", "DB-00000", "--yes"], 1),
    ] {
        let done = run(&gateway, arguments).await;
        assert_eq!(done.code, code, "{arguments:?}: {}", done.err);
    }
    let entry =
        |kind, site: &str, ticket: &str, detail: &str| (kind, site.to_string(), ticket.to_string(), detail.to_string());
    let log = audit(&gateway).await;
    assert_eq!(
        log,
        [
            entry(AuditKind::TicketsErased, "acme", "", "email"),
            entry(AuditKind::TicketErased, "acme", &reference, ""),
            entry(AuditKind::TicketsExported, "", "", "email"),
        ],
        "what was only counted is not in it, and neither is the address"
    );
    let token = "a-token-of-some-length";
    let gateway =
        gateway.restarted_with_options(Overrides { inbox_token: Some(token.into()), ..Overrides::default() }).await;
    let page = request(Method::GET, "/inbox/audit").header("authorization", format!("Bearer {token}"));
    let page = gateway.send(page.body(Body::empty()).unwrap()).await.text();
    for text in ["Erased tickets with <code dir=\"ltr\">--email</code>", "Exported tickets", "Command line"] {
        assert!(page.contains(text), "{text} in {page}");
    }
}

/// The database of a gateway as the version before has left it, without the latest migration.
async fn older(connection: &mut SqliteConnection) {
    for statement in ["DROP TABLE resends", "DELETE FROM _sqlx_migrations WHERE version = 71"] {
        sqlx::query(statement).execute(&mut *connection).await.unwrap();
    }
}

#[tokio::test]
async fn migrations_are_applied_once_and_checked_without_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let run = async |arguments: &[&str]| {
        let options = ["migrate", "--database", "sqlite:test.db"];
        printed(&mut deskbell(folder.path(), &[&options, arguments].concat())).await
    };
    let missing = run(&["--check"]).await;
    assert!(missing.code == 1 && missing.err.contains("database not found"), "{}", missing.err);
    assert!(!folder.path().join("test.db").exists());
    let created = run(&[]).await;
    assert!(created.code == 0 && created.out.contains("applied 0001 tickets and questions\n"), "{}", created.out);
    assert_eq!(run(&["--check"]).await.out, "test.db is current\n");

    let address = format!("sqlite:{}", folder.path().join("test.db").display());
    let mut connection = SqliteConnection::connect(&address).await.unwrap();
    older(&mut connection).await;
    for _ in 0..2 {
        let pending = run(&["--check"]).await;
        assert_eq!((pending.code, pending.err.as_str()), (1, ""));
        assert_eq!(pending.out, "pending 0071 resends\ntest.db lacks 1 migration; run `deskbell migrate`\n");
    }
    let json: Value = serde_json::from_str(&run(&["--check", "--json"]).await.out).unwrap();
    assert_eq!((&json["is_current"], &json["pending"]), (&json!(false), &json!([{ "number": 71, "name": "resends" }])));
    assert_eq!(run(&[]).await.out, "applied 0071 resends\ntest.db is current, 1 migration applied\n");
    assert_eq!(run(&[]).await.out, "test.db is current\n");
}

/// Every command that opens the database, except for those that say that they migrate it.
const LEAVE_THE_SCHEMA_ALONE: &[&[&str]] = &[
    &["check"],
    &["check", "config"],
    &["check", "database"],
    &["check", "destinations"],
    &["deliveries", "list"],
    &["deliveries", "retry", "--all"],
    &["erase", "--email", "ada@example.com"],
    &["export", "--email", "ada@example.com", "--out", "export"],
    &["index", "--site", "acme"],
    &["migrate", "--check"],
    &["reload"],
    &["sessions", "end", "1"],
    &["sessions", "list"],
    &["site", "list"],
    &["site", "remove", "globex"],
    &["site", "set", "globex", "keep="],
    &["site", "show", "globex"],
    &["tickets", "list"],
    &["tickets", "show", "DB-ABCDE"],
];

/// The schema of a database: everything in it, and its migrations.
async fn schema(url: &str) -> Vec<String> {
    if url.starts_with("postgres") {
        let schema = "SELECT concat_ws(' ', table_name, column_name, data_type) FROM information_schema.columns
            WHERE table_schema = 'public' UNION ALL SELECT concat('migration ', version) FROM _sqlx_migrations ORDER BY 1";
        return sqlx::query_scalar(schema).fetch_all(&mut PgConnection::connect(url).await.unwrap()).await.unwrap();
    }
    let schema = "SELECT name || ' ' || coalesce(sql, '') FROM sqlite_schema
        UNION ALL SELECT 'migration ' || version FROM _sqlx_migrations ORDER BY 1";
    sqlx::query_scalar(schema).fetch_all(&mut SqliteConnection::connect(url).await.unwrap()).await.unwrap()
}

/// Runs each of these commands on a database that lacks its latest migration.
async fn commands_leave_an_older_database_alone(folder: &Path, database: &str, url: &str) {
    let config = format!("database = {database:?}\nattachments = \"files\"\n[sites.acme]\norigins = [\"*\"]");
    std::fs::write(folder.join("deskbell.toml"), config).unwrap();
    let run = async |arguments: &[&str]| {
        printed(&mut deskbell(folder, &[arguments, &["--config", "deskbell.toml"][..]].concat())).await
    };
    assert_eq!(run(&["migrate"]).await.code, 0);
    // What it has brought stays: only this row says that it is missing.
    let older = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    if url.starts_with("postgres") {
        sqlx::query(older).execute(&mut PgConnection::connect(url).await.unwrap()).await.unwrap();
    } else {
        sqlx::query(older).execute(&mut SqliteConnection::connect(url).await.unwrap()).await.unwrap();
    }
    let before = schema(url).await;
    for arguments in LEAVE_THE_SCHEMA_ALONE {
        let Printed { code, out, err } = run(arguments).await;
        let text = out + &err;
        if arguments[0] == "check" {
            assert_eq!(code, 0, "{arguments:?}: {text}");
        } else {
            assert_eq!(code, 1, "{arguments:?}: {text}");
            assert!(text.contains("lacks 1 migration; run `deskbell migrate`"), "{arguments:?}: {text}");
        }
        assert_eq!(schema(url).await, before, "{arguments:?}");
    }
}

#[tokio::test]
async fn commands_leave_an_older_sqlite_database_alone_and_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    commands_leave_an_older_database_alone(folder.path(), "sqlite:test.db", &url).await;
}

#[tokio::test]
async fn commands_leave_an_older_postgres_database_alone_and_say_what_to_do() {
    let (folder, url) = (tempfile::tempdir().unwrap(), test_postgres::database());
    commands_leave_an_older_database_alone(folder.path(), &url, &url).await;
}

#[tokio::test]
async fn a_gateway_serves_a_database_that_the_next_version_has_extended_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deskbell.toml"), "[sites.acme]\norigins = [\"*\"]").unwrap();
    let database = ["--database", "sqlite:test.db"];
    assert_eq!(printed(&mut deskbell(folder.path(), &[&["migrate"], &database[..]].concat())).await.code, 0);
    let address = format!("sqlite:{}", folder.path().join("test.db").display());
    let mut connection = SqliteConnection::connect(&address).await.unwrap();
    for extension in [
        "ALTER TABLE tickets ADD COLUMN mood TEXT NOT NULL DEFAULT ''",
        "CREATE TABLE moods (ticket TEXT NOT NULL REFERENCES tickets (id) ON DELETE CASCADE) STRICT",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'moods', 1, x'00', 1)",
    ] {
        sqlx::query(extension).execute(&mut connection).await.unwrap();
    }
    let serve = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0"];
    let serve = [&serve, &database[..]].concat();
    let (mut child, address, _out) = start(&mut deskbell(folder.path(), &serve)).await;
    let client = reqwest::Client::new();
    let sent = client.post(format!("http://{address}/v1/sites/acme/tickets")).header("idempotency-key", "1");
    let sent = sent.header("content-type", "application/json").body(ticket("One").to_string()).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    let check = printed(&mut deskbell(folder.path(), &[&["migrate", "--check"], &database[..]].concat())).await;
    assert_eq!((check.code, check.out.as_str()), (0, "newer   9999 moods\ntest.db is current\n"), "{}", check.err);
    child.kill().await.unwrap();

    let raise = "UPDATE schema_requirement SET migration = 9999, version = '7.1.0'";
    sqlx::query(raise).execute(&mut connection).await.unwrap();
    for arguments in
        [serve, [&["tickets", "list"], &database[..]].concat(), [&["migrate", "--check"], &database[..]].concat()]
    {
        let refused = printed(&mut deskbell(folder.path(), &arguments)).await;
        assert!(refused.code == 1 && refused.err.contains("needs Deskbell 7.1.0 or newer"), "{}", refused.err);
    }
}
