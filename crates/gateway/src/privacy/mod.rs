//! What people have a right to: that what is kept about them is erased (`erase`), handed out (`export`), and not kept for ever
//! (`retention`). A [`Selection`] says whose tickets are meant.

pub mod erase;
pub mod export;
mod log;
pub mod retention;
mod selection;

pub use selection::{Matched, Selection, walk};

use std::path::PathBuf;

use super::store::StoreError;
use store_sqlite::SqliteStore;

/// Why nothing can be erased or exported.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such database, and none is made for this.
    #[error("{0}: there is no database; name the one that the gateway uses with --config or --database")]
    NoDatabase(String),
    /// No ticket has this name.
    #[error("there is no ticket {0}; name it by its reference, DB-…, or its id")]
    NoTicket(String),
    /// A date cannot be read.
    #[error("{0:?} is no date; write YYYY-MM-DD, such as 2025-01-31")]
    NoDate(String),
    /// A folder cannot be written.
    #[error("{0}: {1}; name a folder that is not there yet or empty")]
    Folder(String, String),
}

/// Where a gateway keeps what it knows.
#[derive(Clone, Debug)]
pub struct KeptData {
    /// The SQLite file.
    pub database: PathBuf,
    /// The folder of the files that go along with tickets.
    pub attachments: PathBuf,
}

impl KeptData {
    /// The database; none is made for this.
    async fn open_store(&self) -> Result<SqliteStore, PrivacyError> {
        if !self.database.is_file() {
            return Err(PrivacyError::NoDatabase(self.database.display().to_string()));
        }
        Ok(SqliteStore::open(&self.database).await?)
    }
}
