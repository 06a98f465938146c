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
    /// The database is older than this program, which was asked to leave it as it is.
    #[error(
        "{database}: this database is older than this version of Deskbell and lacks {missing}; run `deskbell migrate` with the same --config or --database, or start the gateway of this version"
    )]
    Outdated {
        /// The database.
        database: String,
        /// How many migrations it lacks, in words.
        missing: String,
    },
    /// The database was moved to another one, and nothing new must get into it.
    #[error(
        "{path}: this database was moved to {target}; set the database to that, or, with the configuration that names it, run `deskbell move --from sqlite:{path} --cancel` to use this one again as it was then"
    )]
    Moved {
        /// The path of the file.
        path: String,
        /// The other database.
        target: String,
    },
    /// A move of the database to another one has begun and has not finished.
    #[error(
        "{path}: the move of this database to {target} has not finished; with the configuration that names {target}, run `deskbell move --from sqlite:{path}` again to continue it, or with `--cancel` to use this database"
    )]
    MoveUnfinished {
        /// The path of the file.
        path: String,
        /// The other database.
        target: String,
    },
    /// A move of another database to this one has begun and has not finished.
    #[error(
        "{database}: the move of {source_name} to this database has not finished; run `deskbell move --from sqlite:{source_name}` again to continue it. If it was cancelled, nothing can use this one; delete it"
    )]
    MoveHereUnfinished {
        /// The database.
        database: String,
        /// The database that the move is from.
        source_name: String,
    },
    /// The folder for attachments cannot be created.
    #[error("{path}: {reason}; set attachments to a writable folder, attachments = \"FOLDER\"")]
    Folder {
        /// The path of the folder.
        path: String,
        /// The error of the operating system.
        reason: String,
    },
    /// The bucket for attachments cannot be used as it is configured.
    #[error("{url}: {reason}; check attachments and the table [s3]")]
    Bucket {
        /// The URL of the bucket.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// No connection to the server of the database can be made at the moment.
    #[error("cannot connect to {database}: {reason}")]
    Unreachable {
        /// The name of the database and of its server.
        database: String,
        /// What was tried and failed.
        reason: String,
    },
    /// Another process has the database locked, or the database does not answer.
    #[error("the database is busy or did not answer in time")]
    Busy,
    /// The connection was lost during a commit, so it may have been written or not. Only what has an idempotency key can be repeated.
    #[error("the outcome of a commit is unknown: {0}")]
    CommitUnknown(String),
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
