//! Where other tools know more.

use serde::{Deserialize, Serialize};

/// Something about this page and person that another tool knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct FoundLink {
    /// The tool: `posthog`, `sentry`, or `site` for a pattern of the site's own.
    pub source: String,
    /// What it is, such as `replay`; the label of the site's pattern.
    pub label: String,
    /// Its id in the tool.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Where it opens; empty where only the id is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}
