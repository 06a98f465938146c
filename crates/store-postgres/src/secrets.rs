//! Secrets that all gateways of a database share.

use sqlx::{query, query_scalar};

use super::PostgresStore;
use super::error::store_error;
use deskbell_core::ports::StoreError;
use deskbell_core::random;

/// Something that a gateway signs, derives or hashes with.
#[derive(Clone, Copy, Debug)]
pub enum Secret {
    /// Signs the URLs of attachments.
    Attachments,
    /// Clients are hashed with it to cells of rate limits.
    Buckets,
    /// Codes and links that confirm addresses are derived from it.
    Confirmations,
    /// Customers and searches are hashed with it before they are counted.
    Salt,
}

impl Secret {
    fn name(self) -> &'static str {
        match self {
            Secret::Attachments => "attachments",
            Secret::Buckets => "buckets",
            Secret::Confirmations => "confirmations",
            Secret::Salt => "salt",
        }
    }
}

impl PostgresStore {
    /// A secret of 32 bytes. The gateway that needs it first makes it, and all others read it.
    pub(super) async fn secret(&self, secret: Secret) -> Result<Vec<u8>, StoreError> {
        let select = || query_scalar("SELECT value FROM secrets WHERE name = $1").bind(secret.name());
        if let Some(value) = select().fetch_optional(&self.pool).await.map_err(store_error)? {
            return Ok(value);
        }
        let new: [u8; 32] = random::bytes().map_err(|error| StoreError::Database(error.to_string()))?;
        let insert = query("INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        insert.bind(secret.name()).bind(&new[..]).execute(&self.pool).await.map_err(store_error)?;
        select().fetch_one(&self.pool).await.map_err(store_error)
    }
}
