//! `deskbell backup`: copies a database and its files while gateways are running.
//! The database is copied first, in one read transaction, and then the files that the copy names: the content of a file never changes, so files
//! added meanwhile are in neither. A file that was replaced or erased in between is removed from the copy of the database as well. Files in a
//! bucket are not copied: a bucket has versions and copies of its own.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::{
    ATTACHMENTS, BackupError, BackupFile, DATABASE, Manifest, blocking, database_file, digest, failed, hex, place_of,
    sync_folder, unusable,
};
use crate::config::{Settings, Storage};
use crate::wire_up;
use deskbell_core::clock;
use deskbell_core::ports::{FileError, Files, MoveMark, Progress};
use domain::attachment;
use futures_util::StreamExt;
use private_files::{create_file, create_folder};
use sha2::{Digest, Sha256};
use store_sqlite::snapshot::{self, Unusable};

/// The result of a backup.
#[derive(Debug)]
pub struct Created {
    bytes: u64,
    files: usize,
    /// The URL of the bucket with the attachments, which are not in the backup.
    bucket: Option<String>,
    /// Files that the database names and that are missing.
    pub missing: Vec<String>,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bucket {
            None => write!(f, "database of {} bytes and {} files", self.bytes, self.files),
            Some(bucket) => {
                write!(f, "database of {} bytes, without the attachments, which are in {bucket},", self.bytes)
            }
        }
    }
}

/// Backs up the database and the files of the settings into a folder that must not exist yet. The folder has another name until it is complete,
/// and is deleted if the backup fails or `stop` ends first.
pub async fn run(
    settings: &Settings,
    target: &Path,
    stop: impl Future<Output = ()>,
    progress: &dyn Progress,
) -> Result<Created, BackupError> {
    let database = database_file(settings)?;
    if !database.is_file() {
        return Err(BackupError::NoDatabase(database.display().to_string()));
    }
    // A restore meanwhile would mix two databases.
    let lock = snapshot::share(database).map_err(failed(database))?;
    let _lock = lock.ok_or_else(|| BackupError::InUse(database.display().to_string()))?;
    refuse_moved(database).await?;
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(target.display().to_string()));
    }
    let partial = Partial::create(target)?;
    let created = tokio::select! {
        created = fill(database, settings, &partial.0, progress) => created?,
        () = stop => return Err(BackupError::Stopped),
    };
    // Nothing is overwritten: renaming onto a folder that is not empty fails.
    std::fs::rename(&partial.0, target).map_err(|error| match error.kind() {
        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => BackupError::Exists(target.display().to_string()),
        _ => failed(target)(error),
    })?;
    sync_folder(target.parent().unwrap_or(Path::new("."))).map_err(failed(target))?;
    Ok(created)
}

/// Refuses a database that was moved to another one: what is new is there. No move begins while the database is locked.
async fn refuse_moved(database: &Path) -> Result<(), BackupError> {
    // A file that is not a database is reported when it is copied.
    let Ok(Some(MoveMark { other: target, is_finished, .. })) = snapshot::move_mark(database).await else {
        return Ok(());
    };
    let path = database.display().to_string();
    Err(match is_finished {
        true => BackupError::Moved { path, target },
        false => BackupError::MoveUnfinished { path, target },
    })
}

/// The folder of an incomplete backup; deleted on drop unless it was renamed.
struct Partial(PathBuf);

impl Partial {
    fn create(target: &Path) -> Result<Partial, BackupError> {
        let name = target.file_name().ok_or_else(|| BackupError::Exists(target.display().to_string()))?;
        let name = format!("{}.partial-{}", name.to_string_lossy(), Uuid::new_v4().simple());
        let partial = Partial(target.with_file_name(name));
        create_folder(&partial.0).map_err(failed(&partial.0))?;
        Ok(partial)
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn fill(
    origin: &Path,
    settings: &Settings,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Created, BackupError> {
    let (database, files) = (folder.join(DATABASE), folder.join(ATTACHMENTS));
    create_folder(&files).map_err(failed(&files))?;
    let bucket = match &settings.attachments {
        Storage::Folder(_) => None,
        Storage::Bucket(bucket) => Some(bucket.url()),
    };
    let source = wire_up::open_files(settings)?;
    let created_at = clock::now().to_string();
    progress.begin("copying the database", None);
    snapshot::copy(origin, &database).await?;
    let (mut copied, mut absent) = (Vec::new(), Vec::new());
    let named = match bucket {
        None => snapshot::files(&database).await.map_err(|error| damaged(origin, error.into()))?,
        Some(_) => Vec::new(),
    };
    progress.begin("copying attachments", Some(named.len() as u64));
    for file in named {
        match copy_attachment(&source, &files, &file).await? {
            Some(entry) => copied.push(entry),
            None => absent.push(file),
        }
        progress.advance(1);
    }
    let named_files = if absent.is_empty() { Vec::new() } else { snapshot::files(origin).await? };
    let (missing, deleted): (Vec<_>, Vec<_>) =
        absent.into_iter().partition(|file| named_files.binary_search(file).is_ok());
    snapshot::remove_files(&database, &deleted).await?;
    progress.begin("checking the copy", None);
    let inspected = snapshot::inspect(&database).await.map_err(|error| damaged(origin, error))?;
    finish(folder, created_at, inspected.schema, copied, bucket, missing).await
}

fn damaged(database: &Path, error: Unusable) -> BackupError {
    let path = database.display().to_string();
    unusable(error, |reason| BackupError::DamagedDatabase { path, reason })
}

async fn copy_attachment(source: &Arc<dyn Files>, files: &Path, file: &str) -> Result<Option<BackupFile>, BackupError> {
    // A row written by another program may contain any name.
    if attachment::parse_id(file).is_none() {
        return Ok(None);
    }
    let to = files.join(place_of(file));
    let unreadable = |error: FileError| BackupError::Io { path: file.into(), reason: error.to_string() };
    let mut opened = match source.open(file, 0).await {
        Ok(opened) => opened,
        Err(FileError::NotFound) => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let create = || {
        create_folder(to.parent().unwrap_or(&to))?;
        create_file(&to)
    };
    let mut copy = create().map_err(failed(&to))?;
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    while let Some(piece) = opened.bytes.next().await {
        let piece = piece.map_err(unreadable)?;
        hash.update(&piece);
        copy.write_all(&piece).map_err(failed(&to))?;
        bytes += piece.len() as u64;
    }
    let sync = move || copy.sync_all().map_err(failed(&to));
    blocking(sync).await?;
    Ok(Some(BackupFile { file: file.into(), bytes, sha256: hex(hash) }))
}

/// Writes the manifest, and makes the backup survive a power failure.
async fn finish(
    folder: &Path,
    created_at: String,
    schema: i64,
    attachments: Vec<BackupFile>,
    bucket: Option<String>,
    missing: Vec<String>,
) -> Result<Created, BackupError> {
    let folder = folder.to_path_buf();
    let finish = move || {
        let database = folder.join(DATABASE);
        let sync = || std::fs::File::open(&database)?.sync_all();
        sync().map_err(failed(&database))?;
        let (bytes, sha256) = digest(&database).map_err(failed(&database))?;
        let entry = BackupFile { file: DATABASE.into(), bytes, sha256 };
        let created = Created { bytes, files: attachments.len(), bucket: bucket.clone(), missing: missing.clone() };
        Manifest::new(created_at, schema, entry, attachments, bucket, missing).write(&folder)?;
        let files = folder.join(ATTACHMENTS);
        for file in std::fs::read_dir(&files).map_err(failed(&files))? {
            let path = file.map_err(failed(&files))?.path();
            sync_folder(&path).map_err(failed(&path))?;
        }
        for path in [&files, &folder] {
            sync_folder(path).map_err(failed(path))?;
        }
        Ok(created)
    };
    blocking(finish).await
}
