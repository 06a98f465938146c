//! A service of the host, as configured.

use std::path::PathBuf;

use serde::Deserialize;

use super::super::secrets::SecretSource;

/// The table of a destination with `to = "webhook"`; `crates/gateway/src/deskbell.example.toml` documents its fields.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTable {
    pub(crate) url: String,
    pub(crate) secret: Option<SecretSource>,
    pub(crate) secret_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) private: bool,
    #[serde(default)]
    pub(crate) mails_requester: bool,
}

impl std::fmt::Debug for WebhookTable {
    /// Omits the secret, and the address, which may contain one; they must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookTable(…)")
    }
}
