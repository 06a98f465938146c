//! The port through which the state of a store is observed.

use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;

/// The connections of a store that share a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStatus {
    /// What they are for: `readers` or `writer`; `connections` for requests and
    /// workers, and `shared` for what gateways share beside the store.
    pub pool: &'static str,
    /// How many are open.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: u32,
    /// How long it took to get one for this status; none if none became free in time.
    pub acquire_time: Option<Duration>,
    /// Whether requests fail without them.
    pub is_needed: bool,
}

/// The state of a store.
#[async_trait]
pub trait StoreHealth: Send + Sync {
    /// Reads something small. An error means that nothing can be read at the moment.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Opens a connection of its own and closes it, to find out why the store does not answer. A file needs no connection.
    async fn try_connecting(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The connections, by pool. Waits for one of each, at most a second.
    async fn pools(&self) -> Vec<PoolStatus>;
}
