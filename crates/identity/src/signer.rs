//! Signers of a site's tokens: the host with a configured key, or an identity provider with published keys.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::claims::ClaimNames;
use crate::jwks::Jwks;
use crate::key::VerificationKey;

/// The longest lifetime of a token signed by the host.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// The default of the longest lifetime of an identity provider's token: Auth0 allows a day.
pub const LIFETIME_JWKS: Duration = Duration::from_secs(24 * 3600);
/// The shortest secret, in bytes: the length of the hash (RFC 7518, 3.2).
const SECRET_MIN: usize = 32;

/// A signer of tokens for a site.
#[derive(Clone, Debug)]
pub struct TokenSigner {
    pub(crate) keys: Keys,
    /// The accepted audiences (`aud`); empty for the site's name.
    pub audience: Vec<String>,
    /// The required issuer (`iss`); `None` accepts any.
    pub issuer: Option<String>,
    /// The longest lifetime of a token.
    pub lifetime: Duration,
    /// The sources of our claims.
    pub claims: ClaimNames,
}

/// The keys of a signer.
#[derive(Clone, Debug)]
pub enum Keys {
    /// A configured key.
    Fixed {
        /// Its key id (`kid`); empty if the site has only one key, and then tokens may name any or none.
        kid: String,
        /// The key.
        key: VerificationKey,
    },
    /// The published keys of an identity provider (RFC 7517).
    Published(Arc<Jwks>),
}

/// Why a key is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It can be guessed.
    #[error("shorter than {SECRET_MIN} bytes; use a long random one (openssl rand -hex 32)")]
    Short,
    /// It is no public key.
    #[error("not an Ed25519 public key in PEM (openssl pkey -in key.pem -pubout)")]
    NoPublicKey,
}

impl TokenSigner {
    /// A signer with a secret that the host and the gateway share.
    pub fn hs256(kid: &str, secret: &[u8]) -> Result<TokenSigner, KeyError> {
        if secret.len() < SECRET_MIN {
            return Err(KeyError::Short);
        }
        Ok(TokenSigner::fixed(kid, Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// A signer with the public half of a key that only the host has, as PEM.
    pub fn eddsa(kid: &str, pem: &str) -> Result<TokenSigner, KeyError> {
        let key = ed25519(pem).ok_or(KeyError::NoPublicKey)?;
        Ok(TokenSigner::fixed(kid, Algorithm::EdDSA, DecodingKey::from_ed_der(&key)))
    }

    /// An identity provider, by its published keys.
    pub fn published(jwks: Jwks) -> TokenSigner {
        TokenSigner { lifetime: LIFETIME_JWKS, ..TokenSigner::with_keys(Keys::Published(Arc::new(jwks))) }
    }

    /// The `kid` of a configured key; `None` for an identity provider.
    pub fn kid(&self) -> Option<&str> {
        match &self.keys {
            Keys::Fixed { kid, .. } => Some(kid),
            Keys::Published(_) => None,
        }
    }

    fn fixed(kid: &str, algorithm: Algorithm, decoding: DecodingKey) -> TokenSigner {
        TokenSigner::with_keys(Keys::Fixed { kid: kid.into(), key: VerificationKey { algorithm, decoding } })
    }

    fn with_keys(keys: Keys) -> TokenSigner {
        TokenSigner { keys, audience: Vec::new(), issuer: None, lifetime: LIFETIME, claims: ClaimNames::new() }
    }
}

/// The 32 bytes of an Ed25519 public key. In DER they have a constant prefix (RFC 8410, 4).
fn ed25519(pem: &str) -> Option<[u8; 32]> {
    const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
    const END: &str = "-----END PUBLIC KEY-----";
    const DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let (_, rest) = pem.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(body).ok()?.strip_prefix(&DER)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_invalid_keys_are_refused() {
        let pem = |key: &[u8]| {
            let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], key].concat();
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
        };
        assert_eq!(TokenSigner::hs256("", &[b'x'; 31]).unwrap_err(), KeyError::Short);
        assert!(TokenSigner::hs256("", &[b'x'; 32]).is_ok() && TokenSigner::eddsa("", &pem(&[1; 32])).is_ok());
        for invalid in
            ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", &pem(&[1; 31]), &pem(&[1; 33])]
        {
            assert_eq!(TokenSigner::eddsa("", invalid).unwrap_err(), KeyError::NoPublicKey, "{invalid}");
        }
    }
}
