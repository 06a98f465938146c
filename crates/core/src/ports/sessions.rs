//! The port for agents who have logged in.

use async_trait::async_trait;

use super::error::StoreError;

/// Sessions of agents. When a write returns, it is on disk.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps that an agent has logged in: the SHA-256 of the session, who it is, and until when. Forgets those that ended.
    async fn log_in(&self, session: &[u8; 32], operator: &str, now: &str, until: &str) -> Result<(), StoreError>;

    /// The agent of a session that has not ended.
    async fn operator(&self, session: &[u8; 32], now: &str) -> Result<Option<String>, StoreError>;

    /// Ends a session.
    async fn log_out(&self, session: &[u8; 32]) -> Result<(), StoreError>;
}
