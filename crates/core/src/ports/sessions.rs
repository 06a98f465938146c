//! The port for sessions of agents who have logged in.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;

/// Sessions of agents. Writes are on disk when they return.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a session: its SHA-256, the agent, and how long it lasts. Deletes expired sessions.
    async fn log_in(&self, session: &[u8; 32], agent: &str, lifetime: Duration) -> Result<(), StoreError>;

    /// The agent of an unexpired session.
    async fn agent(&self, session: &[u8; 32]) -> Result<Option<String>, StoreError>;

    /// Deletes a session.
    async fn log_out(&self, session: &[u8; 32]) -> Result<(), StoreError>;
}
