//! Deletes files that are not needed: files that were never sent, files whose rows are deleted, and what a cancelled request or a crash has
//! left. The cost of a sweep depends on what has changed; a file that cannot be deleted does not stop the others.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::ports::{Attachments, Files, StoreError, UnsettledFile};
use crate::rules::upload_quotas::{UNSENT, UNSENT_ANONYMOUS};
use crate::timestamp::Timestamp;
use domain::attachment;

/// The age at which a file without a row is certainly not waiting for one.
const ORPHAN: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
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
    files: Arc<dyn Files>,
    clock: Arc<dyn Clock>,
}

impl SweepFiles {
    /// Sweeps files according to a store.
    pub fn new(attachments: Arc<dyn Attachments>, files: Arc<dyn Files>, clock: Arc<dyn Clock>) -> SweepFiles {
        SweepFiles { attachments, files, clock }
    }

    /// Sweeps once an hour; never returns.
    pub async fn run(&self) -> Infallible {
        loop {
            if let Err(error) = self.sweep(self.clock.now()).await {
                tracing::warn!(%error, "file sweep failed");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Deletes the files that are not needed at this time.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), SweepError> {
        let (store, files) = (self.attachments.as_ref(), self.files.as_ref());
        store.forget_attachments(now - UNSENT_ANONYMOUS, now - UNSENT).await?;
        store.forget_upload_usage(&(now - DAY).day()).await?;
        remove_deleted(store, files).await?;
        sweep_unsettled(store, files, now - ORPHAN).await
    }
}

/// Deletes the bytes of files whose rows are deleted, and returns how many.
pub async fn remove_deleted(store: &dyn Attachments, files: &dyn Files) -> Result<usize, StoreError> {
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let names = store.removed_files(&after, CHUNK as u32).await?;
        let Some(last) = names.last() else { return Ok(count) };
        after.clone_from(last);
        let removed: Vec<String> = names.into_iter().filter(|name| is_done("removing", files.remove(name))).collect();
        count += removed.len();
        store.forget_removed_files(&removed).await?;
    }
}

/// Moves unsettled files that have a row to their final path, and deletes those without one that were written before a time.
async fn sweep_unsettled(store: &dyn Attachments, files: &dyn Files, before: Timestamp) -> Result<(), SweepError> {
    let mut unsettled = files.unsettled()?;
    loop {
        let read = move || {
            let chunk: Vec<UnsettledFile> = unsettled.by_ref().filter(has_our_name).take(CHUNK).collect();
            (unsettled, chunk)
        };
        let (rest, chunk) = tokio::task::spawn_blocking(read).await.map_err(std::io::Error::other)?;
        unsettled = rest;
        if chunk.is_empty() {
            return Ok(());
        }
        // Files are listed before rows: a file written meanwhile is in neither list.
        let names = chunk.iter().map(|file| file.name.clone()).filter(|name| attachment::parse_id(name).is_some());
        let known = store.known_files(&names.collect::<Vec<_>>()).await?;
        for file in chunk {
            if known.contains(&file.name) {
                is_done("moving", files.settle(&file.name).map(drop));
            } else if file.written_at.is_some_and(|written_at| written_at < before) {
                // A file that is gone by then needs no sweeping.
                is_done("removing", files.remove_unsettled(&file));
            }
        }
    }
}

/// Whether the name is in our format; other files are left alone.
fn has_our_name(file: &UnsettledFile) -> bool {
    attachment::parse_id(file.name.strip_suffix(".part").unwrap_or(&file.name)).is_some()
}

/// Whether the file was handled. A missing file counts as handled; one that cannot be touched is tried again by the next sweep.
fn is_done(attempt: &str, result: std::io::Result<()>) -> bool {
    match result {
        Ok(()) => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => {
            tracing::warn!(%error, "{attempt} a file failed");
            false
        }
    }
}
