//! The signers of a site, as configured.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::secrets::SecretSource;

/// A signer as configured: with HS256 a secret, with EdDSA a public key, each in the configuration, a file or a variable; or the address of the keys of
/// an identity provider.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignerTable {
    pub(crate) kid: String,
    pub(crate) algorithm: Option<SignerAlgorithm>,
    pub(crate) secret: Option<SecretSource>,
    pub(crate) secret_file: Option<PathBuf>,
    pub(crate) public_key: Option<SecretSource>,
    pub(crate) public_key_file: Option<PathBuf>,
    pub(crate) jwks_url: Option<String>,
    pub(crate) private: bool,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<OneOrMany>,
    pub(crate) max_age: Option<String>,
    pub(crate) claims: BTreeMap<String, String>,
}

/// The signature algorithm of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SignerAlgorithm {
    /// A secret that host and gateway share.
    #[serde(rename = "HS256")]
    Hs256,
    /// The host's private Ed25519 key.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

/// A text, or a list of texts.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// A text.
    One(String),
    /// A list.
    Many(Vec<String>),
}

impl fmt::Debug for SignerTable {
    /// Omits the secret, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerTable({:?}, {:?}, {:?})", self.kid, self.algorithm, self.jwks_url)
    }
}
