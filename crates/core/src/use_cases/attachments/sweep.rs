//! Deletes files that are not needed: files that were never sent, files whose rows are deleted, and what a cancelled request or a crash has
//! left. The cost of a sweep depends on what has changed; a file that cannot be deleted does not stop the others.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::StreamExt;

use crate::clock::Clock;
use crate::ports::{Attachments, FileError, Files, StoreError};
use crate::rules::upload_quotas::{UNSENT, UNSENT_ANONYMOUS};
use crate::timestamp::Timestamp;
use domain::attachment;

/// The age at which a file without a row is certainly not waiting for one.
const ORPHAN: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const EVERY: Duration = Duration::from_secs(3600);
/// How many deleted files are read together.
const CHUNK: usize = 500;

/// Why a sweep failed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The files cannot be listed.
    #[error(transparent)]
    Files(#[from] FileError),
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
        let (mut removed, mut is_away) = (Vec::with_capacity(names.len()), false);
        for name in names {
            let result = files.remove(&name).await;
            // Every other file would take as long to fail. The next sweep goes on.
            is_away = matches!(result, Err(FileError::Unavailable(_)));
            if is_done("removing", result) {
                removed.push(name);
            }
            if is_away {
                break;
            }
        }
        count += removed.len();
        store.forget_removed_files(&removed).await?;
        if is_away {
            return Ok(count);
        }
    }
}

/// Moves unsettled files that have a row to their final place, and deletes those without one that were written before a time.
async fn sweep_unsettled(store: &dyn Attachments, files: &dyn Files, before: Timestamp) -> Result<(), SweepError> {
    let mut pages = files.unsettled().await?;
    while let Some(page) = pages.next().await {
        let page = page?;
        // Files are listed before rows: a file written meanwhile is in neither list.
        let names = page.iter().map(|file| file.name.clone()).filter(|name| attachment::parse_id(name).is_some());
        let known = store.known_files(&names.collect::<Vec<_>>()).await?;
        for file in page {
            if known.contains(&file.name) {
                is_done("moving", files.settle(&file.name).await.map(drop));
            } else if file.written_at.is_some_and(|written_at| written_at < before) {
                is_done("removing", files.remove_unsettled(&file.name).await);
            }
        }
    }
    Ok(())
}

/// Whether the file was handled. A missing file counts as handled; one that cannot be touched is tried again by the next sweep.
fn is_done(attempt: &str, result: Result<(), FileError>) -> bool {
    match result {
        Ok(()) | Err(FileError::NotFound) => true,
        Err(error) => {
            tracing::warn!(%error, "{attempt} a file failed");
            false
        }
    }
}
