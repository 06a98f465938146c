//! The supported signature algorithms, by `ring`, which the gateway has for TLS: the token library brings either all algorithms or none.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind};
use ring::signature::{self as keys, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use ring::{error::Unspecified, hmac};
use signature::Verifier;

/// Installs the algorithms. Idempotent.
pub fn install() {
    // Fails only if one is installed, and that is this one.
    let _ = PROVIDER.install_default();
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::InvalidAlgorithm)),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    let refused = || new_error(ErrorKind::InvalidAlgorithm);
    let key = match (algorithm.family(), key.family(), key.kind()) {
        (AlgorithmFamily::Hmac, AlgorithmFamily::Hmac, DecodingKeyKind::SecretOrDer(secret)) => {
            let Algorithm::HS256 = algorithm else { return Err(refused()) };
            KeyMaterial::Hmac(hmac::Key::new(hmac::HMAC_SHA256, secret))
        }
        (AlgorithmFamily::Rsa, AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => KeyMaterial::Rsa(
            rsa(*algorithm).ok_or_else(refused)?,
            RsaPublicKeyComponents { n: n.clone(), e: e.clone() },
        ),
        (family, kind, DecodingKeyKind::SecretOrDer(bytes)) if family == kind => {
            KeyMaterial::Curve(UnparsedPublicKey::new(curve(*algorithm).ok_or_else(refused)?, bytes.clone()))
        }
        _ => return Err(refused()),
    };
    Ok(Box::new(KeyVerifier { algorithm: *algorithm, key }))
}

/// PKCS #1 and PSS, with keys of 2048 to 8192 bits.
fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&keys::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&keys::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&keys::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&keys::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&keys::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&keys::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn curve(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::EdDSA => Some(&keys::ED25519),
        Algorithm::ES256 => Some(&keys::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&keys::ECDSA_P384_SHA384_FIXED),
        _ => None,
    }
}

struct KeyVerifier {
    algorithm: Algorithm,
    key: KeyMaterial,
}

enum KeyMaterial {
    Hmac(hmac::Key),
    Rsa(&'static RsaParameters, RsaPublicKeyComponents<Vec<u8>>),
    Curve(UnparsedPublicKey<Vec<u8>>),
}

impl Verifier<Vec<u8>> for KeyVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let verified: Result<(), Unspecified> = match &self.key {
            KeyMaterial::Hmac(key) => hmac::verify(key, message, signature),
            KeyMaterial::Rsa(parameters, key) => key.verify(parameters, message, signature),
            KeyMaterial::Curve(key) => key.verify(message, signature),
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for KeyVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
