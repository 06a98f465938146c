//! Runs what waits for a disk.

use std::io;

use deskbell_core::ports::FileError;

/// Runs file operations on a thread that may block.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, FileError> {
    let finished = tokio::task::spawn_blocking(work).await;
    finished.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(FileError::from)
}
