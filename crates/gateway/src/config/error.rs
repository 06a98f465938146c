//! Why the settings cannot be used.

/// Why the settings are invalid.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("{file}: {reason}; use a readable file")]
    Unreadable {
        /// The file.
        file: String,
        /// The error of the system.
        reason: String,
    },
    /// The file is invalid.
    #[error("{file}:{line}: {field}{message}")]
    File {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The field, followed by a colon; empty if the file is not TOML.
        field: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// The attachments belong to another database, for this reason.
    #[error("{0}")]
    ForeignAttachments(String),
    /// A value is not allowed.
    #[error("{location}: {message}")]
    Value {
        /// The file and field, or the command-line option.
        location: String,
        /// What is wrong and what is allowed.
        message: String,
    },
}
