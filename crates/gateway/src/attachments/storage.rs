//! The folder of files, with what is needed to fill it and to serve its files.

use std::path::PathBuf;
use std::sync::Arc;

use ring::hmac;
use tokio::sync::Semaphore;

use super::folder::Folder;
use super::quota::{self, Reservations};
use deskbell_core::ports::{StoreError, StoredAttachment};

/// How many files are cleaned at the same time; each is in memory twice.
const CLEANED_AT_ONCE: usize = 2;

/// The files: their folder, the key that signs their addresses, and the space reserved for uploads.
#[derive(Clone)]
pub struct FileStorage {
    /// Where the bytes are.
    pub folder: Folder,
    pub(super) cleaning: Arc<Semaphore>,
    pub(super) key: hmac::Key,
    pub(super) reservations: Reservations,
}

impl FileStorage {
    /// Opens a folder, or creates it.
    pub fn open(path: PathBuf, key: &[u8]) -> Result<FileStorage, StoreError> {
        Ok(FileStorage {
            folder: Folder::open(path)?,
            cleaning: Arc::new(Semaphore::new(CLEANED_AT_ONCE)),
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            reservations: Reservations::default(),
        })
    }

    /// The path of the bytes of a file.
    pub fn path(&self, kept: &StoredAttachment) -> PathBuf {
        self.folder.locate(&kept.file)
    }

    pub(super) fn free_bytes(&self) -> Option<u64> {
        quota::free_bytes(self.folder.root())
    }

    /// Moves a file to its final path. If that fails, it is read at its old path and the sweep tries again.
    pub(super) fn settle(&self, file: &str) {
        if let Err(error) = self.folder.settle(file) {
            tracing::warn!(%error, "moving a file failed");
        }
    }

    pub(super) fn remove(&self, file: Option<String>) {
        let Some(file) = file else { return };
        if let Err(error) = self.folder.remove(&file) {
            tracing::warn!(%error, "removing a file failed");
        }
    }
}
