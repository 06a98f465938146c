//! Files and folders that only the gateway's user can access.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::Result;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// The permissions of group and others in a file mode.
const OTHERS: u32 = 0o077;

/// Creates a file for writing. It must not exist yet.
pub fn create_file(path: &Path) -> Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)
}

/// Creates a folder with its parents, where they do not exist.
pub fn create_folder(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path)
}

/// Removes the access of group and others to a file or folder, and logs if that was needed or failed. A missing one is ignored. The file is not
/// opened, because closing it would release the locks that other connections of this process have on it.
pub fn restrict(path: &Path) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS == 0 {
        return;
    }
    let (path_shown, mode_shown) = (path.display(), format!("{mode:o}"));
    let mode_wanted = if metadata.is_dir() { FOLDER_MODE } else { FILE_MODE };
    match std::fs::set_permissions(path, Permissions::from_mode(mode_wanted)) {
        Ok(()) => tracing::info!(path = %path_shown, mode = mode_shown, "permissions restricted to the owner"),
        Err(error) => {
            tracing::warn!(path = %path_shown, mode = mode_shown, %error, "restricting permissions failed; other users have access");
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
    fn created_and_existing_paths_are_private() {
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
