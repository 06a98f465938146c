//! Repeats transactions that got into each other's way.

use std::time::{Duration, Instant};

use deskbell_core::ports::StoreError;
use deskbell_core::random;

/// How often a transaction is attempted.
const ATTEMPTS: u32 = 4;
/// The longest attempt that is repeated. What took longer ended at the time limit of a lock or of a connection, and the caller has waited long enough; a deadlock is found
/// after a second, whatever the transaction has waited for before.
const LONGEST: Duration = Duration::from_secs(9);

/// Runs a whole transaction, and repeats it after a deadlock or a serialization failure. A repeated one finds nothing of the failed attempt. A single
/// statement can be part of a deadlock as well: who waits for a row is in the way of those who wait for it later.
pub async fn retried<T, F>(transaction: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut attempt = 1;
    loop {
        let start = Instant::now();
        let result = transaction().await;
        if !matches!(result, Err(StoreError::Busy)) || attempt == ATTEMPTS || start.elapsed() > LONGEST {
            return result;
        }
        // Not all at the same moment again.
        tokio::time::sleep(Duration::from_millis(u64::from(random::jitter() / 4 + 1))).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Barrier;

    use super::*;
    use crate::error::{commit_error, store_error};
    use crate::{PostgresStore, StoreOptions};

    #[tokio::test]
    async fn both_transactions_of_a_deadlock_succeed_in_the_end() {
        let store = PostgresStore::open(&test_postgres::database(), StoreOptions::default()).await.unwrap();
        let (barrier, attempts) = (Barrier::new(2), AtomicU32::new(0));
        let lock_both = async |keys: [i64; 2]| {
            let attempt = || async {
                let mut write = store.begin().await?;
                for (index, key) in keys.into_iter().enumerate() {
                    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(key);
                    lock.execute(&mut *write).await.map_err(store_error)?;
                    // Each has what the other one needs.
                    if index == 0 && attempts.fetch_add(1, Ordering::SeqCst) < 2 {
                        barrier.wait().await;
                    }
                }
                write.commit().await.map_err(commit_error)
            };
            retried(attempt).await
        };
        let (one, other) = tokio::join!(lock_both([1, 2]), lock_both([2, 1]));
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert_eq!(attempts.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn a_deadlock_is_repeated_a_few_times_and_other_errors_are_not() {
        let attempts = AtomicU32::new(0);
        let failing = async |error: fn() -> StoreError, failures: u32| {
            attempts.store(0, Ordering::SeqCst);
            let attempt =
                || async { if attempts.fetch_add(1, Ordering::SeqCst) < failures { Err(error()) } else { Ok(()) } };
            (retried(attempt).await.is_ok(), attempts.load(Ordering::SeqCst))
        };
        assert_eq!(failing(|| StoreError::Busy, 2).await, (true, 3));
        assert_eq!(failing(|| StoreError::Busy, 9).await, (false, ATTEMPTS));
        assert_eq!(failing(|| StoreError::Full, 1).await, (false, 1));
    }
}
