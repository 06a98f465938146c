//! `deskbell move`: an installation with SQLite continues on PostgreSQL.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::Method;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{
    AppendError, Change, CurrentTicket, MoveMark, MoveTarget, NewMessage, NoProgress, Row, RowSink, StoreError, TABLES,
    Table, Value,
};
use deskbell_core::use_cases::moving::{BATCH_BYTES, MoveDatabase, MoveError};
use domain::conversation::Author;
use serde_json::{Value as Json, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use store_postgres::moves::PostgresMoveTarget;
use store_sqlite::moves::{SqliteMoveSource, Unmovable};
use tempfile::TempDir;
use tokio::process::Child;

mod cancelling;
mod lists;
mod values;

use crate::command::{deskbell, start};
use crate::privacy::{FILE, SECRET_WORD, SESSION, command, full, lines, open_page, options, person};
use crate::support::{Answer, Gateway, gateway_on, gateway_with, import, on_sqlite, post, request, ticket};

/// So little that most tables with several rows take several batches.
const BATCH_BYTES_OF_TEST: usize = 1000;
/// How long a test waits for what has to happen.
const PATIENCE: Duration = Duration::from_secs(120);
/// A message with what stores treat differently. PostgreSQL has U+FFFD for U+0000.
const UNUSUAL: &str = "zero \0 quote ' backslash \\N \t \u{1f980} Gr\u{fc}\u{df}e";

/// An installation with everything that a ticket can have.
async fn installation() -> (Gateway, Expected) {
    on_sqlite();
    let gateway = gateway_with(&lines(""), options()).await;
    import(&gateway, "signed", &[("q-1", "How do I export all rows?"), ("q-2", "Where are my invoices?")]).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    let (reference, _) = full(&gateway, "key").await;
    let acme = gateway.send(post("acme", "k-acme", Some(SESSION), &ticket(UNUSUAL))).await.json();
    reply(&gateway, acme["id"].as_str().unwrap(), UNUSUAL).await;
    let erased = gateway.send(post("acme", "k-erased", Some(SESSION), &ticket("Erase this"))).await.json();
    let (code, text) = command(&gateway, &["erase", "--ticket", erased["reference"].as_str().unwrap(), "--yes"]).await;
    assert_eq!(code, 0, "{text}");
    let odd = "
        UPDATE messages SET at = '0001-01-01T00:00:00.000Z' WHERE number = 1;
        INSERT INTO deliveries (site, destination, ticket, what, state, created_at, due_at, told)
            SELECT site, 'gone', id, 'ticket', 'given_up', received_at, received_at, 'no such queue' FROM tickets;
        INSERT INTO polls (site, destination, until, cursor) VALUES ('signed', 'gone', '', 'c-1');";
    sqlx::raw_sql(odd).execute(&mut gateway.connection().await).await.unwrap();
    let acme = [acme["reference"].as_str().unwrap().to_string(), acme["id"].as_str().unwrap().to_string()];
    (gateway, Expected { reference, acme })
}

/// What was sent to an installation.
struct Expected {
    /// The reference of the ticket of the verified customer.
    reference: String,
    /// The reference and id of the ticket of the session.
    acme: [String; 2],
}

async fn reply(gateway: &Gateway, id: &str, text: &str) {
    let decide = |current: &CurrentTicket| {
        let (name, body, attachments) = ("Ana".into(), text.into(), Vec::new());
        let message = NewMessage { author: Author::Support, name, body, at: current.now, attachments };
        Change { message: Some(message), ..current.unchanged() }.into()
    };
    gateway.app.store.change(&TicketId::new(id), None, &decide).await.unwrap();
}

/// Stops a gateway, and returns its folder.
async fn stopped(gateway: Gateway) -> TempDir {
    gateway.app.store.close().await;
    gateway.folder
}

/// `deskbell move` from the database of a stopped gateway.
fn mover(folder: &Path, target: &str, more: &[&str]) -> tokio::process::Command {
    let arguments = ["move", "--config", "deskbell.toml", "--database", target, "--from", "sqlite:test.db"];
    deskbell(folder, &[&arguments[..], more].concat())
}

/// Runs a command; returns its exit code and what it has printed.
async fn run(mut command: tokio::process::Command) -> (i32, String) {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
}

/// Moves a database, which has to succeed.
async fn move_to(folder: &Path, target: &str) -> String {
    let (code, text) = run(mover(folder, target, &[])).await;
    assert_eq!(code, 0, "{text}");
    text
}

/// Tries to serve a database, which has to be refused.
async fn refusal(folder: &Path, database: &str) -> String {
    let arguments = ["serve", "--config", "deskbell.toml", "--listen", "127.0.0.1:0", "--database", database];
    let (code, text) = run(deskbell(folder, &arguments)).await;
    assert_eq!(code, 1, "{text}");
    text
}

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn execute(connection: &mut PgConnection, statements: &str) {
    sqlx::raw_sql(AssertSqlSafe(statements.to_string())).execute(connection).await.unwrap();
}

/// What customers and agents see. Addresses of attachments have signatures that expire.
async fn seen(gateway: &Gateway, expected: &Expected) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    let mut add = |name: &str, answer: Answer| {
        assert_eq!(answer.status, 200, "{name}: {}", answer.text());
        seen.insert(name.to_string(), without_addresses(answer));
    };
    let get = |path: &str| request(Method::GET, path).body(Body::empty()).unwrap();
    let [acme, id] = &expected.acme;
    for path in ["/v1/sites/signed/tickets", "/v1/sites/signed/search?q=export", "/v1/sites/signed/questions/q-1"] {
        add(path, gateway.send(person(get(path))).await);
    }
    for path in ["/v1/sites/acme/tickets".to_string(), format!("/v1/sites/acme/tickets/{id}/messages")] {
        let request = request(Method::GET, &path).header("deskbell-session", SESSION).body(Body::empty());
        add(&path, gateway.send(request.unwrap()).await);
    }
    for path in [
        "/inbox?status=all".to_string(),
        format!("/inbox?status=all&q={SECRET_WORD}"),
        "/inbox?status=all&q=gr%C3%BCsse".to_string(),
        "/inbox?status=all&q=nothing-has-this".to_string(),
        format!("/inbox/tickets/{}", expected.reference),
        format!("/inbox/tickets/{acme}"),
        "/inbox/deliveries".to_string(),
    ] {
        let page = open_page(gateway, &path).await;
        assert_eq!(page.status, 200, "{path}");
        let text = page.text();
        let words = [acme, &expected.reference, "no such queue", SECRET_WORD, "Ana", "quote"];
        let shown: Vec<&str> = words.into_iter().filter(|word| text.contains(word)).collect();
        seen.insert(path, shown.join(", "));
    }
    seen
}

fn without_addresses(answer: Answer) -> String {
    fn remove(value: &mut Json) {
        match value {
            Json::Object(members) => {
                members.remove("url");
                members.values_mut().for_each(remove);
            }
            Json::Array(items) => items.iter_mut().for_each(remove),
            _ => {}
        }
    }
    let mut value = answer.json();
    remove(&mut value);
    value.to_string().replace("\\u0000", "\u{fffd}")
}

#[tokio::test]
async fn everything_is_served_after_a_move_as_before() {
    let (gateway, expected) = installation().await;
    let before = seen(&gateway, &expected).await;
    let last: i64 =
        sqlx::query_scalar("SELECT max(number) FROM tickets").fetch_one(&mut gateway.connection().await).await.unwrap();
    let folder = stopped(gateway).await;
    let url = test_postgres::database();
    let text = move_to(folder.path(), &url).await;
    assert!(text.contains("TABLE") && text.contains("ticket_tokens") && text.contains(", and compared them"), "{text}");

    let gateway = gateway_on(&url, folder, &lines(""), options()).await;
    gateway.app.indexes.refresh(gateway.app.store.as_ref()).await.unwrap();
    let after = seen(&gateway, &expected).await;
    for (path, answer) in &before {
        assert_eq!(after[path], *answer, "{path}");
    }
    assert!(before["/inbox/deliveries"].contains("no such queue"), "{before:#?}");
    assert!(before["/v1/sites/signed/search?q=export"].contains("\"id\":\"q-1\""), "{before:#?}");

    // Files are read with the key that signs their addresses.
    let id = TicketId::new(&expected.acme[1]);
    let messages = gateway.app.store.ticket_by_name(&expected.reference).await.unwrap().unwrap();
    let path = format!("/v1/sites/signed/tickets/{}/messages", messages.id);
    let messages = gateway.send(person(request(Method::GET, &path).body(Body::empty()).unwrap())).await.json();
    let address = messages["messages"][0]["attachments"][0]["url"].as_str().unwrap();
    let file = gateway.get(address.strip_prefix("http://localhost:8383").unwrap_or(address)).await;
    assert_eq!(file.text(), format!("{SECRET_WORD} file"), "{FILE}");

    // Submissions are known, and what was erased does not come back.
    let again = gateway.send(post("acme", "k-acme", Some(SESSION), &ticket(UNUSUAL))).await;
    assert_eq!((again.status.as_u16(), again.json()["id"].as_str()), (201, Some(id.as_str())), "{}", again.text());
    let erased = gateway.send(post("acme", "k-erased", Some(SESSION), &ticket("Erase this"))).await;
    assert_eq!(erased.status, 410, "{}", erased.text());

    // Numbers continue.
    assert_eq!(gateway.send(post("acme", "k-new", Some(SESSION), &ticket("A new one"))).await.status, 201);
    let mut database = connect(&url).await;
    let newest: i64 = sqlx::query_scalar("SELECT max(number) FROM tickets").fetch_one(&mut database).await.unwrap();
    assert!(newest > last, "{newest} after {last}");
    reply(&gateway, id.as_str(), "More").await;
    let numbers = "SELECT number FROM messages WHERE ticket = $1 ORDER BY number";
    let numbers: Vec<i64> = sqlx::query_scalar(numbers).bind(id.as_str()).fetch_all(&mut database).await.unwrap();
    assert_eq!(numbers, [1, 2]);
    let odd: i64 = sqlx::query_scalar("SELECT count(*) FROM messages WHERE at = '0001-01-01T00:00:00Z'")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert!(odd >= 2);
}

/// Waits until the move is blocked by a lock of the test.
async fn until_blocked(monitor: &mut PgConnection) {
    let blocked = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'deskbell-move' AND wait_event_type = 'Lock')";
    poll(monitor, blocked).await;
}

/// Waits until no move is connected.
async fn until_gone(monitor: &mut PgConnection) {
    let gone = "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'deskbell-move')";
    poll(monitor, gone).await;
}

async fn poll(monitor: &mut PgConnection, condition: &'static str) {
    let reached = async {
        while !sqlx::query_scalar::<_, bool>(condition).fetch_one(&mut *monitor).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("not reached: {condition}"));
}

async fn kill(mut child: Child) {
    child.kill().await.unwrap();
}

/// A database whose tables exist, as after an earlier attempt that was given up.
async fn migrated_database(folder: &Path) -> String {
    let url = test_postgres::database();
    let arguments = ["migrate", "--config", "deskbell.toml", "--database", &url];
    let (code, text) = run(deskbell(folder, &arguments)).await;
    assert_eq!(code, 0, "{text}");
    url
}

#[tokio::test]
async fn a_move_that_is_killed_at_any_table_continues_where_it_stopped() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let url = migrated_database(folder.path()).await;
    let (mut lock, mut monitor) = (connect(&url).await, connect(&url).await);
    // `moves` is written first and last.
    for table in ["moves", "tickets", "ticket_tokens", "messages", "deliveries", "audit_log", "resends", "secrets"] {
        execute(&mut lock, &format!("BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE")).await;
        let child = mover(folder.path(), &url, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until_blocked(&mut monitor).await;
        kill(child).await;
        execute(&mut lock, "ROLLBACK").await;
        until_gone(&mut monitor).await;
        let text = refusal(folder.path(), "sqlite:test.db").await;
        assert!(text.contains("has not finished"), "{text}");
        if table != "moves" {
            let text = refusal(folder.path(), &url).await;
            assert!(text.contains("has not finished"), "{text}");
        }
    }
    // After everything was compared.
    execute(&mut lock, "BEGIN; LOCK TABLE secrets IN EXCLUSIVE MODE").await;
    let child = mover(folder.path(), &url, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until_blocked(&mut monitor).await;
    let mut last = connect(&url).await;
    execute(&mut last, "BEGIN; LOCK TABLE moves IN EXCLUSIVE MODE").await;
    execute(&mut lock, "ROLLBACK").await;
    let waits_for_moves = "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE relation = 'moves'::regclass AND NOT granted AND application_name = 'deskbell-move')";
    poll(&mut monitor, waits_for_moves).await;
    kill(child).await;
    execute(&mut last, "ROLLBACK").await;
    until_gone(&mut monitor).await;

    let text = move_to(folder.path(), &url).await;
    assert!(text.contains("and compared them"), "{text}");
    let (code, text) = run(mover(folder.path(), &url, &["--check"])).await;
    assert_eq!(code, 0, "{text}");
    let text = move_to(folder.path(), &url).await;
    assert!(text.contains("rows were moved from test.db"), "{text}");
    let text = refusal(folder.path(), "sqlite:test.db").await;
    assert!(text.contains("this database was moved to"), "{text}");
}

/// Executes statements in the database of a stopped gateway.
async fn change_source(folder: &Path, statements: &str) {
    let mut database =
        SqliteConnection::connect(&format!("sqlite:{}", folder.join("test.db").display())).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statements.to_string())).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

/// How many rows of the table of removed files the move has written.
async fn written_files(monitor: &mut PgConnection) -> i64 {
    let written = "SELECT coalesce((SELECT written FROM moved_rows WHERE name = 'removed_files'), 0)";
    sqlx::query_scalar(written).fetch_one(monitor).await.unwrap()
}

#[tokio::test]
async fn a_move_that_is_killed_between_batches_of_a_table_continues_after_the_last_one() {
    const FILES: i64 = 80_000;
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    // Several batches of 4 MiB.
    let fill = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {FILES})
        INSERT INTO removed_files SELECT printf('%0100d', n) FROM numbers"
    );
    change_source(folder.path(), &format!("DELETE FROM removed_files; {fill}")).await;
    let url = migrated_database(folder.path()).await;
    let (mut lock, mut monitor) = (connect(&url).await, connect(&url).await);
    // Every batch waits for a lock of the test as soon as the table has more than a number of rows.
    let mut before = 0;
    for _ in 0..2 {
        let wait = format!(
            "CREATE OR REPLACE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (SELECT count(*) FROM removed_files) > {before} THEN PERFORM pg_advisory_xact_lock(1); END IF;
                RETURN NULL;
            END $$;
            CREATE OR REPLACE TRIGGER wait_for_test BEFORE INSERT ON removed_files FOR EACH STATEMENT EXECUTE FUNCTION wait_for_test()"
        );
        execute(&mut lock, &wait).await;
        execute(&mut lock, "BEGIN; SELECT pg_advisory_xact_lock(1)").await;
        let child = mover(folder.path(), &url, &[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until_blocked(&mut monitor).await;
        kill(child).await;
        execute(&mut lock, "ROLLBACK").await;
        until_gone(&mut monitor).await;
        let written = written_files(&mut monitor).await;
        assert!(before < written && written < FILES, "{before} < {written} < {FILES}");
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM removed_files").fetch_one(&mut monitor).await.unwrap();
        assert_eq!(rows, written, "rows and their number");
        before = written;
    }
    execute(&mut lock, "DROP TRIGGER wait_for_test ON removed_files").await;
    move_to(folder.path(), &url).await;
    assert_eq!(written_files(&mut monitor).await, FILES);
    let files = "SELECT count(*) = count(DISTINCT file) AND count(*) = $1 AND max(file) = lpad($1::text, 100, '0') FROM removed_files";
    assert!(sqlx::query_scalar::<_, bool>(files).bind(FILES).fetch_one(&mut monitor).await.unwrap());
}

/// How many tables a database has.
async fn tables(url: &str) -> i64 {
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    sqlx::query_scalar(tables).fetch_one(&mut connect(url).await).await.unwrap()
}

fn files(folder: &Path) -> [Option<Vec<u8>>; 2] {
    ["test.db", "test.db-wal"].map(|name| std::fs::read(folder.join(name)).ok())
}

#[tokio::test]
async fn rows_that_cannot_be_moved_are_named_before_anything_is_changed() {
    let (gateway, _) = installation().await;
    let faults = "
        PRAGMA foreign_keys = OFF;
        UPDATE polls SET until = 'soon' WHERE site = 'signed' AND destination = 'gone';
        INSERT INTO invocations VALUES ('signed', 'gone', 'n-1', 'never');
        INSERT INTO messages (ticket, number, author, name, body, at) VALUES ('lost', 1, 'support', '', '', '2026-01-01T00:00:00.000Z')";
    sqlx::raw_sql(faults).execute(&mut gateway.connection().await).await.unwrap();
    // As after a crash: with a write-ahead log.
    let folder = tempfile::tempdir().unwrap();
    for name in ["test.db", "test.db-wal", "deskbell.toml"] {
        std::fs::copy(gateway.folder.path().join(name), folder.path().join(name)).unwrap();
    }
    stopped(gateway).await;
    let before = files(folder.path());
    assert!(before[1].as_ref().is_some_and(|log| !log.is_empty()));
    let url = test_postgres::database();
    for _ in 0..2 {
        let (code, text) = run(mover(folder.path(), &url, &["--check"])).await;
        assert!(code == 1 && text.contains("nothing is compared"), "{text}");
        let (code, text) = run(mover(folder.path(), &url, &[])).await;
        assert_eq!(code, 1, "{text}");
        for line in [
            "test.db: rows cannot be moved as they are:\n",
            "  messages WHERE ticket = 'lost' AND number = 1: ticket is 'lost', and tickets has no such id; allowed: the id of a row of tickets\n",
            "  polls WHERE site = 'signed' AND destination = 'gone': until is 'soon'; allowed: a time such as '2026-11-28T10:00:00.000Z', or NULL\n",
            "  invocations WHERE site = 'signed' AND destination = 'gone' AND id = 'n-1': at is 'never'; allowed: a time",
            "correct or delete these rows with sqlite3, and run the command again. Nothing was changed",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert_eq!(tables(&url).await, 0);
        assert!(files(folder.path()) == before, "the source has changed");
    }
    // The advice works.
    let correct = "UPDATE polls SET until = '' WHERE until = 'soon'; DELETE FROM messages WHERE ticket = 'lost';
        DELETE FROM invocations WHERE at = 'never'";
    change_source(folder.path(), correct).await;
    move_to(folder.path(), &url).await;
}

#[tokio::test]
async fn a_row_that_postgres_refuses_is_named_with_the_way_out() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    // Too long for an index of PostgreSQL, which compresses what repeats.
    let name = "INSERT INTO removed_files SELECT 'long-' || hex(randomblob(20000)); INSERT INTO removed_files VALUES ('short')";
    change_source(folder.path(), name).await;
    let url = test_postgres::database();
    let (code, text) = run(mover(folder.path(), &url, &[])).await;
    assert_eq!(code, 1, "{text}");
    for part in
        ["removed_files WHERE file = 'long-", "index row", "repeat this command with `--cancel`", "correct the row"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (code, text) = run(mover(folder.path(), &url, &["--cancel"])).await;
    assert_eq!(code, 0, "{text}");
    change_source(folder.path(), "DELETE FROM removed_files WHERE file LIKE 'long-%'").await;
    move_to(folder.path(), &test_postgres::database()).await;
}

/// A target that fails at one of its calls, before or after it was carried out.
struct Failing {
    target: PostgresMoveTarget,
    calls: AtomicU32,
    fails_at: u32,
    is_done_first: bool,
}

impl Failing {
    async fn call<T, E: From<StoreError>>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let fails = self.calls.fetch_add(1, Ordering::SeqCst) == self.fails_at;
        let failure = || StoreError::Database("pulled the plug".into()).into();
        if fails && !self.is_done_first {
            return Err(failure());
        }
        let done = call.await?;
        if fails { Err(failure()) } else { Ok(done) }
    }
}

#[async_trait]
impl MoveTarget for Failing {
    fn name(&self) -> String {
        self.target.name()
    }

    async fn mark(&self) -> Result<Option<MoveMark>, StoreError> {
        self.target.mark().await
    }

    async fn is_used(&self) -> Result<bool, StoreError> {
        self.target.is_used().await
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        self.call(self.target.prepare()).await
    }

    async fn begin(&self, id: &str, source: &str) -> Result<bool, StoreError> {
        self.call(self.target.begin(id, source)).await
    }

    async fn written(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.target.written().await
    }

    async fn unexpected_table(&self) -> Result<Option<&'static str>, StoreError> {
        self.target.unexpected_table().await
    }

    async fn append(&self, table: &'static Table, rows: &[Row]) -> Result<(), AppendError> {
        self.call(self.target.append(table, rows)).await
    }

    fn stored(&self, value: Value) -> Value {
        self.target.stored(value)
    }

    async fn read(&self, table: &'static Table, sink: &mut dyn RowSink) -> Result<(), StoreError> {
        self.target.read(table, sink).await
    }

    async fn set_last_number(&self, table: &'static Table, number: i64) -> Result<(), StoreError> {
        self.target.set_last_number(table, number).await
    }

    async fn last_number(&self, table: &'static Table) -> Result<i64, StoreError> {
        self.target.last_number(table).await
    }

    async fn finish(&self) -> Result<(), StoreError> {
        self.call(self.target.finish()).await
    }
}

/// Opens the source again. The last connection of this process ends a moment after it was dropped.
pub async fn open_source(path: &Path) -> SqliteMoveSource {
    let opened = async {
        loop {
            match SqliteMoveSource::open(path).await {
                Err(Unmovable::InUse | Unmovable::Store(StoreError::Busy)) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                other => return other.unwrap(),
            }
        }
    };
    tokio::time::timeout(PATIENCE, opened).await.unwrap()
}

#[tokio::test]
async fn a_move_that_fails_at_any_step_writes_every_row_once() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let path = folder.path().join("test.db");
    let url = test_postgres::database();
    let mut failures = 0;
    // Some attempts write one or two batches, others none.
    loop {
        let source = open_source(&path).await;
        let target = PostgresMoveTarget::open(&url).await.unwrap().unwrap();
        let failing =
            Failing { target, calls: AtomicU32::new(0), fails_at: failures % 3, is_done_first: failures % 2 == 0 };
        let moved = MoveDatabase::new(Arc::new(source), Arc::new(failing), BATCH_BYTES_OF_TEST).run(&NoProgress).await;
        match moved {
            Ok(report) => {
                // The last attempt may have failed after everything was finished.
                assert!(report.tables.iter().any(|table| table.name == "ticket_tokens" && table.rows > 20));
                break;
            }
            Err(MoveError::Store(error)) => assert_eq!(error.to_string(), "database error: pulled the plug"),
            Err(error) => panic!("{error}"),
        }
        failures += 1;
        assert!(failures < 200);
    }
    assert!(failures > 10, "{failures}");
    let source = open_source(&path).await;
    let target = PostgresMoveTarget::open(&url).await.unwrap().unwrap();
    let both = MoveDatabase::new(Arc::new(source), Arc::new(target), BATCH_BYTES);
    let tables = both.compare(&NoProgress).await.unwrap();
    assert_eq!(tables.len(), TABLES.len());
    assert!(tables.iter().all(|table| table.is_equal()), "{tables:#?}");
}

#[tokio::test]
async fn rows_that_are_changed_missing_or_added_are_found() {
    let (gateway, expected) = installation().await;
    let folder = stopped(gateway).await;
    let url = test_postgres::database();
    let (code, text) = run(mover(folder.path(), &url, &["--check"])).await;
    assert_eq!(code, 1);
    assert!(text.contains("nothing is compared"), "{text}");
    move_to(folder.path(), &url).await;
    let mut database = connect(&url).await;
    for (change, undo, different) in [
        ("UPDATE tickets SET unread = unread + 1 WHERE reference = $1", "unread = unread - 1", "tickets"),
        ("UPDATE tickets SET received_at = received_at + interval '1 millisecond' WHERE reference = $1", "", "tickets"),
        ("DELETE FROM messages WHERE ticket = (SELECT id FROM tickets WHERE reference = $1)", "", "messages"),
        ("INSERT INTO removed_files VALUES ($1)", "", "removed_files"),
    ] {
        sqlx::query(change).bind(&expected.reference).execute(&mut database).await.unwrap();
        let (code, text) = run(mover(folder.path(), &url, &["--check"])).await;
        assert_eq!(code, 1, "{change}: {text}");
        let lines: Vec<&str> = text.lines().filter(|line| line.ends_with("DIFFERENT")).collect();
        assert!(lines.iter().any(|line| line.starts_with(different)), "{change}: {text}");
        if !undo.is_empty() {
            let undo = format!("UPDATE tickets SET {undo} WHERE reference = $1");
            let undo = sqlx::query(AssertSqlSafe(undo)).bind(&expected.reference);
            undo.execute(&mut database).await.unwrap();
            let (code, text) = run(mover(folder.path(), &url, &["--check", "--json"])).await;
            let comparison: Json =
                serde_json::from_str(text.split_once("note:").map_or(&*text, |(json, _)| json)).unwrap();
            assert_eq!((code, &comparison["is_equal"]), (0, &json!(true)), "{text}");
        }
    }
}

#[tokio::test]
async fn a_move_into_which_others_write_does_not_finish() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let url = migrated_database(folder.path()).await;
    let (mut lock, mut monitor) = (connect(&url).await, connect(&url).await);
    execute(&mut lock, "BEGIN; LOCK TABLE secrets IN EXCLUSIVE MODE").await;
    let moving = tokio::spawn(run(mover(folder.path(), &url, &[])));
    until_blocked(&mut monitor).await;
    execute(&mut monitor, "UPDATE agents SET name = 'Eve'; UPDATE tickets SET title = 'Changed'").await;
    execute(&mut lock, "ROLLBACK").await;
    let (code, text) = moving.await.unwrap();
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("tickets differs in some of its") && text.contains("new, empty database"), "{text}");
    for database in [&*url, "sqlite:test.db"] {
        let text = refusal(folder.path(), database).await;
        assert!(text.contains("has not finished"), "{text}");
    }
    // The advice works, and the first target stays out of use.
    let (code, text) = run(mover(folder.path(), &url, &["--cancel"])).await;
    assert_eq!(code, 0, "{text}");
    move_to(folder.path(), &test_postgres::database()).await;
    let (code, text) = run(mover(folder.path(), &url, &[])).await;
    assert!(code == 1 && text.contains("has rows of another move"), "{text}");
    let text = refusal(folder.path(), &url).await;
    assert!(text.contains("has not finished"), "{text}");
    let text = refusal(folder.path(), "sqlite:test.db").await;
    assert!(text.contains("this database was moved to"), "{text}");
}

#[tokio::test]
async fn a_database_that_a_gateway_uses_is_not_moved() {
    let (gateway, expected) = installation().await;
    let url = test_postgres::database();
    let (code, text) = run(mover(gateway.folder.path(), &url, &[])).await;
    assert_eq!(code, 1);
    assert!(text.contains("test.db: in use by a gateway or another program; stop it first"), "{text}");
    assert_eq!(gateway.send(post("acme", "k-2", Some(SESSION), &ticket("Another"))).await.status, 201);
    assert!(gateway.app.store.ticket_by_name(&expected.reference).await.unwrap().is_some());
}

#[tokio::test]
async fn only_an_empty_unused_postgres_database_is_a_target() {
    let (gateway, _) = installation().await;
    let folder = stopped(gateway).await;
    let refused = async |target: &str, reason: &str| {
        let (code, text) = run(mover(folder.path(), target, &[])).await;
        assert_eq!(code, 1, "{text}");
        assert!(text.contains(reason), "{text}");
        // Nothing has begun.
        let (code, text) = run(mover(folder.path(), target, &["--cancel"])).await;
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("nothing to cancel"), "{text}");
    };
    refused("sqlite:other.db", "other.db is not a PostgreSQL database").await;
    refused("postgres:///none?host=/nowhere", "cannot connect to").await;

    let used = test_postgres::database();
    let other = gateway_on(&used, tempfile::tempdir().unwrap(), "", options()).await;
    refused(&used, "a gateway or command uses this database").await;
    assert_eq!(other.send(post("acme", "k", Some(SESSION), &ticket("Mine"))).await.status, 201);
    stopped(other).await;
    refused(&used, "the table tickets has rows that are not of this move").await;
    let mut database = connect(&used).await;
    let tickets: i64 = sqlx::query_scalar("SELECT count(*) FROM tickets").fetch_one(&mut database).await.unwrap();
    assert_eq!(tickets, 1);

    // A gateway that only started has left no data.
    let started = test_postgres::database();
    let other_folder = tempfile::tempdir().unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--database", &started];
    let (child, _, _out) = start(deskbell(other_folder.path(), &arguments).stderr(Stdio::null())).await;
    kill(child).await;
    let disconnected = "SELECT NOT EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'deskbell %')";
    poll(&mut connect(&started).await, disconnected).await;
    move_to(folder.path(), &started).await;

    let arguments = ["move", "--database", &used, "--from", "sqlite:missing.db"];
    let (code, text) = run(deskbell(folder.path(), &arguments)).await;
    assert_eq!(code, 1);
    assert!(text.contains("missing.db: database not found"), "{text}");
    assert!(!folder.path().join("missing.db").exists());
}

#[tokio::test]
async fn a_cancelled_move_gives_the_old_database_back() {
    let (gateway, expected) = installation().await;
    let folder = stopped(gateway).await;
    let (first, second) = (test_postgres::database(), test_postgres::database());
    move_to(folder.path(), &first).await;
    let (code, text) = run(mover(folder.path(), &second, &[])).await;
    assert_eq!(code, 1);
    assert!(text.contains("the source was moved to"), "{text}");
    // Commands are refused as well as gateways.
    let arguments = ["tickets", "list", "--config", "deskbell.toml", "--database", "sqlite:test.db"];
    let (code, text) = run(deskbell(folder.path(), &arguments)).await;
    assert_eq!(code, 1);
    assert!(text.contains("this database was moved to") && text.contains("--cancel"), "{text}");

    let (code, text) = run(mover(folder.path(), &first, &["--cancel"])).await;
    assert!(code == 1 && text.contains("confirm that with --yes"), "{text}");
    let (code, text) = run(mover(folder.path(), &first, &["--cancel", "--yes"])).await;
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(deskbell(folder.path(), &arguments)).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&expected.reference), "{text}");
    // It may have changed since.
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", folder.path().join("test.db").display())).await;
    let change = sqlx::query("UPDATE tickets SET title = 'Changed'");
    change.execute(database.as_mut().unwrap()).await.unwrap();
    database.unwrap().close().await.unwrap();
    let (code, text) = run(mover(folder.path(), &first, &[])).await;
    assert_eq!(code, 1);
    assert!(text.contains("it has rows of another move, from test.db"), "{text}");
    move_to(folder.path(), &second).await;
}
