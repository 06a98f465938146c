//! Imports questions into the store.
//!
//! A source is read, completely or only its changes, and then written in short transactions. Every question belongs to its source: an import never
//! changes or removes questions of another one.

mod schedule;
mod write;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::clock;
use crate::ids::SiteKey;
use crate::ports::{
    Erasure, Imports, NoProgress, Progress, QuestionSource, Questions, SourceError, SourceNote, SourceReading,
    StoreError,
};
use domain::question::Question;

pub use schedule::{EVERY_DEFAULT, EVERY_MAX, EVERY_MIN, ScheduledImport};
pub use write::{Changes, Prune};

/// The result of an import.
#[derive(Debug)]
pub struct Report {
    /// The changes to the questions.
    pub changes: Changes,
    /// How many lines or pages could not be read.
    pub bad: usize,
    /// Whether pruning was skipped, because an unreadable item may be a question that still exists.
    pub skipped_pruning: bool,
    /// Whether the source, or a part of it, could not be read, so that the import should be retried soon.
    pub is_incomplete: bool,
    /// Errors and warnings.
    pub notes: Vec<SourceNote>,
}

/// Why an import failed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lease of a scheduled import has expired, and another gateway has it. Both at once could store an older text over a newer one.
    #[error("another gateway has taken over the import, because the lease was not renewed in time")]
    LeaseLost,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Changes { new, changed, unchanged, removed, .. } = self.changes;
        write!(f, "{new} new, {changed} changed, {unchanged} unchanged, {removed} removed, {} bad", self.bad)?;
        if self.changes.spared > 0 {
            let spared = self.changes.spared;
            write!(f, "; {spared} missing from the source were kept, because they are most or all of its questions")?;
            write!(f, "; use --force-prune to remove them")?;
        }
        if self.skipped_pruning {
            write!(f, "; nothing was removed, because an unreadable item may be a question that still exists")?;
        }
        Ok(())
    }
}

/// Imports questions into a store.
#[derive(Clone)]
pub struct ImportQuestions {
    questions: Arc<dyn Questions>,
    imports: Arc<dyn Imports>,
    log: Arc<dyn Erasure>,
    progress: Arc<dyn Progress>,
}

impl ImportQuestions {
    /// Writes questions, and the progress of repeated imports; `log` is the write-ahead log that a large import fills.
    pub fn new(questions: Arc<dyn Questions>, imports: Arc<dyn Imports>, log: Arc<dyn Erasure>) -> ImportQuestions {
        ImportQuestions { questions, imports, log, progress: Arc::new(NoProgress) }
    }

    /// Shows the progress of imports.
    #[must_use]
    pub fn with_progress(self, progress: Arc<dyn Progress>) -> ImportQuestions {
        ImportQuestions { progress, ..self }
    }

    /// Imports all of a source.
    pub async fn import(
        &self,
        site: &SiteKey,
        source: &dyn QuestionSource,
        prune: Prune,
    ) -> Result<Report, ImportError> {
        self.progress.begin("reading questions", None);
        let reading = source.read(None, clock::now()).await?;
        let report = self.keep(site, source, reading, prune).await;
        self.shrink_log().await;
        report
    }

    /// Imports the changes of a source since the `progress` of an earlier import, or periodically all of it. Returns the progress as well.
    pub async fn import_changes(
        &self,
        site: &SiteKey,
        source: &dyn QuestionSource,
        prune: Prune,
        progress: &str,
    ) -> Result<(Report, String), ImportError> {
        // If the store has nothing of the source, it was emptied or replaced, and everything is read.
        let run = self.imports.import_run(site, &source.name()).await?;
        let progress = run.since_import.is_some().then_some(progress);
        let mut reading = source.read(progress, clock::now()).await?;
        let next = std::mem::take(&mut reading.progress);
        let report = self.keep(site, source, reading, prune).await?;
        if report.changes.new + report.changes.changed + report.changes.removed > 0 {
            self.shrink_log().await;
        }
        Ok((report, next))
    }

    /// Returns the disk space of the log after a large import. If somebody is reading at that time, later commits truncate the log to its limit.
    async fn shrink_log(&self) {
        if let Err(error) = self.log.truncate_log().await {
            tracing::warn!(%error, "truncating the write-ahead log failed");
        }
    }

    async fn keep(
        &self,
        site: &SiteKey,
        source: &dyn QuestionSource,
        reading: SourceReading,
        prune: Prune,
    ) -> Result<Report, ImportError> {
        let store = self.questions.as_ref();
        let SourceReading { questions, bad, warnings, unreadable, is_incomplete, is_changes, is_unchanged, .. } =
            reading;
        let skipped_pruning = prune != Prune::Never && is_incomplete;
        let prune = if is_incomplete || is_changes { Prune::Never } else { prune };
        let name = source.name();
        // A source of which nothing could be read counts as not read.
        let is_unreadable = questions.is_empty() && !bad.is_empty();
        let changes = if is_unreadable {
            Changes::default()
        } else if is_unchanged {
            store.finish_import(site, &name).await?;
            Changes::default()
        } else {
            write::write((store, self.progress.as_ref()), site, &name, questions, &unreadable, prune).await?
        };
        let conflicts = changes.conflicts.iter().map(|conflict| SourceNote {
            position: format!("{:?}", conflict.id),
            note: format!("is already the id of a question from {}; use another id", conflict.source),
        });
        let bad: Vec<SourceNote> = bad.into_iter().chain(conflicts).collect();
        Ok(Report {
            bad: bad.len(),
            notes: bad.into_iter().chain(warnings).collect(),
            changes,
            skipped_pruning,
            is_incomplete: is_incomplete || is_unreadable,
        })
    }
}

/// Imports questions that come from no source that could be read again; their ids are unique.
pub async fn write(
    store: &dyn Questions,
    site: &SiteKey,
    source: &str,
    questions: Vec<Question>,
    prune: Prune,
) -> Result<Changes, StoreError> {
    write::write((store, &NoProgress), site, source, questions, &BTreeSet::new(), prune).await
}
