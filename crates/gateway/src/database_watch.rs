//! Logs that the server of the database cannot be reached and that it is back, once each, in place of a line for everything that fails meanwhile.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use deskbell_core::ports::{StoreError, StoreHealth};

/// How often the database is asked.
const CHECK_EVERY: Duration = Duration::from_secs(2);
/// How long it may take to answer. If it takes longer, a connection is opened to find out why.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// How often an outage that goes on is logged again.
const REPEAT_EVERY: Duration = Duration::from_secs(60);

/// For the log, which all gateways of a process share.
static IS_UNAVAILABLE: AtomicBool = AtomicBool::new(false);

/// Whether an outage is logged and not over. What fails because of it needs no line of its own.
pub fn is_unavailable() -> bool {
    IS_UNAVAILABLE.load(Ordering::Relaxed)
}

/// Watches whether the server of a database can be reached.
#[derive(Clone)]
pub struct DatabaseWatch {
    store: Arc<dyn StoreHealth>,
}

impl DatabaseWatch {
    /// Watches the server of this store.
    pub fn new(store: Arc<dyn StoreHealth>) -> DatabaseWatch {
        DatabaseWatch { store }
    }

    /// Logs outages.
    pub async fn run(&self) -> Infallible {
        let mut outage = Outage::default();
        loop {
            if matches!(timeout(ANSWER_MAX, self.store.ping()).await, Ok(Ok(()))) {
                outage.end();
            } else if let Err(error) = self.store.try_connecting().await {
                // A server that accepts connections is only slow.
                outage.log(&error);
            }
            IS_UNAVAILABLE.store(outage.since.is_some(), Ordering::Relaxed);
            sleep(CHECK_EVERY).await;
        }
    }
}

/// The time during which a database cannot be reached.
#[derive(Debug, Default)]
pub struct Outage {
    since: Option<Instant>,
    logged_at: Option<Instant>,
}

impl Outage {
    /// Logs why the database cannot be reached: at the beginning, and then once a minute.
    pub fn log(&mut self, error: &StoreError) {
        if self.is_due(Instant::now()) {
            tracing::error!("database unavailable: {error}");
        }
    }

    /// Logs that the database can be reached again, if it could not.
    pub fn end(&mut self) {
        if let Some(since) = std::mem::take(self).since {
            let duration = Duration::from_millis(since.elapsed().as_millis() as u64);
            tracing::info!(?duration, "database available again");
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        self.since.get_or_insert(now);
        let is_due = self.logged_at.is_none_or(|logged_at| now.duration_since(logged_at) >= REPEAT_EVERY);
        if is_due {
            self.logged_at = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_logged_at_its_beginning_and_once_a_minute() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        let due = [0, 2, 59, 60, 62, 119, 121].map(|seconds| outage.is_due(start + Duration::from_secs(seconds)));
        assert_eq!(due, [true, false, false, true, false, false, true]);
        assert_eq!(outage.since, Some(start));
        outage.end();
        assert!(outage.is_due(start + Duration::from_secs(122)), "another outage");
    }
}
