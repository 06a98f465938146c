//! The port for counting who is affected by an incident. Nobody can be identified from it.

use crate::ids::SiteKey;
use async_trait::async_trait;

use super::error::StoreError;

/// Affected customers by incident. Writes are on disk when they return.
#[async_trait]
pub trait Incidents: Send + Sync {
    /// Records that somebody is affected; `pseudonym` is a salted hash. Recording the same again changes nothing.
    async fn affect(&self, site: &SiteKey, incident: &str, pseudonym: &[u8; 32]) -> Result<(), StoreError>;

    /// How many are affected.
    async fn affected(&self, site: &SiteKey, incident: &str) -> Result<u32, StoreError>;
}
