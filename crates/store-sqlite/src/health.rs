//! The state of the store.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::sqlite::SqlitePool;

use super::SqliteStore;
use super::error::store_error;
use deskbell_core::ports::{PoolStatus, StoreError, StoreHealth};

/// The longest wait for a connection.
const WAIT_MAX: Duration = Duration::from_secs(1);

#[async_trait]
impl StoreHealth for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM tickets WHERE id = ''").fetch_optional(&self.readers).await.map_err(store_error)?;
        Ok(())
    }

    async fn pools(&self) -> Vec<PoolStatus> {
        let (readers, writer) = tokio::join!(status("readers", &self.readers), status("writer", &self.writer));
        vec![readers, writer]
    }
}

async fn status(name: &'static str, pool: &SqlitePool) -> PoolStatus {
    let (open, idle) = (pool.size(), pool.num_idle() as u32);
    let start = Instant::now();
    let acquired = tokio::time::timeout(WAIT_MAX, pool.acquire()).await;
    let acquire_time = matches!(acquired, Ok(Ok(_))).then(|| start.elapsed());
    PoolStatus { pool: name, open, idle, acquire_time, is_needed: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fresh;
    use deskbell_core::ports::Store;

    #[tokio::test]
    async fn a_ping_succeeds_while_the_store_can_be_read_and_fails_afterwards() {
        let (store, _folder) = fresh().await;
        store.ping().await.unwrap();
        store.close().await;
        store.ping().await.unwrap_err();
    }

    #[tokio::test]
    async fn a_pool_that_is_used_up_has_no_waiting_time_and_its_neighbour_has() {
        let (store, _folder) = fresh().await;
        let held = store.writer.acquire().await.unwrap();
        let pools = store.pools().await;
        let acquire_time =
            |pools: &[PoolStatus], name| pools.iter().find(|pool| pool.pool == name).unwrap().acquire_time;
        assert_eq!(acquire_time(&pools, "writer"), None);
        assert!(acquire_time(&pools, "readers").is_some());
        drop(held);
        assert!(acquire_time(&store.pools().await, "writer").is_some());
    }
}
