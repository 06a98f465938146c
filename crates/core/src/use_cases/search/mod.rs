//! The search indexes in memory. They follow the store; changes are read off the threads that answer requests.

pub mod counting;
pub mod import;

use std::collections::{BTreeMap, HashMap};
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use tokio::sync::Mutex;

use crate::ids::SiteKey;
use crate::ports::{QuestionRow, Questions, Revision, RevisionRange, StoreError};
use domain::question::{Hit, Question};
use ranking::{Corpus, Index, Snowball};

/// The default number of hits.
pub const LIMIT_DEFAULT: usize = 5;
/// How often the store is polled for changed questions, so that imports by another process are noticed.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// How many questions are read at a time.
const PAGE: u32 = 500;
/// How many sites are indexed in parallel, so that a large one does not block the others.
const BUILDS: usize = 2;
/// Limits the share of time spent on building an index: after a build that took a second, the next one waits three.
const REST: u32 = 3;
/// The pause after an index could not be built.
const FAILED_REST: Duration = Duration::from_secs(60);
/// The same if the database was only busy.
const BUSY_REST: Duration = Duration::from_secs(5);

/// The indexes of all sites. Searches use the old index while a new one is built.
#[derive(Debug, Default)]
pub struct Indexes {
    sites: RwLock<HashMap<SiteKey, Arc<Index>>>,
    /// The state of the builds; empty until the store was read for the first time.
    builds: Mutex<Builds>,
    /// The sites that have questions; none until that is known.
    known: RwLock<Option<BTreeMap<SiteKey, Revision>>>,
}

#[derive(Debug, Default)]
struct Builds {
    /// The change counter of the store at the last poll.
    changes: Option<i64>,
    sites: HashMap<SiteKey, Build>,
}

/// The state of the build of an index.
#[derive(Debug, Default)]
struct Build {
    /// The revision that it contains; none before the first build.
    revision: Option<i64>,
    corpus: Corpus,
    /// The end of its pause.
    rest_until: Option<Instant>,
}

/// The index of a site is not built yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the index of this site is being built")]
pub struct NotReady;

impl Indexes {
    /// The best matches among the questions of a site; empty if it has none.
    pub fn search(&self, site: &SiteKey, query: &str, limit: usize) -> Result<Vec<Hit>, NotReady> {
        let index = self.sites.read().unwrap_or_else(PoisonError::into_inner).get(site).cloned();
        match index {
            Some(index) => Ok(index.search(query, limit)),
            None if self.has_questions(site) => Err(NotReady),
            None => Ok(Vec::new()),
        }
    }

    /// The number of questions in the index of each site.
    pub fn sizes(&self) -> Vec<(SiteKey, usize)> {
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        sites.iter().map(|(site, index)| (site.clone(), index.len())).collect()
    }

    /// Whether the index of every site with questions was built; false before the first poll of the store.
    pub fn are_built(&self) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().is_some_and(|known| known.keys().all(|site| sites.contains_key(site)))
    }

    /// Whether a site may have questions; true for every site before the first poll of the store.
    fn has_questions(&self, site: &SiteKey) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().is_none_or(|known| known.contains_key(site))
    }

    /// Updates the indexes to the state of the store. A site that fails does not block the others.
    pub async fn refresh(&self, store: &dyn Questions) -> Result<(), StoreError> {
        self.bring_up(store, true).await
    }

    /// With `at_once`, also those that were built recently.
    async fn bring_up(&self, store: &dyn Questions, at_once: bool) -> Result<(), StoreError> {
        let mut builds = self.builds.lock().await;
        let changes = store.question_changes().await?;
        if builds.changes == Some(changes) {
            return Ok(());
        }
        let revisions = store.revisions().await?;
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(revisions.clone());
        let due: Vec<_> = revisions
            .into_iter()
            .map(|(site, revision)| {
                let build = builds.sites.remove(&site).unwrap_or_default();
                self.bring_site_up(store, site, revision, build, at_once)
            })
            .collect();
        let built: Vec<(SiteKey, Build, bool)> = stream::iter(due).buffer_unordered(BUILDS).collect().await;
        let is_done = built.iter().all(|(_, _, is_done)| *is_done);
        builds.sites = built.into_iter().map(|(site, build, _)| (site, build)).collect();
        // Unfinished sites are tried again, whether anything else changes or not.
        builds.changes = is_done.then_some(changes);
        Ok(())
    }

    /// The build after the update, and whether it has reached the revision.
    async fn bring_site_up(
        &self,
        store: &dyn Questions,
        site: SiteKey,
        revision: Revision,
        build: Build,
        at_once: bool,
    ) -> (SiteKey, Build, bool) {
        if build.revision == Some(revision.current) {
            return (site, build, true);
        }
        let rests = build.rest_until.is_some_and(|until| Instant::now() < until);
        if rests && !at_once {
            return (site, build, false);
        }
        let (start, since) = (Instant::now(), build.revision);
        let mut build = build;
        match bring_up_to(store, &site, revision, &mut build).await {
            Ok(index) => {
                let duration = start.elapsed();
                tracing::info!(
                    site = site.as_str(),
                    revision = revision.current,
                    ?since,
                    questions = index.len(),
                    ?duration,
                    "index built"
                );
                build.rest_until = Some(Instant::now() + duration * REST);
                self.sites.write().unwrap_or_else(PoisonError::into_inner).insert(site.clone(), Arc::new(index));
                (site, build, true)
            }
            // What was read is kept and continued later; searches use the old index until then.
            Err(error) => {
                tracing::error!(site = site.as_str(), revision = revision.current, %error, "index build failed");
                let rest = if matches!(error, BuildError::Store(StoreError::Busy)) { BUSY_REST } else { FAILED_REST };
                build.rest_until = Some(Instant::now() + rest);
                (site, build, false)
            }
        }
    }
}

/// Why an index was not built.
#[derive(Debug, thiserror::Error)]
enum BuildError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("building the index panicked")]
    Panicked,
}

/// Reads the changes, or everything, and builds the index. If it ends early, the next call continues the same build.
async fn bring_up_to(
    store: &dyn Questions,
    site: &SiteKey,
    revision: Revision,
    build: &mut Build,
) -> Result<Index, BuildError> {
    let known = build.revision.filter(|known| *known >= revision.oldest && !build.corpus.is_wasteful());
    match known {
        Some(after) => {
            let removed = store.removed_questions(site, RevisionRange { after, until: revision.current }).await?;
            for id in removed {
                build.corpus.remove(&id);
            }
            let mut cursor = (after + 1, String::new());
            loop {
                let rows = store.changed_questions(site, &cursor, revision.current, PAGE).await?;
                let Some(last) = rows.last() else { break };
                cursor = (last.revision, last.id.clone());
                read_into(build, site, rows).await?;
            }
        }
        // Questions written meanwhile have a later revision, and are read by the next update.
        None => {
            *build = Build::default();
            let mut cursor = String::new();
            loop {
                let rows = store.question_page(site, &cursor, PAGE).await?;
                let Some(last) = rows.last() else { break };
                cursor = last.id.clone();
                read_into(build, site, rows).await?;
            }
        }
    }
    let taken_build = take(build);
    let (corpus, index) = off_thread(move || {
        let index = taken_build.corpus.index(Snowball);
        (taken_build.corpus, index)
    })
    .await?;
    *build = Build { revision: Some(revision.current), corpus, rest_until: None };
    Ok(index)
}

/// Reads rows into the corpus of a build. Unreadable rows are skipped. A build that panics is empty afterwards, and starts again.
async fn read_into(build: &mut Build, site: &SiteKey, rows: Vec<QuestionRow>) -> Result<(), BuildError> {
    let site = site.clone();
    let mut taken_build = take(build);
    *build = off_thread(move || {
        for row in rows {
            match question_of(&site, &row) {
                Some(question) => taken_build.corpus.insert(&question),
                None => taken_build.corpus.remove(&row.id),
            }
        }
        taken_build
    })
    .await?;
    Ok(())
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, BuildError> {
    // The panic is caught here, so that the runtime does not report it as a worker's.
    let work = move || catch_unwind(AssertUnwindSafe(work));
    tokio::task::spawn_blocking(work).await.ok().and_then(Result::ok).ok_or(BuildError::Panicked)
}

/// The question of a row; none if it cannot be read, which is logged.
fn question_of(site: &SiteKey, row: &QuestionRow) -> Option<Question> {
    serde_json::from_str(&row.json)
        .inspect_err(|error| tracing::warn!(site = site.as_str(), id = row.id, %error, "question unreadable"))
        .ok()
}

/// All questions of a site, ordered by id. Unreadable ones are logged and skipped.
pub async fn all_questions(store: &dyn Questions, site: &SiteKey) -> Result<Vec<Question>, StoreError> {
    let (mut questions, mut cursor) = (Vec::new(), String::new());
    loop {
        let rows = store.question_page(site, &cursor, PAGE).await?;
        let Some(last) = rows.last() else { return Ok(questions) };
        cursor = last.id.clone();
        questions.extend(rows.iter().filter_map(|row| question_of(site, row)));
    }
}

/// Keeps the indexes up to date with the store; never returns.
pub async fn follow(indexes: &Indexes, store: &dyn Questions) {
    let mut interval = tokio::time::interval(POLL_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = indexes.bring_up(store, false).await {
            tracing::warn!(%error, "polling for changed questions failed");
        }
    }
}
