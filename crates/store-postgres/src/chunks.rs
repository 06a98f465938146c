//! Deletes many rows in short statements, so that nobody waits for long behind them.

use sqlx::postgres::PgQueryResult;

use deskbell_core::ports::StoreError;

use crate::error::store_error;
use crate::retry::retried;

/// How many rows one statement deletes.
const AT_ONCE: i64 = 1000;

/// Repeats a statement that deletes at most so many rows until it finds fewer.
pub async fn delete_in_chunks<F>(delete: impl Fn(i64) -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<PgQueryResult, sqlx::Error>>,
{
    let chunk = || async { delete(AT_ONCE).await.map_err(store_error) };
    while retried(chunk).await?.rows_affected() >= AT_ONCE as u64 {}
    Ok(())
}
