//! The source of a move: reads everything in the form that all stores share, while nobody else can use the file.

mod origins;
mod references;
mod suspects;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteLockingMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, query, query_scalar, raw_sql};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::error::{RowExt, store_error};
use super::listed::has_unlisted_tickets;
use super::private::sibling_path;
use super::schema;
use super::snapshot::{connect, fold_log, hold_alone};
use deskbell_core::clock;
use deskbell_core::ports::{MoveMark, MoveSource, Progress, Row, RowFault, RowSink, StoreError, Suspects, Table};
use origins::{Origin, origin_of, row_name, row_of, select};

/// The migration that adds the table of the move. Programs without it have to stay away from a moved database.
const MOVES_MIGRATION: i64 = 73;

/// How long is waited for another program that has the file open for a moment.
const BUSY: Duration = Duration::from_secs(5);
/// How many rows are read in advance. They may be large.
const ROWS_AHEAD: usize = 16;

/// Why a database cannot be moved.
#[derive(Debug, thiserror::Error)]
pub enum Unmovable {
    /// A gateway or another program uses it.
    #[error("in use by a gateway or another program; stop it first")]
    InUse,
    /// It lacks migrations, or its tickets are not rewritten yet.
    #[error("not migrated to this version; run `deskbell migrate` for it first")]
    Outdated,
    /// It lacks migrations, which it cannot get any more, because a move has begun.
    #[error(
        "its move to {0} began with an earlier version of Deskbell, and only that version can continue it. Use that, or cancel the move \
         (`--cancel`), run `deskbell migrate` for this database, and move it to a new, empty one"
    )]
    OutdatedMove(String),
    /// It lacks migrations, and was moved.
    #[error(
        "it was moved to {0} by an earlier version of Deskbell, so nothing is left to be done; set the database to that"
    )]
    OutdatedMoved(String),
    /// A newer program has added something that this one does not know.
    #[error("a newer Deskbell has used it; move it with that version")]
    Newer,
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A database that is moved. Until it is dropped, no gateway and no command can use it.
#[derive(Debug)]
pub struct SqliteMoveSource {
    path: PathBuf,
    /// For reading only until other programs are locked out; none if that has failed.
    connection: Mutex<Option<SqliteConnection>>,
    _lock: File,
}

impl SqliteMoveSource {
    /// Opens a database to read everything in it. Changes nothing, except that it undoes what a power failure has interrupted.
    pub async fn open(path: &Path) -> Result<SqliteMoveSource, Unmovable> {
        let source = SqliteMoveSource::open_any_version(path).await?;
        let mut connection = source.connection().await?;
        let status = schema::read_status(&mut connection, path).await?;
        if !status.newer.is_empty() {
            return Err(Unmovable::Newer);
        }
        if !status.is_current() || has_unlisted_tickets(&mut connection).await? {
            return Err(match read_mark(&mut connection).await? {
                None => Unmovable::Outdated,
                Some(mark) if mark.is_finished => Unmovable::OutdatedMoved(mark.other),
                Some(mark) => Unmovable::OutdatedMove(mark.other),
            });
        }
        drop(connection);
        Ok(source)
    }

    /// Opens a database to cancel its move, whatever version it has.
    pub async fn open_any_version(path: &Path) -> Result<SqliteMoveSource, Unmovable> {
        let failed =
            |error: io::Error| StoreError::Open { path: path.display().to_string(), reason: error.to_string() };
        // First: whatever is read before may change.
        let lock = hold_alone(path).map_err(failed)?.ok_or(Unmovable::InUse)?;
        let connection = match open_for_reading(path, ROWS_AHEAD).await {
            Err(StoreError::Busy) => return Err(Unmovable::InUse),
            opened => opened?,
        };
        Ok(SqliteMoveSource { path: path.into(), connection: Mutex::new(Some(connection)), _lock: lock })
    }

    async fn connection(&self) -> Result<MappedMutexGuard<'_, SqliteConnection>, StoreError> {
        MutexGuard::try_map(self.connection.lock().await, Option::as_mut).map_err(|_| StoreError::Busy)
    }
}

fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY)
        .row_buffer_size(ROWS_AHEAD)
        // Whole tables are read, which is slow by nature.
        .disable_statement_logging()
}

/// Connects, and stays at one moment of the database. It is not checkpointed, which a connection that may write would do at its end.
async fn open_for_reading(path: &Path, rows_ahead: usize) -> Result<SqliteConnection, StoreError> {
    // Who may only read cannot undo a transaction.
    if sibling_path(path, "-journal").exists() {
        undo_interrupted(path).await?;
    }
    let options = connect_options(path).read_only(true).row_buffer_size(rows_ahead);
    let mut connection = options.connect().await.map_err(store_error)?;
    raw_sql("BEGIN; SELECT count(*) FROM sqlite_schema").execute(&mut connection).await.map_err(store_error)?;
    Ok(connection)
}

/// Undoes a transaction of which a power failure has left the journal. SQLite does that when it first reads.
async fn undo_interrupted(path: &Path) -> Result<(), StoreError> {
    let mut connection = connect(path, false).await?;
    query("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await.map_err(store_error)?;
    connection.close().await.map_err(store_error)
}

/// Connects, and keeps all other programs away, also those that do not take the lock of gateways.
async fn open_exclusively(path: &Path) -> Result<SqliteConnection, StoreError> {
    if !fold_log(path).await? {
        return Err(StoreError::Busy);
    }
    let options = connect_options(path).locking_mode(SqliteLockingMode::Exclusive);
    let mut connection = options.connect().await.map_err(store_error)?;
    // In this mode a connection keeps the lock that it got.
    raw_sql("BEGIN EXCLUSIVE; COMMIT").execute(&mut connection).await.map_err(store_error)?;
    Ok(connection)
}

/// Refuses a database that was moved, or is being moved. Changes nothing.
pub async fn check_served(path: &Path) -> Result<(), StoreError> {
    let mut connection = connect(path, true).await?;
    let checked = check_not_moved(&mut connection, path).await;
    let _ = connection.close().await;
    checked
}

/// Refuses a database that was moved, or is being moved.
pub async fn check_not_moved(connection: &mut SqliteConnection, path: &Path) -> Result<(), StoreError> {
    let Some(MoveMark { other: target, is_finished, .. }) = read_mark(connection).await? else { return Ok(()) };
    let path = path.display().to_string();
    Err(match is_finished {
        true => StoreError::Moved { path, target },
        false => StoreError::MoveUnfinished { path, target },
    })
}

pub(super) async fn read_mark(connection: &mut SqliteConnection) -> Result<Option<MoveMark>, StoreError> {
    // Databases of earlier versions have no such table.
    if !schema::has_table(connection, "moves").await? {
        return Ok(None);
    }
    let row = query("SELECT id, target, finished_at IS NOT NULL AS is_finished FROM moves");
    let Some(row) = row.fetch_optional(connection).await.map_err(store_error)? else { return Ok(None) };
    Ok(Some(MoveMark { id: row.value("id")?, other: row.value("target")?, is_finished: row.value("is_finished")? }))
}

#[async_trait]
impl MoveSource for SqliteMoveSource {
    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn row_name(&self, table: &'static Table, row: &Row) -> String {
        origin_of(table).map_or_else(|_| table.name.into(), |origin| row_name(table, origin, row))
    }

    async fn mark(&self) -> Result<Option<MoveMark>, StoreError> {
        read_mark(&mut *self.connection().await?).await
    }

    async fn lock(&self) -> Result<bool, StoreError> {
        let mut connection = self.connection.lock().await;
        if let Some(reading) = connection.take() {
            reading.close().await.map_err(store_error)?;
        }
        match open_exclusively(&self.path).await {
            Err(StoreError::Busy) => return Ok(false),
            opened => *connection = Some(opened?),
        }
        Ok(true)
    }

    async fn begin(&self, id: &str, target: &str) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        let mut write = connection.begin().await.map_err(store_error)?;
        query(
            "INSERT INTO moves (only_row, id, target, started_at, migration, version)
            SELECT 1, ?, ?, ?, migration, version FROM schema_requirement",
        )
        .bind(id)
        .bind(target)
        .bind(clock::now().to_string())
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        query("UPDATE schema_requirement SET migration = ?1, version = ?2 WHERE migration < ?1")
            .bind(MOVES_MIGRATION)
            .bind(env!("CARGO_PKG_VERSION"))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        write.commit().await.map_err(store_error)
    }

    async fn finish(&self) -> Result<(), StoreError> {
        let finish = query("UPDATE moves SET finished_at = ?").bind(clock::now().to_string());
        finish.execute(&mut *self.connection().await?).await.map_err(store_error)?;
        Ok(())
    }

    async fn cancel(&self) -> Result<(), StoreError> {
        let mut connection = self.connection().await?;
        let mut write = connection.begin().await.map_err(store_error)?;
        for statement in [
            "UPDATE schema_requirement SET (migration, version) = (moves.migration, moves.version) FROM moves",
            "DELETE FROM moves",
        ] {
            query(statement).execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(store_error)
    }

    async fn count(&self, table: &'static Table) -> Result<u64, StoreError> {
        let Origin { from, .. } = origin_of(table)?;
        let count = query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {from}")));
        let count: i64 = count.fetch_one(&mut *self.connection().await?).await.map_err(store_error)?;
        Ok(count as u64)
    }

    async fn read(&self, table: &'static Table, skip: u64, sink: &mut dyn RowSink) -> Result<(), StoreError> {
        let origin = origin_of(table)?;
        let select = query(AssertSqlSafe(select(table)?)).bind(skip as i64);
        let mut connection = self.connection().await?;
        let mut rows = select.fetch(&mut *connection);
        while let Some(row) = rows.try_next().await.map_err(store_error)? {
            match row_of(table, origin, &row) {
                Ok(row) => sink.take(row).await?,
                Err(fault) => sink.take_fault(fault).await?,
            }
        }
        Ok(())
    }

    async fn suspects(&self, progress: &dyn Progress) -> Result<Suspects, StoreError> {
        suspects::find(&self.path, progress).await
    }

    async fn broken_references(&self, limit: u32) -> Result<Vec<RowFault>, StoreError> {
        references::broken_references(&mut *self.connection().await?, limit).await
    }

    async fn last_number(&self, table: &'static Table) -> Result<i64, StoreError> {
        let (Origin { from, .. }, Some(column)) = (origin_of(table)?, table.assigned) else { return Ok(0) };
        // The numbers of some tables are never given twice, not even those of rows that are gone.
        let last = format!(
            "SELECT max(coalesce((SELECT max({column}) FROM {from}), 0),
                coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{from}'), 0))"
        );
        query_scalar(AssertSqlSafe(last)).fetch_one(&mut *self.connection().await?).await.map_err(store_error)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sqlx::Row as _;

    use super::origins::ORIGINS;
    use super::*;
    use crate::SqliteStore;
    use crate::tests::fresh;
    use deskbell_core::ports::{NoProgress, Store, TABLES, Value};
    use deskbell_core::timestamp::Timestamp;

    /// Columns that have no place elsewhere: how the columns of a ticket for lists were made, which is current when a database is moved.
    const LEFT_OUT: [(&str, &str); 1] = [("tickets", "listed")];
    /// Tables that only the store itself needs.
    const OWN_TABLES: [&str; 2] = ["schema_requirement", "moves"];

    /// A closed database in which these statements were executed.
    async fn database(statements: &'static str) -> (PathBuf, tempfile::TempDir) {
        let (store, folder) = fresh().await;
        sqlx::raw_sql(statements).execute(&store.writer).await.unwrap();
        store.close().await;
        drop(store);
        (folder.path().join("new/folder/test.db"), folder)
    }

    fn table(name: &str) -> &'static Table {
        TABLES.iter().find(|table| table.name == name).unwrap()
    }

    async fn rows(source: &SqliteMoveSource, name: &str, skip: u64) -> Vec<Row> {
        let mut rows = Vec::new();
        source.read(table(name), skip, &mut rows).await.unwrap();
        rows
    }

    fn words(text: &str) -> BTreeSet<&str> {
        text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect()
    }

    #[tokio::test]
    async fn every_column_of_every_table_is_moved() {
        let (store, _folder) = fresh().await;
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx_%'";
        let mut found = BTreeSet::new();
        for name in query_scalar::<_, String>(tables).fetch_all(&store.writer).await.unwrap() {
            if OWN_TABLES.contains(&name.as_str()) {
                continue;
            }
            let origin = ORIGINS.iter().find(|origin| words(origin.from).contains(name.as_str()));
            let origin = origin.unwrap_or_else(|| panic!("the table {name} is not moved"));
            let select = select(table(origin.table)).unwrap();
            let columns = query("SELECT name FROM pragma_table_info(?)").bind(&name).fetch_all(&store.writer);
            for row in columns.await.unwrap() {
                let column: String = row.get("name");
                let is_left_out = LEFT_OUT.contains(&(&name, &column));
                assert!(is_left_out || words(&select).contains(column.as_str()), "{name}.{column} is not moved");
            }
            found.insert(origin.table);
        }
        let all: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(found, all);
    }

    #[tokio::test]
    async fn all_tables_can_be_read_and_only_those_of_a_new_database_have_rows() {
        let (path, _folder) = database("").await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        for table in TABLES {
            let rows = rows(&source, table.name, 0).await;
            assert_eq!(rows.len() as u64, source.count(table).await.unwrap(), "{}", table.name);
            assert_eq!(!rows.is_empty(), table.is_seeded, "{}", table.name);
        }
    }

    #[tokio::test]
    async fn values_are_converted_exactly() {
        let (path, _folder) = database(
            "INSERT INTO affected VALUES ('s', 'a' || char(0) || 'b', x'00ff', '0001-01-01T00:00:00Z');
            INSERT INTO affected VALUES ('s', 'é', x'', '2026-11-28T10:00:00.123456789+02:00');
            INSERT INTO search_misses VALUES ('w', 's', x'01', -9223372036854775808, NULL, '2026-11-23');
            INSERT INTO polls (site, destination, until, behind) VALUES ('s', 'a', '', 1), ('s', 'b', '1970-01-01T00:00:00.001Z', 0);
            INSERT INTO sources VALUES ('s', 'a', '9999-12-30T00:00:00.000Z'), ('s', 'b', '2026-01-01T00:00:00.000Z');
            INSERT INTO import_runs (site, source, failures, progress) VALUES ('s', 'b', 3, '{}'), ('s', 'c', 0, '');",
        )
        .await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        let text = |text: &str| Value::from(text);
        let time = |text: &str| Value::from(text.parse::<Timestamp>().unwrap());
        assert_eq!(
            rows(&source, "affected_customers", 0).await,
            [
                vec![text("s"), text("a\0b"), Value::Bytes(vec![0, 255]), time("0001-01-01T00:00:00.000Z")],
                vec![text("s"), text("é"), Value::Bytes(vec![]), time("2026-11-28T08:00:00.123Z")],
            ]
        );
        let missed = rows(&source, "search_misses", 0).await;
        assert_eq!(missed[0][3..], [Value::Integer(i64::MIN), Value::None, time("2026-11-23T00:00:00Z")]);
        let synced = rows(&source, "sync_states", 1).await;
        assert_eq!(synced.len(), 1);
        assert_eq!((&synced[0][2], &synced[0][6]), (&time("1970-01-01T00:00:00.001Z"), &Value::Boolean(false)));
        let imports = rows(&source, "imports", 0).await;
        let none = || Value::None;
        let import = |source: &str, at: Value, failures: i64, progress: &str| {
            vec![text("s"), text(source), at, none(), none(), Value::Integer(failures), none(), text(progress)]
        };
        assert_eq!(
            imports,
            [
                import("a", time("9999-12-30T00:00:00Z"), 0, ""),
                import("b", time("2026-01-01T00:00:00Z"), 3, "{}"),
                import("c", none(), 0, "")
            ]
        );
    }

    /// Collects faults, and ignores rows.
    #[derive(Default)]
    struct Faults(Vec<String>);

    #[async_trait]
    impl RowSink for Faults {
        async fn take(&mut self, _: Row) -> Result<(), StoreError> {
            Ok(())
        }

        async fn take_fault(&mut self, fault: RowFault) -> Result<(), StoreError> {
            self.0.push(fault.to_string());
            Ok(())
        }
    }

    #[tokio::test]
    async fn every_value_that_cannot_be_read_is_named_by_its_row_and_column() {
        let (path, _folder) = database(
            "INSERT INTO invocations VALUES ('s', 'd', 'a', '2026-01-01T00:00:00.000Z'), ('s', 'o''d' || char(27), 'b', 'yester''day');
            INSERT INTO polls (site, destination, until, behind) VALUES ('s', 'a', 'soon', 0), ('s', 'b', '', 2);
            INSERT INTO affected VALUES ('s', 'i', x'00ff', '');
            PRAGMA foreign_keys = OFF;
            INSERT INTO unsigned_mails VALUES ('t', 's', x'01', NULL, x'02', 'never');
            INSERT INTO tickets (id, site, reference, status, received_at, updated_at, listed)
                VALUES ('t-1', 's', 'r', 'open', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 2)",
        )
        .await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        let mut faults = Faults::default();
        for table in TABLES {
            source.read(table, 0, &mut faults).await.unwrap();
        }
        let time = "a time such as '2026-11-28T10:00:00.000Z'";
        assert_eq!(
            faults.0,
            [
                "tickets WHERE id = 't-1': number is NULL; allowed: a number".to_string(),
                format!(
                    "unsigned_mails WHERE ticket = 't' AND site = 's' AND mailbox = x'01' AND session IS NULL AND network = x'02' AND sent_at IS NULL: \
                    sent_at is 'never'; allowed: {time}"
                ),
                format!("affected WHERE site = 's' AND incident = 'i' AND who = x'00ff': at is ''; allowed: {time}"),
                format!("polls WHERE site = 's' AND destination = 'a': until is 'soon'; allowed: {time}, or NULL"),
                "polls WHERE site = 's' AND destination = 'b': behind is 2; allowed: 0 or 1".to_string(),
                format!(
                    "invocations WHERE site = 's' AND destination = 'o''d\u{fffd}' AND id = 'b': at is 'yester''day'; allowed: {time}"
                ),
            ]
        );
        // Who does not collect them gets the first one as an error.
        let error = source.read(table("notifications"), 0, &mut Vec::new()).await.unwrap_err().to_string();
        assert!(
            error.ends_with("id = 'b': at is 'yester''day'; allowed: a time such as '2026-11-28T10:00:00.000Z'"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn rows_that_refer_to_nothing_are_named() {
        let (path, _folder) = database(
            "PRAGMA foreign_keys = OFF;
            INSERT INTO messages (ticket, number, author, name, body, at) VALUES ('gone', 3, 'support', '', '', '2026-01-01T00:00:00.000Z');
            INSERT INTO ticket_tokens VALUES (5, 'a'), (5, 'b'), (6, 'c');
            INSERT INTO attachments (site, id, name, type, size, file, put_at) VALUES ('s', 'a', '', '', 1, 'f', '2026-01-01T00:00:00.000Z');
            INSERT INTO agent_sessions VALUES (7, x'00', 'eve', '', x'', '', '', '', '', '')",
        )
        .await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        let faults: Vec<String> = source.broken_references(2).await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            [
                "agent_sessions WHERE id = 7: agent is 'eve', and agents has no such id; allowed: the id of a row of agents",
                "messages WHERE ticket = 'gone' AND number = 3: ticket is 'gone', and tickets has no such id; allowed: the id of a row of tickets",
                "ticket_tokens WHERE ticket = 5 AND token = 'a': ticket is 5, and tickets has no such number; allowed: the number of a row of tickets",
                "ticket_tokens WHERE ticket = 5 AND token = 'b': ticket is 5, and tickets has no such number; allowed: the number of a row of tickets",
            ]
        );
    }

    /// The tables that are suspect, and whether references are.
    async fn suspects(source: &SqliteMoveSource) -> (Vec<&'static str>, bool) {
        let Suspects { tables, has_broken_references } = source.suspects(&NoProgress).await.unwrap();
        (tables.iter().map(|table| table.name).collect(), has_broken_references)
    }

    #[tokio::test]
    async fn a_table_with_a_row_that_cannot_be_read_is_suspect() {
        const TIME: &str = "'2026-01-01T00:00:00.000Z'";
        let ticket = format!(
            "INSERT INTO tickets (number, id, site, reference, status, received_at, updated_at, listed) VALUES (1, 't', 's', 'r', 'open', {TIME}, {TIME}, 2);"
        );
        for (statement, expected) in [
            (String::new(), None),
            (format!("INSERT INTO invocations VALUES ('s', 'd', 'é\u{1f600}', {TIME})"), None),
            (format!("INSERT INTO invocations VALUES ('s', 'd', 'a' || char(0) || 'b', {TIME})"), None),
            (
                format!("INSERT INTO invocations VALUES ('s', CAST(x'c3' AS TEXT), CAST(x'a9' AS TEXT), {TIME})"),
                Some("notifications"),
            ),
            (format!("INSERT INTO invocations VALUES ('s', 'd', CAST(x'ff' AS TEXT), {TIME})"), Some("notifications")),
            (
                format!("INSERT INTO invocations VALUES ('s', 'd', CAST(x'6180' AS TEXT), {TIME})"),
                Some("notifications"),
            ),
            (
                format!("INSERT INTO invocations VALUES ('s', 'd', CAST(x'6100ff' AS TEXT), {TIME})"),
                Some("notifications"),
            ),
            (
                "INSERT INTO invocations VALUES ('s', 'd', 'i', '2026-02-30T00:00:00.000Z')".into(),
                Some("notifications"),
            ),
            ("INSERT INTO invocations VALUES ('s', 'd', 'i', 'now')".into(), Some("notifications")),
            (
                "INSERT INTO polls (site, destination, until, behind) VALUES ('s', 'b', '', 2)".into(),
                Some("sync_states"),
            ),
            (format!("{ticket} INSERT INTO ticket_tokens VALUES (1, 'a'), (1, 'b')"), None),
            (
                format!("{ticket} INSERT INTO ticket_tokens VALUES (1, 'a'), (1, CAST(x'ff' AS TEXT)), (1, 'b')"),
                Some("ticket_tokens"),
            ),
            (format!("{ticket} UPDATE tickets SET due_at = 'soon'"), Some("tickets")),
        ] {
            let (store, folder) = fresh().await;
            sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&store.writer).await.unwrap();
            store.close().await;
            drop(store);
            let source = SqliteMoveSource::open(&folder.path().join("new/folder/test.db")).await.unwrap();
            assert_eq!(suspects(&source).await, (expected.into_iter().collect(), false), "{statement}");
            let mut faults = Faults::default();
            for table in TABLES {
                source.read(table, 0, &mut faults).await.unwrap();
            }
            assert_eq!(faults.0.len(), expected.map_or(0, |_| 1), "{statement}: {:?}", faults.0);
        }
    }

    #[tokio::test]
    async fn every_column_is_checked() {
        let (store, _folder) = fresh().await;
        for table in TABLES {
            let check = suspects::check(table, origin_of(table).unwrap());
            query(AssertSqlSafe(check.clone())).fetch_all(&store.writer).await.unwrap();
            for column in table.columns {
                let expression = origin_of(table).unwrap().expression(column.name);
                assert!(check.matches(expression).count() > 0, "{}.{}: {check}", table.name, column.name);
            }
        }
    }

    #[tokio::test]
    async fn references_to_nothing_are_suspect_in_every_table_that_refers_to_others() {
        let (path, _folder) = database("").await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        let keys = references::foreign_keys(&mut source.connection().await.unwrap()).await.unwrap();
        drop(source);
        assert!(keys.len() > 5);
        for key in keys {
            let (path, _folder) = database("").await;
            let mut connection = connect_options(&path).foreign_keys(false).connect().await.unwrap();
            let columns = format!("SELECT name, type FROM pragma_table_info('{}')", key.table);
            let columns = query(AssertSqlSafe(columns)).fetch_all(&mut connection).await.unwrap();
            let values: Vec<String> = columns
                .iter()
                .map(|column| match (column.get::<String, _>("name"), column.get::<String, _>("type")) {
                    (name, kind) if name == key.column && kind != "INTEGER" => "'lost'".into(),
                    (_, kind) if kind == "TEXT" => "'2026-01-01T00:00:00.000Z'".into(),
                    (_, kind) if kind == "BLOB" => "x'00'".into(),
                    _ => "1".to_string(),
                })
                .collect();
            let insert = format!("INSERT INTO {} VALUES ({})", key.table, values.join(", "));
            query(AssertSqlSafe(insert)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            let source = SqliteMoveSource::open(&path).await.unwrap();
            assert!(suspects(&source).await.1, "{}.{}", key.table, key.column);
            assert!(!source.broken_references(1).await.unwrap().is_empty(), "{}.{}", key.table, key.column);
        }
    }

    #[tokio::test]
    async fn reading_a_table_sorts_nothing() {
        let (path, _folder) = database("").await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        // These are joined or united from others, and small.
        for table in TABLES.iter().filter(|table| !["imports", "secrets"].contains(&table.name)) {
            let explain = format!("EXPLAIN QUERY PLAN {}", select(table).unwrap());
            let mut connection = source.connection().await.unwrap();
            for step in query(AssertSqlSafe(explain)).bind(0).fetch_all(&mut *connection).await.unwrap() {
                let step: String = step.get("detail");
                assert!(step.starts_with("SCAN"), "{}: {step}", table.name);
            }
            drop(connection);
            let explain = format!("EXPLAIN QUERY PLAN {}", suspects::check(table, origin_of(table).unwrap()));
            let mut connection = source.connection().await.unwrap();
            for step in query(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap() {
                let step: String = step.get("detail");
                assert!(step.starts_with("SCAN"), "{}: {step}", table.name);
            }
        }
        let mut connection = source.connection().await.unwrap();
        for key in references::foreign_keys(&mut connection).await.unwrap() {
            let explain = format!("EXPLAIN QUERY PLAN {}", suspects::violation(&key));
            for step in query(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap() {
                let step: String = step.get("detail");
                assert!(!step.contains("TEMP B-TREE"), "{}.{}: {step}", key.table, key.column);
            }
        }
    }

    fn files(path: &Path) -> [Vec<u8>; 2] {
        ["", "-wal"].map(|ending| std::fs::read(sibling_path(path, ending)).unwrap_or_default())
    }

    #[tokio::test]
    async fn reading_changes_nothing_until_other_programs_are_locked_out() {
        let (path, folder) = database("").await;
        // As after a crash: the last transactions are in the write-ahead log only.
        let store = SqliteStore::open(&path).await.unwrap();
        query("INSERT INTO removed_files VALUES ('a')").execute(&store.writer).await.unwrap();
        let crashed = folder.path().join("crashed.db");
        for ending in ["", "-wal"] {
            std::fs::copy(sibling_path(&path, ending), sibling_path(&crashed, ending)).unwrap();
        }
        store.close().await;
        let before = files(&crashed);
        assert!(!before[1].is_empty());
        let source = SqliteMoveSource::open(&crashed).await.unwrap();
        assert_eq!(source.mark().await.unwrap(), None);
        assert_eq!(rows(&source, "removed_files", 0).await, [["a".into()]]);
        assert!(source.broken_references(1).await.unwrap().is_empty());
        source.connection.lock().await.take().unwrap().close().await.unwrap();
        drop(source);
        assert!(files(&crashed) == before, "the database has changed");
        let source = SqliteMoveSource::open(&crashed).await.unwrap();
        assert!(source.lock().await.unwrap());
        assert_eq!(rows(&source, "removed_files", 0).await, [["a".into()]]);
        assert!(files(&crashed)[1].is_empty());
    }

    #[tokio::test]
    async fn a_transaction_that_a_power_failure_interrupted_is_undone_first() {
        let (path, folder) = database("").await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        assert!(source.lock().await.unwrap());
        source.begin("id", "postgres://db/deskbell").await.unwrap();
        let failed = folder.path().join("failed.db");
        {
            let mut connection = source.connection().await.unwrap();
            // So small a cache writes to the file before the commit.
            raw_sql("PRAGMA cache_size = 1; BEGIN; DELETE FROM moves").execute(&mut *connection).await.unwrap();
            let fill = "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 200)
                INSERT INTO removed_files SELECT number || hex(randomblob(500)) FROM numbers";
            query(fill).execute(&mut *connection).await.unwrap();
            for ending in ["", "-journal"] {
                std::fs::copy(sibling_path(&path, ending), sibling_path(&failed, ending)).unwrap();
            }
        }
        assert!(std::fs::metadata(sibling_path(&failed, "-journal")).unwrap().len() > 4096);
        let source = SqliteMoveSource::open(&failed).await.unwrap();
        assert_eq!(source.mark().await.unwrap().map(|mark| mark.id).as_deref(), Some("id"));
        assert!(rows(&source, "removed_files", 0).await.is_empty());
    }

    #[tokio::test]
    async fn numbers_continue_after_those_of_deleted_rows() {
        let (path, _folder) = database(
            "INSERT INTO audit_log VALUES (7, '2026-01-01T00:00:00.000Z', '', '', '', '', '', '', '', 1);
            DELETE FROM audit_log;
            INSERT INTO audit_log (at, agent, name, address, kind, site, ticket, detail)
                VALUES ('2026-01-01T00:00:00.000Z', '', '', '', '', '', '', '');
            DELETE FROM audit_log",
        )
        .await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        assert_eq!(source.last_number(table("audit_log")).await.unwrap(), 8);
        assert_eq!(source.last_number(table("tickets")).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_database_is_moved_by_nobody_else_meanwhile() {
        let (path, _folder) = database("").await;
        let store = SqliteStore::open(&path).await.unwrap();
        assert!(matches!(SqliteMoveSource::open(&path).await, Err(Unmovable::InUse)));
        store.close().await;
        drop(store);
        // A program that does not know the lock.
        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(Duration::ZERO);
        let mut reader = options.connect().await.unwrap();
        sqlx::raw_sql("PRAGMA journal_mode = WAL; BEGIN; SELECT * FROM tickets").execute(&mut reader).await.unwrap();
        let source = SqliteMoveSource::open(&path).await.unwrap();
        assert!(!source.lock().await.unwrap());
        drop(source);
        reader.close().await.unwrap();
        let source = SqliteMoveSource::open(&path).await.unwrap();
        assert!(source.lock().await.unwrap());
        assert!(SqliteStore::open(&path).await.is_err());
        let mut other = options.connect().await.unwrap();
        let read = query("SELECT * FROM tickets").fetch_all(&mut other).await.map_err(store_error);
        assert!(matches!(read, Err(StoreError::Busy)), "{read:?}");
        drop(source);
    }

    #[tokio::test]
    async fn a_moved_database_is_not_served_until_the_move_is_cancelled() {
        let (path, _folder) = database("").await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        assert!(source.lock().await.unwrap());
        source.begin("id", "postgres://db/deskbell").await.unwrap();
        drop(source);
        let error = SqliteStore::open(&path).await.unwrap_err().to_string();
        assert!(error.contains("the move of this database to postgres://db/deskbell has not finished"), "{error}");
        let source = SqliteMoveSource::open(&path).await.unwrap();
        assert!(source.lock().await.unwrap());
        source.finish().await.unwrap();
        let mark = MoveMark { id: "id".into(), other: "postgres://db/deskbell".into(), is_finished: true };
        assert_eq!(source.mark().await.unwrap(), Some(mark));
        let requirement = "SELECT migration FROM schema_requirement";
        let migration: i64 =
            query_scalar(requirement).fetch_one(&mut *source.connection().await.unwrap()).await.unwrap();
        assert_eq!(migration, MOVES_MIGRATION, "earlier programs are refused as well");
        drop(source);
        let error = SqliteStore::open(&path).await.unwrap_err().to_string();
        assert!(error.contains("was moved to postgres://db/deskbell"), "{error}");
        cancel(&path).await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        let migration: i64 =
            query_scalar(requirement).fetch_one(&mut *source.connection().await.unwrap()).await.unwrap();
        assert_eq!(migration, 70);
        drop(source);
        SqliteStore::open(&path).await.unwrap();
    }

    async fn cancel(path: &Path) {
        let source = SqliteMoveSource::open_any_version(path).await.unwrap();
        assert!(source.lock().await.unwrap());
        source.cancel().await.unwrap();
        assert_eq!(source.mark().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_move_that_an_earlier_version_has_begun_can_only_be_cancelled() {
        let (path, _folder) = database("").await;
        let source = SqliteMoveSource::open(&path).await.unwrap();
        assert!(source.lock().await.unwrap());
        source.begin("id", "the new one").await.unwrap();
        // A migration that this version has and the database lacks.
        let forget = query("DELETE FROM _sqlx_migrations WHERE version = 72");
        forget.execute(&mut *source.connection().await.unwrap()).await.unwrap();
        drop(source);
        let refused = SqliteMoveSource::open(&path).await.unwrap_err();
        assert!(matches!(&refused, Unmovable::OutdatedMove(target) if target == "the new one"), "{refused}");
        let source = SqliteMoveSource::open_any_version(&path).await.unwrap();
        assert!(source.lock().await.unwrap());
        source.finish().await.unwrap();
        drop(source);
        let refused = SqliteMoveSource::open(&path).await.unwrap_err();
        assert!(matches!(&refused, Unmovable::OutdatedMoved(target) if target == "the new one"), "{refused}");
        cancel(&path).await;
        assert!(matches!(SqliteMoveSource::open(&path).await, Err(Unmovable::Outdated)));
    }

    #[tokio::test]
    async fn a_database_of_another_version_is_not_moved() {
        let (path, _folder) = database("DELETE FROM _sqlx_migrations WHERE version = 73; DROP TABLE moves").await;
        assert!(matches!(SqliteMoveSource::open(&path).await, Err(Unmovable::Outdated)));
        let source = SqliteMoveSource::open_any_version(&path).await.unwrap();
        assert_eq!(source.mark().await.unwrap(), None);
        drop(source);
        let (path, _folder) =
            database("INSERT INTO _sqlx_migrations VALUES (9999, 'of tomorrow', '', 1, x'00', 1)").await;
        assert!(matches!(SqliteMoveSource::open(&path).await, Err(Unmovable::Newer)));
    }
}
