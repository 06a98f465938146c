//! Whether this gateway can serve customers now.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use deskbell_core::ports::StoreHealth;
use deskbell_core::use_cases::search::Indexes;

/// The longest that the store may take to answer.
pub const STORE_TIME: Duration = Duration::from_secs(2);
/// How long a report is used again, so that many questions cost no more than one.
const FRESH: Duration = Duration::from_secs(1);

/// Finds out whether this gateway can serve.
pub struct Readiness {
    store: Arc<dyn StoreHealth>,
    indexes: Arc<Indexes>,
    last: Mutex<Option<(Instant, Report)>>,
}

/// What works. Workers and indexes that fail stop only their own work: without an index a site takes tickets, and answers searches with `busy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether the gateway can serve: whether the database can be read.
    pub ready: bool,
    /// Whether the database can be read.
    pub database: bool,
    /// Whether the search index of every site that was searched is in memory.
    pub indexes: bool,
}

impl Readiness {
    /// Asks this store and these indexes.
    pub fn new(store: Arc<dyn StoreHealth>, indexes: Arc<Indexes>) -> Readiness {
        Readiness { store, indexes, last: Mutex::default() }
    }

    /// The state at this moment, at most a second old.
    pub async fn report(&self) -> Report {
        let mut last = self.last.lock().await;
        if let Some((time, report)) = *last
            && time.elapsed() < FRESH
        {
            return report;
        }
        let database = matches!(timeout(STORE_TIME, self.store.ping()).await, Ok(Ok(())));
        let indexes = self.indexes.are_built();
        let report = Report { ready: database, database, indexes };
        *last = Some((Instant::now(), report));
        report
    }
}
