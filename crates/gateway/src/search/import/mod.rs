//! Imports questions into the store.
//!
//! A source is read ([`sources`]), completely or only its changes, and then written in short transactions. Every question belongs to its source: an import never
//! changes or removes questions of another one.

pub mod timer;
mod write;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use super::super::config::Settings;
use deskbell_core::clock;
use deskbell_core::ports::{Questions, Store, StoreError};
use domain::question::Question;
use outbound_http::Limits;
use sources::{Note, Progress, Reading, Scope, Source, SourceError, read};
use store_sqlite::SqliteStore;

pub use write::{Changes, Prune};

/// The result of an import.
#[derive(Debug)]
pub struct Report {
    /// The changes to the questions.
    pub changes: Changes,
    /// How many lines or pages could not be read.
    pub bad: usize,
    /// Whether pruning was skipped, because an unreadable item may be a question that still exists.
    pub kept: bool,
    /// Whether the source, or a part of it, could not be read, so that the import should be retried soon.
    pub is_incomplete: bool,
    /// Errors and warnings.
    pub notes: Vec<Note>,
}

/// Why an import failed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The site is not configured.
    #[error("--site: {site:?} is no site of the configuration; it has {known}")]
    UnknownSite {
        /// The site.
        site: String,
        /// The configured sites.
        known: String,
    },
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Changes { new, changed, unchanged, removed, .. } = self.changes;
        write!(f, "{new} new, {changed} changed, {unchanged} unchanged, {removed} removed, {} bad", self.bad)?;
        if self.changes.spared > 0 {
            let spared = self.changes.spared;
            write!(
                f,
                "; {spared} that the source does not have any more were kept, because they are most of it or all"
            )?;
            write!(f, "; --force-prune removes them")?;
        }
        if self.kept {
            write!(f, "; nothing was removed, because what is bad may be a question that is still there")?;
        }
        Ok(())
    }
}

/// Imports a source into the configured database.
pub async fn run(settings: &Settings, site: &str, source: &Source, prune: Prune) -> Result<Report, ImportError> {
    if !settings.sites.is_empty() && !settings.sites.contains_key(site) {
        let known: Vec<&str> = settings.sites.keys().map(String::as_str).collect();
        return Err(ImportError::UnknownSite { site: site.into(), known: known.join(", ") });
    }
    let reading = read(source, Limits::default(), &Scope::Whole).await?;
    let store = SqliteStore::open(&settings.database).await?;
    let report = keep(&store, site, source, reading, prune).await;
    shrink_log(&store).await;
    store.close().await;
    report
}

/// Imports a complete source into a store.
pub async fn import(store: &dyn Store, site: &str, source: &Source, prune: Prune) -> Result<Report, ImportError> {
    let reading = read(source, Limits::default(), &Scope::Whole).await?;
    keep(store, site, source, reading, prune).await
}

/// Imports the changes of a source, or periodically all of it. Returns the progress as well.
pub async fn import_changes(
    store: &dyn Store,
    site: &str,
    source: &Source,
    prune: Prune,
    progress: &Progress,
) -> Result<(Report, Progress), ImportError> {
    let began = clock::timestamp();
    let reading = read(source, Limits::default(), &scope_of(store, site, source, progress, began).await?).await?;
    // Items that could not be read may have changed.
    let progress = if reading.bad.is_empty() { progress.after(&reading, began) } else { Progress::default() };
    let report = keep(store, site, source, reading, prune).await?;
    if report.changes.new + report.changes.changed + report.changes.removed > 0 {
        shrink_log(store).await;
    }
    Ok((report, progress))
}

/// Returns the disk space of the log after a large import. If somebody is reading at that time, later commits truncate the log to its limit.
async fn shrink_log(store: &dyn Store) {
    if let Err(error) = store.truncate_log().await {
        tracing::warn!(%error, "truncating the write-ahead log failed");
    }
}

/// How much is read. If the database has nothing of the source, it was emptied or replaced, and everything is read.
async fn scope_of(
    store: &dyn Store,
    site: &str,
    source: &Source,
    progress: &Progress,
    now: Timestamp,
) -> Result<Scope, StoreError> {
    let run = store.import_run(site, &source.name()).await?;
    Ok(if run.since_import.is_some() { progress.scope(now) } else { Scope::Whole })
}

/// Imports questions that come from no source that could be read again; their ids are unique.
pub async fn write(
    store: &(impl Questions + ?Sized),
    site: &str,
    source: &str,
    questions: Vec<Question>,
    prune: Prune,
) -> Result<Changes, StoreError> {
    write::write(store, site, source, questions, &BTreeSet::new(), prune).await
}

async fn keep(
    store: &(impl Questions + ?Sized),
    site: &str,
    source: &Source,
    reading: Reading,
    prune: Prune,
) -> Result<Report, ImportError> {
    let Reading { questions, bad, warnings, unreadable, is_incomplete, is_changes, is_unchanged, .. } = reading;
    let kept = prune != Prune::Never && is_incomplete;
    let prune = if is_incomplete || is_changes { Prune::Never } else { prune };
    let name = source.name();
    // A source of which nothing could be read counts as not read.
    let nothing = questions.is_empty() && !bad.is_empty();
    let changes = if nothing {
        Changes::default()
    } else if is_unchanged {
        store.finish_import(site, &name).await?;
        Changes::default()
    } else {
        write::write(store, site, &name, questions, &unreadable, prune).await?
    };
    let taken = changes.taken.iter().map(|taken| Note {
        place: format!("{:?}", taken.id),
        note: format!("is the id of a question that came from {}; give it another one", taken.source),
    });
    let bad: Vec<Note> = bad.into_iter().chain(taken).collect();
    Ok(Report {
        bad: bad.len(),
        notes: bad.into_iter().chain(warnings).collect(),
        changes,
        kept,
        is_incomplete: is_incomplete || nothing,
    })
}
