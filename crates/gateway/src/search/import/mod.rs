//! Imports questions into the store.
//!
//! A source is read, completely or only its changes, and then written in short transactions. Every question belongs to its source: an import never
//! changes or removes questions of another one.

mod collector;
mod configured;
mod csv;
mod decode;
mod discourse;
mod jsonl;
mod line;
mod reading;
mod source;
mod strapi;
pub mod timer;
mod write;
mod zendesk;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use reqwest::Url;

use super::super::clock;
use super::super::config::Settings;
use super::super::store::{Questions, Store, StoreError};
use domain::question::Question;
use outbound_http::{AddressError, ClientError, Fetcher, Limits, Validators};
use store_sqlite::SqliteStore;

pub use csv::Columns;
pub use jsonl::read as json_lines;
pub use reading::{Note, Progress, Reading, Scope};
pub use source::{Format, Place, Source};
pub use write::{Changes, Prune};

/// What an import came to.
#[derive(Debug)]
pub struct Report {
    /// What happened to the questions.
    pub changes: Changes,
    /// How many lines or pages were bad.
    pub bad: usize,
    /// Whether the removing was left out, because what could not be read may be a question that is still there.
    pub kept: bool,
    /// Whether the source, or a part of it, could not be read, and the import should soon be tried again.
    pub is_incomplete: bool,
    /// What was bad, and warnings.
    pub notes: Vec<Note>,
}

/// Why an import did not take place.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The configuration has other sites only.
    #[error("--site: {site:?} is no site of the configuration; it has {known}")]
    UnknownSite {
        /// The site.
        site: String,
        /// Those that it has.
        known: String,
    },
    /// The text names no source.
    #[error(transparent)]
    Source(#[from] AddressError),
    /// The source cannot be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file cannot be read.
    #[error("{file}: {reason}; name a file that can be read")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The file is something else than questions.
    #[error("{file}: {what}")]
    NoQuestions {
        /// The file.
        file: String,
        /// What it is, and what is wanted.
        what: String,
    },
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

/// Imports a source into the database of the settings.
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

/// Imports all of a source into a store.
pub async fn import(store: &dyn Store, site: &str, source: &Source, prune: Prune) -> Result<Report, ImportError> {
    let reading = read(source, Limits::default(), &Scope::Whole).await?;
    keep(store, site, source, reading, prune).await
}

/// Imports what has changed of a source, or now and then all of it; and how far it has been read.
pub async fn import_changes(
    store: &dyn Store,
    site: &str,
    source: &Source,
    prune: Prune,
    progress: &Progress,
) -> Result<(Report, Progress), ImportError> {
    let began = clock::timestamp();
    let reading = read(source, Limits::default(), &scope_of(store, site, source, progress, began).await?).await?;
    // Of what could not be read nobody knows whether it has changed.
    let progress = if reading.bad.is_empty() { progress.after(&reading, began) } else { Progress::default() };
    let report = keep(store, site, source, reading, prune).await?;
    if report.changes.new + report.changes.changed + report.changes.removed > 0 {
        shrink_log(store).await;
    }
    Ok((report, progress))
}

/// Gives back the room on the disk that a large import has taken. Where somebody reads just then, later commits cut the log to its limit.
async fn shrink_log(store: &dyn Store) {
    if let Err(error) = store.truncate_log().await {
        tracing::warn!(%error, "truncating the write-ahead log failed");
    }
}

/// How much is read. Where the database knows nothing of the source, it has been emptied or replaced.
async fn scope_of(
    store: &dyn Store,
    site: &str,
    source: &Source,
    progress: &Progress,
    now: Timestamp,
) -> Result<Scope, StoreError> {
    let run = store.import_run(site, &source.name()).await?;
    Ok(if run.imported_at.is_some() { progress.scope(now) } else { Scope::Whole })
}

/// Reads a source; what cannot be read is noted, and the rest is read.
pub async fn read(source: &Source, limits: Limits, scope: &Scope) -> Result<Reading, ImportError> {
    let url = match &source.place {
        Place::File(path) => {
            let (file, source) = (path.clone(), source.clone());
            let read = move || std::fs::read(file).map(|bytes| read_file(&source, &bytes));
            let read = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other).and_then(|read| read);
            let file = path.display().to_string();
            return match read {
                Ok(reading) => reading.map_err(|what| ImportError::NoQuestions { file, what }),
                Err(error) => Err(ImportError::Unreadable { file, reason: error.to_string() }),
            };
        }
        Place::Web(url) => url,
    };
    let fetcher = Fetcher::new(limits, source.private)?;
    let (prefix, since) = (source.prefix(), scope.since());
    Ok(match source.format {
        Format::Jsonl | Format::Csv => {
            let validators = match scope {
                Scope::Whole => Default::default(),
                Scope::Changes { validators, .. } => validators.clone(),
            };
            fetch_file(&fetcher, source, url, &validators).await
        }
        Format::Discourse => discourse::read(&fetcher, url, &prefix, since).await,
        Format::Zendesk => zendesk::read(&fetcher, url, &prefix, since).await,
        Format::Strapi => strapi::read(&fetcher, url, source.pages.as_ref(), &prefix, since).await,
    })
}

/// Reads a file of JSON or a table, or says in one sentence what it is instead.
pub fn read_file(source: &Source, bytes: &[u8]) -> Result<Reading, String> {
    let wanted =
        if source.format == Format::Csv { "wanted is a table as CSV, with a line of headers" } else { jsonl::WANTED };
    let decoded = decode::decode(bytes).map_err(|what| format!("{what}; {wanted}"))?;
    let mut reading = match source.format {
        Format::Csv => csv::read(&decoded.text, &source.columns)?,
        _ => jsonl::read_document(&decoded.text)?,
    };
    if let Some(warning) = decoded.warning {
        reading.warnings.insert(0, Note { place: "the file".into(), note: warning.into() });
    }
    Ok(reading)
}

/// Reads such a file at an address, unless it is the one that had these validators.
async fn fetch_file(fetcher: &Fetcher, source: &Source, url: &Url, validators: &Validators) -> Reading {
    let fetched = match fetcher.text_if_changed(url, validators).await {
        Ok(fetched) => fetched,
        Err(error) => {
            let mut reading = Reading::default();
            reading.failed(url, &error, None);
            return reading;
        }
    };
    let Some(bytes) = fetched.bytes else {
        let mut reading = Reading::new(true);
        (reading.is_unchanged, reading.validators) = (true, fetched.validators);
        return reading;
    };
    let mut reading = read_file(source, &bytes).unwrap_or_else(|what| {
        let mut reading = Reading::new(false);
        reading.bad.push(Note { place: reading::path(url), note: what });
        reading.is_incomplete = true;
        reading
    });
    // What is bad is named again the next time.
    reading.validators = if reading.bad.is_empty() { fetched.validators } else { Validators::default() };
    reading
}

/// Brings questions into a store that come from no source that can be read again; ids are unique among them.
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
    // A source of which nothing could be read counts as not asked.
    let nothing = questions.is_empty() && !bad.is_empty();
    let changes = if nothing {
        Changes::default()
    } else if is_unchanged {
        store.finish_import(site, &name, &clock::now()).await?;
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
