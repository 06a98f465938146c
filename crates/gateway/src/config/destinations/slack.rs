//! A channel that is told of new tickets, as it stands in the file.

use std::path::PathBuf;

use serde::Deserialize;

/// The table of a destination with `to = "slack"`; `crates/gateway/src/deskbell.example.toml` says what each field is for.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlackTable {
    pub(crate) url: Option<String>,
    pub(crate) url_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) private: bool,
}

impl std::fmt::Debug for SlackTable {
    /// Without its address: whoever knows it can write there.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlackTable(…)")
    }
}
