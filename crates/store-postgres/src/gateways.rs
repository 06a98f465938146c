//! The port for the number of gateways in PostgreSQL.

use async_trait::async_trait;
use sqlx::query_scalar;

use super::PostgresStore;
use super::error::store_error;
use deskbell_core::ports::{Gateways, StoreError};

#[async_trait]
impl Gateways for PostgresStore {
    /// Counts the names of connections, of which every gateway has its own. Only a role that may read all statistics sees those of other roles.
    async fn count_gateways(&self) -> Result<u32, StoreError> {
        let mut read = self.acquire_for_worker().await?;
        let count = query_scalar(
            "SELECT count(DISTINCT application_name) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'deskbell %'",
        );
        let count: i64 = count.fetch_one(&mut *read).await.map_err(store_error)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX).max(1))
    }
}
