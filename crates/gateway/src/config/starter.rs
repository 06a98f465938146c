//! The file that `deskbell init` writes, and the site that is served without a file.

use std::io::{ErrorKind, Write};
use std::path::Path;

use super::error::SettingsError;
use super::file::{File, parse};
use super::inbox::new_personal_token;
use private_files::create_file;

/// The default name of the file.
pub const FILE: &str = "deskbell.toml";
/// The key of the site that is served without a file.
pub const SITE: &str = "default";

/// The pages on this computer.
const ORIGINS: &str = r#"["http://localhost:*", "http://127.0.0.1:*"]"#;

/// Why no file was written.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// The file exists.
    #[error("{0} already exists and was not changed; edit it, or write another file with `deskbell init FILE`")]
    Exists(String),
    /// It cannot be written.
    #[error("{0} cannot be written: {1}; use a file in a writable folder")]
    Write(String, std::io::Error),
    /// The system provides no random bytes.
    #[error("the operating system's random number generator failed, so no token was made; try again")]
    Random,
}

/// The configuration without a file: one site for the pages on this computer.
pub fn without_a_file() -> Result<File, SettingsError> {
    parse(&format!("[sites.{SITE}]\norigins = {ORIGINS}\n"), "the configuration without a file")
}

/// A new token for an agent, and the table for the configuration file.
pub fn agent(id: &str, name: &str, role: &str, sites: &[String]) -> Result<(String, String), StarterError> {
    let (token, digest) = new_personal_token().map_err(|_| StarterError::Random)?;
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let sites: Vec<String> = sites.iter().map(|site| quoted(site)).collect();
    let sites = if sites.is_empty() { String::new() } else { format!("\nsites = [{}]", sites.join(", ")) };
    let (id, name) = (quoted(id), quoted(name));
    let table =
        format!("[[inbox.agents]]\nid = {id}\nname = {name}\nrole = \"{role}\"{sites}\ntoken_sha256 = \"{digest}\"");
    Ok((token, table))
}

/// Writes a starter file that only its owner can read: it contains a new token of an administrator.
pub fn write(path: &Path) -> Result<(), StarterError> {
    let (token, table) = agent("admin", "Administrator", "administrator", &[])?;
    let file_name = || path.display().to_string();
    let mut file = create_file(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => StarterError::Exists(file_name()),
        _ => StarterError::Write(file_name(), error),
    })?;
    let outcome = file.write_all(text(&token, &table).as_bytes()).and_then(|()| file.sync_all());
    outcome.map_err(|error| StarterError::Write(file_name(), error))
}

fn text(token: &str, table: &str) -> String {
    format!(
        r##"# crates/gateway/src/deskbell.example.toml explains every field.
# The folder written by `make build`; without it, the panel is not served.
# assets = "dist"

[sites.{SITE}]
# The pages that may embed the panel, such as "https://app.example.com".
origins = {ORIGINS}

[sites.{SITE}.panel]
theme = {{ accent = "#1d4aff" }}

# Your login to /inbox, with this token; keep it elsewhere and delete this line: {token}
# Customers see the name with your answers. `deskbell agents token` makes tokens for others.
{table}
"##
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::{Overrides, PERSONAL_TOKEN_PREFIX, load};
    use super::*;

    #[test]
    fn the_starter_file_is_short_valid_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let [first_path, two] = ["one.toml", "two.toml"].map(|name| folder.path().join(name));
        write(&first_path).unwrap();
        write(&two).unwrap();
        assert_eq!(std::fs::metadata(&first_path).unwrap().permissions().mode() & 0o777, 0o600);
        let [first, second] = [&first_path, &two].map(|path| std::fs::read_to_string(path).unwrap());
        assert_ne!(first, second, "each has a token of its own");
        assert!(first.lines().count() <= 18, "{first}");
        let settings = load(&Overrides { config: Some(first_path.clone()), ..Overrides::default() }).unwrap();
        let agents = &settings.logins.agents;
        let token = first.split_whitespace().find(|word| word.starts_with(PERSONAL_TOKEN_PREFIX)).unwrap();
        assert!(agents.len() == 1 && agents[0].token.equals(token));
        assert!(settings.sites[SITE].origins.allow("http://localhost:5173"));
        let error = write(&first_path).unwrap_err().to_string();
        assert!(error.ends_with(
            "one.toml already exists and was not changed; edit it, or write another file with `deskbell init FILE`"
        ));
        assert_eq!(std::fs::read_to_string(&first_path).unwrap(), first);
    }

    #[test]
    fn without_a_file_pages_of_this_computer_are_allowed() {
        let settings = load(&Overrides { default_site: true, ..Overrides::default() }).unwrap();
        assert_eq!(settings.sites.keys().collect::<Vec<_>>(), [SITE]);
        let origins = &settings.sites[SITE].origins;
        for (origin, is_allowed) in [
            ("http://localhost", true),
            ("http://localhost:5173", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost.example.com", false),
            ("https://app.example.com", false),
        ] {
            assert_eq!(origins.allow(origin), is_allowed, "{origin}");
        }
    }
}
