//! Builds the index of one site from the store. Questions are read and indexed off the threads that answer requests.

use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use crate::ids::SiteKey;
use crate::ports::{QuestionRow, Questions, Revision, RevisionRange, StoreError};
use domain::question::Question;
use ranking::{Corpus, Index, Snowball};

/// How many questions are read at a time.
pub const PAGE: u32 = 500;

/// The state of the build of an index.
#[derive(Debug, Default)]
pub struct Build {
    /// The revision that it contains; none before the first build.
    pub revision: Option<i64>,
    /// What was read of the questions.
    pub corpus: Corpus,
    /// The end of its pause.
    pub rest_until: Option<Instant>,
}

/// Why an index was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug.
    #[error("building the index panicked")]
    Panicked,
}

/// Reads the changes, or everything, and builds the index. If it ends early, the next call continues the same build.
pub async fn bring_up_to(
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
pub fn question_of(site: &SiteKey, row: &QuestionRow) -> Option<Question> {
    serde_json::from_str(&row.json)
        .inspect_err(|error| tracing::warn!(site = site.as_str(), id = row.id, %error, "question unreadable"))
        .ok()
}
