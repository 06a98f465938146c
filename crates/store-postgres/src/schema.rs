//! The schema of a database: its migrations, and which programs may use it.
//!
//! A migration adds something, and programs that do not know it go on working; or it takes something away that no supported program uses any
//! more, and raises the requirement in the table `schema_requirement`. So a program can run beside the next one, and after it.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, query, query_scalar};
use tokio::time::timeout;

use super::columns::RowExt;
pub(super) use super::error::name_of;
use super::error::{connect_error, migration_error, store_error};
use deskbell_core::ports::{Migration, PendingMigrations, SchemaStatus, StoreError};

/// How long a server may take to accept a connection and to answer on it.
pub const CONNECT_MAX: Duration = Duration::from_secs(30);

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The migrations of a database, `postgres://USER:PASSWORD@HOST/NAME`. Changes nothing. A database that needs a newer program is an error.
pub async fn status(url: &str) -> Result<SchemaStatus, StoreError> {
    let target = PgConnectOptions::from_str(url).map_err(store_error)?;
    let mut connection = connect(&target).await?;
    let status = read_status(&mut connection, &target).await;
    let _ = connection.close().await;
    status
}

async fn read_status(connection: &mut PgConnection, target: &PgConnectOptions) -> Result<SchemaStatus, StoreError> {
    check_requirement(connection, target).await?;
    let mut found = Vec::new();
    if has_table(connection, "_sqlx_migrations").await? {
        let rows = query("SELECT version, description FROM _sqlx_migrations WHERE success ORDER BY version");
        for row in rows.fetch_all(connection).await.map_err(store_error)? {
            found.push(Migration { number: row.value("version")?, name: row.value("description")? });
        }
    }
    Ok(SchemaStatus::compare(&known(), found))
}

/// Applies the pending migrations, or refuses or ignores them.
pub(super) async fn prepare(target: &PgConnectOptions, pending: PendingMigrations) -> Result<(), StoreError> {
    if pending == PendingMigrations::Apply {
        return migrate(target).await;
    }
    let mut connection = connect(target).await?;
    let status = read_status(&mut connection, target).await;
    let _ = connection.close().await;
    match (pending, status?) {
        (PendingMigrations::Refuse, status) => status.require_current(name_of(target)),
        _ => Ok(()),
    }
}

/// Applies the pending migrations. Those that this program does not know are left alone. Gateways that start at the same moment wait for the
/// first one, however long its migrations take: the connection has no time limits.
pub(super) async fn migrate(target: &PgConnectOptions) -> Result<(), StoreError> {
    // By itself, because a pool tries for long and then does not say what was wrong.
    let mut connection = connect(target).await?;
    check_requirement(&mut connection, target).await?;
    connection.close().await.map_err(store_error)?;
    // Without notes that the table of migrations exists.
    let quiet = target.clone().options([("client_min_messages", "warning")]);
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(quiet)
        .await
        .map_err(|error| connect_error(target, &error))?;
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    let migrated = migrator.set_ignore_missing(true).run(&pool).await;
    migrated.map_err(|error| migration_error(&error, target))?;
    // A newer program may have migrated while this one waited.
    check_requirement(&mut *pool.acquire().await.map_err(store_error)?, target).await?;
    pool.close().await;
    Ok(())
}

pub(super) async fn connect(target: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    connect_within(target, CONNECT_MAX).await
}

/// Connects to a server that may take so long to answer. A pooler accepts connections although the server behind it does not answer.
pub(super) async fn connect_within(target: &PgConnectOptions, time_max: Duration) -> Result<PgConnection, StoreError> {
    let connect = async {
        let mut connection = target.connect().await?;
        connection.ping().await?;
        Ok(connection)
    };
    match timeout(time_max, connect).await {
        Ok(connected) => connected.map_err(|error| connect_error(target, &error)),
        Err(_) => {
            let reason = format!("no answer within {} seconds", time_max.as_secs());
            Err(StoreError::Unreachable { database: name_of(target), reason })
        }
    }
}

/// Refuses a database that needs a newer program.
pub(super) async fn check_requirement(
    connection: &mut PgConnection,
    target: &PgConnectOptions,
) -> Result<(), StoreError> {
    match missing_version(connection).await? {
        Some(required) => Err(StoreError::ProgramTooOld { path: name_of(target), required }),
        None => Ok(()),
    }
}

/// The version of Deskbell that a database needs, if this program is too old for it.
async fn missing_version(connection: &mut PgConnection) -> Result<Option<String>, StoreError> {
    // A new database has no requirement.
    if !has_table(connection, "schema_requirement").await? {
        return Ok(None);
    }
    let version = query_scalar("SELECT version FROM schema_requirement WHERE migration > $1").bind(newest());
    version.fetch_optional(connection).await.map_err(store_error)
}

/// The newest migration that this program knows.
fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn known() -> Vec<Migration> {
    let migration = |known: &sqlx::migrate::Migration| Migration {
        number: known.version,
        name: known.description.clone().into_owned(),
    };
    MIGRATIONS.iter().map(migration).collect()
}

pub(super) async fn has_table(connection: &mut PgConnection, name: &str) -> Result<bool, StoreError> {
    let found = query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(name);
    found.fetch_one(connection).await.map_err(store_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PostgresStore, StoreOptions};

    /// No program before the first release has to survive what a migration up to this one takes away.
    const FIRST_RELEASE: i64 = 99;

    async fn newer_database(statement: &'static str) -> String {
        let url = test_postgres::database();
        let store = PostgresStore::open(&url, StoreOptions::default()).await.unwrap();
        sqlx::raw_sql(statement).execute(&store.pool).await.unwrap();
        let record = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'of tomorrow', true, '\\x00', 1)";
        query(record).execute(&store.pool).await.unwrap();
        store.pool.close().await;
        url
    }

    #[tokio::test]
    async fn a_database_with_additions_of_a_newer_program_is_opened() {
        let url = newer_database("ALTER TABLE agents ADD COLUMN mood text").await;
        PostgresStore::open(&url, StoreOptions::default()).await.unwrap();
        let status = status(&url).await.unwrap();
        assert!(status.is_current());
        assert_eq!(status.newer, [Migration { number: 9999, name: "of tomorrow".into() }]);
    }

    #[tokio::test]
    async fn a_database_that_needs_a_newer_program_is_refused_with_its_version() {
        let url = newer_database("UPDATE schema_requirement SET migration = 9999, version = '7.1.0'").await;
        let opened = PostgresStore::open(&url, StoreOptions::default()).await.map(drop);
        for refused in [opened, status(&url).await.map(drop)] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("needs Deskbell 7.1.0 or newer") && error.contains("test_"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_named_without_the_password() {
        let url = "postgres://ada:hidden@127.0.0.1:1/desk";
        let opened = PostgresStore::open(url, StoreOptions::default()).await.map(drop);
        for refused in [opened, status(url).await.map(drop)] {
            let error = refused.unwrap_err().to_string();
            assert_eq!(error, "cannot connect to desk on 127.0.0.1:1: connection refused");
        }
    }

    #[tokio::test]
    async fn the_status_of_an_empty_database_changes_nothing() {
        let url = test_postgres::database();
        let empty = status(&url).await.unwrap();
        assert_eq!((empty.applied.len(), empty.pending.len()), (0, known().len()));
        assert_eq!(status(&url).await.unwrap(), empty);
        PostgresStore::open(&url, StoreOptions::default()).await.unwrap();
        assert_eq!(status(&url).await.unwrap().applied, known());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn gateways_that_start_together_migrate_once() {
        let url = test_postgres::database();
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { PostgresStore::open(&url, StoreOptions::default()).await })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap();
        }
        assert_eq!(status(&url).await.unwrap().applied, known());
    }

    /// What a migration does that programs without it may not survive.
    fn removal(sql: &str) -> Option<&'static str> {
        let code: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let code = code.join(" ").to_uppercase();
        let words = code.split_whitespace().collect::<Vec<_>>().join(" ");
        let removals = ["DROP TABLE", "DROP COLUMN", "DROP INDEX", "RENAME ", "CREATE TRIGGER", "DELETE FROM"];
        removals.into_iter().find(|removal| words.contains(removal))
    }

    #[test]
    fn migrations_that_take_something_away_raise_the_requirement() {
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > FIRST_RELEASE) {
            let sql = migration.sql.as_str();
            let raises = sql.contains("UPDATE schema_requirement SET migration");
            if let Some(removal) = removal(sql) {
                assert!(raises, "{}: {removal}, without a new requirement", migration.description);
            }
        }
        assert_eq!(removal("-- DROP TABLE x\nALTER TABLE a ADD COLUMN b text;"), None);
        assert_eq!(removal("ALTER TABLE a\n  RENAME COLUMN b TO c;"), Some("RENAME "));
    }
}
