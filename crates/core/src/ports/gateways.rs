//! The port for how many gateways use a store.

use async_trait::async_trait;

use super::error::StoreError;

/// The gateways on a store.
#[async_trait]
pub trait Gateways: Send + Sync {
    /// How many gateways and commands are connected to the store, this one included.
    async fn count_gateways(&self) -> Result<u32, StoreError>;
}
