//! Deletes many rows in short statements, so that other writers get their turn in between.

use sqlx::sqlite::SqliteQueryResult;

use deskbell_core::ports::StoreError;

use crate::error::store_error;

/// How many rows one statement deletes.
const AT_ONCE: i64 = 1000;

/// Repeats a statement that deletes at most so many rows until it finds fewer.
pub async fn delete_in_chunks<F>(delete: impl Fn(i64) -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<SqliteQueryResult, sqlx::Error>>,
{
    while delete(AT_ONCE).await.map_err(store_error)?.rows_affected() >= AT_ONCE as u64 {}
    Ok(())
}
