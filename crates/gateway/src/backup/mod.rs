//! Backups of the database with its files: [`create`] copies both while gateways are running, [`restore`] restores them.
//! A backup is a folder with `manifest.json`, `deskbell.db` and the folder `attachments`, which has the layout that the gateway reads. It is
//! written under another name and renamed when it is complete, so a folder with its final name is a complete backup.

pub mod create;
mod manifest;
pub mod restore;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::Settings;
use deskbell_core::ports::{MoveMark, StoreError};
use store_sqlite::snapshot::Unusable;

pub use manifest::{BackupFile, Manifest};

/// Why a backup or restore failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database does not exist.
    #[error("{0}: database not found; set the gateway's database with --config or --database")]
    NoDatabase(String),
    /// The database has tools of its own for backups.
    #[error("{0} is not a file; back it up and restore it with pg_dump and pg_restore, and the attachments after it")]
    NoFile(String),
    /// The database was moved to another one, which receives everything since.
    #[error("{path}: this database was moved to {target}; back that up with pg_dump, and the attachments after it")]
    Moved {
        /// The database.
        path: String,
        /// The other database.
        target: String,
    },
    /// A move has begun in the database and has not finished.
    #[error(
        "{path}: the move of this database to {target} has not finished; finish it and back {target} up with pg_dump, or cancel it with `deskbell move --from sqlite:{path} --cancel`"
    )]
    MoveUnfinished {
        /// The database.
        path: String,
        /// The other database.
        target: String,
    },
    /// The target of the backup exists.
    #[error("{0}: already exists, and a backup never overwrites anything; use a new folder")]
    Exists(String),
    /// A file or folder cannot be read or written.
    #[error("{path}: {reason}")]
    Io {
        /// The file or folder.
        path: String,
        /// The error of the system.
        reason: String,
    },
    /// The copy of the database is damaged, and so is the database.
    #[error("{path} is damaged and was not backed up: {reason}; try to repair it with \"sqlite3 {path} '.recover'\"")]
    DamagedDatabase {
        /// The database.
        path: String,
        /// The error of SQLite.
        reason: String,
    },
    /// It was cancelled.
    #[error("interrupted; no backup was made")]
    Stopped,
    /// The folder is not a backup.
    #[error("{path}: not a backup: {reason}; use a folder written by `deskbell backup`")]
    NoBackup {
        /// The folder.
        path: String,
        /// What is missing or wrong.
        reason: String,
    },
    /// The backup does not match its manifest.
    #[error("the backup is damaged and nothing was restored: {path}: {reason}")]
    DamagedBackup {
        /// The file in the backup.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// It was written by a newer Deskbell.
    #[error(
        "the backup needs Deskbell {version}, and this version ({}) cannot read it; restore it with that version or a newer one",
        env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// The oldest version that can read it.
        version: String,
    },
    /// The target of the restore exists.
    #[error("{0}: already exists; use --replace to restore in its place and keep it under another name")]
    Occupied(String),
    /// A gateway or another command uses the database.
    #[error("{0}: in use by a gateway or another program; stop it first")]
    InUse(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The name of the database in a backup.
const DATABASE: &str = "deskbell.db";
/// The name of the folder of files in a backup.
const ATTACHMENTS: &str = "attachments";
/// The name of the manifest in a backup.
const MANIFEST: &str = "manifest.json";
const BUFFER: usize = 256 << 10;

/// The file of the database of the settings.
fn database_file(settings: &Settings) -> Result<&Path, BackupError> {
    settings.database.file().ok_or_else(|| BackupError::NoFile(settings.database.to_string()))
}

/// The path of a file within a folder of files.
fn place_of(file: &str) -> PathBuf {
    files::place(file).into()
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.display().to_string();
    move |error| BackupError::Io { path, reason: error.to_string() }
}

/// Copies a file, readable by the gateway's user only, and syncs it to disk. Returns its length and SHA-256.
fn copy_file(source_path: &Path, target_path: &Path) -> io::Result<(u64, String)> {
    let mut source = File::open(source_path)?;
    let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target_path)?;
    let digest = digest_into(&mut source, &mut target)?;
    target.sync_all()?;
    Ok(digest)
}

/// The length and SHA-256 of a file.
fn digest(path: &Path) -> io::Result<(u64, String)> {
    digest_into(&mut File::open(path)?, &mut io::sink())
}

fn digest_into(source: &mut impl Read, target: &mut impl Write) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = source.read(&mut buffer)?;
        let Some(part) = buffer.get(..length).filter(|part| !part.is_empty()) else { break };
        hash.update(part);
        target.write_all(part)?;
        bytes += length as u64;
    }
    Ok((bytes, hex(hash)))
}

/// A digest in hexadecimal digits.
fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes changes in a folder survive a power failure.
fn sync_folder(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

fn unusable(error: Unusable, damaged: impl FnOnce(String) -> BackupError) -> BackupError {
    match error {
        Unusable::Damaged(reason) => damaged(reason),
        Unusable::Newer(version) => BackupError::Newer { version },
        // A file that is not a database counts as damaged.
        Unusable::Store(error @ (StoreError::Row(_) | StoreError::Database(_))) => damaged(error.to_string()),
        Unusable::Store(error) => error.into(),
    }
}

/// What people have to know of a backup of a database in which a move had begun.
fn describe_move(MoveMark { other, is_finished, .. }: &MoveMark) -> String {
    let state = if *is_finished { "had been moved" } else { "was being moved" };
    format!(
        "its database {state} to {other}, which has everything since; no gateway opens it until `deskbell move --from sqlite:PATH --cancel`"
    )
}

/// Runs file operations on a blocking thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(BackupError::Io { path: "copying files".into(), reason: error.to_string() }))
}
