//! The port for the bytes of attachments.

use std::io::{self, ErrorKind};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};

use crate::timestamp::Timestamp;

/// Pieces of a file, in order.
pub type ByteStream = BoxStream<'static, Result<Bytes, FileError>>;

/// The files of attachments, by names that are made here.
#[async_trait]
pub trait Files: Send + Sync {
    /// Creates an empty file on a local disk, which is deleted unless it is kept.
    fn create(&self) -> Result<Box<dyn PartialFile>, FileError>;

    /// Opens a kept file, to read its bytes from a position below its size.
    async fn open(&self, file: &str, start: u64) -> Result<OpenFile, FileError>;

    /// Moves a file to its final place after its row is written, where it is not yet. Returns whether it was unsettled.
    async fn settle(&self, file: &str) -> Result<bool, FileError>;

    /// Deletes a file wherever it is. A missing file is no error.
    async fn remove(&self, file: &str) -> Result<(), FileError>;

    /// The files that were kept here and not settled since, and those that were never kept, in pages of a few hundred.
    async fn unsettled(&self) -> Result<BoxStream<'static, Result<Vec<UnsettledFile>, FileError>>, FileError>;

    /// Deletes an unsettled file that has no row, by its name. A missing file is no error.
    async fn remove_unsettled(&self, name: &str) -> Result<(), FileError>;

    /// The free bytes of the disk on which files are created, for users other than root; none if the system does not report them.
    fn free_bytes(&self) -> Option<u64>;
}

/// A file that is being written, deleted on drop.
#[async_trait]
pub trait PartialFile: Send {
    /// Appends bytes.
    async fn append(&mut self, bytes: &[u8]) -> Result<(), FileError>;

    /// Completes the appended bytes, after which they can be read.
    async fn complete(&mut self) -> Result<(), FileError>;

    /// The first bytes, at most so many. Blocks.
    fn head(&self, length: usize) -> Result<Vec<u8>, FileError>;

    /// All bytes. Blocks.
    fn read(&self) -> Result<Vec<u8>, FileError>;

    /// Replaces all bytes. Blocks.
    fn replace(&mut self, bytes: &[u8]) -> Result<(), FileError>;

    /// Gives it a name of its own, and makes bytes and name durable before it returns.
    async fn keep(self: Box<Self>) -> Result<KeptFile, FileError>;
}

/// A file that is durable, without a row so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A file that is being read.
pub struct OpenFile {
    /// The size of the whole file in bytes.
    pub size: u64,
    /// Its bytes from the position at which it was opened. The last item is an error if some are missing.
    pub bytes: ByteStream,
}

/// A file that was kept and not settled, or never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsettledFile {
    /// Its name; that of a file that was never kept ends in `.part`.
    pub name: String,
    /// When it was last written; none if it is gone or the system does not say.
    pub written_at: Option<Timestamp>,
}

/// Why a file is not written, read or deleted.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file.
    #[error("the file does not exist")]
    NotFound,
    /// The local disk is full.
    #[error("the disk is full")]
    Full,
    /// The storage does not answer or refuses every request at the moment, with the reason for administrators.
    #[error("the storage of attachments is unavailable: {0}")]
    Unavailable(String),
    /// Any other error of the operating system.
    #[error(transparent)]
    Io(io::Error),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> FileError {
        match error.kind() {
            ErrorKind::NotFound => FileError::NotFound,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FileError::Full,
            _ => FileError::Io(error),
        }
    }
}

/// All bytes of a file in memory. A file of another size than expected, which somebody has changed or cut off, is an error.
pub async fn read_file(files: &dyn Files, file: &str, expected: u64) -> Result<Vec<u8>, FileError> {
    let OpenFile { size, bytes: mut pieces } = files.open(file, 0).await?;
    if size != expected {
        return Err(FileError::Io(io::Error::other(format!(
            "the file has {size} bytes, and {expected} were expected"
        ))));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_disks_and_system_quotas_are_not_reported_as_faults() {
        for (kind, is_full) in
            [(ErrorKind::StorageFull, true), (ErrorKind::QuotaExceeded, true), (ErrorKind::PermissionDenied, false)]
        {
            assert_eq!(matches!(FileError::from(io::Error::from(kind)), FileError::Full), is_full, "{kind:?}");
        }
    }
}
