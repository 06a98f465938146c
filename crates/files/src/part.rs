//! An upload while it arrives.

use std::fs::{File, remove_file};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use deskbell_core::ports::{FileError, KeptFile, PartialFile};
use private_files::create_file;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// The end of the names of incomplete files.
pub const ENDING: &str = ".part";

/// What keeps complete files.
#[async_trait]
pub trait Keep: Send + Sync {
    /// Gives the file at this path a name of its own, and makes it durable. It may be moved away.
    async fn keep(&self, path: &Path) -> Result<KeptFile, FileError>;
}

/// An incomplete file that no other user of this machine can read, deleted on drop.
pub struct Part {
    incoming: PathBuf,
    keep: Arc<dyn Keep>,
    path: PathBuf,
    file: tokio::fs::File,
}

impl Part {
    /// Creates an empty one in a folder.
    pub fn create(incoming: &Path, keep: Arc<dyn Keep>) -> io::Result<Part> {
        let (path, file) = create(incoming)?;
        Ok(Part { incoming: incoming.into(), keep, path, file: tokio::fs::File::from_std(file) })
    }
}

#[async_trait]
impl PartialFile for Part {
    async fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        Ok(self.file.write_all(bytes).await?)
    }

    async fn complete(&mut self) -> Result<(), FileError> {
        Ok(self.file.flush().await?)
    }

    fn head(&self, length: usize) -> Result<Vec<u8>, FileError> {
        let mut head = Vec::with_capacity(length);
        File::open(&self.path)?.take(length as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    fn read(&self) -> Result<Vec<u8>, FileError> {
        Ok(std::fs::read(&self.path)?)
    }

    fn replace(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let (path, mut file) = create(&self.incoming)?;
        let before = std::mem::replace(&mut self.path, path);
        let _ = remove_file(before);
        Ok(file.write_all(bytes)?)
    }

    async fn keep(self: Box<Self>) -> Result<KeptFile, FileError> {
        self.keep.keep(&self.path).await
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // A file that was kept may be elsewhere.
        let _ = remove_file(&self.path);
    }
}

fn create(incoming: &Path) -> io::Result<(PathBuf, File)> {
    let path = incoming.join(format!("{}{ENDING}", Uuid::new_v4()));
    let file = create_file(&path)?;
    Ok((path, file))
}
