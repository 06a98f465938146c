//! A channel that is notified of new tickets, as configured.

use std::path::PathBuf;

use serde::Deserialize;

use super::super::secrets::SecretSource;

/// The table of a destination with `to = "slack"`; `crates/gateway/src/deskbell.example.toml` documents its fields.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackTable {
    pub(crate) url: Option<SecretSource>,
    pub(crate) url_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) private: bool,
}

impl std::fmt::Debug for SlackTable {
    /// Omits the address: whoever has it can post to the channel.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlackTable(…)")
    }
}
