//! Deletes files that are not needed: files that were never sent, files whose rows are deleted, and what a cancelled request or a crash has
//! left. The cost of a sweep depends on what has changed; a file that cannot be deleted does not stop the others.

use std::convert::Infallible;
use std::fs::{DirEntry, ReadDir};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::folder::Folder;
use super::quota::{UNSENT, UNSENT_ANONYMOUS, day};
use deskbell_core::clock;
use deskbell_core::ports::{Attachments, StoreError};
use domain::attachment;

/// The age at which a file without a row is certainly not waiting for one.
const ORPHAN: SignedDuration = SignedDuration::from_hours(1);
const EVERY: Duration = Duration::from_secs(3600);
/// How many files are checked together.
const CHUNK: usize = 500;

/// Why a sweep failed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] std::io::Error),
}

/// Deletes files that are not needed.
#[derive(Clone)]
pub struct SweepFiles {
    attachments: Arc<dyn Attachments>,
    folder: Folder,
}

impl SweepFiles {
    /// Sweeps a folder according to a store.
    pub fn new(attachments: Arc<dyn Attachments>, folder: Folder) -> SweepFiles {
        SweepFiles { attachments, folder }
    }

    /// Sweeps once an hour; never returns.
    pub async fn run(&self) -> Infallible {
        loop {
            if let Err(error) = self.sweep(clock::timestamp()).await {
                tracing::warn!(%error, "file sweep failed");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Deletes the files that are not needed at this time.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), SweepError> {
        let (store, folder) = (self.attachments.as_ref(), &self.folder);
        let anonymous_before = clock::written(now - UNSENT_ANONYMOUS);
        store.forget_attachments(&anonymous_before, &clock::written(now - UNSENT)).await?;
        store.forget_upload_usage(&day(now - SignedDuration::from_hours(24))).await?;
        remove_deleted(store, folder).await?;
        let before = SystemTime::from(now - ORPHAN);
        sweep_folder(store, folder, folder.incoming(), before).await?;
        // Files that older gateways left here are moved, so that the next sweep finds none.
        sweep_folder(store, folder, folder.root(), before).await
    }
}

/// Deletes the bytes of files whose rows are deleted, and returns how many.
pub async fn remove_deleted(store: &dyn Attachments, folder: &Folder) -> Result<usize, StoreError> {
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let files = store.removed_files(&after, CHUNK as u32).await?;
        let Some(last) = files.last() else { return Ok(count) };
        after.clone_from(last);
        let removed: Vec<String> = files.into_iter().filter(|file| is_done("removing", folder.remove(file))).collect();
        count += removed.len();
        store.forget_removed_files(&removed).await?;
    }
}

/// Moves the files of a folder that have a row to their final path, and deletes those without one that were written before a time.
async fn sweep_folder(
    store: &dyn Attachments,
    folder: &Folder,
    place: &Path,
    before: SystemTime,
) -> Result<(), SweepError> {
    let mut entries = std::fs::read_dir(place)?;
    loop {
        let (rest, chunk) = tokio::task::spawn_blocking(move || chunk(entries)).await.map_err(std::io::Error::other)?;
        entries = rest;
        let Some(chunk) = chunk else { return Ok(()) };
        // Files are listed before rows: a file written meanwhile is in neither list.
        let names: Vec<String> =
            chunk.iter().filter_map(name).filter(|name| attachment::parse_id(name).is_some()).collect();
        let known = store.known_files(&names).await?;
        for entry in chunk {
            let Some(name) = name(&entry) else { continue };
            if known.contains(&name) {
                is_done("moving", folder.settle(&name).map(drop));
            } else if is_older(&entry, before) {
                is_done("removing", std::fs::remove_file(entry.path()));
            }
        }
    }
}

/// The next entries of a folder whose names are in our format; none at its end. Other entries are left alone.
fn chunk(mut entries: ReadDir) -> (ReadDir, Option<Vec<DirEntry>>) {
    let mut chunk = Vec::new();
    for entry in entries.by_ref() {
        // The next sweep tries an entry that cannot be read again.
        let Ok(entry) = entry else { continue };
        if name(&entry).is_some_and(|name| attachment::parse_id(name.strip_suffix(".part").unwrap_or(&name)).is_some())
        {
            chunk.push(entry);
        }
        if chunk.len() == CHUNK {
            break;
        }
    }
    let chunk = (!chunk.is_empty()).then_some(chunk);
    (entries, chunk)
}

fn name(entry: &DirEntry) -> Option<String> {
    entry.file_name().into_string().ok()
}

/// A file that is gone by then needs no sweeping.
fn is_older(entry: &DirEntry, before: SystemTime) -> bool {
    entry.metadata().and_then(|metadata| metadata.modified()).is_ok_and(|written| written < before)
}

/// Whether the file was handled. A missing file counts as handled; one that cannot be touched is tried again by the next sweep.
fn is_done(what: &str, done: std::io::Result<()>) -> bool {
    match done {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => {
            tracing::warn!(%error, "{what} a file failed");
            false
        }
    }
}
