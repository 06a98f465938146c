//! What the database holds is for the gateway alone: its files open to nobody else on the computer.

use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use private_files::{create_file, create_folder, restrict};

/// Makes the file of a database, and its folder, where there is none, and shuts others out of one that is there. SQLite gives the
/// files that it makes beside it the mode of the database.
pub fn create(database: &Path) -> Result<()> {
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    match create_file(database) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    for ending in ["", "-wal", "-shm"] {
        restrict(&beside(database, ending));
    }
    Ok(())
}

/// The path of a file beside a database.
pub fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_os_string();
    name.push(ending);
    name.into()
}
