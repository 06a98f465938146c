//! `deskbell move`: moves an SQLite database to PostgreSQL.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Database, Settings, SettingsError, Storage, default_attachments};
use crate::wire_up;
use deskbell_core::ports::{MoveSource, MoveTarget, Progress, StoreError};
use deskbell_core::rules::move_plan::{CancelConfirmation, CancelConflict, TargetState, check_cancel};
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
    #[error("{0}: no move of this database has begun, so there is nothing to cancel; it can be used")]
    NotMoved(String),
    /// The move cannot be cancelled.
    #[error("{0}: {1}")]
    Cancel(String, CancelConflict),
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
        if !matches!(settings.database, Database::Postgres(_)) {
            return Err(MoveCommandError::NoServer(settings.database.to_string()));
        }
        Ok(OpenMove { source: open_source(from).await?, target: open_target(settings).await? })
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

/// A move that was cancelled.
pub struct CancelledMove {
    /// The database that can be served again.
    pub source: String,
    /// The other database.
    pub target: String,
    /// Whether it had finished.
    pub was_finished: bool,
}

/// Cancels the move of a database to that of the settings, so that it can be served again, as far as that is confirmed.
pub async fn cancel(
    settings: &Settings,
    from: &str,
    confirmation: CancelConfirmation,
) -> Result<CancelledMove, MoveCommandError> {
    let (path, name) = existing_file(from)?;
    let source = wire_up::open_move_to_cancel(&path).await.map_err(|error| unmovable(&name, error))?;
    let Some(mark) = source.mark().await? else { return Err(MoveCommandError::NotMoved(name)) };
    // It is kept open, so that no other move uses it meanwhile.
    let (state, _target) = match open_target(settings).await {
        Ok(target) => {
            let (name, mark, is_used) = (target.name(), target.mark().await?, target.is_used().await?);
            (TargetState::Known { name, mark, is_used }, Some(target))
        }
        Err(error) => (TargetState::Unknown(unreachable(&error)), None),
    };
    let was_finished = check_cancel(&mark, &state, confirmation)
        .map_err(|conflict| MoveCommandError::Cancel(name.clone(), conflict))?;
    if !source.lock().await? {
        return Err(unmovable(&name, Unmovable::InUse));
    }
    source.cancel().await?;
    Ok(CancelledMove { source: name, target: mark.other, was_finished })
}

/// Why the target of a move was not asked, within a sentence.
fn unreachable(error: &MoveCommandError) -> String {
    match error {
        MoveCommandError::NoServer(database) => {
            format!("the database of this command is {database}; name the right one with --config or --database")
        }
        other => other.to_string(),
    }
}

async fn open_target(settings: &Settings) -> Result<Arc<dyn MoveTarget>, MoveCommandError> {
    let Database::Postgres(postgres) = &settings.database else {
        return Err(MoveCommandError::NoServer(settings.database.to_string()));
    };
    let target = wire_up::open_move_target(settings, postgres).await?;
    target.ok_or_else(|| MoveCommandError::Locked(settings.database.to_string()))
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
