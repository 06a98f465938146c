//! A key that verifies tokens.

use jsonwebtoken::{Algorithm, DecodingKey};

/// A key with its only algorithm (RFC 8725, 3.1).
#[derive(Clone, Debug)]
pub struct VerificationKey {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The verification key.
    pub decoding: DecodingKey,
}

/// The name of an algorithm in tokens.
pub fn algorithm_name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}
