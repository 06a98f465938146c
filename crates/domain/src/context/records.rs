//! What was recorded while the page was open.

use serde::{Deserialize, Serialize};

use wire::{Pairs, words};

/// One thing that went wrong on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ErrorRecord {
    /// What told of it: `error`, `rejection`, `console.error`, `console.warn`, `resource`, `policy`, `deprecation`,
    /// `intervention` or `captured`.
    pub source: String,
    /// The error's name, such as `TypeError`.
    pub name: String,
    /// Its message.
    pub message: String,
    /// Its stack, where it has one: the frames of the page's own files first.
    pub stack: String,
    /// The file and place it came from, such as `https://app.example.com/app.js:10:4`.
    pub location: String,
    /// When it was seen first, RFC 3339 in UTC.
    pub first_at: String,
    /// When it was seen last.
    pub at: String,
    /// How often the same was seen.
    pub count: u32,
    /// Whether it comes from an extension of the browser, and so most likely not from the page.
    pub extension: bool,
}

/// A request of the page that failed or was slow. Never a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RequestRecord {
    /// The method; empty where the browser does not tell it.
    pub method: String,
    /// The address.
    pub url: String,
    /// The status of the answer; 0 where none came.
    pub status: u32,
    /// Why none came.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub failure: String,
    /// When it was sent, RFC 3339 in UTC.
    pub at: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// Bytes over the network; 0 where the browser does not tell.
    pub size: u32,
    /// The headers that name the request or its trace, in lower case.
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub headers: Pairs<String>,
}

words! {
    /// What a breadcrumb tells of.
    Did {
        /// Something was clicked.
        Click = "click",
        /// A form was sent.
        Submit = "submit",
        /// The address has changed.
        Navigation = "navigation",
        /// The page was hidden or shown.
        Visibility = "visibility",
        /// The network went or came.
        Network = "network",
        /// Something went wrong.
        Error = "error",
    }
}

/// One thing that the person did, or that happened to the page. Never what was typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Breadcrumb {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// What happened.
    pub kind: Did,
    /// The role of what it happened to, such as `button`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Its accessible name; or the address, the state, the error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// A short path to it in the document.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
}
