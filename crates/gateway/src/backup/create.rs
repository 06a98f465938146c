//! `deskbell backup`: copies a database and its files while gateways are running.
//! The database is copied first, in one read transaction, and then the files that the copy names: the content of a file never changes, so files
//! added meanwhile are in neither. A file that was replaced or erased in between is removed from the copy of the database as well.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{
    ATTACHMENTS, BackupError, BackupFile, DATABASE, Manifest, blocking, copy_file, digest, failed, place_of,
    sync_folder, unusable,
};
use crate::config::Settings;
use crate::files::Folder;
use deskbell_core::clock;
use deskbell_core::ports::Progress;
use domain::attachment;
use private_files::create_folder;
use store_sqlite::snapshot::{self, Unusable};

/// The result of a backup.
#[derive(Debug)]
pub struct Created {
    bytes: u64,
    files: usize,
    /// Files that the database names and that are missing.
    pub missing: Vec<String>,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "database of {} bytes and {} files", self.bytes, self.files)
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
    if !settings.database.is_file() {
        return Err(BackupError::NoDatabase(settings.database.display().to_string()));
    }
    // A restore meanwhile would mix two databases.
    let lock = snapshot::share(&settings.database).map_err(failed(&settings.database))?;
    let _lock = lock.ok_or_else(|| BackupError::InUse(settings.database.display().to_string()))?;
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(target.display().to_string()));
    }
    let partial = Partial::create(target)?;
    let created = tokio::select! {
        created = fill(settings, &partial.0, progress) => created?,
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

async fn fill(settings: &Settings, folder: &Path, progress: &dyn Progress) -> Result<Created, BackupError> {
    let (database, files) = (folder.join(DATABASE), folder.join(ATTACHMENTS));
    create_folder(&files).map_err(failed(&files))?;
    let source = Folder::open(settings.attachments.clone())?;
    let created_at = clock::now().to_string();
    progress.begin("copying the database", None);
    snapshot::copy(&settings.database, &database).await?;
    let (mut copied, mut absent) = (Vec::new(), Vec::new());
    let named = snapshot::files(&database).await.map_err(|error| damaged(settings, error.into()))?;
    progress.begin("copying attachments", Some(named.len() as u64));
    for file in named {
        match copy_attachment(&source, &files, &file).await? {
            Some(entry) => copied.push(entry),
            None => absent.push(file),
        }
        progress.advance(1);
    }
    let named_files = if absent.is_empty() { Vec::new() } else { snapshot::files(&settings.database).await? };
    let (missing, deleted): (Vec<_>, Vec<_>) =
        absent.into_iter().partition(|file| named_files.binary_search(file).is_ok());
    snapshot::remove_files(&database, &deleted).await?;
    progress.begin("checking the copy", None);
    let inspected = snapshot::inspect(&database).await.map_err(|error| damaged(settings, error))?;
    finish(folder, created_at, inspected.schema, copied, missing).await
}

fn damaged(settings: &Settings, error: Unusable) -> BackupError {
    let path = settings.database.display().to_string();
    unusable(error, |reason| BackupError::DamagedDatabase { path, reason })
}

async fn copy_attachment(source: &Folder, files: &Path, file: &str) -> Result<Option<BackupFile>, BackupError> {
    // A row written by another program may contain any name.
    if attachment::parse_id(file).is_none() {
        return Ok(None);
    }
    let to = files.join(place_of(file));
    let (source, name) = (source.clone(), file.to_string());
    blocking(move || {
        create_folder(to.parent().unwrap_or(&to)).map_err(failed(&to))?;
        // It may be moved from `incoming` to its final path during the lookup.
        let copy = || match copy_file(&source.locate(&name), &to) {
            Err(error) if error.kind() == ErrorKind::NotFound => copy_file(&source.locate(&name), &to),
            copied => copied,
        };
        match copy() {
            Ok((bytes, sha256)) => Ok(Some(BackupFile { file: name, bytes, sha256 })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&to)(error)),
        }
    })
    .await
}

/// Writes the manifest, and makes the backup survive a power failure.
async fn finish(
    folder: &Path,
    created_at: String,
    schema: i64,
    attachments: Vec<BackupFile>,
    missing: Vec<String>,
) -> Result<Created, BackupError> {
    let folder = folder.to_path_buf();
    let finish = move || {
        let database = folder.join(DATABASE);
        let sync = || std::fs::File::open(&database)?.sync_all();
        sync().map_err(failed(&database))?;
        let (bytes, sha256) = digest(&database).map_err(failed(&database))?;
        let entry = BackupFile { file: DATABASE.into(), bytes, sha256 };
        let created = Created { bytes, files: attachments.len(), missing: missing.clone() };
        Manifest::new(created_at, schema, entry, attachments, missing).write(&folder)?;
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
