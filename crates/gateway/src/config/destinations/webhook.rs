//! A service of one's own, as it stands in the file.

use std::path::PathBuf;

use serde::Deserialize;

/// The table of a destination with `to = "webhook"`; `crates/gateway/src/deskbell.example.toml` says what each field is for.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTable {
    pub(crate) url: String,
    pub(crate) secret: Option<String>,
    pub(crate) secret_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) private: bool,
}

impl std::fmt::Debug for WebhookTable {
    /// Without its secret and its address, which may hold one; they must not end up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookTable(…)")
    }
}
