//! Errors on the wire: problem documents of RFC 9457 with a stable code.

use serde::{Deserialize, Serialize};

use wire::{Read, Source};

/// One thing that is wrong with a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct FieldError {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong and what is allowed, in English.
    pub detail: String,
}

/// A problem document (`application/problem+json`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// What a program acts on; never changes.
    pub code: String,
    /// What happened, for a developer, in English.
    pub title: String,
    /// What is wrong with the body, where that is the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

impl Read for FieldError {
    fn read(source: &impl Source) -> FieldError {
        FieldError { pointer: source.text_of("pointer"), detail: source.text_of("detail") }
    }
}

impl Read for Problem {
    fn read(source: &impl Source) -> Problem {
        Problem {
            status: source.get("status").number() as u16,
            code: source.text_of("code"),
            title: source.text_of("title"),
            errors: source.list("errors"),
        }
    }
}
