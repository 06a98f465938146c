//! The sessions port in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::store_error;
use deskbell_core::ports::{Sessions, StoreError};

#[async_trait]
impl Sessions for SqliteStore {
    async fn log_in(&self, session: &[u8; 32], agent: &str, lifetime: Duration) -> Result<(), StoreError> {
        query("DELETE FROM operators WHERE until <= ?")
            .bind(self.now_text())
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        query("INSERT INTO operators (session, operator, until) VALUES (?, ?, ?)")
            .bind(&session[..])
            .bind(agent)
            .bind(self.lease_end(lifetime))
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn agent(&self, session: &[u8; 32]) -> Result<Option<String>, StoreError> {
        let agent = query_scalar("SELECT operator FROM operators WHERE session = ? AND until > ?");
        agent.bind(&session[..]).bind(self.now_text()).fetch_optional(&self.readers).await.map_err(store_error)
    }

    async fn log_out(&self, session: &[u8; 32]) -> Result<(), StoreError> {
        query("DELETE FROM operators WHERE session = ?")
            .bind(&session[..])
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}
