//! Secrets and other texts, in the configuration itself or in files and variables that it names.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::SettingsError;

/// Where the configuration has a secret: `"…"`, `{ file = "/run/secrets/x" }` or `{ env = "NAME" }`.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In the configuration itself.
    Text(String),
    /// In a file.
    File(PathBuf),
    /// In an environment variable of the gateway.
    Env(String),
}

impl fmt::Debug for SecretSource {
    /// Omits the secret, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretSource::Text(_) => f.write_str("SecretSource(…)"),
            SecretSource::File(path) => write!(f, "SecretSource(file {})", path.display()),
            SecretSource::Env(name) => write!(f, "SecretSource(env {name})"),
        }
    }
}

impl SecretSource {
    /// The secret, without white space around it; or why there is none, in words that do not show it.
    pub fn read(&self) -> Result<String, String> {
        let (text, source) = match self {
            SecretSource::Text(text) => return Ok(text.clone()),
            SecretSource::File(path) => {
                (read_text(path).map_err(|error| error.to_string())?, path.display().to_string())
            }
            SecretSource::Env(name) => match std::env::var(name) {
                Ok(text) => (text, format!("the environment variable {name}")),
                Err(std::env::VarError::NotPresent) => {
                    return Err(format!("the environment variable {name} is not set; set it for the gateway"));
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(format!("the environment variable {name} is not valid Unicode"));
                }
            },
        };
        match text.trim() {
            "" => Err(format!("{source} is empty; put the secret into it")),
            secret => Ok(secret.into()),
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    /// Implemented by hand, because serde's untagged enums lose the reason of an error, and may quote the value.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretSource, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

const FORMS: &str = "a text, { file = \"/run/secrets/name\" } or { env = \"NAME\" }";

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FORMS)
    }

    fn visit_str<E>(self, text: &str) -> Result<SecretSource, E> {
        Ok(SecretSource::Text(text.to_string()))
    }

    // Numbers would be quoted in the error otherwise, and a number may be a secret without its quotes.
    fn visit_i64<E: Error>(self, _: i64) -> Result<SecretSource, E> {
        Err(E::custom(format!("invalid type: a number, expected {FORMS}")))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<SecretSource, E> {
        Err(E::custom(format!("invalid type: a number, expected {FORMS}")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecretSource, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            file: Option<PathBuf>,
            env: Option<String>,
        }
        match Table::deserialize(MapAccessDeserializer::new(map))? {
            Table { file: Some(file), env: None } => Ok(SecretSource::File(file)),
            Table { file: None, env: Some(name) } if !name.is_empty() && !name.contains(['=', '\0']) => {
                Ok(SecretSource::Env(name))
            }
            Table { file: None, env: Some(_) } => Err(A::Error::custom("env must be the name of a variable")),
            _ => Err(A::Error::custom(format!("must name exactly one of file and env; use {FORMS}"))),
        }
    }
}

/// A secret of the configuration, with the name of its field. `path` is the older `…_file` field; `shared` comes from a variable for all sites,
/// such as `DESKBELL_SMTP_PASSWORD`. The most specific one wins: what the field itself names as a file or variable, then `shared`, then the
/// text or `…_file`. `None` if there is none.
pub fn secret(
    (field, inline): (&str, Option<&SecretSource>),
    path: Option<&PathBuf>,
    shared: Option<&str>,
) -> Result<Option<String>, (String, String)> {
    let file_field = || format!("{field}_file");
    match (inline, path, shared) {
        (Some(_), Some(_), _) => Err((file_field(), format!("cannot be combined with {field}; keep one of the two"))),
        (Some(source @ (SecretSource::File(_) | SecretSource::Env(_))), None, _) | (Some(source), None, None) => {
            source.read().map(Some).map_err(|message| (field.to_string(), message))
        }
        (_, _, Some(secret)) => Ok(Some(secret.into())),
        (None, Some(path), None) => {
            SecretSource::File(path.clone()).read().map(Some).map_err(|message| (file_field(), message))
        }
        (None, None, None) => Ok(None),
    }
}

/// The field that an error about the content of a secret names.
pub fn secret_field(field: &'static str, file_field: &'static str, path: Option<&PathBuf>) -> &'static str {
    if path.is_some() { file_field } else { field }
}

/// Reads a text file.
pub fn read_text(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path)
        .map_err(|error| SettingsError::Unreadable { file: path.display().to_string(), reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Table {
        secret: SecretSource,
    }

    fn parsed(value: &str) -> Result<SecretSource, String> {
        toml::from_str::<Table>(&format!("secret = {value}"))
            .map(|table| table.secret)
            .map_err(|error| error.message().to_string())
    }

    #[test]
    fn a_secret_is_a_text_or_names_a_file_or_a_variable() {
        assert_eq!(parsed("\"a\""), Ok(SecretSource::Text("a".into())));
        assert_eq!(parsed("{ file = \"/x\" }"), Ok(SecretSource::File("/x".into())));
        assert_eq!(parsed("{ env = \"X\" }"), Ok(SecretSource::Env("X".into())));
        for (value, expected) in [
            ("{ file = \"/x\", env = \"X\" }", "must name exactly one of file and env"),
            ("{}", "must name exactly one of file and env"),
            ("{ env = \"A=B\" }", "env must be the name of a variable"),
            ("{ path = \"/x\" }", "unknown field `path`"),
            ("12345", "invalid type: a number, expected a text"),
        ] {
            let error = parsed(value).unwrap_err();
            assert!(error.contains(expected) && !error.contains("12345"), "{value}: {error}");
        }
    }

    #[test]
    fn secrets_are_read_without_white_space_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, " s3cret\n").unwrap();
        let source = SecretSource::File(file.clone());
        assert_eq!(source.read(), Ok("s3cret".into()));
        assert!(!format!("{source:?} {:?}", SecretSource::Text("s3cret".into())).contains("s3cret"));
        std::fs::write(&file, "\n").unwrap();
        assert!(source.read().unwrap_err().ends_with("secret is empty; put the secret into it"));
        let unset = SecretSource::Env("DESKBELL_TEST_UNSET".into()).read().unwrap_err();
        assert!(unset.starts_with("the environment variable DESKBELL_TEST_UNSET is not set"), "{unset}");
        assert_eq!(SecretSource::Env("PATH".into()).read(), Ok(std::env::var("PATH").unwrap()));
    }

    #[test]
    fn what_a_field_names_wins_over_the_variable_for_all_sites() {
        let variable = SecretSource::Env("PATH".into());
        let text = SecretSource::Text("text".into());
        let read = |inline: Option<&SecretSource>, shared| secret(("secret", inline), None, shared);
        assert_eq!(read(Some(&variable), Some("shared")), Ok(std::env::var("PATH").ok()));
        assert_eq!(read(Some(&text), Some("shared")), Ok(Some("shared".into())));
        assert_eq!(read(Some(&text), None), Ok(Some("text".into())));
        assert_eq!(read(None, None), Ok(None));
    }
}
