//! `deskbell migrate`: applies the migrations of this version to a database, or says which it lacks.

use super::DataError;
use crate::config::Settings;
use crate::wire_up;
use deskbell_core::ports::SchemaStatus;

/// The migrations of the database. Changes nothing, and does not create the database.
pub async fn check(settings: &Settings) -> Result<SchemaStatus, DataError> {
    if !settings.database.may_exist() {
        return Err(DataError::NoDatabase(settings.database.to_string()));
    }
    Ok(wire_up::schema_status(settings).await?)
}

/// Applies all pending migrations, and creates an SQLite file if there is none. Returns what it was like before.
pub async fn run(settings: &Settings) -> Result<SchemaStatus, DataError> {
    let before = wire_up::schema_status(settings).await?;
    wire_up::open_store(settings).await?.close().await;
    Ok(before)
}
