//! Panics of background tasks, which nobody else would notice.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinError;

static PANICS: AtomicU64 = AtomicU64::new(0);

/// How many workers and attempts of this process have panicked since it started.
pub fn count() -> u64 {
    PANICS.load(Ordering::Relaxed)
}

/// Counts and logs a panic of a task; `worker` is its name.
pub fn record(worker: &str, error: &JoinError) {
    let panics = PANICS.fetch_add(1, Ordering::Relaxed) + 1;
    tracing::error!(worker, panics, %error, "worker panicked");
}
