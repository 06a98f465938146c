//! The configuration file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::destinations::tag_destinations;
use super::document::{Document, Lines};
use super::error::SettingsError;
use super::limits::Limits;
use super::old_form::{Misplaced, move_panel_options};
use super::panel;
use super::proxies::Proxies;
use super::secrets::read_text;
use super::site::{self, SiteTable};
use super::suggestion::nearest;
use deskbell_core::rules::quotas::Quotas;

/// The configuration file, field by field; `crates/gateway/src/deskbell.example.toml` shows every one. Paths are relative to the
/// folder in which the gateway is started.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// `ADDRESS:PORT` to listen on; port 0 takes a free one. Default: [`super::DEFAULT_LISTEN`].
    pub listen: Option<String>,
    /// The database, `sqlite:PATH`; made where there is none. Default: [`super::DEFAULT_DATABASE`].
    pub database: Option<String>,
    /// How many connections read the database at once, 1 to [`super::READERS_MAX`]. Default: as many as the store takes by itself.
    pub database_readers: Option<u32>,
    /// The folder for the files that go along with tickets; made where there is none. Default: beside the database, its name with
    /// `-attachments` in the place of the ending.
    pub attachments: Option<PathBuf>,
    /// The folder with what `make build` made. Default: none, and no panel is served.
    pub assets: Option<PathBuf>,
    /// The secret that opens `/inbox`, at least [`super::TOKEN_MIN`] characters. Default: none, and the inbox is closed.
    pub inbox_token: Option<String>,
    /// A file that holds that secret, instead of `inbox_token`.
    pub inbox_token_file: Option<PathBuf>,
    /// How the inbox is reached.
    pub inbox: InboxTable,
    /// How much anybody may ask for in a minute.
    pub limits: Limits,
    /// Which proxies are believed what they say about a request.
    pub proxy: Proxies,
    /// How many bytes and files may be put, and how much of the disk they leave free.
    pub quotas: Quotas,
    /// The sites, by the public key that stands in `data-site`.
    pub sites: BTreeMap<String, SiteTable>,
    /// Options of panels that stand outside of their table.
    #[serde(skip)]
    pub misplaced: Vec<Misplaced>,
    /// Where each field is.
    #[serde(skip)]
    pub lines: Lines,
}

/// How the inbox is reached, as it stands in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InboxTable {
    /// `ADDRESS:PORT` of a listener for the inbox alone; what everybody reaches has no inbox then. Default: none.
    pub listen: Option<String>,
    /// Whether operators' sessions may go over HTTP from other computers than this one. Default: false.
    pub insecure_http: bool,
}

/// Reads a file.
pub fn read(path: &Path) -> Result<File, SettingsError> {
    parse(&read_text(path)?, &path.display().to_string())
}

/// Reads the text of a file; `name` is what errors call it.
pub fn parse(text: &str, name: &str) -> Result<File, SettingsError> {
    let mut document = Document::parse(text, name)?;
    let misplaced = move_panel_options(&mut document)?;
    let lines = document.lines();
    tag_destinations(&mut document)?;
    let file: File = document.read(belongs)?;
    Ok(File { misplaced, lines, ..file })
}

/// Where an unknown field belongs that is at the end of a path: an option of the panel in the table of its site, or the other way round.
fn belongs(path: &str, field: &str) -> Option<String> {
    let table = path.strip_prefix("sites.")?.strip_suffix(field)?.strip_suffix('.')?;
    let (site, table) = table.split_once('.').unwrap_or((table, ""));
    match table {
        "" if nearest(field, site::FIELDS.iter().copied()).is_none() => {
            nearest(field, panel::FIELDS.iter().copied()).map(|meant| format!("`{meant}` in [sites.{site}.panel]"))
        }
        "panel" => {
            let meant = site::FIELDS.iter().find(|known| **known == field)?;
            Some(format!("`{meant}` in [sites.{site}]"))
        }
        _ => None,
    }
}
