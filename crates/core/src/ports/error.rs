//! Errors of a store.

/// The reason why a store cannot do what it was asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database file cannot be opened.
    #[error("{path}: {reason}; set the database to a writable path, sqlite:PATH")]
    Open {
        /// The path of the file.
        path: String,
        /// The error of the operating system.
        reason: String,
    },
    /// The database was upgraded by a newer Deskbell, and this one would damage it.
    #[error(
        "{path}: this database needs Deskbell {required} or newer, and this is {}; use that version, or restore a backup from before the upgrade",
        env!("CARGO_PKG_VERSION")
    )]
    ProgramTooOld {
        /// The path of the file.
        path: String,
        /// The oldest version that can use it.
        required: String,
    },
    /// The folder for attachments cannot be created.
    #[error("{path}: {reason}; set attachments to a writable folder, attachments = \"FOLDER\"")]
    Folder {
        /// The path of the folder.
        path: String,
        /// The error of the operating system.
        reason: String,
    },
    /// Another process has the database locked.
    #[error("the database was locked by another process for too long")]
    Busy,
    /// The disk is full. Nothing was written.
    #[error("the disk of the database is full")]
    Full,
    /// Stored data cannot be read. The message contains none of it.
    #[error("{record} cannot be read: {reason}")]
    Damaged {
        /// The row.
        record: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A row has a value that cannot be read, or violates a constraint.
    #[error("database error: {0}")]
    Row(String),
    /// Any other error of the database.
    #[error("database error: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the error concerns a single row: it cannot be read or violates a constraint. Any other error, such as a full disk, may be
    /// transient and is independent of what was to be stored.
    pub fn concerns_row(&self) -> bool {
        matches!(self, StoreError::Damaged { .. } | StoreError::Row(_))
    }
}
