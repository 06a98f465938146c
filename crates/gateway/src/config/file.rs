//! The configuration file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::database::PostgresTable;
use super::destinations::tag_destinations;
use super::document::{Document, LineNumbers};
use super::error::SettingsError;
use super::fingerprint::{self, Fingerprint};
use super::inbox::InboxTable;
use super::limits::Limits;
use super::misplaced_options::{MisplacedOptions, move_panel_options};
use super::panel;
use super::proxies::Proxies;
use super::search::SearchTable;
use super::secrets::read_text;
use super::site::{self, SiteTable};
use super::storage::S3Table;
use super::suggestion::nearest;
use deskbell_core::rules::quotas::Quotas;

/// The configuration file; `crates/gateway/src/deskbell.example.toml` documents every field. Paths are relative to the folder in which the
/// gateway is started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// `ADDRESS:PORT` to listen on; port 0 picks a free one. Default: [`super::DEFAULT_LISTEN`].
    pub listen: Option<String>,
    /// The database, `sqlite:PATH` (created if it does not exist) or `postgres://USER@HOST/NAME`. Default: [`super::DEFAULT_DATABASE`].
    pub database: Option<String>,
    /// How PostgreSQL is reached, if it is the database.
    pub postgres: PostgresTable,
    /// Number of connections that read an SQLite file, 1 to [`super::READERS_MAX`]. Default: that of the store.
    pub database_readers: Option<u32>,
    /// The folder for attachments, created if it does not exist; or a bucket, `s3://BUCKET/PREFIX`. Default: a folder beside the database, its
    /// name with `-attachments` instead of the extension.
    pub attachments: Option<String>,
    /// What the addresses of attachments begin with, if they are served from an origin of their own. Default: the gateway's.
    pub attachments_url: Option<String>,
    /// Access to the service of the bucket.
    pub s3: Option<S3Table>,
    /// The folder with the panel's files, built by `make build`. Default: none, and no panel is served.
    pub assets: Option<PathBuf>,
    /// The secret with which agents log in to `/inbox`, at least [`super::TOKEN_MIN`] characters. Default: none, and the inbox is closed.
    pub inbox_token: Option<String>,
    /// A file that holds that secret, instead of `inbox_token`.
    pub inbox_token_file: Option<PathBuf>,
    /// How the inbox is reached, and who uses it.
    pub inbox: InboxTable,
    /// Where metrics are served.
    pub metrics: MetricsTable,
    /// Rate limits per minute.
    pub limits: Limits,
    /// The trusted proxies.
    pub proxy: Proxies,
    /// Storage quotas.
    pub quotas: Quotas,
    /// What the search indexes may use.
    pub search: SearchTable,
    /// The sites, by their public key, the value of `data-site`.
    pub sites: BTreeMap<String, SiteTable>,
    /// Options of panels that are outside of their table.
    #[serde(skip)]
    pub misplaced: Vec<MisplacedOptions>,
    /// The versions of the sites.
    #[serde(skip)]
    pub fingerprints: BTreeMap<String, Fingerprint>,
    /// The line of each field.
    #[serde(skip)]
    pub lines: LineNumbers,
}

/// Where metrics are served, as configured.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsTable {
    /// `ADDRESS:PORT` of a listener for `/metrics`, `/readyz` and `/healthz`. Default: none, and metrics are not served.
    pub listen: Option<String>,
}

/// Reads a file.
pub fn read(path: &Path) -> Result<File, SettingsError> {
    parse(&read_text(path)?, &path.display().to_string())
}

/// Parses the text of a file; `name` is its name in errors.
pub fn parse(text: &str, name: &str) -> Result<File, SettingsError> {
    let mut document = Document::parse(text, name)?;
    let misplaced = move_panel_options(&mut document)?;
    let lines = document.lines();
    tag_destinations(&mut document)?;
    let file: File = document.read(belongs)?;
    Ok(File { misplaced, lines, fingerprints: fingerprint::of_sites(text), ..file })
}

/// Where the unknown field at the end of a path belongs: an option of the panel in the table of its site, or the other way round.
fn belongs(path: &str, field: &str) -> Option<String> {
    let table = path.strip_prefix("sites.")?.strip_suffix(field)?.strip_suffix('.')?;
    let (site, table) = table.split_once('.').unwrap_or((table, ""));
    match table {
        "" if nearest(field, site::FIELDS.iter().copied()).is_none() => {
            nearest(field, panel::PANEL_OPTIONS.iter().copied())
                .map(|intended| format!("`{intended}` in [sites.{site}.panel]"))
        }
        "panel" => {
            let intended = site::FIELDS.iter().find(|candidate| **candidate == field)?;
            Some(format!("`{intended}` in [sites.{site}]"))
        }
        _ => None,
    }
}
