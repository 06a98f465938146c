//! Where the questions of a site come from, as it stands in the file.

use serde::Deserialize;

use crate::search::import::{Columns, Format};

/// An import as it stands in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportTable {
    pub(crate) from: Format,
    pub(crate) url: String,
    pub(crate) pages: Option<String>,
    pub(crate) every: Option<String>,
    #[serde(default)]
    pub(crate) prune: bool,
    #[serde(default)]
    pub(crate) private: bool,
    #[serde(default)]
    pub(crate) columns: Columns,
}
