//! `deskbell site` and `deskbell reload`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::SiteContents;

use super::options::{DatabaseOptions, note_other_database, variable};
use super::output::{note, print_json, print_line, print_text};
use gateway::GatewayError;
use gateway::commands::sites::{ConfiguredSite, ConfiguredSites, Place};
use gateway::config::{self, Overrides, Settings};

#[derive(Subcommand)]
pub enum Site {
    /// Add a site to the database. Running gateways serve it within a few seconds.
    ///
    /// FILE has the table [sites.KEY], as in the configuration file. Give its secrets as { file = "PATH" } or { env = "NAME" }, which the gateway
    /// reads.
    Add(AddSite),
    /// List all sites, with where they are configured.
    List(ListSites),
    /// Print the table of a site in the database.
    Show(OneSite),
    /// Change fields of a site in the database. The whole site is checked before it is written.
    ///
    /// VALUE is TOML, or a text without quotes; FIELD= removes a field. Comments of the table are lost.
    Set(SetSite),
    /// Remove a site from the database. Running gateways refuse it within a few seconds.
    ///
    /// Only says what is stored for it, unless --yes is given. Its tickets, questions and statistics stay, and are there again if the site is added
    /// again.
    Remove(RemoveSite),
}

#[derive(clap::Args)]
pub struct AddSite {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The key of the site, the value of data-site.
    #[arg(value_name = "KEY")]
    site: SiteKey,
    /// The file with its table; - reads standard input.
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Replace a site that is already in the database.
    #[arg(long)]
    replace: bool,
}

#[derive(clap::Args)]
pub struct ListSites {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct OneSite {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The key of the site.
    #[arg(value_name = "KEY")]
    site: SiteKey,
}

#[derive(clap::Args)]
pub struct SetSite {
    #[command(flatten)]
    one: OneSite,
    /// The fields, such as origins='["https://app.example.com"]', panel.theme.accent=#336699 or keep=.
    #[arg(value_name = "FIELD=VALUE", required = true)]
    fields: Vec<String>,
}

#[derive(clap::Args)]
pub struct RemoveSite {
    #[command(flatten)]
    one: OneSite,
    /// Remove it instead of only saying what is stored for it.
    #[arg(long)]
    yes: bool,
}

#[derive(clap::Args)]
pub struct Reload {
    #[command(flatten)]
    database: DatabaseOptions,
}

pub async fn run_site(command: Site) -> Result<ExitCode, GatewayError> {
    match command {
        Site::Add(options) => add(options).await,
        Site::List(options) => list(options).await,
        Site::Show(OneSite { database, site }) => {
            print_text(&open(database).await?.text(&site).await?)?;
            Ok(ExitCode::SUCCESS)
        }
        Site::Set(SetSite { one: OneSite { database, site }, fields }) => {
            let warnings = open(database).await?.set(&site, &fields).await?;
            warn(&warnings);
            print_line(&format!("changed site {site}; running gateways use it within a few seconds"))?;
            Ok(ExitCode::SUCCESS)
        }
        Site::Remove(options) => remove(options).await,
    }
}

/// Makes running gateways read their configuration again.
pub async fn run_reload(options: Reload) -> Result<ExitCode, GatewayError> {
    // Fails here already if the file is invalid.
    let reports = open(options.database).await?.reload().await?;
    let is_good = !reports.is_empty() && reports.iter().all(|report| report.error.is_none());
    for report in &reports {
        match &report.error {
            None => println!("{}: good", report.gateway),
            Some(error) => println!("{}: BAD  {error}", report.gateway),
        }
    }
    if reports.is_empty() {
        print_line("no gateway that uses this database has answered; check that it runs, and its log")?;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn open(options: DatabaseOptions) -> Result<ConfiguredSites, GatewayError> {
    Ok(ConfiguredSites::open(settings(options)?).await?)
}

fn settings(options: DatabaseOptions) -> Result<Settings, GatewayError> {
    let DatabaseOptions { config, database } = options;
    let (smtp_password, zendesk_secret) = (variable("DESKBELL_SMTP_PASSWORD"), variable("DESKBELL_ZENDESK_SECRET"));
    let overrides = Overrides { config, database, smtp_password, zendesk_secret, ..Overrides::default() };
    let settings = config::load(&overrides)?;
    note_other_database(&settings);
    Ok(settings)
}

async fn add(options: AddSite) -> Result<ExitCode, GatewayError> {
    let AddSite { database, site, file, replace } = options;
    let (text, name) = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        (text, "standard input".to_string())
    } else {
        (config::read_text(&file)?, file.display().to_string())
    };
    let sites = ConfiguredSites::open_or_create(settings(database)?).await?;
    let warnings = sites.add(&site, &text, &name, replace).await?;
    warn(&warnings);
    print_line(&format!("added site {site}; running gateways serve it within a few seconds"))?;
    Ok(ExitCode::SUCCESS)
}

async fn list(options: ListSites) -> Result<ExitCode, GatewayError> {
    let ListSites { database, json } = options;
    let sites = open(database).await?.list().await?;
    if json {
        print_json(&sites)?;
        return Ok(ExitCode::SUCCESS);
    }
    if sites.is_empty() {
        note("no site is configured in the file or the database");
    }
    for ConfiguredSite { site, place, updated_at, error } in &sites {
        let place = match place {
            Place::File => "file",
            Place::Database => "database",
            Place::Both => "file (and database, without effect)",
        };
        let since = updated_at.map(|time| format!(", changed {time}")).unwrap_or_default();
        let error = error.as_ref().map(|error| format!(", BAD: {error}")).unwrap_or_default();
        print_line(&format!("{site}: {place}{since}{error}"))?;
    }
    Ok(if sites.iter().all(|site| site.error.is_none()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn remove(options: RemoveSite) -> Result<ExitCode, GatewayError> {
    let RemoveSite { one: OneSite { database, site }, yes } = options;
    let sites = open(database).await?;
    let SiteContents { tickets, questions } = sites.contents(&site).await?;
    let kept = format!("what it has stays in the database (tickets: {tickets}, questions: {questions})");
    if !yes {
        print_line(&format!("site {site} would be removed; {kept}. Nothing was changed; repeat this with --yes"))?;
        return Ok(ExitCode::SUCCESS);
    }
    sites.remove(&site).await?;
    print_line(&format!("removed site {site}; {kept}"))?;
    Ok(ExitCode::SUCCESS)
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
}
