//! The sessions port in SQLite.

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::store_error;
use deskbell_core::ports::{Sessions, StoreError};

#[async_trait]
impl Sessions for SqliteStore {
    async fn log_in(&self, session: &[u8; 32], operator: &str, now: &str, until: &str) -> Result<(), StoreError> {
        query("DELETE FROM operators WHERE until <= ?").bind(now).execute(&self.writer).await.map_err(store_error)?;
        query("INSERT INTO operators (session, operator, until) VALUES (?, ?, ?)")
            .bind(&session[..])
            .bind(operator)
            .bind(until)
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn operator(&self, session: &[u8; 32], now: &str) -> Result<Option<String>, StoreError> {
        let operator = query_scalar("SELECT operator FROM operators WHERE session = ? AND until > ?");
        operator.bind(&session[..]).bind(now).fetch_optional(&self.readers).await.map_err(store_error)
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
