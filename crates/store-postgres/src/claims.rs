//! Tokens of claims.

use deskbell_core::ports::{ClaimToken, StoreError};
use deskbell_core::random;

/// A token for a new claim.
pub fn new_token() -> Result<ClaimToken, StoreError> {
    let bytes: [u8; 16] = random::bytes().map_err(|error| StoreError::Database(error.to_string()))?;
    Ok(ClaimToken::new(format!("{:032x}", u128::from_be_bytes(bytes))))
}
