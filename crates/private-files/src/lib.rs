//! Files and folders for the gateway alone: nobody else on the machine may open them.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Result;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// What others may do, in the mode of a file.
const OTHERS: u32 = 0o077;

/// Makes a file that is not there yet, to be written.
pub fn create_file(path: &Path) -> Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Makes a folder with those around it, where they are not there yet.
pub fn create_folder(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

/// Closes a file or folder to others, and logs where that was needed or failed. What is not there is left alone. It is not opened: to close
/// a file gives up the locks that other connections of this process have on it.
pub fn restrict(path: &Path) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS == 0 {
        return;
    }
    let (path_shown, mode_shown) = (path.display(), format!("{mode:o}"));
    let wanted = if metadata.is_dir() { FOLDER_MODE } else { FILE_MODE };
    match std::fs::set_permissions(path, Permissions::from_mode(wanted)) {
        Ok(()) => tracing::info!(path = %path_shown, mode = mode_shown, "closed to other users of this machine"),
        Err(error) => {
            tracing::warn!(path = %path_shown, mode = mode_shown, %error, "open to other users of this machine");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_closed_to_others_and_what_was_open_is_closed() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("a/b");
        create_folder(&folder).unwrap();
        let file = folder.join("file");
        create_file(&file).unwrap();
        assert!(create_file(&file).is_err(), "it is there already");
        let modes = || [&temporary.path().join("a"), &folder, &file].map(|path| mode(path));
        assert_eq!(modes(), [0o700, 0o700, 0o600]);
        for (path, open) in [(&folder, 0o755), (&file, 0o644)] {
            std::fs::set_permissions(path, Permissions::from_mode(open)).unwrap();
            restrict(path);
        }
        assert_eq!(modes(), [0o700, 0o700, 0o600]);
        restrict(&folder.join("none"));
    }
}
