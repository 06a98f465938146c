//! The search indexes in memory, `[search]` in the file.

use std::num::NonZeroUsize;

use serde::Deserialize;

/// What the search indexes may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchTable {
    /// How many questions all indexes in memory may contain together. A single site may have more.
    pub questions_in_memory: NonZeroUsize,
}

impl Default for SearchTable {
    fn default() -> SearchTable {
        SearchTable { questions_in_memory: NonZeroUsize::MIN.saturating_add(149_999) }
    }
}
