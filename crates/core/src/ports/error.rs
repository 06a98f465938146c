//! Why a store cannot do what it is asked for.

/// Why the store cannot do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened.
    #[error("{path}: {reason}; name a database that can be written, sqlite:PATH")]
    Open {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The folder for files cannot be made.
    #[error("{path}: {reason}; name a folder that can be written, attachments = \"FOLDER\"")]
    Folder {
        /// The folder.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// Somebody else holds the database.
    #[error("the database was held by another process for too long")]
    Busy,
    /// The disk of the database is full. Nothing was written.
    #[error("the disk of the database is full")]
    Full,
    /// What is kept cannot be read. The message names no word of it.
    #[error("{what} cannot be read: {reason}")]
    Damaged {
        /// The row.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// A row has a value that cannot be read, or breaks a constraint.
    #[error("the database says: {0}")]
    Row(String),
    /// The database refuses.
    #[error("the database says: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether an error is about one row, which cannot be read or breaks a constraint. Anything else, such as a full disk, may be mended, and
    /// says nothing about what was to be stored.
    pub fn concerns_row(&self) -> bool {
        matches!(self, StoreError::Damaged { .. } | StoreError::Row(_))
    }
}
