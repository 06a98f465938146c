//! The report of a detector.

use super::Kind;
use super::bytes::{byte_at, slice};

/// A secret in the scanned bytes.
#[derive(Clone, Copy)]
pub struct Finding {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
}

/// Whether a redacted secret's placeholder is at an offset.
pub fn is_placeholder(text: &[u8], index: usize) -> bool {
    byte_at(text, index) == b'['
        && Kind::ALL.iter().any(|kind| {
            let end = index + 1 + kind.word().len();
            slice(text, index + 1, end) == kind.word().as_bytes() && byte_at(text, end) == b']'
        })
}
