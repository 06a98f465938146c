//! The rights of customers: erasure (`erase`), export (`export`) and limited storage (`retention`). A [`Selection`] says whose tickets are
//! concerned.

pub mod erase;
pub mod export;
mod log;
pub mod retention;
mod selection;

pub use selection::{Matched, Selection, walk};

use std::path::PathBuf;

use deskbell_core::ports::StoreError;
use store_sqlite::SqliteStore;

/// Why an erasure or export failed.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database does not exist, and is not created.
    #[error("{0}: there is no database; name the one that the gateway uses with --config or --database")]
    NoDatabase(String),
    /// There is no such ticket.
    #[error("there is no ticket {0}; name it by its reference, DB-…, or its id")]
    NoTicket(String),
    /// A date is malformed.
    #[error("{0:?} is no date; write YYYY-MM-DD, such as 2025-01-31")]
    NoDate(String),
    /// A folder cannot be written.
    #[error("{0}: {1}; name a folder that is not there yet or empty")]
    Folder(String, String),
}

/// The paths of a gateway's data.
#[derive(Clone, Debug)]
pub struct KeptData {
    /// The SQLite file.
    pub database: PathBuf,
    /// The folder of attachments.
    pub attachments: PathBuf,
}

impl KeptData {
    /// Opens the database; does not create it.
    async fn open_store(&self) -> Result<SqliteStore, PrivacyError> {
        if !self.database.is_file() {
            return Err(PrivacyError::NoDatabase(self.database.display().to_string()));
        }
        Ok(SqliteStore::open(&self.database).await?)
    }
}
