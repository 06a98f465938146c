//! Snapshots of the SQLite file: taken while others write, verified, and restored.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, query, query_scalar};

use super::error::store_error;
use super::private::sibling_path;
use super::{SqliteStore, moves, schema};
use deskbell_core::ports::{MoveMark, StoreError};
use private_files::{create_file, create_folder, restrict};

/// Suffixes of the files that SQLite keeps beside a database.
pub const COMPANIONS: [&str; 2] = ["-wal", "-shm"];
/// How long the checkpoint after a copy waits for readers. Writers wait as well meanwhile.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(200);

/// The contents of a copy.
#[derive(Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The number of its newest migration.
    pub schema: i64,
    /// The names of the attachment files in its rows, in order.
    pub files: Vec<String>,
    /// The move to another database that had begun in it.
    pub moved: Option<MoveMark>,
}

/// Why a copy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// SQLite finds it corrupt.
    #[error("PRAGMA integrity_check says: {0}")]
    Damaged(String),
    /// It needs this version of Deskbell, or a later one.
    #[error("it needs Deskbell {0} or newer")]
    Newer(String),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies the contents of a database at one moment into an empty file. The copy is one read transaction: it blocks no writer, but the
/// write-ahead log grows until it ends. Deleted content is not copied. The copy is not synced to disk.
pub async fn copy(database: &Path, to: &Path) -> Result<(), StoreError> {
    create_file(to).map_err(|error| cannot_open(to, &error))?;
    let mut connection = connect(database, false).await?;
    query("VACUUM INTO ?").bind(text(to)?).execute(&mut connection).await.map_err(store_error)?;
    // Writes during the copy could not be checkpointed. If a reader prevents it here, a later commit does it.
    let busy = format!("PRAGMA busy_timeout = {}", CHECKPOINT_BUSY.as_millis());
    query(sqlx::AssertSqlSafe(busy)).execute(&mut connection).await.map_err(store_error)?;
    let _ = query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    connection.close().await.map_err(store_error)?;
    Ok(())
}

/// Verifies every page and index of a copy that nobody writes to, and returns its contents.
pub async fn inspect(copy: &Path) -> Result<Inspected, Unusable> {
    let mut connection = connect(copy, true).await?;
    let found = inspect_connection(&mut connection).await;
    let _ = connection.close().await;
    found
}

/// The move to another database that has begun in a database.
pub async fn move_mark(database: &Path) -> Result<Option<MoveMark>, StoreError> {
    let mut connection = connect(database, false).await?;
    let mark = moves::read_mark(&mut connection).await;
    let _ = connection.close().await;
    mark
}

/// The names of the attachment files in the rows of a database, in order.
pub async fn files(database: &Path) -> Result<Vec<String>, StoreError> {
    let mut connection = connect(database, false).await?;
    let files = query_scalar(FILES).fetch_all(&mut connection).await.map_err(store_error)?;
    connection.close().await.map_err(store_error)?;
    Ok(files)
}

/// Deletes the rows of attachment files from a copy.
pub async fn remove_files(copy: &Path, files: &[String]) -> Result<(), StoreError> {
    if files.is_empty() {
        return Ok(());
    }
    let mut connection = connect(copy, false).await?;
    query("PRAGMA secure_delete = ON").execute(&mut connection).await.map_err(store_error)?;
    for file in files {
        query("DELETE FROM attachments WHERE file = ?")
            .bind(file)
            .execute(&mut connection)
            .await
            .map_err(store_error)?;
    }
    connection.close().await.map_err(store_error)?;
    Ok(())
}

const FILES: &str = "SELECT file FROM attachments ORDER BY file";

async fn inspect_connection(connection: &mut SqliteConnection) -> Result<Inspected, Unusable> {
    let lines: Vec<String> =
        query_scalar("PRAGMA integrity_check(3)").fetch_all(&mut *connection).await.map_err(store_error)?;
    if lines != ["ok"] {
        return Err(Unusable::Damaged(lines.join("; ")));
    }
    if let Some(version) = schema::missing_version(connection).await? {
        return Err(Unusable::Newer(version));
    }
    let schema = query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations WHERE success");
    let schema = schema.fetch_one(&mut *connection).await.map_err(store_error)?;
    let files = query_scalar(FILES).fetch_all(&mut *connection).await.map_err(store_error)?;
    let moved = moves::read_mark(connection).await?;
    Ok(Inspected { schema, files, moved })
}

/// Locks a database for shared use by a gateway or command. `None` if another process has it exclusively.
pub fn share(database: &Path) -> io::Result<Option<File>> {
    lock(database, File::try_lock_shared)
}

/// Locks a database exclusively, so that no gateway or command uses it meanwhile. `None` if another process uses it.
pub fn hold_alone(database: &Path) -> io::Result<Option<File>> {
    lock(database, File::try_lock)
}

fn lock(database: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> io::Result<Option<File>> {
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    let path = sibling_path(database, "-lock");
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

/// Checkpoints the write-ahead log into the database, which is possible only if nobody else has it open; otherwise `false`. This also detects
/// programs that do not take the lock, such as `sqlite3`.
pub async fn fold_log(database: &Path) -> Result<bool, StoreError> {
    let mut connection = connect(database, false).await?;
    let mode = query_scalar::<_, String>("PRAGMA journal_mode = DELETE").fetch_one(&mut connection).await;
    let _ = connection.close().await;
    match mode.map_err(store_error) {
        Ok(mode) => Ok(mode == "delete"),
        Err(StoreError::Busy) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) async fn connect(database: &Path, read_only: bool) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false)
        .read_only(read_only)
        .busy_timeout(Duration::from_secs(if read_only { 0 } else { 5 }))
        // Copying and checking are slow by nature, so slow statements need no log.
        .disable_statement_logging();
    options.connect().await.map_err(store_error)
}

fn text(path: &Path) -> Result<&str, StoreError> {
    let not_unicode = io::Error::new(io::ErrorKind::InvalidInput, "the path is not UTF-8");
    path.to_str().ok_or_else(|| cannot_open(path, &not_unicode))
}

fn cannot_open(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Open { path: path.display().to_string(), reason: error.to_string() }
}

impl SqliteStore {
    /// Locks the database for as long as the store is used.
    pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
        match share(path) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(StoreError::Open {
                path: path.display().to_string(),
                reason: "a backup is being restored into it, or it is being moved".into(),
            }),
            Err(error) => Err(cannot_open(path, &error)),
        }
    }
}
