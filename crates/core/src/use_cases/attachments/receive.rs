//! Receives uploads chunk by chunk, up to a limit; incomplete uploads are deleted.

use std::time::Duration;

use futures_util::stream::{Stream, StreamExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::StoreFileError;
use crate::ports::{FileError, Files, PartialFile};

/// How long an upload may take to arrive: 10 megabytes at 140 kilobits per second.
pub const UPLOAD_TIME: Duration = Duration::from_secs(600);
/// The time within which [`PROGRESS_MIN`] bytes or the end have to arrive.
const PROGRESS_TIME: Duration = Duration::from_secs(30);
/// About two kilobits per second over [`PROGRESS_TIME`].
const PROGRESS_MIN: usize = 8 * 1024;

/// Writes the chunks of an upload of at most `max` bytes. `announced` is the size given by the client. `admit` is called with the total size
/// before each chunk is written, and reserves the space. On an error the remaining chunks are not read.
pub async fn receive<B: AsRef<[u8]>, E>(
    files: &dyn Files,
    chunks: &mut (impl Stream<Item = Result<B, E>> + Unpin),
    announced: Option<u64>,
    max: usize,
    admit: impl FnMut(u64) -> Result<(), StoreFileError>,
) -> Result<Box<dyn PartialFile>, StoreFileError> {
    if announced.is_some_and(|length| length > max as u64) {
        return Err(StoreFileError::TooLarge(max));
    }
    timeout(UPLOAD_TIME, write(files, chunks, max, admit)).await.map_err(|_| StoreFileError::TooSlow)?
}

async fn write<B: AsRef<[u8]>, E>(
    files: &dyn Files,
    chunks: &mut (impl Stream<Item = Result<B, E>> + Unpin),
    max: usize,
    mut admit: impl FnMut(u64) -> Result<(), StoreFileError>,
) -> Result<Box<dyn PartialFile>, StoreFileError> {
    let mut file = files.create().map_err(failed)?;
    let mut length = 0;
    let (mut progress, mut deadline) = (0, Instant::now() + PROGRESS_TIME);
    while let Some(chunk) = timeout_at(deadline, chunks.next()).await.map_err(|_| StoreFileError::TooSlow)? {
        let chunk = chunk.map_err(|_| StoreFileError::Incomplete)?;
        let chunk = chunk.as_ref();
        length += chunk.len();
        progress += chunk.len();
        if progress >= PROGRESS_MIN {
            (progress, deadline) = (0, Instant::now() + PROGRESS_TIME);
        }
        if length > max {
            return Err(StoreFileError::TooLarge(max));
        }
        admit(length as u64)?;
        file.append(chunk).await.map_err(failed)?;
    }
    // The last writes may not have reached the file yet.
    file.complete().await.map_err(failed)?;
    Ok(file)
}

/// The error of a failed write: a full disk, a storage that is unavailable, or another one.
pub fn failed(error: FileError) -> StoreFileError {
    tracing::error!(%error, "storing an upload failed");
    match error {
        FileError::Full => StoreFileError::DiskFull,
        FileError::Unavailable(_) => StoreFileError::Unavailable,
        FileError::NotFound | FileError::Io(_) => StoreFileError::File(error),
    }
}
