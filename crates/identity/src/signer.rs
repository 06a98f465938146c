//! Who signs tokens for a site: the host with a key of the configuration, or an identity provider with the keys that it publishes.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::claims::ClaimNames;
use crate::jwks::Jwks;
use crate::key::Key;

/// The longest lifetime of a token that the host signs.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// The longest lifetime of a token of an identity provider, where the configuration names none: Auth0 allows a day.
pub const LIFETIME_JWKS: Duration = Duration::from_secs(24 * 3600);
/// The shortest secret, in bytes: as long as what it signs with (RFC 7518, 3.2).
const SECRET_MIN: usize = 32;

/// Somebody who signs tokens for a site.
#[derive(Clone, Debug)]
pub struct Signer {
    pub(crate) keys: Keys,
    /// What a token has to be for (`aud`), one of these; empty for the site's name.
    pub audience: Vec<String>,
    /// Who has to have made it (`iss`); `None` where anybody may who has the key.
    pub issuer: Option<String>,
    /// The longest lifetime of a token.
    pub lifetime: Duration,
    /// From which claims ours are read.
    pub claims: ClaimNames,
}

/// The keys of a signer.
#[derive(Clone, Debug)]
pub enum Keys {
    /// One of the configuration.
    Fixed {
        /// Its name in tokens (`kid`); empty where a site has but one and tokens name none, or any.
        kid: String,
        /// The key.
        key: Key,
    },
    /// Those that an identity provider publishes (RFC 7517).
    Published(Arc<Jwks>),
}

/// Why a key is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It can be guessed.
    #[error("is shorter than {SECRET_MIN} bytes; take a long random one (openssl rand -hex 32)")]
    Short,
    /// It is no public key.
    #[error("is no public key of Ed25519 in PEM (openssl pkey -in key.pem -pubout)")]
    NoPublicKey,
}

impl Signer {
    /// A key that the host and the gateway share.
    pub fn hs256(kid: &str, secret: &[u8]) -> Result<Signer, KeyError> {
        if secret.len() < SECRET_MIN {
            return Err(KeyError::Short);
        }
        Ok(Signer::fixed(kid, Algorithm::HS256, DecodingKey::from_secret(secret)))
    }

    /// The public half of a key that only the host has, as PEM.
    pub fn eddsa(kid: &str, pem: &str) -> Result<Signer, KeyError> {
        let key = ed25519(pem).ok_or(KeyError::NoPublicKey)?;
        Ok(Signer::fixed(kid, Algorithm::EdDSA, DecodingKey::from_ed_der(&key)))
    }

    /// An identity provider, by its keys.
    pub fn published(jwks: Jwks) -> Signer {
        Signer { lifetime: LIFETIME_JWKS, ..Signer::with(Keys::Published(Arc::new(jwks))) }
    }

    /// The `kid` of a key of the configuration; `None` for an identity provider.
    pub fn kid(&self) -> Option<&str> {
        match &self.keys {
            Keys::Fixed { kid, .. } => Some(kid),
            Keys::Published(_) => None,
        }
    }

    fn fixed(kid: &str, algorithm: Algorithm, decoding: DecodingKey) -> Signer {
        Signer::with(Keys::Fixed { kid: kid.into(), key: Key { algorithm, decoding } })
    }

    fn with(keys: Keys) -> Signer {
        Signer { keys, audience: Vec::new(), issuer: None, lifetime: LIFETIME, claims: ClaimNames::new() }
    }
}

/// The 32 bytes of a public key of Ed25519. In DER it always begins alike (RFC 8410, 4).
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
    fn a_key_that_can_be_guessed_or_is_none_is_refused() {
        let pem = |key: &[u8]| {
            let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], key].concat();
            format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
        };
        assert_eq!(Signer::hs256("", &[b'x'; 31]).unwrap_err(), KeyError::Short);
        assert!(Signer::hs256("", &[b'x'; 32]).is_ok() && Signer::eddsa("", &pem(&[1; 32])).is_ok());
        for bad in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", &pem(&[1; 31]), &pem(&[1; 33])] {
            assert_eq!(Signer::eddsa("", bad).unwrap_err(), KeyError::NoPublicKey, "{bad}");
        }
    }
}
