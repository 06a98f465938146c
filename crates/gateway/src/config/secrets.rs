//! Secrets and other texts in files that the configuration names.

use std::path::{Path, PathBuf};

use super::error::SettingsError;

/// A secret from the environment, the configuration, or a file that the configuration names; the environment wins. `None` if there is none.
pub fn secret(
    (field, inline): (&str, Option<&str>),
    path: Option<&PathBuf>,
    environment: Option<&str>,
) -> Result<Option<String>, (String, String)> {
    match (environment, inline, path) {
        (Some(secret), _, _) => Ok(Some(secret.into())),
        (None, Some(_), Some(_)) => {
            Err((format!("{field}_file"), format!("cannot be combined with {field}; keep one of the two")))
        }
        (None, Some(secret), None) => Ok(Some(secret.into())),
        (None, None, Some(path)) => {
            let text = read_text(path).map_err(|error| (format!("{field}_file"), error.to_string()))?;
            match text.trim() {
                "" => Err((format!("{field}_file"), format!("{} is empty; put the secret into it", path.display()))),
                secret => Ok(Some(secret.into())),
            }
        }
        (None, None, None) => Ok(None),
    }
}

/// Reads a text file.
pub fn read_text(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path)
        .map_err(|error| SettingsError::Unreadable { file: path.display().to_string(), reason: error.to_string() })
}
