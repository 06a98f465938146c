//! The folder of the files, and what it takes to fill it and to show what is in it.

use std::path::PathBuf;
use std::sync::Arc;

use ring::hmac;
use tokio::sync::Semaphore;

use super::folder::Folder;
use super::quota::{self, Reservations};
use crate::store::{StoreError, StoredAttachment};

/// How many files are cleaned at once: each lies in memory twice meanwhile.
const CLEANED_AT_ONCE: usize = 2;

/// The files: their folder, what it takes to fill it and to show what is in it, and the room that is reserved in it.
#[derive(Clone)]
pub struct FileStorage {
    /// Where their bytes are.
    pub folder: Folder,
    pub(super) cleaning: Arc<Semaphore>,
    pub(super) key: hmac::Key,
    pub(super) reservations: Reservations,
}

impl FileStorage {
    /// Opens a folder, or makes it.
    pub fn open(path: PathBuf, key: &[u8]) -> Result<FileStorage, StoreError> {
        Ok(FileStorage {
            folder: Folder::open(path)?,
            cleaning: Arc::new(Semaphore::new(CLEANED_AT_ONCE)),
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            reservations: Reservations::default(),
        })
    }

    /// Where the bytes of a file are.
    pub fn path(&self, kept: &StoredAttachment) -> PathBuf {
        self.folder.locate(&kept.file)
    }

    pub(super) fn free_bytes(&self) -> Option<u64> {
        quota::free_bytes(self.folder.root())
    }

    /// Brings a file to its final place. Until it is there it is read where it came in, and the sweep tries again.
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
