//! `deskbell restore`: restores a backup to the configured database and folder of files, or copies its files to the configured bucket.
//! The whole backup is checked before anything is changed, and copied next to its final paths under other names before it is moved there.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{
    ATTACHMENTS, BackupError, BackupFile, DATABASE, Manifest, blocking, copy_file, database_file, describe_move,
    digest, failed, place_of, sync_folder, unusable,
};
use crate::config::{Settings, Storage};
use crate::wire_up;
use deskbell_core::clock;
use deskbell_core::ports::{FileError, MoveMark, StoreError};
use files::Bucket;
use private_files::create_folder;
use store_sqlite::snapshot::{self, COMPANIONS};

/// The prefix of the names of replaced data, beside the database and in the folder of files.
const KEPT: &str = ".before-restore-";
/// The prefix of the names of copies in progress.
const COMING: &str = ".restoring-";

/// The result of a restore.
#[derive(Debug)]
pub struct Restored {
    created_at: String,
    database: PathBuf,
    files: usize,
    /// The URL of the bucket that had the attachments at the time of the backup.
    bucket: Option<String>,
    /// Where the configuration has the attachments, if that is not the bucket.
    other_storage: Option<String>,
    /// The paths of replaced data.
    replaced: Vec<PathBuf>,
    /// The move to another database that had begun in the database of the backup.
    moved: Option<MoveMark>,
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} and {} files restored to their state of {}",
            self.database.display(),
            self.files,
            self.created_at
        )?;
        if let Some(bucket) = &self.bucket {
            write!(f, "\nthe backup has no attachments: they were in {bucket}, and were not changed")?;
            if let Some(storage) = &self.other_storage {
                write!(f, "; the configuration has {storage}: copy them there before you start the gateway")?;
            }
        }
        if let Some(mark) = &self.moved {
            write!(f, "\nwarning: {}", describe_move(mark))?;
        }
        for path in &self.replaced {
            write!(f, "\nprevious data kept as {}", path.display())?;
        }
        Ok(())
    }
}

/// A backup that was checked.
#[derive(Debug)]
pub struct BackupSummary {
    folder: PathBuf,
    manifest: Manifest,
    moved: Option<MoveMark>,
}

impl fmt::Display for BackupSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Manifest { deskbell, created_at, database, attachments, missing, .. } = &self.manifest;
        write!(
            f,
            "{}: good, the state of {created_at} by Deskbell {deskbell}, database of {} bytes and {} files",
            self.folder.display(),
            database.bytes,
            attachments.len()
        )?;
        if let Some(bucket) = &self.manifest.bucket {
            write!(f, "; its attachments are in {bucket}")?;
        }
        match missing.len() {
            0 => {}
            1 => write!(f, "; 1 file was already missing when it was made")?,
            count => write!(f, "; {count} files were already missing when it was made")?,
        }
        match &self.moved {
            Some(mark) => write!(f, "\nwarning: {}", describe_move(mark)),
            None => Ok(()),
        }
    }
}

/// Checks a backup as completely as a restore does: every file byte for byte, and every page of the database. Changes nothing.
pub async fn verify(source: &Path) -> Result<BackupSummary, BackupError> {
    let manifest = Manifest::read(source)?;
    let moved = check(source, &manifest).await?;
    Ok(BackupSummary { folder: source.to_path_buf(), manifest, moved })
}

/// Restores a backup. An existing database or files are an error unless `replace` is set, which keeps them under other names.
pub async fn run(settings: &Settings, source: &Path, replace: bool) -> Result<Restored, BackupError> {
    let manifest = Manifest::read(source)?;
    let database = database_file(settings)?.to_path_buf();
    // A backup without files changes none.
    let folder = match &settings.attachments {
        Storage::Folder(folder) if manifest.bucket.is_none() => Some(folder.clone()),
        Storage::Folder(_) | Storage::Bucket(_) => None,
    };
    let in_use = || BackupError::InUse(database.display().to_string());
    let _lock = snapshot::hold_alone(&database).map_err(failed(&database))?.ok_or_else(in_use)?;
    let occupied = occupied(&database, folder.as_deref()).map_err(failed(&database))?;
    if let Some(path) = occupied.first().filter(|_| !replace) {
        return Err(BackupError::Occupied(path.display().to_string()));
    }
    let moved = check(source, &manifest).await?;
    if occupied.contains(&database) {
        match snapshot::fold_log(&database).await {
            Ok(true) => {}
            Ok(false) | Err(StoreError::Busy) => return Err(in_use()),
            // It may be damaged, which is a reason to restore; the lock shows that no gateway uses it.
            Err(error) => tracing::warn!(%error, "the replaced database cannot be opened"),
        }
    }
    if let Storage::Bucket(settings) = &settings.attachments {
        upload(source, &manifest, &wire_up::open_bucket(settings)?).await?;
    }
    let other_storage = other_storage(settings, &manifest);
    let source = source.to_path_buf();
    let restored = blocking(move || restore_into(&source, &manifest, &database, folder.as_deref())).await?;
    Ok(Restored { other_storage, moved, ..restored })
}

/// Where the configuration has the attachments, if the backup was made with them in a bucket and it is another place.
fn other_storage(settings: &Settings, manifest: &Manifest) -> Option<String> {
    let storage = match &settings.attachments {
        Storage::Folder(folder) => folder.display().to_string(),
        Storage::Bucket(bucket) => bucket.url(),
    };
    manifest.bucket.as_ref().is_some_and(|bucket| *bucket != storage).then_some(storage)
}

/// Copies the files of a backup to a bucket. A file that is already there has the same content, because names are never used again.
async fn upload(source: &Path, manifest: &Manifest, bucket: &Bucket) -> Result<(), BackupError> {
    for entry in &manifest.attachments {
        let path = source.join(ATTACHMENTS).join(place_of(&entry.file));
        let failed = |error: FileError| BackupError::Io { path: path.display().to_string(), reason: error.to_string() };
        bucket.upload(&path, &entry.file).await.map_err(failed)?;
    }
    Ok(())
}

/// The paths in the way: the database with its companion files, and the folder of files if there is one with any file.
fn occupied(database: &Path, files: Option<&Path>) -> io::Result<Vec<PathBuf>> {
    let companions = COMPANIONS.iter().map(|ending| suffixed(database, ending));
    let mut existing = Vec::new();
    for path in std::iter::once(database.to_path_buf()).chain(companions) {
        if path.symlink_metadata().is_ok() {
            existing.push(path);
        }
    }
    if let Some(files) = files.filter(|files| files.is_dir())
        && holds_files(files)?
    {
        existing.push(files.to_path_buf());
    }
    Ok(existing)
}

/// Whether there is any file below a folder; a gateway that was started has created empty subfolders.
fn holds_files(folder: &Path) -> io::Result<bool> {
    for name in contents(folder)? {
        let path = folder.join(name);
        if !path.symlink_metadata()?.is_dir() || holds_files(&path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Checks that a backup matches its manifest byte for byte, and that SQLite finds no error in the database. Returns the move that had begun in it.
async fn check(source: &Path, manifest: &Manifest) -> Result<Option<MoveMark>, BackupError> {
    let database = source.join(DATABASE);
    let (folder, manifest_checked) = (source.to_path_buf(), manifest.clone());
    blocking(move || {
        check_entry(&folder.join(DATABASE), &manifest_checked.database)?;
        let files = folder.join(ATTACHMENTS);
        manifest_checked.attachments.iter().try_for_each(|entry| check_entry(&files.join(place_of(&entry.file)), entry))
    })
    .await?;
    let damaged = |reason: String| BackupError::DamagedBackup { path: database.display().to_string(), reason };
    let inspected = snapshot::inspect(&database).await.map_err(|error| unusable(error, damaged))?;
    let present: BTreeSet<&String> =
        manifest.attachments.iter().map(|entry| &entry.file).chain(&manifest.missing).collect();
    match inspected.files.iter().find(|file| !present.contains(file)) {
        Some(file) if manifest.bucket.is_none() => {
            Err(damaged(format!("refers to the file {file}, which is not in the manifest")))
        }
        _ => Ok(inspected.moved),
    }
}

fn check_entry(path: &Path, entry: &BackupFile) -> Result<(), BackupError> {
    let damaged = |reason: String| BackupError::DamagedBackup { path: path.display().to_string(), reason };
    let (bytes, sha256) = digest(path).map_err(|error| damaged(error.to_string()))?;
    is_entry(entry, bytes, &sha256).map_err(damaged)
}

fn is_entry(entry: &BackupFile, bytes: u64, sha256: &str) -> Result<(), String> {
    if bytes != entry.bytes {
        return Err(format!("has {bytes} bytes, but {} in the manifest", entry.bytes));
    }
    if sha256 != entry.sha256 {
        return Err("has another SHA-256 than in the manifest".into());
    }
    Ok(())
}

/// Copies everything next to its final path, and then swaps it in. The folder of files stays and only its content is replaced, because it may
/// be a mount point; without one, no files are restored. If anything fails, the old state is restored.
fn restore_into(
    source: &Path,
    manifest: &Manifest,
    database: &Path,
    files: Option<&Path>,
) -> Result<Restored, BackupError> {
    let moment = clock::now().to_string().replace([':', '.'], "-");
    let new_database = IncomingFolder(suffixed(database, &format!("{COMING}{moment}")));
    let copied = |source_file: &Path, to: &Path, entry: &BackupFile| {
        let (bytes, sha256) = copy_file(source_file, to).map_err(failed(to))?;
        let damaged = |reason| BackupError::DamagedBackup { path: source_file.display().to_string(), reason };
        is_entry(entry, bytes, &sha256).map_err(damaged)
    };
    copied(&source.join(DATABASE), &new_database.0, &manifest.database)?;
    let new_files = files.map(|files| IncomingFolder(files.join(format!("{COMING}{moment}"))));
    if let Some(IncomingFolder(new_files)) = &new_files {
        create_folder(new_files).map_err(failed(new_files))?;
        let mut folders = BTreeSet::new();
        for entry in &manifest.attachments {
            let to = new_files.join(place_of(&entry.file));
            if let Some(folder) = to.parent().filter(|folder| folders.insert(folder.to_path_buf())) {
                create_folder(folder).map_err(failed(folder))?;
            }
            copied(&source.join(ATTACHMENTS).join(place_of(&entry.file)), &to, entry)?;
        }
        for folder in folders.iter().chain([new_files]) {
            sync_folder(folder).map_err(failed(folder))?;
        }
    }

    let mut moves = UndoableMoves::default();
    let mut replaced = Vec::new();
    if let Some(files) = files {
        let old_files = files.join(format!("{KEPT}{moment}"));
        for name in contents(files).map_err(failed(files))? {
            if replaced.is_empty() {
                create_folder(&old_files).map_err(failed(&old_files))?;
                replaced.push(old_files.clone());
            }
            moves.rename(files.join(&name), old_files.join(&name))?;
        }
    }
    // The write-ahead log first: beside another database it would corrupt it. The database comes last, so that files exist before their rows.
    for ending in COMPANIONS.iter().copied().chain([""]) {
        let path = suffixed(database, ending);
        if path.symlink_metadata().is_ok() {
            let old = suffixed(&path, &format!("{KEPT}{moment}"));
            moves.rename(path, old.clone())?;
            replaced.push(old);
        }
    }
    if let (Some(IncomingFolder(new_files)), Some(files)) = (&new_files, files) {
        for name in contents(new_files).map_err(failed(new_files))? {
            moves.rename(new_files.join(&name), files.join(&name))?;
        }
    }
    moves.rename(new_database.0.clone(), database.into())?;
    let sync = || {
        File::open(database)?.sync_all()?;
        files.map_or(Ok(()), sync_folder)?;
        sync_folder(database.parent().unwrap_or(Path::new(".")))
    };
    sync().map_err(failed(database))?;
    moves.commit();
    Ok(Restored {
        created_at: manifest.created_at.clone(),
        database: database.into(),
        files: manifest.attachments.len(),
        bucket: manifest.bucket.clone(),
        other_storage: None,
        replaced,
        moved: None,
    })
}

/// The names in a folder, without those of copies in progress and of replaced data.
fn contents(folder: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let is_own = [KEPT, COMING].iter().any(|start| name.to_string_lossy().starts_with(start));
        if !is_own {
            names.push(name);
        }
    }
    Ok(names)
}

/// A copy in progress; deleted on drop unless it was moved to its final path.
struct IncomingFolder(PathBuf);

impl Drop for IncomingFolder {
    fn drop(&mut self) {
        let _ = if self.0.is_dir() { std::fs::remove_dir_all(&self.0) } else { std::fs::remove_file(&self.0) };
    }
}

/// Renames that are reverted unless all of them succeed.
#[derive(Default)]
struct UndoableMoves(Vec<(PathBuf, PathBuf)>);

impl UndoableMoves {
    fn rename(&mut self, source: PathBuf, target: PathBuf) -> Result<(), BackupError> {
        std::fs::rename(&source, &target).map_err(failed(&source))?;
        self.0.push((source, target));
        Ok(())
    }

    fn commit(mut self) {
        self.0.clear();
    }
}

impl Drop for UndoableMoves {
    fn drop(&mut self) {
        for (original, moved) in self.0.drain(..).rev() {
            if let Err(error) = std::fs::rename(&moved, &original) {
                tracing::error!(%error, original = %moved.display(), moved = %original.display(), "undoing the restore failed, rename it by hand");
            }
        }
    }
}

fn suffixed(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_move_undoes_the_earlier_moves() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("old"), "old").unwrap();
        std::fs::write(path("new"), "new").unwrap();
        let moved = || {
            let mut moves = UndoableMoves::default();
            moves.rename(path("old"), path("kept"))?;
            moves.rename(path("new"), path("old"))?;
            moves.rename(path("missing"), path("anywhere"))?;
            moves.commit();
            Ok::<(), BackupError>(())
        };
        assert!(moved().is_err());
        assert_eq!(std::fs::read_to_string(path("old")).unwrap(), "old");
        assert_eq!(std::fs::read_to_string(path("new")).unwrap(), "new");
        assert!(!path("kept").exists());
    }
}
