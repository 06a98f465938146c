//! The port for who has what is broken. Nothing in it says who anybody is.

use async_trait::async_trait;

use super::error::StoreError;

/// Who is affected by incidents. When a write returns, it is on disk.
#[async_trait]
pub trait Incidents: Send + Sync {
    /// Keeps that somebody has what is broken; `who` is a salted hash. The same again changes nothing.
    async fn affect(&self, site: &str, incident: &str, who: &[u8; 32], now: &str) -> Result<(), StoreError>;

    /// How many have it.
    async fn affected(&self, site: &str, incident: &str) -> Result<u32, StoreError>;
}
