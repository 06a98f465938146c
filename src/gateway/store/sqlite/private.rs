//! What the database holds is for the gateway alone: its files open to nobody else on the computer.

use std::fs::{DirBuilder, OpenOptions, Permissions, metadata, set_permissions};
use std::io::{ErrorKind, Result};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
const OTHERS: u32 = 0o077;

/// Makes the file of a database, and its folder, where there is none, and shuts others out of one that is there. SQLite gives the
/// files that it makes beside it the mode of the database.
pub fn create(database: &Path) -> Result<()> {
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(database) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    for path in ["", "-wal", "-shm"].map(|ending| beside(database, ending)) {
        // Never opened here: to close a file gives up the locks that other connections of this process have on it.
        let Ok(mode) = metadata(&path).map(|known| known.permissions().mode()) else { continue };
        if mode & OTHERS != 0
            && let Err(error) = set_permissions(&path, Permissions::from_mode(FILE_MODE))
        {
            tracing::warn!(file = %path.display(), %error, "database readable by others");
        }
    }
    Ok(())
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_os_string();
    name.push(ending);
    name.into()
}
