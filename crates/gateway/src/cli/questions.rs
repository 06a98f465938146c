//! `deskbell import` and `index`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::options::note_other_database;
use super::progress::TerminalProgress;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::SourceError;
use deskbell_core::use_cases::search::import::{ImportError, Prune};
use gateway::commands::import::ImportCommandError;
use gateway::commands::{import, index};
use gateway::config::{self, Overrides, SourceKind};
use gateway::{GatewayError, wire_up};
use outbound_http::AddressError;
use sources::{Columns, Source};

#[derive(clap::Args)]
pub struct Import {
    /// The configuration file that names the database.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The database, sqlite:PATH [default: sqlite:data/deskbell.db].
    #[arg(long, value_name = "URL", env = "DESKBELL_DATABASE")]
    database: Option<String>,
    /// The site that the questions belong to.
    #[arg(long, value_name = "SITE", default_value = "default")]
    site: SiteKey,
    /// The format of SOURCE.
    #[arg(long, value_enum, default_value_t = SourceKind::Jsonl)]
    from: SourceKind,
    /// Remove questions that are no longer in SOURCE. Keeps those that could not be read, and removes nothing if a list could not be read, if
    /// none would be left, or if more than half and more than 20 would go.
    #[arg(long)]
    prune: bool,
    /// With --prune: remove them even if none would be left, or more than half and more than 20 would go.
    #[arg(long, requires = "prune")]
    force_prune: bool,
    /// Allow SOURCE, and what it redirects to, to be in a private network.
    #[arg(long)]
    private: bool,
    /// With --from strapi: the address where its questions are published; the permalink is appended.
    #[arg(long, value_name = "URL")]
    pages: Option<String>,
    /// With --from csv: the column of a field, if its header is not recognized; repeatable. Fields: id, title, body, answer, url, topics,
    /// kind, solved, created_at.
    #[arg(long = "column", value_name = "FIELD=HEADER")]
    columns: Vec<String>,
    /// A JSON or CSV file or its address, or the address of a forum, help center or Strapi.
    source: String,
}

#[derive(clap::Args)]
pub struct Index {
    /// The configuration file that names the database.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The database, sqlite:PATH [default: sqlite:data/deskbell.db].
    #[arg(long, value_name = "URL", env = "DESKBELL_DATABASE")]
    database: Option<String>,
    /// The site whose questions are written.
    #[arg(long, value_name = "SITE", default_value = "default")]
    site: SiteKey,
    /// The format of SOURCE.
    #[arg(long, value_enum, default_value_t = SourceKind::Jsonl)]
    from: SourceKind,
    /// With --from strapi: the address where its questions are published; the permalink is appended.
    #[arg(long, value_name = "URL")]
    pages: Option<String>,
    /// Allow SOURCE, and what it redirects to, to be in a private network.
    #[arg(long)]
    private: bool,
    /// The file to write.
    #[arg(long, value_name = "FILE", default_value = "help-index.json")]
    out: PathBuf,
    /// With --from csv: the column of a field, as with import.
    #[arg(long = "column", value_name = "FIELD=HEADER")]
    columns: Vec<String>,
    /// A JSON or CSV file or its address, or the address of a forum, help center or Strapi.
    source: Option<String>,
}

pub async fn run_import(options: Import) -> Result<ExitCode, GatewayError> {
    let Import { config, database, site, from, prune, force_prune, private, pages, columns, source: address } = options;
    let settings = config::load(&Overrides { config, database, ..Overrides::default() })?;
    let source = Source::new(wire_up::source_format(from), &address, pages.as_deref()).map_err(no_source)?;
    let source = Source { private, columns: columns_of(from, &columns)?, ..source };
    let prune = match (prune, force_prune) {
        (_, true) => Prune::Forced,
        (true, false) => Prune::Limited,
        (false, false) => Prune::Never,
    };
    note_other_database(&settings);
    let report = import::run(&settings, &site, &source, prune, Arc::new(TerminalProgress::new())).await?;
    for note in &report.notes {
        eprintln!("{address}: {note}");
    }
    println!("{report}");
    Ok(if report.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub async fn run_index(options: Index) -> Result<ExitCode, GatewayError> {
    let Index { config, database, site, from, pages, private, out, columns, source: address } = options;
    let columns = columns_of(from, &columns)?;
    let settings = config::load(&Overrides { config, database, ..Overrides::default() })?;
    let format = wire_up::source_format(from);
    let source = address.as_deref().map(|address| Source::new(format, address, pages.as_deref()));
    let source = source.transpose().map_err(no_source)?;
    let source = source.map(|source| Source { private, columns, ..source });
    if source.is_none() {
        note_other_database(&settings);
    }
    let written = index::write(&settings, &site, source.as_ref(), &out).await?;
    for note in written.bad.iter().chain(&written.warnings) {
        eprintln!("{}: {note}", address.as_deref().unwrap_or_default());
    }
    let index::Written { questions, bytes, bad, .. } = written;
    println!("{questions} questions, {bytes} bytes, in {}; {} bad", out.display(), bad.len());
    Ok(if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The columns of the fields of a table.
fn columns_of(from: SourceKind, pairs: &[String]) -> Result<Columns, config::SettingsError> {
    let wrong = |message: String| config::SettingsError::Value { location: "--column".into(), message };
    if !pairs.is_empty() && from != SourceKind::Csv {
        return Err(wrong("can be used with --from csv only".into()));
    }
    Columns::parse(pairs).map_err(wrong)
}

fn no_source(error: AddressError) -> ImportCommandError {
    ImportError::Source(SourceError(error.to_string())).into()
}
