//! An upload while it arrives.

use std::fs::{File, remove_file, rename};
use std::io::{Read, Result, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::folder::Folder;
use deskbell_core::ports::{KeptFile, PartialFile};
use private_files::create_file;

/// An incomplete file that no other user of this machine can read, deleted on drop.
pub struct Part {
    folder: Folder,
    path: PathBuf,
    file: tokio::fs::File,
}

impl Part {
    /// Creates an empty one.
    pub fn create(folder: &Folder) -> Result<Part> {
        let (path, file) = create(folder)?;
        Ok(Part { folder: folder.clone(), path, file: tokio::fs::File::from_std(file) })
    }
}

#[async_trait]
impl PartialFile for Part {
    async fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).await
    }

    async fn complete(&mut self) -> Result<()> {
        self.file.flush().await
    }

    fn head(&self, length: usize) -> Result<Vec<u8>> {
        let mut head = Vec::with_capacity(length);
        File::open(&self.path)?.take(length as u64).read_to_end(&mut head)?;
        Ok(head)
    }

    fn read(&self) -> Result<Vec<u8>> {
        std::fs::read(&self.path)
    }

    fn replace(&mut self, bytes: &[u8]) -> Result<()> {
        let (path, mut file) = create(&self.folder)?;
        let before = std::mem::replace(&mut self.path, path);
        let _ = remove_file(before);
        file.write_all(bytes)
    }

    fn keep(self: Box<Self>) -> Result<KeptFile> {
        let file = File::open(&self.path)?;
        let size = file.metadata()?.len();
        file.sync_all()?;
        let name = Uuid::new_v4().to_string();
        let incoming = self.folder.incoming();
        rename(&self.path, incoming.join(&name))?;
        File::open(incoming)?.sync_all()?;
        Ok(KeptFile { name, size })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `keep` there is nothing to delete.
        let _ = remove_file::<&Path>(&self.path);
    }
}

fn create(folder: &Folder) -> Result<(PathBuf, File)> {
    let path = folder.incoming().join(format!("{}.part", Uuid::new_v4()));
    let file = create_file(&path)?;
    Ok((path, file))
}
