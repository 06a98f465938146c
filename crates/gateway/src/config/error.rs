//! Why the settings cannot be used.

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("{file}: {reason}; name a file that can be read")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The file is not as it should be.
    #[error("{file}:{line}: {field}{message}")]
    File {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The field with a colon behind it; empty where the file is no TOML at all.
        field: String,
        /// What is wrong and what is allowed.
        message: String,
    },
    /// A value is not allowed.
    #[error("{place}: {message}")]
    Value {
        /// The file and field, or the option of the command line.
        place: String,
        /// What is wrong and what is allowed.
        message: String,
    },
}
