//! Reads data that other services publish: questions from files, forums, help centers and content systems, and incidents from status pages.
//!
//! Items that cannot be read are noted, and the rest is read. Every question has an id with its source's prefix.

mod collector;
mod csv;
mod decode;
mod discourse;
mod jsonl;
mod line;
mod port;
mod reading;
mod source;
mod status_page;
mod strapi;
mod zendesk;

use outbound_http::{AddressError, ClientError, Fetcher, Limits, Validators};
use url::Url;

pub use csv::Columns;
pub use jsonl::read as json_lines;
pub use reading::{Note, Reading, ReadingProgress, Scope};
pub use source::{Format, Source, SourceLocation};
pub use status_page::{StatusPage, StatusPageClient, StatusPageProvider};

/// Why a source cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The text is no valid address of a source.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The client cannot be created.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The file cannot be read.
    #[error("{file}: {reason}; use a readable file")]
    Unreadable {
        /// The path of the file.
        file: String,
        /// The error of the operating system.
        reason: String,
    },
    /// The file contains no questions.
    #[error("{file}: {reason}")]
    NoQuestions {
        /// The path of the file.
        file: String,
        /// What it is, and the accepted formats.
        reason: String,
    },
}

/// Reads a source. Items that cannot be read are noted and skipped.
pub async fn read(source: &Source, limits: Limits, scope: &Scope) -> Result<Reading, SourceError> {
    let url = match &source.location {
        SourceLocation::File(path) => {
            let (file, source) = (path.clone(), source.clone());
            let read_path = move || std::fs::read(file).map(|bytes| read_file(&source, &bytes));
            let read_path = tokio::task::spawn_blocking(read_path)
                .await
                .map_err(std::io::Error::other)
                .and_then(|read_path| read_path);
            let file = path.display().to_string();
            return match read_path {
                Ok(reading) => reading.map_err(|reason| SourceError::NoQuestions { file, reason }),
                Err(error) => Err(SourceError::Unreadable { file, reason: error.to_string() }),
            };
        }
        SourceLocation::Web(url) => url,
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

/// Reads a JSON file or a table; the error says in one sentence what it is instead.
pub fn read_file(source: &Source, bytes: &[u8]) -> Result<Reading, String> {
    let advice = if source.format == Format::Csv { "use a CSV table with a line of headers" } else { jsonl::WANTED };
    let decoded = decode::decode(bytes).map_err(|reason| format!("{reason}; {advice}"))?;
    let mut reading = match source.format {
        Format::Csv => csv::read(&decoded.text, &source.columns)?,
        _ => jsonl::read_document(&decoded.text)?,
    };
    if let Some(warning) = decoded.warning {
        reading.warnings.insert(0, Note { position: "the file".into(), note: warning.into() });
    }
    Ok(reading)
}

/// Fetches and reads such a file, unless it has the same validators.
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
    let mut reading = read_file(source, &bytes).unwrap_or_else(|reason| {
        let mut reading = Reading::new(false);
        reading.bad.push(Note { position: reading::path(url), note: reason });
        reading.is_incomplete = true;
        reading
    });
    // Bad items are reported again the next time.
    reading.validators = if reading.bad.is_empty() { fetched.validators } else { Validators::default() };
    reading
}
