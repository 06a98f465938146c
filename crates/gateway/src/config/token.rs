//! A secret of which only the digest is kept.

use std::fmt;

use sha2::{Digest, Sha256};

/// A secret, stored as its SHA-256 so that it cannot be logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// The token of this secret.
    pub fn new(secret: &str) -> Token {
        Token(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether this is the secret. Compares digests, so the duration reveals nothing about the secret.
    pub fn equals(&self, secret: &str) -> bool {
        *self == Token::new(secret)
    }

    /// The token with a digest in hexadecimal, if it is one.
    pub fn from_hex(digest: &str) -> Option<Token> {
        let digits = Some(digest).filter(|digits| digits.len() == 64 && digits.is_ascii())?;
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(index * 2..index * 2 + 2)?, 16).ok()?;
        }
        Some(Token(bytes))
    }

    /// The digest.
    pub fn digest(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
