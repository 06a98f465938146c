//! Brings questions from elsewhere into the store.

mod jsonl;

use std::fmt;
use std::path::Path;

use super::super::serve::GatewayError;
use super::super::settings::{Settings, SettingsError};
use super::super::store::{Changes, SqliteStore, Store};
use crate::domain::question::Question;

pub use jsonl::read as json_lines;

/// What a source of questions is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A file with one question a line, as JSON.
    Jsonl,
}

/// What was read from a source.
#[derive(Debug, Default)]
pub struct Reading {
    /// The questions, each id once.
    pub questions: Vec<Question>,
    /// Lines that could not be read.
    pub bad: Vec<LineNote>,
    /// Lines that were read but are worth a look.
    pub warnings: Vec<LineNote>,
}

/// Something about a line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {note}")]
pub struct LineNote {
    /// The line, from 1.
    pub line: usize,
    /// What is to be said about it.
    pub note: String,
}

/// What an import came to.
#[derive(Debug)]
pub struct Report {
    /// What happened to the questions.
    pub changes: Changes,
    /// How many lines were bad.
    pub bad: usize,
    /// Whether the removing was left out, because a bad line may be a question that is still there.
    pub kept: bool,
    /// Bad lines and warnings.
    pub notes: Vec<LineNote>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Changes { new, changed, unchanged, removed } = self.changes;
        write!(f, "{new} new, {changed} changed, {unchanged} unchanged, {removed} removed, {} bad", self.bad)?;
        if self.kept {
            write!(f, "; nothing was removed, because a bad line may be a question that is still there")?;
        }
        Ok(())
    }
}

/// Imports a source into the database of the settings.
pub async fn run(
    settings: &Settings,
    site: &str,
    format: Format,
    source: &Path,
    prune: bool,
) -> Result<Report, GatewayError> {
    if !settings.sites.is_empty() && !settings.sites.contains_key(site) {
        let known: Vec<&str> = settings.sites.keys().map(String::as_str).collect();
        let message = format!("{site:?} is no site of the configuration; it has {}", known.join(", "));
        return Err(SettingsError::Value { place: "--site".into(), message }.into());
    }
    let text = std::fs::read_to_string(source)
        .map_err(|error| SettingsError::Unreadable { file: source.display().to_string(), reason: error.to_string() })?;
    let reading = match format {
        Format::Jsonl => json_lines(&text),
    };
    let store = SqliteStore::open(&settings.database).await?;
    let kept = prune && !reading.bad.is_empty();
    let changes = store.import(site, &reading.questions, prune && !kept).await;
    store.close().await;
    let bad = reading.bad.len();
    let notes = reading.bad.into_iter().chain(reading.warnings).collect();
    Ok(Report { changes: changes?, bad, kept, notes })
}
