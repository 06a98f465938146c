//! Removes what nobody needs: files that were never sent, and what a torn request or a crash has left.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use crate::domain::attachment;
use crate::gateway::app::App;
use crate::gateway::clock;
use crate::gateway::store::StoreError;

/// How long a file is kept that goes along with nothing. Drafts live a day less.
const UNSENT: SignedDuration = SignedDuration::from_hours(8 * 24);
/// How old a file without a row is before nobody can be about to write its row.
const ORPHAN: SignedDuration = SignedDuration::from_hours(1);
const EVERY: Duration = Duration::from_secs(3600);

/// Why nothing could be swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store cannot tell.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] std::io::Error),
}

/// Sweeps once an hour, for as long as it runs.
pub async fn run(app: &App) -> Infallible {
    loop {
        if let Err(error) = sweep(app, clock::timestamp()).await {
            tracing::warn!(%error, "files that nobody needs could not be removed");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Removes what nobody needs at a time.
pub async fn sweep(app: &App, now: Timestamp) -> Result<(), SweepError> {
    app.store.forget_attachments(&clock::written(now - UNSENT)).await?;
    let folder = app.folder.path.clone();
    let before = SystemTime::from(now - ORPHAN);
    // Files first, and then rows: what is written meanwhile is in neither list.
    let old = tokio::task::spawn_blocking(move || old(&folder, before)).await.map_err(std::io::Error::other)??;
    let known = app.store.attachment_files().await?;
    for (name, path) in old {
        if !known.contains(&name) {
            tokio::fs::remove_file(path).await?;
        }
    }
    Ok(())
}

/// The files that were written before a time. What has no name of ours is not ours.
fn old(folder: &Path, before: SystemTime) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut old = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if attachment::id(name.strip_suffix(".part").unwrap_or(&name)).is_none() {
            continue;
        }
        // What is gone by now needs no sweeping.
        let written = entry.metadata().and_then(|metadata| metadata.modified());
        if written.is_ok_and(|written| written < before) {
            old.push((name, entry.path()));
        }
    }
    Ok(old)
}
