//! The page that a ticket is about.

use serde::{Deserialize, Serialize};

/// The page as it was when the context was frozen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Page {
    /// Its address.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Where the person came from; empty where the browser does not say.
    pub referrer: String,
    /// What the page says is its address; empty where it does not say.
    pub canonical: String,
    /// How long it had been open, in milliseconds.
    pub open_ms: u32,
    /// The addresses of a single-page product, oldest first, the present one last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// How fast it was.
    pub timings: Timings,
}

/// An address that a single-page product went to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Route {
    /// The address.
    pub url: String,
    /// When, RFC 3339 in UTC.
    pub at: String,
}

/// How fast the page was, in milliseconds since the navigation began; none where the browser does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Timings {
    /// The first byte of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<u32>,
    /// The document was parsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dom_ready: Option<u32>,
    /// Everything was loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<u32>,
    /// The first contentful paint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_paint: Option<u32>,
    /// The largest contentful paint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_paint: Option<u32>,
    /// How long the slowest interaction took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<u32>,
    /// The cumulative layout shift, a score such as `0.04`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub layout_shift: String,
}
