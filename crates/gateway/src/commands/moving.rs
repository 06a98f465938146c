//! `deskbell move`: moves an SQLite database to PostgreSQL.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Database, Settings, SettingsError, Storage, default_attachments};
use crate::wire_up;
use deskbell_core::ports::{MoveSource, MoveTarget, Progress, StoreError};
use deskbell_core::use_cases::moving::{BATCH_BYTES, MoveDatabase, MoveError, MoveReport, TableComparison};
use store_sqlite::moves::Unmovable;

/// Why nothing was moved, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum MoveCommandError {
    /// The URL of the source is invalid.
    #[error(transparent)]
    Url(#[from] SettingsError),
    /// The source is no SQLite database.
    #[error("--from: {0} is not an SQLite database, and only those are moved; use sqlite:PATH")]
    NoFile(String),
    /// The source does not exist.
    #[error("{0}: database not found; set the database that is moved with --from sqlite:PATH")]
    NoDatabase(String),
    /// The target is no PostgreSQL database.
    #[error(
        "{0} is not a PostgreSQL database; set database = \"postgres://USER@HOST/NAME\" in the configuration, or --database, to the one that \
         everything is moved to"
    )]
    NoServer(String),
    /// The source cannot be moved as it is.
    #[error("{0}: {1}")]
    Unmovable(String, Unmovable),
    /// Another move uses the target.
    #[error("{0}: another move uses this database; wait until it has ended")]
    Locked(String),
    /// No move has begun that could be cancelled.
    #[error("{0} is not moved, so there is nothing to cancel")]
    NotMoved(String),
    /// The move has finished, and nobody has confirmed that it is to be cancelled.
    #[error(
        "{0} was moved to {1}: what waited to be delivered then is delivered once more if it is served again; confirm that with --yes"
    )]
    Finished(String, String),
    /// The move failed.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A database that is moved to the database of the settings.
pub struct OpenMove {
    source: Arc<dyn MoveSource>,
    target: Arc<dyn MoveTarget>,
}

impl OpenMove {
    /// Opens both databases, so that no gateway uses the source, and no other move the target. Changes neither.
    pub async fn open(settings: &Settings, from: &str) -> Result<OpenMove, MoveCommandError> {
        let Database::Postgres(postgres) = &settings.database else {
            return Err(MoveCommandError::NoServer(settings.database.to_string()));
        };
        let source = open_source(from).await?;
        let target = wire_up::open_move_target(postgres).await?;
        let target = target.ok_or_else(|| MoveCommandError::Locked(settings.database.to_string()))?;
        Ok(OpenMove { source, target })
    }

    /// The names of both databases.
    pub fn names(&self) -> (String, String) {
        (self.source.name(), self.target.name())
    }

    /// Moves what is not moved yet.
    pub async fn run(&self, progress: &dyn Progress) -> Result<MoveReport, MoveCommandError> {
        Ok(self.use_case().run(progress).await?)
    }

    /// Compares both databases. Changes nothing.
    pub async fn compare(&self, progress: &dyn Progress) -> Result<Vec<TableComparison>, MoveCommandError> {
        Ok(self.use_case().compare(progress).await?)
    }

    fn use_case(&self) -> MoveDatabase {
        MoveDatabase::new(self.source.clone(), self.target.clone(), BATCH_BYTES)
    }
}

/// Cancels the move of a database, so that it can be served again; one that has finished only if that is confirmed. Returns its name and that of
/// the other database.
pub async fn cancel(from: &str, is_confirmed: bool) -> Result<(String, String), MoveCommandError> {
    let (path, name) = existing_file(from)?;
    let mark = store_sqlite::moves::cancel(&path, is_confirmed).await.map_err(|error| unmovable(&name, error))?;
    match mark {
        Some(mark) if mark.is_finished && !is_confirmed => Err(MoveCommandError::Finished(name, mark.other)),
        Some(mark) => Ok((name, mark.other)),
        None => Err(MoveCommandError::NotMoved(name)),
    }
}

/// What is to be done about the attachments, which are not moved.
pub fn attachments_note(settings: &Settings, from: &str) -> Result<String, MoveCommandError> {
    let before = default_attachments(&Database::Sqlite(file(from)?));
    Ok(match &settings.attachments {
        Storage::Folder(folder) if *folder == before => format!("attachments stay in {}", folder.display()),
        Storage::Folder(folder) => format!(
            "attachments are not moved: the configuration names {}, and without the option attachments they were in {}",
            folder.display(),
            before.display()
        ),
        Storage::Bucket(bucket) => format!(
            "attachments are not moved: the configuration names {}, so copy them there if they were in a folder until now",
            bucket.url()
        ),
    })
}

fn file(from: &str) -> Result<PathBuf, MoveCommandError> {
    match Database::parse(from, "--from")? {
        Database::Sqlite(path) => Ok(path),
        other => Err(MoveCommandError::NoFile(other.to_string())),
    }
}

/// The path of the source and its name.
fn existing_file(from: &str) -> Result<(PathBuf, String), MoveCommandError> {
    let path = file(from)?;
    let name = path.display().to_string();
    if path.is_file() { Ok((path, name)) } else { Err(MoveCommandError::NoDatabase(name)) }
}

async fn open_source(from: &str) -> Result<Arc<dyn MoveSource>, MoveCommandError> {
    let (path, name) = existing_file(from)?;
    wire_up::open_move_source(&path).await.map_err(|error| unmovable(&name, error))
}

fn unmovable(name: &str, error: Unmovable) -> MoveCommandError {
    match error {
        Unmovable::Store(error) => error.into(),
        other => MoveCommandError::Unmovable(name.into(), other),
    }
}
