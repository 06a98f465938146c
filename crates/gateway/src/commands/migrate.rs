//! `deskbell migrate`: applies the migrations of this version to a database, or says which it lacks.

use std::path::Path;

use super::DataError;
use deskbell_core::ports::Store;
use store_sqlite::SqliteStore;
use store_sqlite::schema::{self, SchemaStatus};

/// The migrations of a database. Changes nothing, and does not create the database.
pub async fn check(database: &Path) -> Result<SchemaStatus, DataError> {
    if !database.is_file() {
        return Err(DataError::NoDatabase(database.display().to_string()));
    }
    Ok(schema::status(database).await?)
}

/// Applies all pending migrations, and creates the database if there is none. Returns what it was like before.
pub async fn run(database: &Path) -> Result<SchemaStatus, DataError> {
    let before = if database.is_file() { schema::status(database).await? } else { SchemaStatus::empty() };
    SqliteStore::open(database).await?.close().await;
    Ok(before)
}
