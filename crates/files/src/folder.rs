//! A folder with the bytes of files: in `incoming` while they arrive and until their row is written, then in their [`place`]. A crash leaves files only in `incoming`, so nothing ever has to list all files. Files of older gateways are in
//! the folder itself; they are read there, and the sweep moves them.

use std::fs::{DirEntry, File, read_dir, remove_file, rename};
use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use deskbell_core::ports::{Disk, FileError, Files, KeptFile, OpenFile, PartialFile, StoreError, UnsettledFile};
use deskbell_core::timestamp::Timestamp;
use domain::attachment;
use futures_util::stream::{self, BoxStream, StreamExt};
use private_files::{create_folder, restrict};
use tokio::io::AsyncSeekExt;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::FolderDisk;
use crate::blocking::blocking;
use crate::part::{ENDING, Keep, Part};
use crate::pieces::exactly;
use crate::place::place;

/// The name of the folder of files that have no row yet.
const INCOMING: &str = "incoming";
/// How many bytes are read at once.
const PIECE: usize = 64 << 10;
/// How many unsettled files are listed at once.
const PAGE: usize = 500;

/// The folder of files.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    incoming: PathBuf,
}

impl Folder {
    /// Opens a folder, or creates it. Removes the access of other users of this machine.
    pub fn open(root: PathBuf) -> Result<Folder, StoreError> {
        let incoming = root.join(INCOMING);
        let folder = Folder { incoming, root };
        let opened = make_private(&folder.root).and_then(|()| make_private(&folder.incoming));
        opened.map_err(|error| StoreError::Folder {
            path: folder.root.display().to_string(),
            reason: error.to_string(),
        })?;
        Ok(folder)
    }

    /// The path of the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of files that have no row yet.
    pub fn incoming(&self) -> &Path {
        &self.incoming
    }

    /// The path of a file; its final path if it does not exist.
    pub fn locate(&self, file: &str) -> PathBuf {
        let settled = self.settled(file);
        let unsettled = || [self.incoming.join(file), self.root.join(file)].into_iter().find(|path| path.is_file());
        if settled.is_file() { settled } else { unsettled().unwrap_or(settled) }
    }

    fn move_to_place(&self, file: &str) -> io::Result<bool> {
        let settled = self.settled(file);
        let Some(parent) = settled.parent() else { return Ok(false) };
        let from = self.locate(file);
        if from == settled {
            return Ok(false);
        }
        make(parent)?;
        restrict(&from);
        // After a power failure it has one of the two names, and both are read.
        rename(&from, &settled)?;
        Ok(true)
    }

    fn delete(&self, file: &str) -> io::Result<()> {
        // Names come from the database; only names in our format are ever deleted.
        if attachment::parse_id(file).is_none() {
            return Ok(());
        }
        delete_all([self.settled(file), self.incoming.join(file), self.root.join(file)])
    }

    fn settled(&self, file: &str) -> PathBuf {
        self.root.join(place(file))
    }
}

#[async_trait]
impl Files for Folder {
    fn create(&self) -> Result<Box<dyn PartialFile>, FileError> {
        Ok(Box::new(Part::create(&self.incoming, Arc::new(self.clone()))?))
    }

    async fn open(&self, file: &str, start: u64) -> Result<OpenFile, FileError> {
        let (folder, name) = (self.clone(), file.to_string());
        let open = move || {
            // A sweep may move it to its place after it was found.
            let opened = File::open(folder.locate(&name)).or_else(|_| File::open(folder.locate(&name)))?;
            let size = opened.metadata()?.len();
            Ok((opened, size))
        };
        let (opened, size) = blocking(open).await?;
        let mut opened = tokio::fs::File::from_std(opened);
        if start > 0 {
            opened.seek(SeekFrom::Start(start)).await?;
        }
        let pieces = ReaderStream::with_capacity(opened, PIECE).map(|piece| piece.map_err(FileError::from));
        Ok(OpenFile { size, bytes: exactly(pieces.boxed(), size.saturating_sub(start)) })
    }

    async fn settle(&self, file: &str) -> Result<bool, FileError> {
        let (folder, file) = (self.clone(), file.to_string());
        blocking(move || folder.move_to_place(&file)).await
    }

    async fn remove(&self, file: &str) -> Result<(), FileError> {
        let (folder, file) = (self.clone(), file.to_string());
        blocking(move || folder.delete(&file)).await
    }

    async fn unsettled(&self) -> Result<BoxStream<'static, Result<Vec<UnsettledFile>, FileError>>, FileError> {
        // Older gateways left files in the folder itself.
        list([self.incoming.clone(), self.root.clone()].into()).await
    }

    async fn remove_unsettled(&self, name: &str) -> Result<(), FileError> {
        let paths = [self.incoming.join(name), self.root.join(name)];
        if !is_ours(name) {
            return Ok(());
        }
        blocking(move || delete_all(paths)).await
    }

    fn free_bytes(&self) -> Option<u64> {
        FolderDisk::of_folder(&self.root).free_bytes()
    }
}

#[async_trait]
impl Keep for Folder {
    async fn keep(&self, path: &Path) -> Result<KeptFile, FileError> {
        let (path, incoming) = (path.to_path_buf(), self.incoming.clone());
        let keep = move || {
            let file = File::open(&path)?;
            let size = file.metadata()?.len();
            file.sync_all()?;
            let name = Uuid::new_v4().to_string();
            rename(&path, incoming.join(&name))?;
            File::open(incoming)?.sync_all()?;
            Ok(KeptFile { name, size })
        };
        blocking(keep).await
    }
}

type Entries = Box<dyn Iterator<Item = DirEntry> + Send>;

/// The files in folders, in pages.
pub async fn list(
    folders: Vec<PathBuf>,
) -> Result<BoxStream<'static, Result<Vec<UnsettledFile>, FileError>>, FileError> {
    let read = move || folders.iter().map(read_dir).collect::<io::Result<Vec<_>>>();
    // The next sweep tries an entry that cannot be read again.
    let entries: Entries = Box::new(blocking(read).await?.into_iter().flatten().filter_map(Result::ok));
    let next = async |mut entries: Entries| {
        let read = move || {
            let page: Vec<DirEntry> = entries.by_ref().take(PAGE).collect();
            Ok((page.is_empty(), page.iter().filter_map(unsettled).collect(), entries))
        };
        let (is_end, page, entries) = blocking(read).await?;
        Ok((!is_end).then_some((page, entries)))
    };
    Ok(stream::try_unfold(entries, next).boxed())
}

fn unsettled(entry: &DirEntry) -> Option<UnsettledFile> {
    let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
    let name = entry.file_name().into_string().ok().filter(|name| is_ours(name))?;
    Some(UnsettledFile { name, written_at: modified.and_then(Timestamp::from_system) })
}

/// Whether a name is in our format; other files are left alone.
fn is_ours(name: &str) -> bool {
    attachment::parse_id(name.strip_suffix(ENDING).unwrap_or(name)).is_some()
}

/// Deletes the files at these paths, of which any may be missing.
fn delete_all(paths: impl IntoIterator<Item = PathBuf>) -> io::Result<()> {
    for path in paths {
        match remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Makes a folder that other users of this machine cannot read.
pub fn make_private(path: &Path) -> io::Result<()> {
    make(path)?;
    restrict(path);
    Ok(())
}

fn make(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    create_folder(path)?;
    // The directory entry has to survive a power failure as well.
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    const NAME: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn files_are_found_in_every_folder_and_settle_once() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path().join("files")).unwrap();
        let settled = folder.root().join("0a").join(NAME);
        assert_eq!(folder.locate(NAME), settled);
        for path in [folder.incoming().join(NAME), folder.root().join(NAME)] {
            std::fs::write(&path, "x").unwrap();
            assert_eq!(folder.locate(NAME), path);
            assert!(folder.settle(NAME).await.unwrap() && !folder.settle(NAME).await.unwrap());
            assert_eq!((folder.locate(NAME), path.exists()), (settled.clone(), false));
            assert_eq!((mode(&settled), mode(settled.parent().unwrap())), (0o600, 0o700));
            folder.remove(NAME).await.unwrap();
            assert!(!settled.exists());
        }
        folder.remove(NAME).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_being_read_is_read_to_its_end_while_a_sweep_settles_it() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path().join("files")).unwrap();
        std::fs::write(folder.incoming().join(NAME), "text").unwrap();
        let opened = folder.open(NAME, 1).await.unwrap();
        assert!(folder.settle(NAME).await.unwrap());
        let pieces: Vec<_> = opened.bytes.map(Result::unwrap).collect().await;
        assert_eq!((opened.size, pieces.concat()), (4, b"ext".to_vec()));
    }

    #[tokio::test]
    async fn only_names_of_stored_files_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path().join("files")).unwrap();
        std::fs::write(temporary.path().join("database"), "x").unwrap();
        std::fs::write(folder.root().join("notes.txt"), "x").unwrap();
        for name in ["../database", "notes.txt", "incoming", "", "/etc/passwd"] {
            folder.remove(name).await.unwrap();
            folder.remove_unsettled(name).await.unwrap();
        }
        assert!(temporary.path().join("database").exists() && folder.root().join("notes.txt").exists());
    }

    #[test]
    fn open_folders_are_made_private() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("files");
        std::fs::create_dir(&root).unwrap();
        std::fs::set_permissions(&root, Permissions::from_mode(0o755)).unwrap();
        let folder = Folder::open(root).unwrap();
        assert_eq!((mode(folder.root()), mode(folder.incoming())), (0o700, 0o700));
    }
}
