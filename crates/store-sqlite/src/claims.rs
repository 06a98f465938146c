//! Tokens of claims, and when something can be claimed.

use std::time::Duration;

use super::SqliteStore;
use deskbell_core::ports::{ClaimToken, StoreError};
use deskbell_core::random;
use deskbell_core::timestamp::Timestamp;

/// A token for a new claim.
pub fn new_token() -> Result<ClaimToken, StoreError> {
    let bytes: [u8; 16] = random::bytes().map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(ClaimToken::new(format!("{:032x}", u128::from_be_bytes(bytes))))
}

impl SqliteStore {
    /// The time that is left until a time in a column; zero if it has passed. A time that cannot be read is none, so that one row does not keep
    /// others from being claimed.
    pub(super) fn time_until(&self, time: Option<String>) -> Option<Duration> {
        let time = time.and_then(|time| time.parse::<Timestamp>().ok());
        time.map(|time| time.since(self.now()))
    }
}
