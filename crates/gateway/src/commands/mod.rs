//! The commands beside `serve`. Each opens what it needs and runs a use case.

pub mod check;
pub mod erase;
pub mod export;
pub mod health;
pub mod import;
pub mod index;

use std::path::PathBuf;
use std::sync::Arc;

use crate::files::Folder;
use deskbell_core::ports::StoreError;
use deskbell_core::use_cases::privacy::PrivacyError;
use store_sqlite::SqliteStore;

/// Why stored data was not read or erased.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The database does not exist, and is not created.
    #[error("{0}: database not found; set the gateway's database with --config or --database")]
    NoDatabase(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The use case failed.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
    /// A folder cannot be written.
    #[error("{0}: {1}; use a new or empty folder")]
    Folder(String, String),
}

/// The paths of a gateway's data.
#[derive(Clone, Debug)]
pub struct DataPaths {
    /// The SQLite file.
    pub database: PathBuf,
    /// The folder of attachments.
    pub attachments: PathBuf,
}

impl DataPaths {
    /// Opens the database and the folder; does not create the database.
    async fn open(&self) -> Result<(Arc<SqliteStore>, Arc<Folder>), DataError> {
        if !self.database.is_file() {
            return Err(DataError::NoDatabase(self.database.display().to_string()));
        }
        let store = Arc::new(SqliteStore::open(&self.database).await?);
        Ok((store, Arc::new(Folder::open(self.attachments.clone())?)))
    }
}
