//! Restricts the database files to the gateway's user.

use std::io::{ErrorKind, Result};
use std::path::{Path, PathBuf};

use private_files::{create_file, create_folder, restrict};

/// Creates a database file and its folder if they do not exist, and removes the access of other users to existing ones. SQLite gives its
/// companion files the mode of the database.
pub fn create(database: &Path) -> Result<()> {
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    match create_file(database) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => return made.map(drop),
    }
    for ending in ["", "-wal", "-shm"] {
        restrict(&sibling_path(database, ending));
    }
    Ok(())
}

/// The path of a companion file of a database.
pub fn sibling_path(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_os_string();
    name.push(ending);
    name.into()
}
