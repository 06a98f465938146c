//! The database of the settings: `database` and `[postgres]` in the file.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::error::SettingsError;
use super::secrets::SecretSource;

/// The default database.
pub const DEFAULT_DATABASE: &str = "sqlite:data/deskbell.db";
/// The largest number of connections to PostgreSQL.
pub const CONNECTIONS_MAX: u32 = 500;

/// The options that a URL may have, besides `password`.
const OPTIONS: [&str; 6] = ["host", "port", "user", "sslmode", "sslrootcert", "statement-cache-capacity"];

/// Where everything but the bytes of attachments is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresSettings),
}

/// How a PostgreSQL database is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresSettings {
    /// Its URL.
    pub url: ConnectionUrl,
    /// The URL for notifications, if a transaction pooler is in between; otherwise that of the database.
    pub listen_url: Option<ConnectionUrl>,
    /// The largest number of connections of a gateway; none for the store's default.
    pub connections: Option<u32>,
}

/// `[postgres]` in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresTable {
    /// The password of the user in the URLs. Default: what the URL, `PGPASSWORD` or the password file of PostgreSQL has.
    pub password: Option<SecretSource>,
    /// The largest number of connections of a gateway for requests and workers, 2 to [`CONNECTIONS_MAX`]. Default: that of the store.
    pub connections: Option<u32>,
    /// The URL of the same database without a transaction pooler in between, for notifications. Default: `database`.
    pub listen_url: Option<String>,
}

/// A URL of a PostgreSQL database, which may have a password. Its text has none.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionUrl(Url);

impl ConnectionUrl {
    /// The whole URL, with the password.
    pub fn with_password(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        let _ = shown.set_password(None);
        // A password can be an option, too.
        let options = self.0.query().into_iter().flat_map(|query| query.split('&'));
        let options: Vec<&str> = options.filter(|option| !option.starts_with("password=")).collect();
        shown.set_query(if options.is_empty() { None } else { Some(options.join("&")) }.as_deref());
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for ConnectionUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionUrl({self})")
    }
}

impl fmt::Display for Database {
    /// As people know it: the path of the file, or the URL without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::Sqlite(path) => path.display().fmt(f),
            Database::Postgres(PostgresSettings { url, .. }) => url.fmt(f),
        }
    }
}

impl Database {
    /// Parses the URL of a database; `location` is named in the error if it is invalid.
    pub fn parse(url: &str, location: &str) -> Result<Database, SettingsError> {
        let invalid = |message: String| SettingsError::Value { location: location.into(), message };
        let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        if let Some(path) = path.filter(|path| !path.is_empty() && !path.starts_with(":memory:")) {
            return Ok(Database::Sqlite(path.into()));
        }
        if is_postgres(url) {
            let url = connection_url(url, None).map_err(invalid)?;
            return Ok(Database::Postgres(PostgresSettings { url, listen_url: None, connections: None }));
        }
        // It may be a misspelt URL with a password.
        let scheme = url.split_once(':').map_or("it", |(scheme, _)| scheme);
        Err(invalid(format!(
            "{scheme:?} is not the beginning of a database URL; use sqlite:PATH, such as {DEFAULT_DATABASE}, or \
             postgres://USER@HOST/NAME"
        )))
    }

    /// The same database with the options of `[postgres]`.
    pub fn with(
        self,
        PostgresTable { password, connections, listen_url }: &PostgresTable,
        location: impl Fn(&str) -> String,
    ) -> Result<Database, SettingsError> {
        let invalid = |field: &str, message: String| SettingsError::Value { location: location(field), message };
        let Database::Postgres(PostgresSettings { url, .. }) = self else { return Ok(self) };
        let password = password.as_ref().map(SecretSource::read).transpose();
        let password = password.map_err(|message| invalid("postgres.password", message))?;
        if let Some(connections) = connections.filter(|connections| !(2..=CONNECTIONS_MAX).contains(connections)) {
            let message = format!("{connections} is out of range; use 2 to {CONNECTIONS_MAX}");
            return Err(invalid("postgres.connections", message));
        }
        let listen_url = listen_url.as_deref().map(|url| connection_url(url, password.as_deref())).transpose();
        Ok(Database::Postgres(PostgresSettings {
            url: connection_url(url.with_password(), password.as_deref())
                .map_err(|message| invalid("postgres.password", message))?,
            listen_url: listen_url.map_err(|message| invalid("postgres.listen_url", message))?,
            connections: *connections,
        }))
    }

    /// The SQLite file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Database::Sqlite(path) => Some(path),
            Database::Postgres(_) => None,
        }
    }

    /// Its URL, without a password.
    pub fn url(&self) -> String {
        match self {
            Database::Sqlite(path) => format!("sqlite:{}", path.display()),
            Database::Postgres(PostgresSettings { url, .. }) => url.to_string(),
        }
    }

    /// Whether two settings name the same database. Paths are relative to `folder`.
    pub fn is_same(&self, other: &Database, folder: &Path) -> bool {
        let resolved = |path: &Path| {
            let path = folder.join(path);
            path.canonicalize().or_else(|_| std::path::absolute(&path)).unwrap_or(path)
        };
        match (self.file(), other.file()) {
            (Some(one), Some(other)) => resolved(one) == resolved(other),
            _ => self.to_string() == other.to_string(),
        }
    }

    /// Whether it exists, as far as can be seen without connecting.
    pub fn may_exist(&self) -> bool {
        self.file().is_none_or(Path::is_file)
    }
}

fn is_postgres(url: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
}

/// A URL of PostgreSQL with a password, or what is wrong with it, in words that do not show it.
fn connection_url(text: &str, password: Option<&str>) -> Result<ConnectionUrl, String> {
    let form = "use postgres://USER@HOST/NAME";
    if !is_postgres(text) {
        return Err(format!("this is not a URL of PostgreSQL; {form}"));
    }
    let mut url = Url::parse(text).map_err(|error| format!("this URL is invalid: {error}; {form}"))?;
    let unknown = url.query_pairs().find(|(name, _)| name != "password" && !OPTIONS.contains(&name.as_ref()));
    if let Some((name, _)) = unknown {
        return Err(format!("{name:?} is not an option of this URL; use {}", OPTIONS.join(", ")));
    }
    if url.path().trim_matches('/').is_empty() {
        return Err(format!("this URL names no database; {form}"));
    }
    if let Some(password) = password {
        if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") {
            return Err("the URL has a password already; keep one of the two".into());
        }
        // An option, because a URL without a host has no place for it, and because `%` would not be escaped there.
        url.query_pairs_mut().append_pair("password", password);
    }
    Ok(ConnectionUrl(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Database, String> {
        Database::parse(url, "database").map_err(|error| error.to_string())
    }

    fn with(url: &str, table: &str) -> Result<PostgresSettings, String> {
        let table: PostgresTable = toml::from_str(table).unwrap();
        match parse(url)?.with(&table, str::to_string).map_err(|error| error.to_string())? {
            Database::Postgres(settings) => Ok(settings),
            other => Err(other.to_string()),
        }
    }

    #[test]
    fn urls_name_a_file_or_a_postgres_database() {
        assert_eq!(parse("sqlite:data/x.db").unwrap().file(), Some(Path::new("data/x.db")));
        assert_eq!(parse("sqlite:///var/x.db").unwrap().file(), Some(Path::new("/var/x.db")));
        for url in ["postgres://deskbell@db.internal/deskbell", "postgresql:///deskbell?host=/run/postgresql"] {
            assert_eq!(parse(url).unwrap().to_string(), url);
        }
        for url in ["sqlite:", "sqlite::memory:", "mysql://x@y/z", "data/x.db", "postgres://host", "postgres://h:0x/z"]
        {
            let error = parse(url).unwrap_err();
            assert!(error.contains("use sqlite:PATH") || error.contains("use postgres://USER@HOST/NAME"), "{error}");
        }
    }

    #[test]
    fn passwords_are_never_shown() {
        for url in [
            "postgres://ada:hunter2@db/deskbell",
            "postgres://ada@db/deskbell?password=hunter2&sslmode=require",
            "postgres://ada@db/deskbell?passwd=hunter2",
            "postgre://ada:hunter2@db/deskbell",
            "postgres://ada:hunter2@db",
        ] {
            let shown = match parse(url) {
                Ok(database) => format!("{database} {database:?}"),
                Err(error) => error,
            };
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn the_table_adds_the_password_and_the_address_for_notifications() {
        let table = "password = \"a b/c%\"\nconnections = 40\nlisten_url = \"postgres://ada@direct/deskbell\"";
        let settings = with("postgres://ada@pooler:6432/deskbell", table).unwrap();
        assert_eq!(settings.url.with_password(), "postgres://ada@pooler:6432/deskbell?password=a+b%2Fc%25");
        assert_eq!(settings.listen_url.unwrap().with_password(), "postgres://ada@direct/deskbell?password=a+b%2Fc%25");
        assert_eq!(settings.connections, Some(40));
        for (table, message) in [
            ("connections = 1", "postgres.connections: 1 is out of range"),
            ("listen_url = \"http://x\"", "postgres.listen_url: this is not a URL of PostgreSQL"),
            ("password = { env = \"DESKBELL_NOT_SET\" }", "postgres.password: the environment variable"),
        ] {
            let error = with("postgres://ada@db/deskbell", table).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
        let error = with("postgres://ada:x@db/deskbell", "password = \"y\"").unwrap_err();
        assert!(error.contains("keep one of the two"), "{error}");
    }
}
