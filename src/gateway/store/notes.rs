//! What comes from elsewhere for agents alone.

use async_trait::async_trait;

use super::{Deed, StoreError};

/// A place where notes are kept. When a write returns, it is on disk.
#[async_trait]
pub trait Notes: Send + Sync {
    /// Keeps a note about a ticket under a key; the same key is kept once.
    async fn keep_note(&self, ticket: &str, key: &str, note: &Deed) -> Result<(), StoreError>;
}
