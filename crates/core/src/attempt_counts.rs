//! How the attempts of a queue ended, since the process started.

use std::sync::atomic::{AtomicU64, Ordering};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// The other side has it.
    Delivered,
    /// Another attempt will be made.
    Retry,
    /// No further attempt will be made.
    DeadLetter,
}

/// Counts attempts by how they ended.
#[derive(Debug, Default)]
pub struct AttemptCounts {
    delivered: AtomicU64,
    retried: AtomicU64,
    dead: AtomicU64,
}

impl AttemptResult {
    /// All of them.
    pub const ALL: [AttemptResult; 3] = [AttemptResult::Delivered, AttemptResult::Retry, AttemptResult::DeadLetter];

    /// Its name in metrics and in the log.
    pub fn name(self) -> &'static str {
        match self {
            AttemptResult::Delivered => "delivered",
            AttemptResult::Retry => "retry",
            AttemptResult::DeadLetter => "dead_letter",
        }
    }
}

impl AttemptCounts {
    /// Counts an attempt.
    pub fn add(&self, result: AttemptResult) {
        self.counter(result).fetch_add(1, Ordering::Relaxed);
    }

    /// How many attempts ended like this.
    pub fn get(&self, result: AttemptResult) -> u64 {
        self.counter(result).load(Ordering::Relaxed)
    }

    fn counter(&self, result: AttemptResult) -> &AtomicU64 {
        match result {
            AttemptResult::Delivered => &self.delivered,
            AttemptResult::Retry => &self.retried,
            AttemptResult::DeadLetter => &self.dead,
        }
    }
}
