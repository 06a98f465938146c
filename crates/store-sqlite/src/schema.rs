//! The schema of a database: its migrations, and which programs may use it.
//!
//! A migration adds something, and programs that do not know it go on working; or it takes something away that no supported program uses any
//! more, and raises the requirement in the table `schema_requirement`. So a program can run beside the next one, and after it.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Connection, Row, query, query_scalar};

use super::error::store_error;
use super::moves::check_not_moved;
use super::snapshot::connect;
use deskbell_core::ports::{Migration, PendingMigrations, SchemaStatus, StoreError};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// The migrations of a database that does not exist.
pub fn empty() -> SchemaStatus {
    SchemaStatus::compare(&known(), Vec::new())
}

/// The migrations of a database. Changes nothing. A database that needs a newer program is an error.
pub async fn status(database: &Path) -> Result<SchemaStatus, StoreError> {
    let mut connection = connect(database, true).await?;
    let status = read_status(&mut connection, database).await;
    let _ = connection.close().await;
    status
}

pub(super) async fn read_status(
    connection: &mut SqliteConnection,
    database: &Path,
) -> Result<SchemaStatus, StoreError> {
    check_requirement(connection, database).await?;
    let mut found = Vec::new();
    if has_table(connection, "_sqlx_migrations").await? {
        let rows = query("SELECT version, description FROM _sqlx_migrations WHERE success ORDER BY version");
        for row in rows.fetch_all(connection).await.map_err(store_error)? {
            let number = row.try_get("version").map_err(store_error)?;
            found.push(Migration { number, name: row.try_get("description").map_err(store_error)? });
        }
    }
    Ok(SchemaStatus::compare(&known(), found))
}

/// Refuses a database that needs a newer program.
async fn check_requirement(connection: &mut SqliteConnection, database: &Path) -> Result<(), StoreError> {
    match missing_version(connection).await? {
        Some(required) => Err(StoreError::ProgramTooOld { path: database.display().to_string(), required }),
        None => Ok(()),
    }
}

/// The version of Deskbell that a database needs, if this program is too old for it.
pub(super) async fn missing_version(connection: &mut SqliteConnection) -> Result<Option<String>, StoreError> {
    // Databases from before migration 70 have no requirement.
    if !has_table(connection, "schema_requirement").await? {
        return Ok(None);
    }
    let version = query_scalar("SELECT version FROM schema_requirement WHERE migration > ?").bind(newest());
    version.fetch_optional(connection).await.map_err(store_error)
}

/// Applies the pending migrations, or refuses or ignores them. Those that this program does not know are left alone.
pub(super) async fn prepare(pool: &SqlitePool, database: &Path, pending: PendingMigrations) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await.map_err(store_error)?;
    let status = read_status(&mut connection, database).await?;
    check_not_moved(&mut connection, database).await?;
    drop(connection);
    match pending {
        PendingMigrations::Apply => {}
        PendingMigrations::Refuse => return status.require_current(database.display().to_string()),
        PendingMigrations::Ignore => return Ok(()),
    }
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    let failed = |reason: String| StoreError::Open { path: database.display().to_string(), reason };
    migrator.set_ignore_missing(true).run(pool).await.map_err(|error| failed(error.to_string()))
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

pub(super) async fn has_table(connection: &mut SqliteConnection, name: &str) -> Result<bool, StoreError> {
    let found = query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)");
    found.bind(name).fetch_one(connection).await.map_err(store_error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteStore;
    use crate::tests::fresh;

    /// The migration since which programs and databases of neighbouring versions work together.
    const FIRST_WITH_REQUIREMENT: i64 = 70;

    async fn newer_database(statement: &'static str) -> (std::path::PathBuf, tempfile::TempDir) {
        let (store, folder) = fresh().await;
        sqlx::raw_sql(statement).execute(&store.writer).await.unwrap();
        let record = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'of tomorrow', 1, x'00', 1)";
        query(record).execute(&store.writer).await.unwrap();
        deskbell_core::ports::Store::close(&store).await;
        (folder.path().join("new/folder/test.db"), folder)
    }

    #[tokio::test]
    async fn a_database_with_additions_of_a_newer_program_is_opened() {
        let (path, _folder) = newer_database("ALTER TABLE tickets ADD COLUMN mood TEXT").await;
        let store = SqliteStore::open(&path).await.unwrap();
        deskbell_core::ports::Store::close(&store).await;
        let status = status(&path).await.unwrap();
        assert!(status.is_current());
        assert_eq!(status.newer, [Migration { number: 9999, name: "of tomorrow".into() }]);
    }

    #[tokio::test]
    async fn a_database_that_needs_a_newer_program_is_refused_with_its_version() {
        let raise = "UPDATE schema_requirement SET migration = 9999, version = '7.1.0'";
        let (path, _folder) = newer_database(raise).await;
        for refused in [SqliteStore::open(&path).await.map(drop), status(&path).await.map(drop)] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("needs Deskbell 7.1.0 or newer"), "{error}");
        }
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
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > FIRST_WITH_REQUIREMENT) {
            let sql = migration.sql.as_str();
            let raises = sql.contains("UPDATE schema_requirement SET migration");
            if let Some(removal) = removal(sql) {
                assert!(raises, "{}: {removal}, without a new requirement", migration.description);
            }
        }
        assert_eq!(removal("-- DROP TABLE x\nALTER TABLE a ADD COLUMN b TEXT;"), None);
        assert_eq!(removal("ALTER TABLE a\n  RENAME COLUMN b TO c;"), Some("RENAME "));
    }
}
