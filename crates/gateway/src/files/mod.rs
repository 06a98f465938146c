//! The bytes of attachments, in a folder.

mod folder;
mod part;

use std::fs::{DirEntry, read_dir, remove_file};
use std::io::Result;
use std::path::PathBuf;

use crate::disk::FolderDisk;
use deskbell_core::ports::{Disk, Files, PartialFile, UnsettledFile};
use deskbell_core::timestamp::Timestamp;

pub use folder::Folder;
use part::Part;

impl Files for Folder {
    fn create(&self) -> Result<Box<dyn PartialFile>> {
        Ok(Box::new(Part::create(self)?))
    }

    fn path(&self, file: &str) -> PathBuf {
        // Its final path, so that no sweep moves the file between this call and the reader's.
        let _ = Folder::settle(self, file);
        self.locate(file)
    }

    fn settle(&self, file: &str) -> Result<bool> {
        Folder::settle(self, file)
    }

    fn remove(&self, file: &str) -> Result<()> {
        Folder::remove(self, file)
    }

    fn unsettled(&self) -> Result<Box<dyn Iterator<Item = UnsettledFile> + Send>> {
        // Older gateways left files in the folder itself.
        let entries = read_dir(self.incoming())?.chain(read_dir(self.root())?);
        // The next sweep tries an entry that cannot be read again.
        Ok(Box::new(entries.filter_map(Result::ok).filter_map(unsettled)))
    }

    fn remove_unsettled(&self, file: &UnsettledFile) -> Result<()> {
        remove_file(&file.path)
    }

    fn free_bytes(&self) -> Option<u64> {
        FolderDisk::of_folder(self.root()).free_bytes()
    }
}

fn unsettled(entry: DirEntry) -> Option<UnsettledFile> {
    let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
    Some(UnsettledFile {
        name: entry.file_name().into_string().ok()?,
        path: entry.path(),
        written_at: modified.and_then(Timestamp::from_system),
    })
}
