//! The state of the store.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::Connection;
use sqlx::postgres::PgPool;

use super::PostgresStore;
use super::error::store_error;
use super::schema;
use deskbell_core::ports::{PoolStatus, StoreError, StoreHealth};

/// The longest wait for a connection.
const WAIT_MAX: Duration = Duration::from_secs(1);
/// The longest that a server may take to accept a connection of its own.
const CONNECT_MAX: Duration = Duration::from_secs(2);

#[async_trait]
impl StoreHealth for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM tickets WHERE id = ''").fetch_optional(&self.pool).await.map_err(store_error)?;
        Ok(())
    }

    async fn try_connecting(&self) -> Result<(), StoreError> {
        let target = self.pool.connect_options();
        let connection = schema::connect_within(&target, CONNECT_MAX).await?;
        let _ = connection.close().await;
        Ok(())
    }

    async fn pools(&self) -> Vec<PoolStatus> {
        // A gateway that gets no connection for what is shared decides alone.
        let (connections, shared) =
            tokio::join!(status("connections", &self.pool, true), status("shared", &self.shared_pool, false));
        vec![connections, shared]
    }
}

async fn status(name: &'static str, pool: &PgPool, is_needed: bool) -> PoolStatus {
    let (open, idle) = (pool.size(), pool.num_idle() as u32);
    let start = Instant::now();
    let acquired = tokio::time::timeout(WAIT_MAX, pool.acquire()).await;
    let acquire_time = matches!(acquired, Ok(Ok(_))).then(|| start.elapsed());
    PoolStatus { pool: name, open, idle, acquire_time, is_needed }
}
