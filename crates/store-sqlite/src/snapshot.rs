//! Copies of the SQLite file: taken while others write, checked, and put in its place.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, query, query_scalar};

use super::error::failed;
use super::private::beside;
use super::{MIGRATOR, SqliteStore};
use deskbell_core::ports::StoreError;
use private_files::{create_file, create_folder, restrict};

/// The files of a database beside the database itself.
pub const COMPANIONS: [&str; 2] = ["-wal", "-shm"];
/// How long a checkpoint after a copy waits for readers, while which writers wait as well.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(200);

/// What a copy of a database holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The newest migration that it has had.
    pub schema: i64,
    /// The names of the files that its rows name, in order.
    pub files: Vec<String>,
}

/// Why a copy of a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// SQLite finds it damaged.
    #[error("PRAGMA integrity_check says: {0}")]
    Damaged(String),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes what a database holds at one moment into an empty file. It is a read transaction: nobody who writes waits for it, but the
/// write-ahead log grows until it ends. What was deleted is not in the copy. The copy is not synced.
pub async fn copy(database: &Path, to: &Path) -> Result<(), StoreError> {
    create_file(to).map_err(|error| cannot_open(to, &error))?;
    let mut connection = connect(database, false).await?;
    query("VACUUM INTO ?").bind(text(to)?).execute(&mut connection).await.map_err(failed)?;
    // What was written meanwhile could not be checkpointed. Where somebody reads, their next commits do it.
    let busy = format!("PRAGMA busy_timeout = {}", CHECKPOINT_BUSY.as_millis());
    query(sqlx::AssertSqlSafe(busy)).execute(&mut connection).await.map_err(failed)?;
    let _ = query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    connection.close().await.map_err(failed)?;
    Ok(())
}

/// Checks every page and index of a copy that nobody writes, and gives what is in it.
pub async fn inspect(copy: &Path) -> Result<Inspected, Unusable> {
    let mut connection = connect(copy, true).await?;
    let found = inspect_connection(&mut connection).await;
    let _ = connection.close().await;
    found
}

/// The names of the files that the rows of a database name, in order.
pub async fn files(database: &Path) -> Result<Vec<String>, StoreError> {
    let mut connection = connect(database, false).await?;
    let files = query_scalar(FILES).fetch_all(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    Ok(files)
}

/// Takes the rows of files out of a copy.
pub async fn remove_files(copy: &Path, files: &[String]) -> Result<(), StoreError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut connection = connect(copy, false).await?;
    query("PRAGMA secure_delete = ON").execute(&mut connection).await.map_err(failed)?;
    for file in files {
        query("DELETE FROM attachments WHERE file = ?").bind(file).execute(&mut connection).await.map_err(failed)?;
    }
    connection.close().await.map_err(failed)?;
    Ok(())
}

const FILES: &str = "SELECT file FROM attachments ORDER BY file";

async fn inspect_connection(connection: &mut SqliteConnection) -> Result<Inspected, Unusable> {
    let lines: Vec<String> =
        query_scalar("PRAGMA integrity_check(3)").fetch_all(&mut *connection).await.map_err(failed)?;
    if lines != ["ok"] {
        return Err(Unusable::Damaged(lines.join("; ")));
    }
    let schema = query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success");
    let schema = schema.fetch_one(&mut *connection).await.map_err(failed)?;
    let files = query_scalar(FILES).fetch_all(&mut *connection).await.map_err(failed)?;
    Ok(Inspected { schema, files })
}

/// The newest migration that this program knows.
pub fn newest_schema() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Holds a database as a gateway or command that uses it: several may. `None` where somebody holds it alone.
pub fn share(database: &Path) -> io::Result<Option<File>> {
    hold(database, File::try_lock_shared)
}

/// Holds a database alone, so that no gateway and no command uses it meanwhile. `None` where somebody does.
pub fn hold_alone(database: &Path) -> io::Result<Option<File>> {
    hold(database, File::try_lock)
}

fn hold(database: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<File>> {
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    let path = beside(database, "-lock");
    match create_file(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => restrict(&path),
        made => drop(made?),
    }
    let file = File::options().write(true).open(&path)?;
    match lock(&file) {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Brings the write-ahead log into the database, which is possible only where nobody else has it open; `false` where somebody has. This also
/// finds programs that do not hold the lock, such as `sqlite3`.
pub async fn fold_log(database: &Path) -> Result<bool, StoreError> {
    let mut connection = connect(database, false).await?;
    let mode = query_scalar::<_, String>("PRAGMA journal_mode = DELETE").fetch_one(&mut connection).await;
    let _ = connection.close().await;
    match mode.map_err(failed) {
        Ok(mode) => Ok(mode == "delete"),
        Err(StoreError::Busy) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn connect(database: &Path, read_only: bool) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false)
        .read_only(read_only)
        .busy_timeout(Duration::from_secs(if read_only { 0 } else { 5 }))
        // Copying and checking take long.
        .disable_statement_logging();
    options.connect().await.map_err(failed)
}

fn text(path: &Path) -> Result<&str, StoreError> {
    let not_unicode = io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8");
    path.to_str().ok_or_else(|| cannot_open(path, &not_unicode))
}

fn cannot_open(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Open { path: path.display().to_string(), reason: error.to_string() }
}

impl SqliteStore {
    /// Holds the database for as long as the store is used.
    pub(super) fn hold(path: &Path) -> Result<File, StoreError> {
        match share(path) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(StoreError::Open {
                path: path.display().to_string(),
                reason: "a backup is being restored into it".into(),
            }),
            Err(error) => Err(cannot_open(path, &error)),
        }
    }
}
