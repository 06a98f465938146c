//! The disk of a folder.

use std::path::{Path, PathBuf};

use deskbell_core::ports::Disk;

/// The disk that a folder is on.
#[derive(Clone, Debug)]
pub struct FolderDisk(PathBuf);

impl FolderDisk {
    /// The disk of a folder.
    pub fn of_folder(folder: &Path) -> FolderDisk {
        FolderDisk(folder.into())
    }

    /// The disk of the folder that a file is in.
    pub fn of_file(file: &Path) -> FolderDisk {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        FolderDisk(folder.unwrap_or(Path::new(".")).into())
    }
}

impl Disk for FolderDisk {
    fn free_bytes(&self) -> Option<u64> {
        match rustix::fs::statvfs(&self.0) {
            Ok(disk) => Some(disk.f_bavail.saturating_mul(disk.f_frsize)),
            Err(error) => {
                tracing::warn!(%error, "reading the free space of the disk failed");
                None
            }
        }
    }
}
