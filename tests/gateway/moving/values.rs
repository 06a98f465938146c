//! The value of every column after a move, compared with rows that are written down. The comparison of a move itself cannot show that a column is
//! read as another one, because it reads both sides with the same tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deskbell_core::ports::{Column, ColumnKind, NoProgress, Store, TABLES, Table};
use deskbell_core::timestamp::Timestamp;
use deskbell_core::use_cases::moving::{BATCH_BYTES, MoveDatabase};
use serde_json::{Map, Value as Json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query_scalar};
use store_postgres::moves::PostgresMoveTarget;
use store_sqlite::SqliteStore;

use super::{connect, open_source};

/// Rows of SQLite.
const ROWS: &str = include_str!("rows.sql");
/// The same rows as PostgreSQL has them in JSON, by table.
const MOVED_ROWS: &str = include_str!("rows.json");

type Rows = BTreeMap<String, Vec<Map<String, Json>>>;

fn moved_rows() -> Rows {
    serde_json::from_str(MOVED_ROWS).unwrap()
}

/// Moves the rows to a new database.
async fn moved_database() -> PgConnection {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    SqliteStore::open(&path).await.unwrap().close().await;
    let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let url = test_postgres::database();
    let source = open_source(&path).await;
    let target = PostgresMoveTarget::open(&url).await.unwrap().unwrap();
    let both = MoveDatabase::new(Arc::new(source), Arc::new(target), BATCH_BYTES);
    both.run(&NoProgress).await.unwrap();
    connect(&url).await
}

#[tokio::test]
async fn every_value_of_every_column_arrives_in_its_column() {
    let mut database = moved_database().await;
    sqlx::raw_sql("SET timezone TO 'UTC'").execute(&mut database).await.unwrap();
    let expected = moved_rows();
    for Table { name, columns, .. } in TABLES {
        let select = format!("SELECT to_jsonb({name})::text FROM {name}");
        let rows: Vec<String> = query_scalar(AssertSqlSafe(select)).fetch_all(&mut database).await.unwrap();
        let mut rows: Vec<Map<String, Json>> = rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
        for row in &mut rows {
            // A few columns are the store's own.
            row.retain(|column, _| columns.iter().any(|known| known.name == column));
        }
        let sorted = |rows: &[Map<String, Json>]| -> BTreeSet<String> {
            rows.iter().map(|row| serde_json::to_string_pretty(row).unwrap()).collect()
        };
        assert_eq!(sorted(&rows), sorted(&expected[*name]), "{name}");
        assert_eq!(rows.len(), expected[*name].len(), "{name}");
    }
}

#[tokio::test]
async fn new_rows_get_numbers_that_no_moved_row_has() {
    let mut database = moved_database().await;
    for (table, add, number) in [
        (
            "tickets",
            "INSERT INTO tickets (id, site, reference, status, received_at, topic, severity, team, assignee, turn, updated_at, read_until,
                unread, kind, title, requester, plan, is_verified, robot_signs, is_test, list_group, list_key)
            VALUES ('new', '', 'new', '', now(), '', '', '', '', '', now(), 0, 0, '', '', '', '', true, '', true, 0, 0) RETURNING number",
            10,
        ),
        (
            "deliveries",
            "INSERT INTO deliveries (site, destination, ticket, kind, created_at, due_at) VALUES ('', '', 't-2', '', now(), now()) RETURNING id",
            13,
        ),
        (
            "agent_sessions",
            "INSERT INTO agent_sessions (digest, agent, method, credential, address, browser, created_at, seen_at, expires_at)
            VALUES ('new', 'ben', '', '', '', '', now(), now(), now()) RETURNING id",
            23,
        ),
        (
            "audit_log",
            "INSERT INTO audit_log (at, agent, name, address, kind, site, ticket, detail) VALUES (now(), '', '', '', '', '', '', '')
            RETURNING number",
            // After a number whose row is gone.
            41,
        ),
    ] {
        assert_eq!(query_scalar::<_, i64>(add).fetch_one(&mut database).await.unwrap(), number, "{table}");
    }
    assert_eq!(TABLES.iter().filter(|table| table.assigned.is_some()).count(), 4, "every such table is above");
}

#[test]
fn every_column_has_values_that_show_a_wrong_move() {
    let rows = moved_rows();
    let names: BTreeSet<&str> = rows.keys().map(String::as_str).collect();
    assert_eq!(names, TABLES.iter().map(|table| table.name).collect());
    let mut faults = Vec::new();
    for table in TABLES {
        let columns: BTreeSet<&str> = table.columns.iter().map(|column| column.name).collect();
        let rows = &rows[table.name];
        for row in rows {
            assert_eq!(row.keys().map(String::as_str).collect::<BTreeSet<_>>(), columns, "{}", table.name);
        }
        for column in table.columns {
            faults.extend(
                missing(table, column, rows).map(|missing| format!("{}.{}: {missing}", table.name, column.name)),
            );
        }
    }
    assert!(faults.is_empty(), "these values are missing in rows.sql and rows.json:\n{}", faults.join("\n"));
}

/// What the rows lack to show that a column is not moved as it should be.
fn missing<'a>(
    table: &Table,
    column: &Column,
    rows: &'a [Map<String, Json>],
) -> impl Iterator<Item = &'static str> + use<'a> {
    let values: Vec<&Json> = rows.iter().map(|row| &row[column.name]).collect();
    let has = |is_it: &dyn Fn(&Json) -> bool| values.iter().any(|value| is_it(value));
    let is_key = table.key.contains(&column.name);
    // These numbers and names are given, or refer to another table.
    let is_free = !is_key && !["ticket", "agent"].contains(&column.name) && table.assigned != Some(column.name);
    // SQLite has no NULL there.
    let is_none_if_empty = (table.name, column.name) == ("imports", "holder");
    let differs = |row: &Map<String, Json>| {
        let value = &row[column.name];
        !value.is_null() && row.iter().all(|(other, other_value)| other == column.name || other_value != value)
    };
    let checks = match column.kind {
        ColumnKind::Integer => vec![("one of the largest numbers", !is_free || has(&is_huge))],
        // Only with both orders it is seen that two of them are swapped.
        ColumnKind::Boolean => vec![("true and false", has(&|value| *value == true) && has(&|value| *value == false))],
        ColumnKind::Text => vec![
            (
                "a text that is not ASCII",
                table.name == "secrets" || has(&|value| value.as_str().is_some_and(|text| !text.is_ascii())),
            ),
            ("an empty text", !is_free || is_none_if_empty || has(&|value| *value == "")),
        ],
        ColumnKind::Bytes => vec![
            ("the bytes 0 and 255", has(&|value| value.as_str().is_some_and(|text| text.starts_with("\\x00ff")))),
            ("no bytes", !is_free || table.is_seeded || has(&|value| *value == "\\x") || column.is_optional),
        ],
        ColumnKind::Time => vec![("a time before 1970 with milliseconds", has(&is_early))],
    };
    let more = [
        ("a value that no other column of its row has", rows.iter().any(differs)),
        ("NULL", !column.is_optional || has(&Json::is_null)),
    ];
    checks.into_iter().chain(more).filter(|(_, is_there)| !is_there).map(|(missing, _)| missing)
}

fn is_huge(value: &Json) -> bool {
    value.as_i64().is_some_and(|number| number > i64::MAX - 100)
}

fn is_early(value: &Json) -> bool {
    let time: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
    time.is_some_and(|time| time < Timestamp::EPOCH && time.as_milliseconds() % 1000 != 0)
}
