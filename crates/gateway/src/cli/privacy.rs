//! `deskbell erase` and `export`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::options::DatabaseOptions;
use deskbell_core::ids::{CustomerId, SiteKey};
use deskbell_core::use_cases::privacy::{Exported, Selection};
use gateway::GatewayError;
use gateway::commands::{DataError, OpenData, erase, export};

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("selection").required(true).args(["ticket", "person", "email", "before"]))]
pub struct Erase {
    #[command(flatten)]
    subject: Subject,
    /// All solved tickets last updated before this day (UTC), YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    before: Option<String>,
    /// With --before: include open tickets.
    #[arg(long, conflicts_with_all = ["ticket", "person", "email"])]
    with_open: bool,
    /// Erase instead of only counting.
    #[arg(long)]
    yes: bool,
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("selection").required(true).args(["ticket", "person", "email"]))]
pub struct Export {
    #[command(flatten)]
    subject: Subject,
    /// The folder to write; it must be empty or not exist.
    #[arg(long, value_name = "FOLDER", default_value = "deskbell-export")]
    out: PathBuf,
}

/// Whose tickets are meant.
#[derive(clap::Args)]
#[group(skip)]
pub struct Subject {
    /// One ticket, by its reference.
    #[arg(long, value_name = "REFERENCE")]
    ticket: Option<String>,
    /// All tickets of a customer, by site and your id for them, including those that only claim to be theirs.
    #[arg(long, num_args = 2, value_names = ["SITE", "ID"])]
    person: Option<Vec<String>>,
    /// All tickets with an e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// With --email or --before: only this site.
    #[arg(long, value_name = "SITE", conflicts_with_all = ["ticket", "person"])]
    site: Option<SiteKey>,
    #[command(flatten)]
    database: DatabaseOptions,
}

impl Subject {
    fn selection(&self) -> Option<Selection> {
        let person = self.person.as_deref().and_then(|person| match person {
            [site, id] => Some(Selection::Person { site: SiteKey::new(site), id: CustomerId::new(id) }),
            _ => None,
        });
        let ticket = self.ticket.clone().map(Selection::Ticket);
        let email = |address: String| Selection::Email { address, site: self.site.clone() };
        ticket.or(person).or_else(|| self.email.clone().map(email))
    }
}

pub async fn run_erase(options: Erase) -> Result<ExitCode, GatewayError> {
    let Erase { subject, before, with_open, yes } = options;
    let before = before
        .map(|day| Selection::before(&day, subject.site.clone(), with_open))
        .transpose()
        .map_err(DataError::from)?;
    // Clap requires one of them.
    let Some(selection) = subject.selection().or(before) else { return Ok(ExitCode::FAILURE) };
    let settings = subject.database.settings()?;
    if yes {
        settings.check_attachments()?;
    }
    let data = OpenData::open(&settings).await?;
    let erased = erase::run(&data, &selection, yes).await;
    data.close().await;
    let erased = erased?;
    print!("{erased}");
    Ok(if erased.unreadable + erased.changed_hands == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub async fn run_export(options: Export) -> Result<ExitCode, GatewayError> {
    let Export { subject, out } = options;
    let Some(selection) = subject.selection() else { return Ok(ExitCode::FAILURE) };
    let data = OpenData::open(&subject.database.settings()?).await?;
    let exported = export::run(&data, &selection, &out).await;
    data.close().await;
    let Exported { tickets, files, missing_files, unreadable, .. } = exported?;
    println!("exported {tickets} tickets and {files} files to {}", out.display());
    if missing_files + unreadable > 0 {
        eprintln!("{unreadable} tickets cannot be read and {missing_files} files are missing");
    }
    Ok(if missing_files + unreadable == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
