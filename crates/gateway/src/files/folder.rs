//! The folder with the bytes of files: `incoming` while they arrive and until their row is written, then one of 256 folders, named after the
//! first digits of their name. A crash leaves files only in `incoming`, so nothing ever has to list all files. Files of older gateways are in
//! the folder itself; they are read there, and the sweep moves them.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use deskbell_core::ports::StoreError;
use domain::attachment;
use private_files::{create_folder, restrict};

/// The folder of files.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    incoming: PathBuf,
}

impl Folder {
    /// Opens a folder, or creates it. Removes the access of other users of this machine.
    pub fn open(root: PathBuf) -> Result<Folder, StoreError> {
        let incoming = root.join("incoming");
        let folder = Folder { incoming, root };
        let open = || {
            make(&folder.root)?;
            make(&folder.incoming)?;
            for path in [&folder.root, &folder.incoming] {
                restrict(path);
            }
            Ok(())
        };
        open().map_err(|error: std::io::Error| StoreError::Folder {
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

    /// Moves a file to its final path after its row is written. Returns whether it was elsewhere.
    pub fn settle(&self, file: &str) -> std::io::Result<bool> {
        let settled = self.settled(file);
        let Some(parent) = settled.parent() else { return Ok(false) };
        let from = self.locate(file);
        if from == settled {
            return Ok(false);
        }
        make(parent)?;
        restrict(&from);
        // After a power failure it has one of the two names, and both are read.
        std::fs::rename(&from, &settled)?;
        Ok(true)
    }

    /// Deletes a file wherever it is. A missing file is no error.
    pub fn remove(&self, file: &str) -> std::io::Result<()> {
        // Names come from the database; only names in our format are ever deleted.
        if attachment::parse_id(file).is_none() {
            return Ok(());
        }
        for path in [self.settled(file), self.incoming.join(file), self.root.join(file)] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn settled(&self, file: &str) -> PathBuf {
        self.root.join(file.get(..2).unwrap_or("00")).join(file)
    }
}

fn make(path: &Path) -> std::io::Result<()> {
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
    use deskbell_core::ports::Files;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    const NAME: &str = "0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9";

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_are_found_in_every_folder_and_settle_once() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path().join("files")).unwrap();
        let settled = folder.root().join("0a").join(NAME);
        assert_eq!(folder.locate(NAME), settled);
        for path in [folder.incoming().join(NAME), folder.root().join(NAME)] {
            std::fs::write(&path, "x").unwrap();
            assert_eq!(folder.locate(NAME), path);
            assert!(folder.settle(NAME).unwrap() && !folder.settle(NAME).unwrap());
            assert_eq!((folder.locate(NAME), path.exists()), (settled.clone(), false));
            assert_eq!((mode(&settled), mode(settled.parent().unwrap())), (0o600, 0o700));
            folder.remove(NAME).unwrap();
            assert!(!settled.exists());
        }
        folder.remove(NAME).unwrap();
    }

    #[test]
    fn a_path_that_a_reader_has_stays_valid_while_a_sweep_settles_the_file() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path().join("files")).unwrap();
        std::fs::write(folder.incoming().join(NAME), "x").unwrap();
        let path = Files::path(&folder, NAME);
        folder.settle(NAME).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "x");
    }

    #[test]
    fn only_names_of_stored_files_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path().join("files")).unwrap();
        std::fs::write(temporary.path().join("database"), "x").unwrap();
        std::fs::write(folder.root().join("notes.txt"), "x").unwrap();
        for name in ["../database", "notes.txt", "incoming", "", "/etc/passwd"] {
            folder.remove(name).unwrap();
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
