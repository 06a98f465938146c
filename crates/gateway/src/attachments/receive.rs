//! Writes uploads to disk as they arrive, up to a limit; incomplete uploads are deleted.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::stream::{Stream, StreamExt};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};
use uuid::Uuid;

use super::StoreFileError;
use super::folder::Folder;
use crate::body_limits::UPLOAD_TIME;
use private_files::create_file;

/// The time within which [`PROGRESS_MIN`] bytes or the end have to arrive.
const PROGRESS_TIME: Duration = Duration::from_secs(30);
/// About two kilobits per second over [`PROGRESS_TIME`].
const PROGRESS_MIN: usize = 8 * 1024;

/// An incomplete file, deleted on drop.
pub struct Part {
    path: PathBuf,
}

impl Part {
    /// Creates an empty file that no other user of this machine can read.
    pub fn create(folder: &Folder) -> std::io::Result<(Part, std::fs::File)> {
        let part = Part { path: folder.incoming().join(format!("{}.part", Uuid::new_v4())) };
        let file = create_file(&part.path)?;
        Ok((part, file))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its final name, and makes the name survive a power failure. Its bytes must be on disk already.
    pub fn keep(self, folder: &Folder) -> std::io::Result<String> {
        let name = Uuid::new_v4().to_string();
        std::fs::rename(&self.path, folder.incoming().join(&name))?;
        std::fs::File::open(folder.incoming())?.sync_all()?;
        Ok(name)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `keep` there is nothing to delete.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Writes the chunks of an upload of at most `max` bytes. `announced` is the size given by the client. `admit` is called with the total size
/// before each chunk is written, and reserves the space. On an error the remaining chunks are not read.
pub async fn receive<B: AsRef<[u8]>, E>(
    folder: &Folder,
    pieces: &mut (impl Stream<Item = Result<B, E>> + Unpin),
    announced: Option<u64>,
    max: usize,
    admit: impl FnMut(u64) -> Result<(), StoreFileError>,
) -> Result<Part, StoreFileError> {
    if announced.is_some_and(|length| length > max as u64) {
        return Err(StoreFileError::TooLarge(max));
    }
    timeout(UPLOAD_TIME, write(folder, pieces, max, admit)).await.map_err(|_| StoreFileError::TooSlow)?
}

async fn write<B: AsRef<[u8]>, E>(
    folder: &Folder,
    pieces: &mut (impl Stream<Item = Result<B, E>> + Unpin),
    max: usize,
    mut admit: impl FnMut(u64) -> Result<(), StoreFileError>,
) -> Result<Part, StoreFileError> {
    let (part, file) = Part::create(folder).map_err(failed)?;
    let mut file = File::from_std(file);
    let mut length = 0;
    let (mut progress, mut deadline) = (0, Instant::now() + PROGRESS_TIME);
    while let Some(piece) = timeout_at(deadline, pieces.next()).await.map_err(|_| StoreFileError::TooSlow)? {
        let piece = piece.map_err(|_| StoreFileError::Incomplete)?;
        let piece = piece.as_ref();
        length += piece.len();
        progress += piece.len();
        if progress >= PROGRESS_MIN {
            (progress, deadline) = (0, Instant::now() + PROGRESS_TIME);
        }
        if length > max {
            return Err(StoreFileError::TooLarge(max));
        }
        admit(length as u64)?;
        file.write_all(piece).await.map_err(failed)?;
    }
    // The last writes may not have reached the file yet.
    file.flush().await.map_err(failed)?;
    Ok(part)
}

/// The error of a failed write: a full disk, or another one.
pub fn failed(error: std::io::Error) -> StoreFileError {
    tracing::error!(%error, "storing an upload failed");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreFileError::DiskFull,
        _ => StoreFileError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_full_disk_and_a_full_quota_of_the_system_are_told_from_a_fault() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap().write_all(b"x").unwrap_err();
        let quota = std::io::Error::from(rustix::io::Errno::DQUOT);
        for (error, is_full) in [(full, true), (quota, true), (ErrorKind::PermissionDenied.into(), false)] {
            let text = error.to_string();
            assert_eq!(matches!(failed(error), StoreFileError::DiskFull), is_full, "{text}");
        }
    }
}
