//! The port for the bytes of attachments.

use std::io::Result;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::timestamp::Timestamp;

/// The files of attachments, by names that are made here. Except for [`Files::path`], all methods block.
pub trait Files: Send + Sync {
    /// Creates an empty file, which is deleted unless it is kept.
    fn create(&self) -> Result<Box<dyn PartialFile>>;

    /// The path of a file that has a row. The file stays there until it is deleted.
    fn path(&self, file: &str) -> PathBuf;

    /// Moves a file to its final path after its row is written. Returns whether it was elsewhere.
    fn settle(&self, file: &str) -> Result<bool>;

    /// Deletes a file wherever it is. A missing file is no error.
    fn remove(&self, file: &str) -> Result<()>;

    /// The files that have no row yet or are not at their final path.
    fn unsettled(&self) -> Result<Box<dyn Iterator<Item = UnsettledFile> + Send>>;

    /// Deletes an unsettled file.
    fn remove_unsettled(&self, file: &UnsettledFile) -> Result<()>;

    /// The free bytes of their disk for users other than root; none if the system does not report them.
    fn free_bytes(&self) -> Option<u64>;
}

/// A file that is being written, deleted on drop.
#[async_trait]
pub trait PartialFile: Send {
    /// Appends bytes.
    async fn append(&mut self, bytes: &[u8]) -> Result<()>;

    /// Completes the appended bytes, after which they can be read.
    async fn complete(&mut self) -> Result<()>;

    /// The first bytes, at most so many. Blocks.
    fn head(&self, length: usize) -> Result<Vec<u8>>;

    /// All bytes. Blocks.
    fn read(&self) -> Result<Vec<u8>>;

    /// Replaces all bytes. Blocks.
    fn replace(&mut self, bytes: &[u8]) -> Result<()>;

    /// Gives it a name of its own, and makes bytes and name survive a power failure. Blocks.
    fn keep(self: Box<Self>) -> Result<KeptFile>;
}

/// A file that is on disk, without a row so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptFile {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A file that has no row yet or is not at its final path.
#[derive(Clone, Debug)]
pub struct UnsettledFile {
    /// Its name; that of a file that was never kept ends in `.part`.
    pub name: String,
    /// Its path.
    pub path: PathBuf,
    /// When it was last written; none if it is gone or the system does not say.
    pub written_at: Option<Timestamp>,
}
