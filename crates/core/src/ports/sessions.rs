//! The port for sessions of agents who have logged in.

use async_trait::async_trait;

use super::error::StoreError;

/// Sessions of agents. Writes are on disk when they return.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a session: its SHA-256, the agent and when it expires. Deletes expired sessions.
    async fn log_in(&self, session: &[u8; 32], operator: &str, now: &str, until: &str) -> Result<(), StoreError>;

    /// The agent of an unexpired session.
    async fn operator(&self, session: &[u8; 32], now: &str) -> Result<Option<String>, StoreError>;

    /// Deletes a session.
    async fn log_out(&self, session: &[u8; 32]) -> Result<(), StoreError>;
}
