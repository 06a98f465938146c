//! The imports of a site, as configured.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An import as configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportTable {
    pub(crate) from: SourceKind,
    pub(crate) url: String,
    pub(crate) pages: Option<String>,
    pub(crate) every: Option<String>,
    #[serde(default)]
    pub(crate) prune: bool,
    #[serde(default)]
    pub(crate) private: bool,
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
}

/// What questions are imported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// One question a line, as JSON, or one JSON array of them: a file, or its address.
    Jsonl,
    /// A table with a line of headers: a file, or its address.
    Csv,
    /// A Discourse forum, or one category or tag of it.
    Discourse,
    /// A Zendesk help center: its articles and its community.
    Zendesk,
    /// The questions in a Strapi, as PostHog's community site has them.
    Strapi,
}
