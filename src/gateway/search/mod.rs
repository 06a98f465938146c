//! The search indexes in memory, kept in step with the store.

pub mod import;
pub mod static_index;
pub mod unanswered;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::store::{Store, StoreError};
use crate::domain::question::Hit;
use crate::domain::ranking::{Index, Snowball};

/// How many hits a search gives that names no number.
pub const LIMIT_DEFAULT: usize = 5;
/// How often the store is asked whether questions have changed, so that an import by another process is seen.
const LOOK: Duration = Duration::from_secs(1);

/// The index of every site. Searches go on in the old one while a new one is built.
#[derive(Debug, Default)]
pub struct Indexes {
    sites: RwLock<HashMap<String, Current>>,
}

#[derive(Clone, Debug)]
struct Current {
    revision: i64,
    index: Arc<Index>,
}

impl Indexes {
    /// The questions of a site that match best; none where there are no questions.
    pub fn search(&self, site: &str, query: &str, limit: usize) -> Vec<Hit> {
        self.current(site).map(|current| current.index.search(query, limit)).unwrap_or_default()
    }

    /// Builds anew what has changed in the store.
    pub async fn refresh(&self, store: &dyn Store) -> Result<(), StoreError> {
        for (site, revision) in store.revisions().await? {
            if self.current(&site).is_some_and(|current| current.revision == revision) {
                continue;
            }
            let (revision, questions) = store.questions(&site).await?;
            let built = tokio::task::spawn_blocking(move || Index::build(&questions, Snowball)).await;
            let Ok(index) = built else {
                tracing::error!(site, "the index could not be built");
                continue;
            };
            tracing::info!(site, revision, questions = index.len(), "the index is built");
            let current = Current { revision, index: Arc::new(index) };
            self.sites.write().unwrap_or_else(PoisonError::into_inner).insert(site, current);
        }
        Ok(())
    }

    fn current(&self, site: &str) -> Option<Current> {
        self.sites.read().unwrap_or_else(PoisonError::into_inner).get(site).cloned()
    }
}

/// Keeps the indexes in step with the store for as long as it runs.
pub async fn follow(indexes: &Indexes, store: &dyn Store) {
    let mut interval = tokio::time::interval(LOOK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = indexes.refresh(store).await {
            tracing::warn!(%error, "the index is not in step with the store");
        }
    }
}
