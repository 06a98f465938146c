//! Searches that found nothing. While somebody types, every letter is a search; what counts is the one that they stop at.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::super::clock;
use super::super::store::{Store, StoreError};

/// How long nothing more has to come from a visit until its last search counts.
const STILL: Duration = Duration::from_secs(10);
/// How many visits are waited for at once; more are not counted.
const WAITING_MAX: usize = 10_000;
/// For how many weeks counts are kept.
const WEEKS_KEPT: u32 = 57;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The last search of every visit that found nothing, until it counts.
#[derive(Debug, Default)]
pub struct Waiting {
    visits: Mutex<HashMap<(String, String), Search>>,
}

#[derive(Clone, Debug)]
struct Search {
    words: String,
    at: Instant,
}

impl Waiting {
    /// A visit has searched: for words that found nothing, or with success (`None`), and then nothing is missing.
    pub fn note(&self, site: &str, visit: &str, words: Option<String>) {
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (site.to_string(), visit.to_string());
        match words {
            Some(words) if visits.len() < WAITING_MAX || visits.contains_key(&key) => {
                visits.insert(key, Search { words, at: Instant::now() });
            }
            Some(_) => {}
            None => drop(visits.remove(&key)),
        }
    }

    /// Keeps what waits of the visits that are meant.
    pub async fn keep(&self, store: &dyn Store, meant: impl Fn(&str, &str) -> bool) -> Result<(), StoreError> {
        self.keep_where(store, |site, visit, _| meant(site, visit)).await
    }

    async fn keep_where(
        &self,
        store: &dyn Store,
        meant: impl Fn(&str, &str, Instant) -> bool,
    ) -> Result<(), StoreError> {
        let due: Vec<((String, String), Search)> = {
            let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
            visits.extract_if(|(site, visit), search| meant(site, visit, search.at)).collect()
        };
        for ((site, visit), search) in due {
            let visitor = visit.split('.').next().unwrap_or_default();
            store.unanswered(&site, &clock::week(0), visitor, &search.words, &clock::now()).await?;
        }
        Ok(())
    }
}

/// Keeps what has become still, and forgets what is old, for as long as it runs.
pub async fn watch(waiting: &Waiting, store: &dyn Store) {
    let mut interval = tokio::time::interval(STILL / 2);
    let mut cleaned: Option<Instant> = None;
    loop {
        interval.tick().await;
        let kept = waiting.keep_where(store, |_, _, at| at.elapsed() >= STILL).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "searches that found nothing are not counted");
        }
        if cleaned.is_none_or(|at| at.elapsed() >= DAY) {
            cleaned = Some(Instant::now());
            if let Err(error) = store.forget_counts(&clock::week(WEEKS_KEPT)).await {
                tracing::warn!(%error, "old counts are not forgotten");
            }
        }
    }
}
