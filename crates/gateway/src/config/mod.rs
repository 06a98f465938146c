//! What the gateway is told: by the command line, the environment and one TOML file, in this order.

mod destinations;
mod document;
mod error;
mod file;
mod hours;
mod imports;
mod incidents;
mod limits;
mod mail;
mod notices;
mod old_form;
mod origins;
mod panel;
mod proxies;
mod rota;
mod secrets;
mod signers;
mod site;
pub mod starter;
mod suggestion;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use deskbell_core::rules::quotas::Quotas;

pub use destinations::{DestinationTable, EmailTable, FieldTable, SlackTable, WebhookTable, ZendeskTable};
pub use document::Lines;
pub use error::SettingsError;
pub use file::{File, parse};
pub use imports::{ImportTable, SourceKind};
pub use incidents::{IncidentsTable, Provider};
pub use limits::Limits;
pub use mail::{MailTable, OAuthTable, Tls};
pub use notices::{notices, other_database};
pub use old_form::Misplaced;
pub use origins::{OriginError, OriginPattern, Origins};
pub use proxies::{FORWARDING_HEADERS, Proxies, base_path, is_private, is_private_or_local};
pub use secrets::{read_text, secret};
pub use signers::{OneOrMany, SignerAlgorithm, SignerTable};
pub use site::{SiteConfig, SiteTable};

/// Where the gateway listens unless it is told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8383";
/// The database that is used unless another is named.
pub const DEFAULT_DATABASE: &str = "sqlite:data/deskbell.db";
/// The database of `--demo` unless another is named.
pub const DEMO_DATABASE: &str = "sqlite:data/demo.db";
/// What `--demo` adds.
const DEMO: &str = include_str!("../demo/deskbell.toml");
/// The most connections that read the database at once. Each keeps up to 8 MB of it in memory.
pub const READERS_MAX: u32 = 64;
/// The shortest token that may open the inbox, in characters.
pub const TOKEN_MIN: usize = 16;

/// Everything the gateway needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that they were read from. Without one, and without the demo, the only site is [`starter::SITE`].
    pub file: Option<PathBuf>,
    /// Options of panels that stand in the file where the next version refuses them.
    pub misplaced: Vec<Misplaced>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The SQLite file.
    pub database: PathBuf,
    /// How many connections read it at once; without it as many as the store takes by itself.
    pub database_readers: Option<u32>,
    /// The folder of the files that go along with tickets.
    pub attachments: PathBuf,
    /// The folder with what `make build` made; without it no panel is served.
    pub assets: Option<PathBuf>,
    /// What opens the inbox; without it the inbox stays closed.
    pub inbox_token: Option<Token>,
    /// Where the inbox listens, if not where everything else does.
    pub inbox_listen: Option<SocketAddr>,
    /// Whether operators' sessions may go over HTTP from other computers than this one.
    pub inbox_insecure_http: bool,
    /// How much anybody may ask for.
    pub limits: Limits,
    /// Which proxies are believed.
    pub proxies: Proxies,
    /// How many bytes and files may be put.
    pub quotas: Quotas,
    /// The sites by their public key.
    pub sites: BTreeMap<String, SiteConfig>,
    /// What sites need that is no part of their tables.
    pub secrets: Secrets,
    /// Where each field is.
    pub lines: Lines,
    /// Whether the demo is served.
    pub demo: bool,
}

/// What is secret and comes from the environment; it wins over the file, for all sites.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The password of the mail servers, where they name a user.
    pub smtp_password: Option<String>,
    /// The secret of Zendesk's OAuth clients.
    pub zendesk_secret: Option<String>,
}

/// What the command line and the environment say; `None` where they say nothing.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The file to read.
    pub config: Option<PathBuf>,
    /// `ADDRESS:PORT`.
    pub listen: Option<String>,
    /// `sqlite:PATH`.
    pub database: Option<String>,
    /// A folder.
    pub assets: Option<PathBuf>,
    /// A secret.
    pub inbox_token: Option<String>,
    /// The password of the sites' mail servers, where they name a user.
    pub smtp_password: Option<String>,
    /// The secret of the sites' OAuth clients of Zendesk.
    pub zendesk_secret: Option<String>,
    /// Whether there is a site without a file, for pages on this computer.
    pub default_site: bool,
    /// Whether the demo is served.
    pub demo: bool,
}

/// A secret, kept as its SHA-256 so that it cannot end up in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Token {
    /// The token of a secret.
    pub fn new(secret: &str) -> Token {
        Token(Sha256::digest(secret.as_bytes()).into())
    }

    /// Whether this is the secret. Digests are compared, so the time it takes tells nothing about the secret.
    pub fn is(&self, secret: &str) -> bool {
        *self == Token::new(secret)
    }

    /// The digest under which a session is kept that was opened with this token. With another token it is another, so none
    /// outlives the token.
    pub fn session_digest(&self, secret: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(secret).finalize().into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Reads the settings: command line and environment first, then the file, then the defaults.
pub fn load(overrides: &Overrides) -> Result<Settings, SettingsError> {
    let file = match &overrides.config {
        Some(path) => file::read(path)?,
        None if overrides.default_site && !overrides.demo => starter::without_a_file()?,
        None => File::default(),
    };
    let lines = file.lines.clone();
    let place = |field: &str| lines.place(field);
    let (listen, from) =
        first((&overrides.listen, "--listen (DESKBELL_LISTEN)"), (&file.listen, &place("listen")), DEFAULT_LISTEN);
    let listen = address(&listen, &from)?;
    let default_database = if overrides.demo { DEMO_DATABASE } else { DEFAULT_DATABASE };
    let (database, from) = first(
        (&overrides.database, "--database (DESKBELL_DATABASE)"),
        (&file.database, &place("database")),
        default_database,
    );
    let database = sqlite_path(&database, &from)?;
    if let Some(readers) = file.database_readers.filter(|readers| !(1..=READERS_MAX).contains(readers)) {
        let message = format!("is {readers}; write 1 to {READERS_MAX}");
        return Err(SettingsError::Value { place: place("database_readers"), message });
    }
    let inbox_token = inbox_token(overrides, &file, &place)?;
    let inbox_listen = file.inbox.listen.as_ref().map(|text| address(text, &place("inbox.listen"))).transpose()?;
    if inbox_listen.is_some_and(|inbox| inbox == listen && inbox.port() != 0) {
        let message = "is where everything else listens; choose another port, or leave it out".into();
        return Err(SettingsError::Value { place: place("inbox.listen"), message });
    }
    let mut sites = site::check_all(file.sites, &place)?;
    if overrides.demo {
        let demo = parse(DEMO, "the demo's settings")?;
        for (name, site) in check_sites(demo)? {
            sites.entry(name).or_insert(site);
        }
    }
    Ok(Settings {
        file: overrides.config.clone(),
        misplaced: file.misplaced,
        listen,
        attachments: file.attachments.unwrap_or_else(|| beside(&database)),
        database,
        database_readers: file.database_readers,
        assets: overrides.assets.clone().or(file.assets),
        inbox_token,
        inbox_listen,
        inbox_insecure_http: file.inbox.insecure_http,
        limits: file.limits,
        proxies: file.proxy,
        quotas: file.quotas,
        sites,
        secrets: Secrets {
            smtp_password: overrides.smtp_password.clone(),
            zendesk_secret: overrides.zendesk_secret.clone(),
        },
        lines: file.lines,
        demo: overrides.demo,
    })
}

/// The file of a database URL; `place` is named where it is none.
pub fn sqlite_path(url: &str, place: &str) -> Result<PathBuf, SettingsError> {
    let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    path.filter(|path| !path.is_empty() && !path.starts_with(":memory:")).map(PathBuf::from).ok_or_else(|| {
        let message = format!("{url:?} names no database; write sqlite:PATH, such as {DEFAULT_DATABASE}");
        SettingsError::Value { place: place.into(), message }
    })
}

/// The folder for files beside a database: `data/deskbell-attachments` for `data/deskbell.db`.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.file_stem().unwrap_or_default().to_os_string();
    name.push("-attachments");
    database.with_file_name(name)
}

/// The sites of a file, or what is wrong with them.
pub fn check_sites(file: File) -> Result<BTreeMap<String, SiteConfig>, SettingsError> {
    site::check_all(file.sites, &|field| file.lines.place(field))
}

/// The value that counts, and where it came from.
fn first(flag: (&Option<String>, &str), file: (&Option<String>, &str), default: &str) -> (String, String) {
    let named = [flag, file].into_iter().find_map(|(value, place)| Some((value.clone()?, place.to_string())));
    named.unwrap_or_else(|| (default.into(), "default".into()))
}

fn address(text: &str, place: &str) -> Result<SocketAddr, SettingsError> {
    text.parse().map_err(|_| SettingsError::Value {
        place: place.into(),
        message: format!(
            "{text:?} is no ADDRESS:PORT; write an IP address and a port, such as {DEFAULT_LISTEN} or [::1]:0"
        ),
    })
}

fn inbox_token(
    overrides: &Overrides,
    file: &File,
    place: &impl Fn(&str) -> String,
) -> Result<Option<Token>, SettingsError> {
    let (secret, place) = match (&overrides.inbox_token, &file.inbox_token, &file.inbox_token_file) {
        (Some(secret), _, _) => (secret.clone(), "DESKBELL_INBOX_TOKEN".to_string()),
        (None, Some(_), Some(_)) => {
            let message = "stands beside inbox_token; keep one of the two".into();
            return Err(SettingsError::Value { place: place("inbox_token_file"), message });
        }
        (None, Some(secret), None) => (secret.clone(), place("inbox_token")),
        (None, None, Some(path)) => (read_text(path)?.trim().to_string(), path.display().to_string()),
        (None, None, None) => return Ok(None),
    };
    if secret.chars().count() < TOKEN_MIN {
        let message = format!("is shorter than {TOKEN_MIN} characters; take a long random one (openssl rand -hex 32)");
        return Err(SettingsError::Value { place, message });
    }
    Ok(Some(Token::new(&secret)))
}

#[cfg(test)]
mod tests;
