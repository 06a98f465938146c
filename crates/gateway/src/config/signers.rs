//! Who signs for a site, as it stands in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

/// A signer as it stands in the file: with HS256 a secret, with EdDSA a public key, in the file or in another; or the address of the keys of
/// an identity provider.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignerTable {
    pub(crate) kid: String,
    pub(crate) algorithm: Option<SignerAlgorithm>,
    pub(crate) secret: Option<String>,
    pub(crate) secret_file: Option<PathBuf>,
    pub(crate) public_key: Option<String>,
    pub(crate) public_key_file: Option<PathBuf>,
    pub(crate) jwks_url: Option<String>,
    pub(crate) private: bool,
    pub(crate) issuer: Option<String>,
    pub(crate) audience: Option<OneOrMany>,
    pub(crate) max_age: Option<String>,
    pub(crate) claims: BTreeMap<String, String>,
}

/// What a host signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum SignerAlgorithm {
    /// A secret that host and gateway share.
    #[serde(rename = "HS256")]
    Hs256,
    /// The host's private key of Ed25519.
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
    /// Without its secret, which must not end up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerTable({:?}, {:?}, {:?})", self.kid, self.algorithm, self.jwks_url)
    }
}
