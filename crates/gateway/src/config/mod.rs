//! The settings of the gateway: from the command line, the environment and one TOML file, in this order.

mod database;
mod destinations;
mod document;
mod error;
mod file;
mod fingerprint;
mod hours;
mod imports;
mod inbox;
mod incidents;
mod limits;
mod mail;
mod misplaced_options;
mod notices;
mod origins;
mod panel;
mod proxies;
mod restart;
mod rota;
mod search;
mod secret_fields;
mod secrets;
mod signers;
mod site;
pub mod starter;
mod storage;
mod stored;
mod suggestion;
mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use deskbell_core::rules::quotas::Quotas;
use deskbell_core::rules::retention::Retention;

pub use database::{ConnectionUrl, DEFAULT_DATABASE, Database, PostgresSettings};
pub use destinations::{DestinationTable, EmailTable, FieldTable, SlackTable, WebhookTable, ZendeskTable};
pub use document::LineNumbers;
pub use error::SettingsError;
pub use file::{File, parse};
pub use fingerprint::Fingerprint;
pub use imports::{ImportTable, SourceKind};
pub use inbox::{
    AgentLogins, OidcTable, PERSONAL_TOKEN_PREFIX, PersonalToken, new_personal_token, scope as site_scope,
};
pub use incidents::{IncidentsTable, Provider};
pub use limits::Limits;
pub use mail::{MailTable, OAuthTable, Tls};
pub use misplaced_options::MisplacedOptions;
pub use notices::{notices, other_database};
pub use origins::{OriginError, OriginPattern, Origins};
pub use proxies::{FORWARDING_HEADERS, Proxies, base_path, is_private, is_private_or_local};
pub use search::SearchTable;
pub use secret_fields::{literal_secrets, unreadable_secrets};
pub use secrets::{SecretSource, read_text, secret, secret_field};
pub use signers::{OneOrMany, SignerAlgorithm, SignerTable};
pub use site::{SiteConfig, SiteTable};
pub use storage::{AccessKey, BucketSettings, S3Table, Storage};
pub use stored::{StoredSite, parse_site};
pub use token::Token;

/// The default address to listen on.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8383";
/// The default database of `--demo`.
pub const DEMO_DATABASE: &str = "sqlite:data/demo.db";
/// The configuration that `--demo` adds.
const DEMO: &str = include_str!("../demo/deskbell.toml");
/// The largest number of connections that read the database. Each caches up to 8 MB of it.
pub const READERS_MAX: u32 = 64;
/// The advice if there is no site.
pub const NO_SITE: &str =
    "no site is configured; add a table [sites.NAME] with origins to the configuration file, or start with --demo";
/// The minimum length of the inbox token, in characters.
pub const TOKEN_MIN: usize = 16;

/// The complete settings of the gateway.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that they were read from. Without one, and without the demo, the only site is [`starter::SITE`].
    pub file: Option<PathBuf>,
    /// Options of panels at their old place in the file, which the next version rejects.
    pub misplaced: Vec<MisplacedOptions>,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The database.
    pub database: Database,
    /// Number of connections that read the database; none for the store's default.
    pub database_readers: Option<u32>,
    /// Where attachments are stored.
    pub attachments: Storage,
    /// Why they belong to another database than that of these settings; none if they do not.
    pub foreign_attachments: Option<String>,
    /// What the addresses of attachments begin with, without a slash at its end; none if they are relative to the gateway.
    pub attachments_url: Option<String>,
    /// The folder with the panel's files, built by `make build`; without it no panel is served.
    pub assets: Option<PathBuf>,
    /// How agents log in to the inbox; if in no way, the inbox is closed.
    pub logins: AgentLogins,
    /// How long the audit log of the inbox is kept.
    pub audit_keep: Retention,
    /// The address of the inbox in the browsers of agents; without it that of their requests.
    pub inbox_url: Option<String>,
    /// The address of a separate listener for the inbox, if any.
    pub inbox_listen: Option<SocketAddr>,
    /// The address of the listener for metrics, if any.
    pub metrics_listen: Option<SocketAddr>,
    /// Whether agents may log in over HTTP from other computers.
    pub inbox_insecure_http: bool,
    /// Rate and connection limits.
    pub limits: Limits,
    /// The trusted proxies.
    pub proxies: Proxies,
    /// Storage quotas.
    pub quotas: Quotas,
    /// What the search indexes may use.
    pub search: SearchTable,
    /// The sites, by their public key.
    pub sites: BTreeMap<String, SiteConfig>,
    /// Their versions.
    pub fingerprints: BTreeMap<String, Fingerprint>,
    /// Secrets of sites that are not in their tables.
    pub secrets: Secrets,
    /// The names of those that are configured in the database.
    pub stored: BTreeSet<String>,
    /// What is probably wrong, and stops nothing.
    pub warnings: Vec<String>,
    /// What is wrong with sites in the database. They are left out, or stay as they were before a reload.
    pub invalid_sites: Vec<String>,
    /// The line of each field.
    pub lines: LineNumbers,
    /// Whether the demo is served.
    pub demo: bool,
}

/// Secrets from the environment; they override texts in the file, for all sites.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The password of mail servers whose address names a user.
    pub smtp_password: Option<String>,
    /// The secret of Zendesk's OAuth clients.
    pub zendesk_secret: Option<String>,
    /// The secret of the gateway at the identity provider of the agents.
    pub oidc_secret: Option<String>,
}

/// Overrides from the command line and the environment; `None` if not given.
#[derive(Clone, Default)]
pub struct Overrides {
    /// The file to read.
    pub config: Option<PathBuf>,
    /// `ADDRESS:PORT`.
    pub listen: Option<String>,
    /// `sqlite:PATH` or `postgres://…`.
    pub database: Option<String>,
    /// A folder.
    pub assets: Option<PathBuf>,
    /// A secret.
    pub inbox_token: Option<String>,
    /// The password of the sites' mail servers whose address names a user.
    pub smtp_password: Option<String>,
    /// The secret of the sites' OAuth clients of Zendesk.
    pub zendesk_secret: Option<String>,
    /// The secret of the gateway at the identity provider of the agents.
    pub oidc_secret: Option<String>,
    /// Whether there is a default site without a file, for pages on this computer.
    pub default_site: bool,
    /// Whether the demo is served.
    pub demo: bool,
}

impl fmt::Debug for Overrides {
    /// Omits the secrets, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Overrides({:?}, {:?})", self.config, self.listen)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// Loads the settings; the command line and the environment override the file, which overrides the defaults.
pub fn load(overrides: &Overrides) -> Result<Settings, SettingsError> {
    load_with(overrides, BTreeMap::new())
}

/// The same with sites of the database, by key. The file wins over them.
pub fn load_with(overrides: &Overrides, stored: BTreeMap<String, StoredSite>) -> Result<Settings, SettingsError> {
    let file = match &overrides.config {
        Some(path) => file::read(path)?,
        None if overrides.default_site && !overrides.demo => starter::without_a_file()?,
        None => File::default(),
    };
    let mut lines = file.lines.clone();
    for (name, site) in &stored {
        if !file.sites.contains_key(name) {
            lines.add_site(name, site.lines.clone());
        }
    }
    let location = |field: &str| lines.location(field);
    let (listen, source) =
        first((&overrides.listen, "--listen (DESKBELL_LISTEN)"), (&file.listen, &location("listen")), DEFAULT_LISTEN);
    let listen = address(&listen, &source)?;
    let default_database = if overrides.demo { DEMO_DATABASE } else { DEFAULT_DATABASE };
    let (database, source) = first(
        (&overrides.database, "--database (DESKBELL_DATABASE)"),
        (&file.database, &location("database")),
        default_database,
    );
    let database = Database::parse(&database, &source)?.with(&file.postgres, location)?;
    if let Some(readers) = file.database_readers.filter(|readers| !(1..=READERS_MAX).contains(readers)) {
        let message = format!("{readers} is out of range; use 1 to {READERS_MAX}");
        return Err(SettingsError::Value { location: location("database_readers"), message });
    }
    let shared_token = inbox_token(overrides, &file, &location)?;
    let inbox_listen = other_address(&file.inbox.listen, &location("inbox.listen"), &[("listen", Some(listen))])?;
    let taken = [("listen", Some(listen)), ("inbox.listen", inbox_listen)];
    let metrics_listen = other_address(&file.metrics.listen, &location("metrics.listen"), &taken)?;
    let (mut sites, mut fingerprints) = (site::check_all(file.sites, &location)?, file.fingerprints);
    if overrides.demo {
        let demo = parse(DEMO, "the demo's settings")?;
        let of_demo = demo.fingerprints.clone();
        for (name, site) in check_sites(demo)? {
            fingerprints.entry(name.clone()).or_insert(of_demo.get(&name).copied().unwrap_or_default());
            sites.entry(name).or_insert(site);
        }
    }
    let mut warnings = Vec::new();
    let mut of_database = BTreeSet::new();
    for (name, StoredSite { config, fingerprint, .. }) in stored {
        if sites.contains_key(&name) {
            warnings.push(format!("site {name} is in the database and in the configuration; the latter wins"));
            continue;
        }
        of_database.insert(name.clone());
        fingerprints.insert(name.clone(), fingerprint);
        sites.insert(name, config);
    }
    let agents = inbox::agents(&file.inbox, &location)?;
    let named = inbox::named_sites(&file.inbox);
    let unknown = named.into_iter().filter(|(_, site)| !sites.contains_key(site.as_str()));
    warnings.extend(unknown.map(|(field, site)| {
        format!(
            "{}: {site:?} is not a site; unless the database has it, add [sites.{site}] or remove it here",
            location(&field)
        )
    }));
    let audit_keep = inbox::audit_keep(&file.inbox, &location)?;
    let inbox_url = inbox::url(&file.inbox, &location)?;
    let file_attachments = file.attachments;
    let attachments =
        storage::storage(file_attachments.as_deref(), file.s3, &default_attachments(&database), &location)?;
    let configured_database = match (&overrides.database, &file.database, &file_attachments) {
        (Some(_), Some(configured), Some(_)) => Some(Database::parse(configured, &location("database"))?),
        _ => None,
    };
    let foreign_attachments =
        configured_database.filter(|configured| !configured.is_same(&database, Path::new(""))).map(|configured| {
            format!(
                "{}: they belong to the database of this file, {configured}, but --database (DESKBELL_DATABASE) is {database}; files that are \
                 erased or expire in one database would be missing in the other. Use a copy of this file with that database and attachments of \
                 its own, or remove database from this file",
                location("attachments")
            )
        });
    let attachments_url = storage::files_url(file.attachments_url.as_deref(), &location)?;
    Ok(Settings {
        file: overrides.config.clone(),
        misplaced: file.misplaced,
        listen,
        attachments,
        foreign_attachments,
        attachments_url,
        database,
        database_readers: file.database_readers,
        assets: overrides.assets.clone().or(file.assets),
        logins: AgentLogins { shared_token, agents, oidc: file.inbox.oidc },
        audit_keep,
        inbox_url,
        inbox_listen,
        metrics_listen,
        inbox_insecure_http: file.inbox.insecure_http,
        limits: file.limits,
        proxies: file.proxy,
        quotas: file.quotas,
        search: file.search,
        sites,
        fingerprints,
        secrets: Secrets {
            smtp_password: overrides.smtp_password.clone(),
            zendesk_secret: overrides.zendesk_secret.clone(),
            oidc_secret: overrides.oidc_secret.clone(),
        },
        stored: of_database,
        warnings,
        invalid_sites: Vec::new(),
        lines,
        demo: overrides.demo,
    })
}

impl Settings {
    /// Refuses settings whose attachments belong to another database, for what deletes some.
    pub fn check_attachments(&self) -> Result<(), SettingsError> {
        match &self.foreign_attachments {
            Some(reason) => Err(SettingsError::ForeignAttachments(reason.clone())),
            None => Ok(()),
        }
    }
}

/// The attachments folder beside a database: `data/deskbell-attachments` for `data/deskbell.db`, and for one that is not a file.
pub fn default_attachments(database: &Database) -> PathBuf {
    let Some(file) = database.file() else { return "data/deskbell-attachments".into() };
    let mut name = file.file_stem().unwrap_or_default().to_os_string();
    name.push("-attachments");
    file.with_file_name(name)
}

/// The sites of a file, or the first error in them.
pub fn check_sites(file: File) -> Result<BTreeMap<String, SiteConfig>, SettingsError> {
    site::check_all(file.sites, &|field| file.lines.location(field))
}

/// The effective value and its source.
fn first(flag: (&Option<String>, &str), file: (&Option<String>, &str), default: &str) -> (String, String) {
    let setting = [flag, file].into_iter().find_map(|(value, location)| Some((value.clone()?, location.to_string())));
    setting.unwrap_or_else(|| (default.into(), "default".into()))
}

fn address(text: &str, location: &str) -> Result<SocketAddr, SettingsError> {
    text.parse().map_err(|_| SettingsError::Value {
        location: location.into(),
        message: format!(
            "{text:?} is not ADDRESS:PORT; use an IP address and a port, such as {DEFAULT_LISTEN} or [::1]:0"
        ),
    })
}

/// The address of another listener, which must not be one of these.
fn other_address(
    text: &Option<String>,
    location: &str,
    taken: &[(&str, Option<SocketAddr>)],
) -> Result<Option<SocketAddr>, SettingsError> {
    let Some(text) = text else { return Ok(None) };
    let address = address(text, location)?;
    let same = taken.iter().find(|(_, other)| address.port() != 0 && *other == Some(address));
    if let Some((field, _)) = same {
        let message = format!("same address as {field}; use another port, or remove it");
        return Err(SettingsError::Value { location: location.into(), message });
    }
    Ok(Some(address))
}

fn inbox_token(
    overrides: &Overrides,
    file: &File,
    location: &impl Fn(&str) -> String,
) -> Result<Option<Token>, SettingsError> {
    let (secret, location) = match (&overrides.inbox_token, &file.inbox_token, &file.inbox_token_file) {
        (Some(secret), _, _) => (secret.clone(), "DESKBELL_INBOX_TOKEN".to_string()),
        (None, Some(_), Some(_)) => {
            let message = "cannot be combined with inbox_token; keep one of the two".into();
            return Err(SettingsError::Value { location: location("inbox_token_file"), message });
        }
        (None, Some(secret), None) => (secret.clone(), location("inbox_token")),
        (None, None, Some(path)) => (read_text(path)?.trim().to_string(), path.display().to_string()),
        (None, None, None) => return Ok(None),
    };
    if secret.chars().count() < TOKEN_MIN {
        let message = format!("shorter than {TOKEN_MIN} characters; use a long random one (openssl rand -hex 32)");
        return Err(SettingsError::Value { location, message });
    }
    Ok(Some(Token::new(&secret)))
}

#[cfg(test)]
mod tests;
