//! Brings questions from elsewhere into the store.
//!
//! A source is read whole, then stored in one transaction. Every question belongs to its source: an import never changes
//! or removes what came from another one.

mod discourse;
mod html;
mod jsonl;
mod reading;
mod source;
mod strapi;
pub mod timer;
mod zendesk;

use std::fmt;

use super::super::serve::GatewayError;
use super::super::settings::{Settings, SettingsError};
use super::super::store::{Changes, SqliteStore, Store, StoreError};

pub use crate::gateway::fetch::{Fetcher, Limits, SourceError};
pub use html::markdown;
pub use jsonl::read as json_lines;
pub use reading::{Note, Reading};
pub use source::{Format, Place, Source};

/// What an import came to.
#[derive(Debug)]
pub struct Report {
    /// What happened to the questions.
    pub changes: Changes,
    /// How many lines or pages were bad.
    pub bad: usize,
    /// Whether the removing was left out, because what could not be read may be a question that is still there.
    pub kept: bool,
    /// What was bad, and warnings.
    pub notes: Vec<Note>,
}

/// Why an import did not take place.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source is none.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file cannot be read.
    #[error("{file}: {reason}; name a file that can be read")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Changes { new, changed, unchanged, removed, .. } = self.changes;
        write!(f, "{new} new, {changed} changed, {unchanged} unchanged, {removed} removed, {} bad", self.bad)?;
        if self.kept {
            write!(f, "; nothing was removed, because what is bad may be a question that is still there")?;
        }
        Ok(())
    }
}

/// Imports a source into the database of the settings.
pub async fn run(settings: &Settings, site: &str, source: &Source, prune: bool) -> Result<Report, GatewayError> {
    if !settings.sites.is_empty() && !settings.sites.contains_key(site) {
        let known: Vec<&str> = settings.sites.keys().map(String::as_str).collect();
        let message = format!("{site:?} is no site of the configuration; it has {}", known.join(", "));
        return Err(SettingsError::Value { place: "--site".into(), message }.into());
    }
    let reading = read(source, Limits::default()).await?;
    let store = SqliteStore::open(&settings.database).await?;
    let report = keep(&store, site, source, reading, prune).await;
    store.close().await;
    Ok(report?)
}

/// Imports a source into a store.
pub async fn import(store: &dyn Store, site: &str, source: &Source, prune: bool) -> Result<Report, ImportError> {
    let reading = read(source, Limits::default()).await?;
    keep(store, site, source, reading, prune).await
}

/// Reads a source; what cannot be read is noted, and the rest is read.
pub async fn read(source: &Source, limits: Limits) -> Result<Reading, ImportError> {
    let url = match &source.place {
        Place::File(path) => {
            let file = path.clone();
            let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
            let text = read.map_err(std::io::Error::other).and_then(|read| read);
            let unreadable = |error: std::io::Error| ImportError::Unreadable {
                file: path.display().to_string(),
                reason: error.to_string(),
            };
            return Ok(json_lines(&text.map_err(unreadable)?));
        }
        Place::Web(url) => url,
    };
    let fetcher = Fetcher::new(limits)?;
    Ok(match source.format {
        Format::Jsonl => jsonl::fetch(&fetcher, url).await,
        Format::Discourse => discourse::read(&fetcher, url, &source.prefix()).await,
        Format::Zendesk => zendesk::read(&fetcher, url, &source.prefix()).await,
        Format::Strapi => strapi::read(&fetcher, url, source.pages.as_ref(), &source.prefix()).await,
    })
}

async fn keep(
    store: &dyn Store,
    site: &str,
    source: &Source,
    reading: Reading,
    prune: bool,
) -> Result<Report, ImportError> {
    let Reading { questions, bad, warnings, .. } = reading;
    let kept = prune && !bad.is_empty();
    // A source of which nothing could be read counts as not asked.
    let nothing = questions.is_empty() && !bad.is_empty();
    let changes = match nothing {
        true => Changes::default(),
        false => store.import(site, &source.name(), &questions, prune && !kept).await?,
    };
    let taken = changes.taken.iter().map(|taken| Note {
        place: format!("{:?}", taken.id),
        note: format!("is the id of a question that came from {}; give it another one", taken.source),
    });
    let bad: Vec<Note> = bad.into_iter().chain(taken).collect();
    Ok(Report { bad: bad.len(), notes: bad.into_iter().chain(warnings).collect(), changes, kept })
}
