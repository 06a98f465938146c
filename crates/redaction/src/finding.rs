//! What a detector reports.

use super::Kind;
use super::bytes::{at, slice};

/// A secret in the bytes that were scanned.
#[derive(Clone, Copy)]
pub struct Finding {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
}

/// Whether a secret was replaced at a place.
pub fn is_placeholder(text: &[u8], index: usize) -> bool {
    at(text, index) == b'['
        && Kind::ALL.iter().any(|kind| {
            let end = index + 1 + kind.word().len();
            slice(text, index + 1, end) == kind.word().as_bytes() && at(text, end) == b']'
        })
}
