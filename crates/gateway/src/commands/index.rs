//! `deskbell index`: writes a static index, a file that pages search by themselves.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::wire_up;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::StoreError;
use deskbell_core::use_cases::search::all_questions;
use outbound_http::Limits;
use ranking::index_file::{IndexError, IndexFile};
use sources::{Note, Scope, Source, SourceError};

/// The result of writing an index.
#[derive(Debug)]
pub struct Written {
    /// The number of questions.
    pub questions: usize,
    /// The size of the file.
    pub bytes: usize,
    /// Items of the source that could not be read.
    pub bad: Vec<Note>,
    /// Warnings about items that were read.
    pub warnings: Vec<Note>,
}

/// Why no file was written.
#[derive(Debug, thiserror::Error)]
pub enum StaticIndexError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The questions cannot be indexed.
    #[error("{0}")]
    Questions(IndexError),
    /// The file cannot be written.
    #[error("{}: {reason}; use a file in a writable folder", file.display())]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        reason: std::io::Error,
    },
}

/// Writes the questions of a source, or of a site in the configured database.
pub async fn write(
    settings: &Settings,
    site: &SiteKey,
    source: Option<&Source>,
    out: &Path,
) -> Result<Written, StaticIndexError> {
    let (questions, bad, warnings) = match source {
        Some(source) => {
            let reading = sources::read(source, Limits::default(), &Scope::Whole).await?;
            (reading.questions, reading.bad, reading.warnings)
        }
        // A typo in the name must not create an empty database.
        None if !settings.database.may_exist() => Default::default(),
        None => {
            let store = wire_up::open_current_store(settings).await?;
            let questions = all_questions(store.as_ref(), site).await;
            store.close().await;
            (questions?, Vec::new(), Vec::new())
        }
    };
    let count = questions.len();
    let json = IndexFile::json(questions).map_err(StaticIndexError::Questions)?;
    std::fs::write(out, &json).map_err(|reason| StaticIndexError::Unwritable { file: out.into(), reason })?;
    Ok(Written { questions: count, bytes: json.len(), bad, warnings })
}
