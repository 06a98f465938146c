//! The search indexes in memory. An index is built when its site is searched for the first time, follows the store from then on, and is dropped
//! again if others need its memory more.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::{self, FuturesUnordered};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::build::{Build, BuildError, bring_up_to};
use crate::ids::SiteKey;
use crate::ports::{Questions, Revision, StoreError};
use domain::question::Hit;
use ranking::Index;

/// How often the store is polled for changed questions, so that imports by another process are noticed.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// Limits the share of time spent on building an index: after a build that took a second, the next one waits three.
const REST: u32 = 3;
/// The pause after an index could not be built.
const FAILED_REST: Duration = Duration::from_secs(60);
/// The same if the database was only busy.
const BUSY_REST: Duration = Duration::from_secs(5);
/// How long a search waits for its index; shorter than the panel waits for an answer (two seconds).
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The indexes of all sites that were searched. Searches use the old index while a new one is built.
#[derive(Debug, Default)]
pub struct Indexes {
    state: Mutex<State>,
    /// Wakes [`follow`] when an index is requested.
    requested: Notify,
    /// Changes when an index was built, or when it is known which sites have questions.
    progress: watch::Sender<()>,
    limits: IndexLimits,
}

/// What the indexes may use.
#[derive(Clone, Copy, Debug)]
pub struct IndexLimits {
    /// How many questions all indexes together may contain. The index that was searched least recently is dropped above it; a single index may
    /// be larger.
    pub questions: usize,
    /// How many indexes are built at a time.
    pub builds: usize,
}

impl Default for IndexLimits {
    fn default() -> IndexLimits {
        IndexLimits { questions: 1_000_000, builds: 1 }
    }
}

/// The index of a site is not built yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the index of this site is being built")]
pub struct NotReady;

#[derive(Debug, Default)]
struct State {
    /// The change counter of the store at the last poll.
    changes: Option<i64>,
    /// The sites that have questions; none until that is known.
    known: Option<BTreeMap<SiteKey, Revision>>,
    /// The indexes that were requested.
    sites: HashMap<SiteKey, SiteIndex>,
    /// How many searches there were.
    searches: u64,
}

/// The index of a site.
#[derive(Debug)]
struct SiteIndex {
    /// None before the first build.
    index: Option<Arc<Index>>,
    /// None while it is being built.
    build: Option<Build>,
    /// The number of its last search.
    last_search: u64,
}

impl Default for SiteIndex {
    fn default() -> SiteIndex {
        SiteIndex { index: None, build: Some(Build::default()), last_search: 0 }
    }
}

/// What a search finds instead of hits.
enum Lookup {
    Built(Arc<Index>),
    /// The site has no questions.
    Empty,
    /// It is being built, or will be.
    Pending,
    /// It could not be built.
    Failed,
}

impl Indexes {
    /// Indexes within these limits.
    pub fn new(limits: IndexLimits) -> Indexes {
        Indexes { limits, ..Indexes::default() }
    }

    /// The best matches among the questions of a site; empty if it has none. The first search of a site waits briefly for its index, which
    /// [`follow`] builds; concurrent ones wait for the same build.
    pub async fn search(&self, site: &SiteKey, query: &str, limit: usize) -> Result<Vec<Hit>, NotReady> {
        let mut progress = self.progress.subscribe();
        let found = async {
            loop {
                match self.request(site) {
                    Lookup::Built(index) => return Ok(index.search(query, limit)),
                    Lookup::Empty => return Ok(Vec::new()),
                    Lookup::Failed => return Err(NotReady),
                    Lookup::Pending if progress.changed().await.is_err() => return Err(NotReady),
                    Lookup::Pending => {}
                }
            }
        };
        timeout(PATIENCE, found).await.unwrap_or(Err(NotReady))
    }

    /// The number of questions in each index in memory.
    pub fn sizes(&self) -> Vec<(SiteKey, usize)> {
        let state = self.state();
        let size = |(site, one): (&SiteKey, &SiteIndex)| Some((site.clone(), one.index.as_ref()?.len()));
        state.sites.iter().filter_map(size).collect()
    }

    /// Whether no requested index is missing; false before the first poll of the store.
    pub fn are_built(&self) -> bool {
        let state = self.state();
        let Some(known) = &state.known else { return false };
        state.sites.iter().all(|(site, one)| one.index.is_some() || !known.contains_key(site))
    }

    /// Drops the indexes of sites that are not served any longer.
    pub fn retain(&self, is_served: impl Fn(&SiteKey) -> bool) {
        self.state().sites.retain(|site, _| is_served(site));
    }

    /// Builds the indexes of all sites that have questions, and updates those that exist. A site that fails does not block the others.
    pub async fn refresh(&self, store: &dyn Questions) -> Result<(), StoreError> {
        self.poll(store).await?;
        let works: Vec<Work<'_>> = {
            let mut state = self.state();
            let sites: Vec<SiteKey> = state.known.iter().flatten().map(|(site, _)| site.clone()).collect();
            for site in sites {
                state.sites.entry(site).or_default();
            }
            std::iter::from_fn(|| self.begin(&mut state, true)).collect()
        };
        stream::iter(works).for_each_concurrent(self.limits.builds, |work| work.run(store)).await;
        Ok(())
    }

    /// The index of a site, which is requested if it does not exist yet.
    fn request(&self, site: &SiteKey) -> Lookup {
        let mut state = self.state();
        let is_known = state.known.as_ref().map(|known| known.contains_key(site));
        if is_known == Some(false) {
            return Lookup::Empty;
        }
        state.searches += 1;
        let searches = state.searches;
        let one = state.sites.entry(site.clone()).or_default();
        one.last_search = searches;
        if let Some(index) = &one.index {
            return Lookup::Built(index.clone());
        }
        let has_failed =
            one.build.as_ref().is_some_and(|build| build.rest_until.is_some_and(|end| Instant::now() < end));
        self.requested.notify_one();
        if has_failed { Lookup::Failed } else { Lookup::Pending }
    }

    /// Finds out which sites have questions, and which of them have changed.
    async fn poll(&self, store: &dyn Questions) -> Result<(), StoreError> {
        let changes = store.question_changes().await?;
        if self.state().changes == Some(changes) {
            return Ok(());
        }
        let revisions = store.revisions().await?;
        {
            let mut state = self.state();
            state.sites.retain(|site, _| revisions.contains_key(site));
            (state.known, state.changes) = (Some(revisions), Some(changes));
        }
        self.progress.send_replace(());
        Ok(())
    }

    /// Begins the next build that is due: first of indexes for which searches wait. With `at_once`, pauses do not count.
    fn begin(&self, state: &mut State, at_once: bool) -> Option<Work<'_>> {
        let (known, now) = (state.known.as_ref()?, Instant::now());
        let due = state.sites.iter().filter_map(|(site, one)| {
            let (build, revision) = (one.build.as_ref()?, *known.get(site)?);
            let rests = !at_once && build.rest_until.is_some_and(|end| now < end);
            let is_due = build.revision != Some(revision.current) && !rests;
            is_due.then(|| (one.index.is_some(), std::cmp::Reverse(one.last_search), site.clone(), revision))
        });
        let (_, _, site, revision) = due.min_by_key(|(is_update, order, ..)| (*is_update, *order))?;
        let build = state.sites.get_mut(&site)?.build.take()?;
        Some(Work { indexes: self, site, revision, build, is_over: false })
    }

    /// Stores the state of a build, with the index if it was built.
    fn end(&self, site: &SiteKey, build: Build, index: Option<Index>) {
        {
            let mut state = self.state();
            // It may have been dropped meanwhile, because the site has no questions or is not served any longer.
            if let Some(one) = state.sites.get_mut(site) {
                one.build = Some(build);
                one.index = index.map(Arc::new).or(one.index.take());
            }
            self.drop_surplus(&mut state, site);
        }
        self.progress.send_replace(());
        self.requested.notify_one();
    }

    /// Drops the indexes that were searched least recently until the rest is within the limit.
    fn drop_surplus(&self, state: &mut State, built: &SiteKey) {
        let size = |one: &SiteIndex| one.index.as_ref().map_or(0, |index| index.len());
        let mut total: usize = state.sites.values().map(size).sum();
        while total > self.limits.questions {
            let idle =
                state.sites.iter().filter(|(site, one)| *site != built && one.index.is_some() && one.build.is_some());
            let Some(site) = idle.min_by_key(|(_, one)| one.last_search).map(|(site, _)| site.clone()) else { return };
            let Some(dropped) = state.sites.remove(&site) else { return };
            total -= size(&dropped);
            tracing::info!(site = site.as_str(), questions = size(&dropped), "index dropped");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A build that has begun. If it is dropped, the index is built anew later.
struct Work<'a> {
    indexes: &'a Indexes,
    site: SiteKey,
    revision: Revision,
    build: Build,
    is_over: bool,
}

impl Work<'_> {
    async fn run(mut self, store: &dyn Questions) {
        let (start, since) = (Instant::now(), self.build.revision);
        let revision = self.revision.current;
        let index = match bring_up_to(store, &self.site, self.revision, &mut self.build).await {
            Ok(index) => {
                let (site, questions, duration) = (self.site.as_str(), index.len(), start.elapsed());
                tracing::info!(site, revision, since, questions, ?duration, "index built");
                self.build.rest_until = Some(Instant::now() + duration * REST);
                Some(index)
            }
            // What was read is kept and continued later; searches use the old index until then.
            Err(error) => {
                tracing::error!(site = self.site.as_str(), revision, %error, "index build failed");
                let rest = if matches!(error, BuildError::Store(StoreError::Busy)) { BUSY_REST } else { FAILED_REST };
                self.build.rest_until = Some(Instant::now() + rest);
                None
            }
        };
        let build = std::mem::take(&mut self.build);
        self.is_over = true;
        self.indexes.end(&self.site, build, index);
    }
}

impl Drop for Work<'_> {
    /// Makes the build of an index possible again if this one was cancelled.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if let Some(one) = self.indexes.state().sites.get_mut(&self.site) {
            one.build = Some(std::mem::take(&mut self.build));
        }
    }
}

/// Builds the indexes that are requested, and keeps them up to date with the store; never returns.
pub async fn follow(indexes: &Indexes, store: &dyn Questions) {
    let mut polls = interval(POLL_EVERY);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            _ = polls.tick() => {
                if let Err(error) = indexes.poll(store).await {
                    tracing::warn!(%error, "polling for changed questions failed");
                }
            }
            () = indexes.requested.notified() => {}
            Some(()) = running.next() => {}
        }
        while running.len() < indexes.limits.builds {
            let Some(work) = indexes.begin(&mut indexes.state(), false) else { break };
            running.push(work.run(store));
        }
    }
}
