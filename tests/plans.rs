//! Query plans of every statement that the gateway's test suite runs: none may scan a whole table that grows with tickets, messages,
//! deliveries, mails, files, questions or events.
//!
//! `cargo test` runs this after the suite of the gateway, which records the statements (`tests/gateway/statements.rs`).
// clippy.toml allows these in tests, but does not recognise helpers in separate files as tests.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::path::PathBuf;

use deskbell_core::ports::Store;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use store_sqlite::SqliteStore;

/// Tables with at most one row for each site, source, destination, gateway or session of an agent, with a single row, or about the schema.
const BOUNDED: [&str; 14] = [
    "_sqlx_migrations",
    "agent_sessions",
    "moves",
    "polls",
    "reload_reports",
    "resends",
    "revisions",
    "salt",
    "schema_requirement",
    "signing",
    "site_tables",
    "sites_revision",
    "sources",
    "sqlite_schema",
];

/// Indexes that may be scanned: they contain only pending deliveries, dead letters or waiting mails.
const SHORT_INDEXES: [&str; 5] =
    ["access_links_due", "answer_mails_due", "deliveries_given_up", "deliveries_open", "mails_due"];

/// Fewer statements mean that the suite was not run as a whole.
const STATEMENTS_MIN: usize = 100;

#[tokio::test]
async fn no_statement_reads_a_whole_table_that_grows() {
    let statements = recorded();
    assert!(
        statements.len() >= STATEMENTS_MIN,
        "only {} statements are written down; run the whole suite first: cargo test --package gateway --test gateway",
        statements.len()
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let mut faults = Vec::new();
    for statement in &statements {
        for step in plan(&mut database, statement).await {
            if scanned(&step).is_some_and(|name| !is_bounded(name, statement)) {
                faults.push(format!("{step}\n    in {}", words(statement)));
            }
        }
    }
    assert!(faults.is_empty(), "{} statements read a whole table:\n\n{}", faults.len(), faults.join("\n\n"));
}

#[tokio::test]
async fn a_statement_that_reads_a_whole_table_would_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    for (statement, found) in [
        ("SELECT * FROM messages WHERE body = ?", true),
        ("SELECT * FROM messages AS one WHERE one.body = ?", true),
        ("UPDATE messages SET body = '' WHERE body = ?", true),
        ("SELECT * FROM tickets WHERE id = ?", false),
        ("SELECT * FROM salt", false),
        ("SELECT * FROM (SELECT body FROM messages WHERE ticket = ?) AS few ORDER BY 1", false),
        ("SELECT * FROM (SELECT body FROM messages) AS few ORDER BY 1", true),
        ("WITH few (n) AS (VALUES (1), (2)) SELECT * FROM few", false),
        ("SELECT count(*) FROM messages", true),
        ("SELECT number FROM tickets ORDER BY number", true),
        ("SELECT max(number) FROM tickets", false),
        ("SELECT id FROM deliveries INDEXED BY deliveries_given_up WHERE state = 'given_up'", false),
        ("SELECT value FROM json_each(?)", false),
    ] {
        let steps = plan(&mut database, statement).await;
        let scans = steps.iter().any(|step| scanned(step).is_some_and(|name| !is_bounded(name, statement)));
        assert_eq!(scans, found, "{statement}: {steps:?}");
    }
}

/// The recorded statements that read or write rows.
fn recorded() -> Vec<String> {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("statements.jsonl");
    let lines = std::fs::read_to_string(path).unwrap_or_default();
    let statements = lines.lines().map(|line| serde_json::from_str::<String>(line).unwrap());
    let rows = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"];
    statements.filter(|one| rows.iter().any(|row| one.to_uppercase().starts_with(row))).collect()
}

/// The steps of a statement's query plan (sqlite.org/eqp.html).
async fn plan(database: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {statement}");
    let rows = sqlx::query(AssertSqlSafe(explain)).fetch_all(database).await;
    let rows = rows.unwrap_or_else(|error| panic!("{error}: {statement}"));
    rows.iter().map(|row| row.get("detail")).collect()
}

/// The table or index that a step scans: an index over a whole table is as long as the table.
fn scanned(step: &str) -> Option<&str> {
    let name = step.strip_prefix("SCAN ")?;
    let is_made_up = name.contains("CONSTANT ROW") || name.contains(" VIRTUAL TABLE") || name.starts_with('(');
    let is_short = name.split_once(" INDEX ").is_some_and(|(_, index)| SHORT_INDEXES.contains(&index));
    (!is_made_up && !is_short).then_some(name)
}

/// Whether a scan is small: of a table that does not grow, or of rows that the statement creates.
fn is_bounded(name: &str, statement: &str) -> bool {
    let name = name.split(' ').next().unwrap_or_default();
    let statement = words(statement);
    let makes = ["WITH ", "WITH RECURSIVE ", ", "].iter().any(|before| {
        statement.match_indices(&format!("{before}{name} ")).any(|(index, found)| {
            let rest = &statement[index + found.len()..];
            rest.starts_with("AS (") || rest.starts_with("AS MATERIALIZED (") || rest.starts_with('(')
        })
    });
    // A subquery has steps of its own for what it reads.
    let is_query = statement.contains(&format!(") AS {name} "));
    let stands_for = BOUNDED.iter().any(|table| statement.contains(&format!("{table} AS {name}")));
    makes || is_query || stands_for || BOUNDED.contains(&name)
}

fn words(statement: &str) -> String {
    statement.split_whitespace().collect::<Vec<_>>().join(" ")
}
