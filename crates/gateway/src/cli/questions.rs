//! `deskbell import` and `index`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use super::options::DatabaseOptions;
use super::progress::TerminalProgress;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::SourceError;
use deskbell_core::use_cases::search::import::{ImportError, Prune};
use gateway::commands::import::ImportCommandError;
use gateway::commands::{import, index};
use gateway::config::{self, SourceKind};
use gateway::{GatewayError, wire_up};
use outbound_http::AddressError;
use sources::{Columns, Source};

#[derive(clap::Args)]
pub struct Import {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The site that the questions belong to.
    #[arg(long, value_name = "SITE", default_value = "default")]
    site: SiteKey,
    #[command(flatten)]
    reading: SourceOptions,
    /// Remove questions that are no longer in SOURCE. Keeps those that could not be read, and removes nothing if a list could not be read, if
    /// none would be left, or if more than half and more than 20 would go.
    #[arg(long)]
    prune: bool,
    /// With --prune: remove them even if none would be left, or more than half and more than 20 would go.
    #[arg(long, requires = "prune")]
    force_prune: bool,
    /// A JSON or CSV file or its address, or the address of a forum, help center or Strapi.
    source: String,
}

#[derive(clap::Args)]
pub struct Index {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The site whose questions are written.
    #[arg(long, value_name = "SITE", default_value = "default")]
    site: SiteKey,
    #[command(flatten)]
    reading: SourceOptions,
    /// The file to write.
    #[arg(long, value_name = "FILE", default_value = "help-index.json")]
    out: PathBuf,
    /// A JSON or CSV file or its address, or the address of a forum, help center or Strapi.
    source: Option<String>,
}

/// How SOURCE is read.
#[derive(clap::Args)]
struct SourceOptions {
    /// The format of SOURCE.
    #[arg(long, value_enum, default_value_t = SourceKind::Jsonl)]
    from: SourceKind,
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
}

impl SourceOptions {
    /// The source at an address.
    fn source(&self, address: &str) -> Result<Source, GatewayError> {
        let SourceOptions { from, private, pages, columns } = self;
        let wrong = |message: String| config::SettingsError::Value { location: "--column".into(), message };
        if !columns.is_empty() && *from != SourceKind::Csv {
            return Err(wrong("can be used with --from csv only".into()).into());
        }
        let columns = Columns::parse(columns).map_err(wrong)?;
        let source = Source::new(wire_up::source_format(*from), address, pages.as_deref());
        let no_source =
            |error: AddressError| ImportCommandError::from(ImportError::Source(SourceError(error.to_string())));
        Ok(Source { private: *private, columns, ..source.map_err(no_source)? })
    }
}

pub async fn run_import(options: Import) -> Result<ExitCode, GatewayError> {
    let Import { database, site, reading, prune, force_prune, source: address } = options;
    let prune = match (prune, force_prune) {
        (_, true) => Prune::Forced,
        (true, false) => Prune::Limited,
        (false, false) => Prune::Never,
    };
    let source = reading.source(&address)?;
    let settings = database.settings()?;
    let report = import::run(&settings, &site, &source, prune, Arc::new(TerminalProgress::new())).await?;
    for note in &report.notes {
        eprintln!("{address}: {note}");
    }
    println!("{report}");
    Ok(if report.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub async fn run_index(options: Index) -> Result<ExitCode, GatewayError> {
    let Index { database, site, reading, out, source: address } = options;
    let source = address.as_deref().map(|address| reading.source(address)).transpose()?;
    // The database does not matter to what another source has.
    let settings = if source.is_none() { database.settings()? } else { database.load()? };
    let written = index::write(&settings, &site, source.as_ref(), &out).await?;
    for note in written.bad.iter().chain(&written.warnings) {
        eprintln!("{}: {note}", address.as_deref().unwrap_or_default());
    }
    let index::Written { questions, bytes, bad, .. } = written;
    println!("{questions} questions, {bytes} bytes, in {}; {} bad", out.display(), bad.len());
    Ok(if bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
