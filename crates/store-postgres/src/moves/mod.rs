//! The target of a move: takes everything from another store in the form that all stores share.

mod copy;

use std::collections::BTreeMap;
use std::str::FromStr;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use log::LevelFilter;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, query, query_scalar};
use tokio::sync::{Mutex, MutexGuard};

use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::schema;
use copy::copy;
use deskbell_core::ports::{
    AppendError, Column, ColumnKind, MoveMark, MoveTarget, Row, RowSink, StoreError, TABLES, Table, Value,
};

/// The migration that adds the table of the move. Programs without it have to stay away until a move has finished.
const MOVES_MIGRATION: i64 = 50;

/// The name of the connection. Those of gateways and commands begin with `deskbell` and a space.
const APPLICATION: &str = "deskbell-move";
/// The key of the lock that a move holds as long as it is connected: `deskmove`.
const LOCK: i64 = i64::from_be_bytes(*b"deskmove");
/// How long is waited for that lock. The server may notice late that a move was killed.
const LOCK_TIMEOUT: &str = "SET lock_timeout = '10s'";

/// A database that everything of another one is moved to. Until it is dropped, no other move can use it.
#[derive(Debug)]
pub struct PostgresMoveTarget {
    options: PgConnectOptions,
    connection: Mutex<PgConnection>,
}

impl PostgresMoveTarget {
    /// Connects to a database without a pooler. Changes nothing. `None` if another move uses it, and an error if it needs a newer program.
    pub async fn open(url: &str) -> Result<Option<PostgresMoveTarget>, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(store_error)?;
        let options = options.application_name(APPLICATION).log_statements(LevelFilter::Off);
        let mut connection = schema::connect(&options).await?;
        schema::check_requirement(&mut connection, &options).await?;
        query(LOCK_TIMEOUT).execute(&mut connection).await.map_err(store_error)?;
        let locked = query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await;
        match locked.map_err(store_error) {
            Err(StoreError::Busy) => return Ok(None),
            other => other?,
        };
        // Rows and their count are lost together, and `finish` makes all of them durable.
        let settings = "SET lock_timeout = 0; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
            SET default_transaction_isolation = 'read committed'; SET synchronous_commit = off";
        sqlx::raw_sql(settings).execute(&mut connection).await.map_err(store_error)?;
        Ok(Some(PostgresMoveTarget { options, connection: Mutex::new(connection) }))
    }

    async fn connection(&self) -> MutexGuard<'_, PgConnection> {
        self.connection.lock().await
    }
}

/// Refuses a database, by its URL, with a move that has not finished. Changes nothing.
pub async fn check_served(url: &str) -> Result<(), StoreError> {
    let target = PgConnectOptions::from_str(url).map_err(store_error)?;
    let mut connection = schema::connect(&target).await?;
    let checked = check_not_moving(&mut connection, schema::name_of(&target)).await;
    let _ = connection.close().await;
    checked
}

/// Refuses a database with a move that has not finished.
pub async fn check_not_moving(connection: &mut PgConnection, database: String) -> Result<(), StoreError> {
    match read_mark(connection).await? {
        Some(MoveMark { is_finished: false, other, .. }) => {
            Err(StoreError::MoveHereUnfinished { database, source_name: other })
        }
        _ => Ok(()),
    }
}

async fn read_mark(connection: &mut PgConnection) -> Result<Option<MoveMark>, StoreError> {
    // A new database has no such table.
    if !schema::has_table(connection, "moves").await? {
        return Ok(None);
    }
    let row = query("SELECT id, source, finished_at IS NOT NULL AS is_finished FROM moves");
    let Some(row) = row.fetch_optional(connection).await.map_err(store_error)? else { return Ok(None) };
    Ok(Some(MoveMark { id: row.value("id")?, other: row.value("source")?, is_finished: row.value("is_finished")? }))
}

async fn written(connection: &mut PgConnection) -> Result<BTreeMap<String, u64>, StoreError> {
    if !schema::has_table(connection, "moved_rows").await? {
        return Ok(BTreeMap::new());
    }
    let rows = query("SELECT name, written FROM moved_rows").fetch_all(connection).await.map_err(store_error)?;
    rows.iter().map(|row| Ok((row.value("name")?, row.number("written")?))).collect()
}

#[async_trait]
impl MoveTarget for PostgresMoveTarget {
    fn name(&self) -> String {
        schema::name_of(&self.options)
    }

    async fn mark(&self) -> Result<Option<MoveMark>, StoreError> {
        read_mark(&mut *self.connection().await).await
    }

    async fn is_used(&self) -> Result<bool, StoreError> {
        is_used(&mut *self.connection().await).await
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        schema::migrate(&self.options).await
    }

    async fn begin(&self, id: &str, source: &str) -> Result<bool, StoreError> {
        let mut connection = self.connection().await;
        let mut write = connection.begin().await.map_err(store_error)?;
        let begin = query(
            "INSERT INTO moves (only_row, id, source, started_at, migration, version)
            SELECT 1, $1, $2, clock_timestamp(), migration, version FROM schema_requirement",
        );
        begin.bind(text(id)).bind(text(source)).execute(&mut *write).await.map_err(store_error)?;
        query("UPDATE schema_requirement SET migration = $1, version = $2 WHERE migration < $1")
            .bind(MOVES_MIGRATION)
            .bind(env!("CARGO_PKG_VERSION"))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        // Gateways and commands connect before they look for a move. So they see this one, or are seen here.
        if !is_used(&mut connection).await? {
            return Ok(true);
        }
        let mut write = connection.begin().await.map_err(store_error)?;
        restore_requirement(&mut write).await?;
        query("DELETE FROM moves").execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        Ok(false)
    }

    async fn written(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        written(&mut *self.connection().await).await
    }

    async fn unexpected_table(&self) -> Result<Option<&'static str>, StoreError> {
        let mut connection = self.connection().await;
        let written = written(&mut connection).await?;
        for table in TABLES.iter().filter(|table| !table.is_seeded) {
            if !schema::has_table(&mut connection, table.name).await? {
                continue;
            }
            let expected = written.get(table.name).copied().unwrap_or_default();
            let count = format!("SELECT count(*) FROM {}", table.name);
            let count: i64 =
                query_scalar(AssertSqlSafe(count)).fetch_one(&mut *connection).await.map_err(store_error)?;
            if count as u64 != expected {
                return Ok(Some(table.name));
            }
        }
        Ok(None)
    }

    async fn append(&self, table: &'static Table, rows: &[Row]) -> Result<(), AppendError> {
        let mut connection = self.connection().await;
        let mut write = connection.begin().await.map_err(store_error)?;
        let is_begun = query_scalar("SELECT EXISTS (SELECT 1 FROM moved_rows WHERE name = $1)").bind(table.name);
        if table.is_seeded && !is_begun.fetch_one(&mut *write).await.map_err(store_error)? {
            let delete = format!("DELETE FROM {}", table.name);
            query(AssertSqlSafe(delete)).execute(&mut *write).await.map_err(store_error)?;
        }
        // The rows already have what the trigger would find out for each.
        let is_queue = table.name == "deliveries";
        if is_queue {
            let disable = query("ALTER TABLE deliveries DISABLE TRIGGER deliveries_added");
            disable.execute(&mut *write).await.map_err(store_error)?;
        }
        copy(&mut write, table, rows).await?;
        if is_queue {
            let enable = query("ALTER TABLE deliveries ENABLE TRIGGER deliveries_added");
            enable.execute(&mut *write).await.map_err(store_error)?;
        }
        query(
            "INSERT INTO moved_rows (name, written) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET written = moved_rows.written + excluded.written",
        )
        .bind(table.name)
        .bind(rows.len() as i64)
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        Ok(write.commit().await.map_err(commit_error)?)
    }

    fn stored(&self, value: Value) -> Value {
        match value {
            Value::Text(value) if value.contains('\0') => Value::Text(text(&value).into_owned()),
            value => value,
        }
    }

    async fn read(&self, table: &'static Table, sink: &mut dyn RowSink) -> Result<(), StoreError> {
        let select = format!("SELECT {} FROM {}", columns(table), table.name);
        let mut connection = self.connection().await;
        let mut rows = query(AssertSqlSafe(select)).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.map_err(store_error)? {
            let values = table.columns.iter().enumerate().map(|(index, column)| value_of(column, &row, index));
            sink.take(values.collect::<Result<_, _>>()?).await?;
        }
        Ok(())
    }

    async fn set_last_number(&self, table: &'static Table, number: i64) -> Result<(), StoreError> {
        let Some(column) = table.assigned else { return Ok(()) };
        // The next number is the first one if none was assigned, even if an empty database has assigned some.
        let set = query("SELECT setval(pg_get_serial_sequence($1, $2), greatest($3, 1), $3 > 0)");
        let set = set.bind(table.name).bind(column).bind(number);
        set.execute(&mut *self.connection().await).await.map_err(store_error)?;
        Ok(())
    }

    async fn last_number(&self, table: &'static Table) -> Result<i64, StoreError> {
        let Some(column) = table.assigned else { return Ok(0) };
        let last = query_scalar("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass), 0)");
        last.bind(table.name).bind(column).fetch_one(&mut *self.connection().await).await.map_err(store_error)
    }

    async fn finish(&self) -> Result<(), StoreError> {
        let mut connection = self.connection().await;
        // So that the first queries of a gateway have good plans.
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        let analyze = format!("ANALYZE {}", names.join(", "));
        query(AssertSqlSafe(analyze)).execute(&mut *connection).await.map_err(store_error)?;
        let mut write = connection.begin().await.map_err(store_error)?;
        // This commit is as durable as every other one of the database, and so is everything before it.
        query("SET LOCAL synchronous_commit TO DEFAULT").execute(&mut *write).await.map_err(store_error)?;
        restore_requirement(&mut write).await?;
        let finish = query("UPDATE moves SET finished_at = clock_timestamp()");
        finish.execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)
    }
}

/// Whether a gateway or command is connected.
async fn is_used(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let used = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'deskbell %')",
    );
    used.fetch_one(connection).await.map_err(store_error)
}

/// Lets programs use the database again that the move has kept away.
async fn restore_requirement(write: &mut PgConnection) -> Result<(), StoreError> {
    let restore = query(
        "UPDATE schema_requirement SET migration = moves.migration, version = moves.version FROM moves
        WHERE moves.migration IS NOT NULL",
    );
    restore.execute(write).await.map_err(store_error)?;
    Ok(())
}

fn columns(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    columns.join(", ")
}

fn value_of(column: &Column, row: &PgRow, index: usize) -> Result<Value, StoreError> {
    Ok(match column.kind {
        ColumnKind::Integer => row.value::<Option<i64>>(index)?.into(),
        ColumnKind::Boolean => row.value::<Option<bool>>(index)?.into(),
        ColumnKind::Text => row.value::<Option<String>>(index)?.into(),
        ColumnKind::Bytes => row.value::<Option<Vec<u8>>>(index)?.into(),
        ColumnKind::Time => row.value::<Option<Time>>(index)?.map(|Time(time)| time).into(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sqlx::Row as _;

    use super::*;
    use crate::{PostgresStore, StoreOptions};
    use deskbell_core::ports::Store;
    use deskbell_core::timestamp::Timestamp;

    /// Tables that have nothing to move: those that only the store itself needs, and what is shared by gateways that run.
    const OWN_TABLES: [&str; 7] = [
        "schema_requirement",
        "moves",
        "moved_rows",
        "request_paces",
        "bucket_cells",
        "destination_outages",
        "status_polls",
    ];
    /// Columns that only the store itself needs.
    const OWN_COLUMNS: [(&str, &str); 2] = [("tickets", "changed_in"), ("tickets", "changed_by")];

    async fn target() -> (PostgresMoveTarget, String) {
        let url = test_postgres::database();
        let target = PostgresMoveTarget::open(&url).await.unwrap().unwrap();
        target.prepare().await.unwrap();
        (target, url)
    }

    fn table(name: &str) -> &'static Table {
        TABLES.iter().find(|table| table.name == name).unwrap()
    }

    async fn rows(target: &PostgresMoveTarget, table: &'static Table) -> Vec<Row> {
        let mut rows = Vec::new();
        target.read(table, &mut rows).await.unwrap();
        rows
    }

    /// A row with all values, and one with as few as possible. Each belongs to a ticket and agent of its own.
    fn examples(table: &Table) -> [Row; 2] {
        [(1, true), (101, false)].map(|(owner, is_full)| {
            let value = |(index, column): (usize, &Column)| {
                let number = owner + index as i64;
                let is_owner = matches!(
                    (table.name, column.name),
                    ("tickets" | "agents", "id") | (_, "ticket" | "agent" | "only_row")
                );
                match column.kind {
                    _ if column.is_optional && !is_full => Value::None,
                    ColumnKind::Integer => Value::Integer(if is_owner { owner } else { number }),
                    ColumnKind::Boolean => Value::Boolean(is_full),
                    ColumnKind::Text if is_owner => Value::Text(owner.to_string()),
                    ColumnKind::Text => Value::Text(format!("é {number}")),
                    ColumnKind::Bytes => Value::Bytes(vec![0, 255, number as u8]),
                    ColumnKind::Time => Value::Time(Timestamp::from_milliseconds(-62_135_596_800_000 + number)),
                }
            };
            table.columns.iter().enumerate().map(value).collect()
        })
    }

    #[tokio::test]
    async fn every_table_has_its_place_and_returns_what_was_written() {
        let (target, _) = target().await;
        assert!(target.begin("id", "old.db").await.unwrap());
        for table in TABLES {
            let mut expected = examples(table).to_vec();
            expected.truncate(if table.columns.iter().any(|column| column.name == "only_row") { 1 } else { 2 });
            for row in &expected {
                let appended = target.append(table, std::slice::from_ref(row)).await;
                appended.unwrap_or_else(|error| panic!("{}: {error}", table.name));
            }
            assert_eq!(rows(&target, table).await, expected, "{}", table.name);
            assert_eq!(target.written().await.unwrap()[table.name], expected.len() as u64);
        }
        assert_eq!(target.unexpected_table().await.unwrap(), None);
    }

    #[tokio::test]
    async fn every_column_of_every_table_is_filled_by_a_move() {
        let (target, _) = target().await;
        let mut connection = target.connection().await;
        let columns = query(
            "SELECT table_name::text, column_name::text FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
        );
        let mut found = BTreeSet::new();
        for row in columns.fetch_all(&mut *connection).await.unwrap() {
            let (name, column): (String, String) = (row.get(0), row.get(1));
            if OWN_TABLES.contains(&name.as_str()) || OWN_COLUMNS.contains(&(&name, &column)) {
                continue;
            }
            let table = TABLES.iter().find(|table| table.name == name);
            let table = table
                .unwrap_or_else(|| panic!("the table {name} is not filled by a move; add it to TABLES or OWN_TABLES"));
            let is_known = table.columns.iter().any(|known| known.name == column);
            assert!(is_known, "{name}.{column} is not filled by a move");
            found.insert(name);
        }
        assert_eq!(found.len(), TABLES.len());
    }

    #[tokio::test]
    async fn keys_and_assigned_numbers_are_those_of_the_tables() {
        let (target, _) = target().await;
        let mut connection = target.connection().await;
        let columns = query(
            "SELECT columns.table_name::text, columns.column_name::text, is_identity = 'YES', constraint_name IS NOT NULL
            FROM information_schema.columns LEFT JOIN (information_schema.key_column_usage
                JOIN information_schema.table_constraints USING (constraint_schema, constraint_name))
                ON constraint_type = 'PRIMARY KEY' AND key_column_usage.table_name = columns.table_name
                    AND key_column_usage.column_name = columns.column_name
            WHERE columns.table_schema = 'public' ORDER BY columns.table_name, key_column_usage.ordinal_position",
        );
        let (mut keys, mut assigned) = (BTreeMap::<String, Vec<String>>::new(), BTreeMap::new());
        for row in columns.fetch_all(&mut *connection).await.unwrap() {
            let (table, column): (String, String) = (row.get(0), row.get(1));
            if row.get(2) {
                assigned.insert(table.clone(), column.clone());
            }
            if row.get(3) {
                keys.entry(table).or_default().push(column);
            }
        }
        for table in TABLES {
            assert_eq!(keys.remove(table.name).unwrap_or_default(), table.key, "{}", table.name);
            assert_eq!(assigned.remove(table.name).as_deref(), table.assigned, "{}", table.name);
        }
        assert!(assigned.is_empty(), "{assigned:?}");
    }

    #[tokio::test]
    async fn new_rows_continue_after_the_last_number_of_the_source() {
        let (target, url) = target().await;
        let mut other = PgConnection::connect(&url).await.unwrap();
        let next = async |other: &mut PgConnection| -> i64 {
            let add = "INSERT INTO audit_log (at, agent, name, address, kind, site, ticket, detail)
                VALUES (now(), '', '', '', '', '', '', '') RETURNING number";
            let number = query_scalar(add).fetch_one(&mut *other).await.unwrap();
            query("DELETE FROM audit_log").execute(other).await.unwrap();
            number
        };
        let table = table("audit_log");
        assert_eq!(target.last_number(table).await.unwrap(), 0);
        assert_eq!((next(&mut other).await, target.last_number(table).await.unwrap()), (1, 1));
        target.set_last_number(table, 41).await.unwrap();
        assert_eq!(target.last_number(table).await.unwrap(), 41);
        assert_eq!((next(&mut other).await, target.last_number(table).await.unwrap()), (42, 42));
        target.set_last_number(table, 0).await.unwrap();
        assert_eq!(target.last_number(table).await.unwrap(), 0);
        assert_eq!(next(&mut other).await, 1);
    }

    #[tokio::test]
    async fn values_are_stored_as_the_store_stores_them() {
        let (target, _) = target().await;
        let (table, text) = (table("removed_files"), |text: &str| Value::Text(text.into()));
        let values = ["a\0b", "", "\u{1f600} \u{feff}", "\u{1}\\N\t\n"].map(text);
        let rows_written: Vec<Row> = values.iter().cloned().map(|value| vec![value]).collect();
        target.append(table, &rows_written).await.unwrap();
        let stored: Vec<Row> = values.into_iter().map(|value| vec![target.stored(value)]).collect();
        assert_eq!(stored[0], [text("a\u{fffd}b")]);
        assert_eq!(rows(&target, table).await, stored);
        for time in ["-004712-01-01T00:00:00Z", "0001-01-01T00:00:00.001Z", "9999-12-30T22:00:00.999Z"] {
            let row = vec![text(time), text(time), Value::Time(time.parse().unwrap())];
            let of_sites = TABLES.iter().find(|table| table.name == "site_tables").unwrap();
            target.append(of_sites, std::slice::from_ref(&row)).await.unwrap();
            assert!(rows(&target, of_sites).await.contains(&row), "{time}");
        }
    }

    #[tokio::test]
    async fn a_batch_is_written_with_its_count_or_not_at_all() {
        let (target, _) = target().await;
        let file = |name: &str| vec![Value::Text(name.into())];
        let table = table("removed_files");
        target.append(table, &[file("a"), file("b")]).await.unwrap();
        let refused = target.append(table, &[file("c"), file("a")]).await.unwrap_err();
        assert!(matches!(refused, AppendError::Row { index: 1, .. }), "{refused:?}");
        assert_eq!(target.written().await.unwrap()["removed_files"], 2);
        assert_eq!(rows(&target, table).await, [file("a"), file("b")]);
        let delete = query("DELETE FROM removed_files WHERE file = 'a'");
        delete.execute(&mut *target.connection().await).await.unwrap();
        assert_eq!(target.unexpected_table().await.unwrap(), Some("removed_files"));
    }

    #[tokio::test]
    async fn heads_of_queues_are_moved_as_they_are_and_later_deliveries_are_placed_behind_them() {
        let (target, url) = target().await;
        target.append(table("tickets"), &examples(table("tickets"))[..1]).await.unwrap();
        let deliveries = table("deliveries");
        let index = |name: &str| deliveries.columns.iter().position(|column| column.name == name).unwrap();
        let mut delivery = examples(deliveries)[0].clone();
        delivery[index("state")] = Value::Text("given_up".into());
        target.append(deliveries, std::slice::from_ref(&delivery)).await.unwrap();
        target.set_last_number(deliveries, 12).await.unwrap();
        assert_eq!(rows(&target, deliveries).await, [delivery]);
        let add = "INSERT INTO deliveries (site, destination, ticket, kind, created_at, due_at)
            SELECT site, destination, ticket, kind, created_at, due_at FROM deliveries RETURNING id, is_head";
        let mut other = PgConnection::connect(&url).await.unwrap();
        let added = query(add).fetch_one(&mut other).await.unwrap();
        assert_eq!((added.get::<i64, _>("id"), added.get::<bool, _>("is_head")), (13, false));
    }

    #[tokio::test]
    async fn a_database_is_served_before_or_after_a_move_but_not_meanwhile() {
        let (target, url) = target().await;
        let store = PostgresStore::open(&url, StoreOptions::default()).await.unwrap();
        assert!(!target.begin("id", "old.db").await.unwrap(), "a gateway uses it");
        assert_eq!(target.mark().await.unwrap(), None);
        store.close().await;
        while !target.begin("id", "old.db").await.unwrap() {
            // The server notices a moment later that the connections are closed.
            tokio::task::yield_now().await;
        }
        let error = PostgresStore::open(&url, StoreOptions::default()).await.unwrap_err().to_string();
        assert!(error.contains("the move of old.db to this database") && error.contains("has not finished"), "{error}");
        target.finish().await.unwrap();
        PostgresStore::open(&url, StoreOptions::default()).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_changed_before_the_target_is_prepared() {
        let url = test_postgres::database();
        let target = PostgresMoveTarget::open(&url).await.unwrap().unwrap();
        assert_eq!(target.mark().await.unwrap(), None);
        assert_eq!(target.unexpected_table().await.unwrap(), None);
        assert!(target.written().await.unwrap().is_empty());
        assert!(!target.is_used().await.unwrap());
        let tables = || query_scalar::<_, i64>("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'");
        let mut other = PgConnection::connect(&url).await.unwrap();
        assert_eq!(tables().fetch_one(&mut other).await.unwrap(), 0);
        target.prepare().await.unwrap();
        assert!(tables().fetch_one(&mut other).await.unwrap() > 0);
    }

    #[tokio::test]
    async fn programs_that_do_not_know_moves_are_kept_away_until_the_move_has_finished() {
        let (target, url) = target().await;
        let mut other = PgConnection::connect(&url).await.unwrap();
        let required = async |other: &mut PgConnection| -> (i64, String) {
            let row = query("SELECT migration, version FROM schema_requirement").fetch_one(other).await.unwrap();
            (row.get(0), row.get(1))
        };
        let before = required(&mut other).await;
        assert!(before.0 < MOVES_MIGRATION);
        assert!(target.begin("id", "old.db").await.unwrap());
        assert_eq!(required(&mut other).await, (MOVES_MIGRATION, env!("CARGO_PKG_VERSION").into()));
        target.finish().await.unwrap();
        assert_eq!(required(&mut other).await, before);

        let (target, url) = self::target().await;
        let _gateway = PostgresStore::open(&url, StoreOptions::default()).await.unwrap();
        assert!(!target.begin("id", "old.db").await.unwrap());
        assert_eq!(required(&mut PgConnection::connect(&url).await.unwrap()).await, before);
    }

    #[tokio::test]
    async fn one_move_at_a_time_uses_a_database() {
        let (target, url) = target().await;
        assert!(PostgresMoveTarget::open(&url).await.unwrap().is_none());
        drop(target);
        assert!(PostgresMoveTarget::open(&url).await.unwrap().is_some());
    }
}
