//! `deskbell check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::CommandFactory;
use clap::error::ErrorKind;

use super::Cli;
use super::options::variable;
use gateway::commands::check;
use gateway::config::{self, Overrides, starter};
use gateway::{GatewayError, deployment, wire_up};

/// How many sites the summary names of the file, and of the database.
const NAMED_MAX: usize = 20;

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("needed").required(true).multiple(true).args(["address", "config"]))]
pub struct Check {
    /// `config`, `database`, `destinations`, or the address of a gateway as pages use it, such as https://support.example.com [default: config,
    /// database and destinations].
    #[arg(value_name = "config | database | destinations | URL")]
    address: Option<String>,
    /// With URL: a page that embeds the panel, such as https://app.example.com.
    #[arg(long, value_name = "ORIGIN", requires = "address")]
    origin: Option<String>,
    /// With URL: the site of that page.
    #[arg(long, value_name = "SITE", requires = "address")]
    site: Option<String>,
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// With destinations: send each a test ticket.
    #[arg(long)]
    send: bool,
}

pub async fn run_check(options: Check) -> Result<ExitCode, GatewayError> {
    let Check { address, origin, site, config, send } = options;
    let checks = match address.as_deref() {
        None => Checks { config: true, database: true, destinations: true },
        Some("config") => Checks { config: true, ..Checks::default() },
        Some("database") => Checks { database: true, ..Checks::default() },
        Some("destinations") => Checks { destinations: true, ..Checks::default() },
        Some(_) if send => refuse("--send", "can be used with destinations only"),
        Some(url) => {
            let deployment = deployment::Deployment::new(url, origin, site)?;
            let checked = deployment::check(&deployment, |line| println!("{line}")).await;
            return Ok(if checked.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    };
    match (config.is_some(), origin.is_some() || site.is_some(), send && !checks.destinations) {
        (_, true, _) => refuse("--origin and --site", "require a URL"),
        (_, _, true) => refuse("--send", "can be used with destinations only"),
        (false, ..) => refuse("--config FILE", "is required for this check"),
        _ => {}
    }
    let zendesk_secret = variable("DESKBELL_ZENDESK_SECRET");
    let (smtp_password, oidc_secret) = (variable("DESKBELL_SMTP_PASSWORD"), variable("DESKBELL_OIDC_SECRET"));
    let overrides = Overrides { config, zendesk_secret, smtp_password, oidc_secret, ..Overrides::default() };
    let mut setup = wire_up::load(&overrides)?;
    // A service may check its file at its start, while its database is away: only what depends on the sites there asks for them.
    let stored = match checks.destinations || setup.settings.sites.is_empty() {
        true => wire_up::stored_sites(&setup.settings).await,
        false => Ok(Vec::new()),
    };
    match &stored {
        Ok(tables) if tables.is_empty() => {}
        Ok(tables) => setup = wire_up::load_with_stored(&overrides, tables)?,
        Err(error) => println!("note: sites of the database are not checked: {error}"),
    }
    let settings = &setup.settings;
    for notice in config::notices(settings, deskbell_core::clock::now()) {
        println!("note: {notice}");
    }
    if checks.config {
        println!("{}", summary(settings, stored.is_ok()));
    }
    let is_database_good = !checks.database || check_database(settings).await;
    if !checks.destinations {
        let is_good = is_database_good && !(checks.config && stored.is_ok() && !are_sites_good(settings));
        return Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let checked = check::check(&setup.parts.sites, &setup.parts.mails, &setup.parts.destinations, send).await;
    println!("{checked}");
    let mut is_provider_good = true;
    if let Some(oidc) = &setup.oidc {
        match oidc.check().await {
            Ok(()) => println!("inbox.oidc: ok  {} responds as configured", oidc.name()),
            Err(error) => {
                is_provider_good = false;
                println!("inbox.oidc: BAD  {error}");
            }
        }
    }
    let is_storage_good = check_storage(settings).await;
    let is_good = checked.is_good() && is_provider_good && is_storage_good && is_database_good;
    let is_good = is_good && settings.invalid_sites.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a gateway can open the database.
async fn check_database(settings: &config::Settings) -> bool {
    let database = &settings.database;
    if !database.may_exist() {
        println!("database: ok  {database} does not exist; the first start creates it");
        return true;
    }
    match wire_up::check_database(settings).await {
        Ok(status) if status.is_current() => println!("database: ok  {database}"),
        Ok(status) => println!("database: ok  {database}; the next start runs {} migrations", status.pending.len()),
        Err(error) => {
            println!("database: BAD  {error}");
            return false;
        }
    }
    true
}

/// Whether attachments can be stored, if they are stored in a bucket.
async fn check_storage(settings: &config::Settings) -> bool {
    let config::Storage::Bucket(bucket) = &settings.attachments else { return true };
    let checked = match wire_up::open_bucket(bucket) {
        Ok(opened) => opened.check().await,
        Err(error) => Err(error.to_string()),
    };
    match &checked {
        Ok(()) => println!("attachments: ok  {} can be written, read and deleted from", bucket.url()),
        Err(error) => println!("attachments: BAD  {}: {error}", bucket.url()),
    }
    checked.is_ok()
}

/// What to check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Checks {
    config: bool,
    database: bool,
    destinations: bool,
}

/// Whether there is a site, and each that was read is valid.
fn are_sites_good(settings: &config::Settings) -> bool {
    !settings.sites.is_empty() && settings.invalid_sites.is_empty()
}

/// The configuration, summarized in one line. That nobody knows whether the database has sites is no fault of it.
fn summary(settings: &config::Settings, is_database_read: bool) -> String {
    let file = settings.file.as_deref().unwrap_or(Path::new(starter::FILE)).display();
    let database = &settings.database;
    let (stored, file_sites): (Vec<&str>, Vec<&str>) =
        settings.sites.keys().map(String::as_str).partition(|site| settings.stored.contains(*site));
    match (settings.sites.is_empty(), settings.invalid_sites.len()) {
        (true, 0) if !is_database_read => {
            return format!("{file}: good, without a site; whether the database {database} has one is not known");
        }
        (true, 0) => {
            return format!(
                "{file}: BAD  no site; add a table [sites.NAME] with origins, or a site to the database with `deskbell site add`"
            );
        }
        (_, 0) => {}
        (_, 1) => return format!("{file}: BAD  a site in the database {database} is invalid, see the note"),
        (_, count) => {
            return format!("{file}: BAD  {count} sites in the database {database} are invalid, see the notes");
        }
    }
    let inbox = match settings.logins.is_empty() {
        true => "; the inbox is closed until agents can log in, see `deskbell agents token --help`",
        false => "",
    };
    let database_sites = match stored.is_empty() {
        true => String::new(),
        false => format!("{} in the database {database}", site_names(&stored)),
    };
    let sites = match file_sites.is_empty() {
        true => database_sites,
        false if stored.is_empty() => site_names(&file_sites),
        false => format!("{}, and {database_sites}", site_names(&file_sites)),
    };
    format!("{file}: good, with {sites}{inbox}")
}

/// The names of sites, of many only the first.
fn site_names(sites: &[&str]) -> String {
    let shown = sites.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    match sites.len() {
        1 => format!("the site {shown}"),
        count if count > NAMED_MAX => format!("the sites {shown} and {} more", count - NAMED_MAX),
        _ => format!("the sites {shown}"),
    }
}

/// Exits as clap does for conflicting options.
fn refuse(option: &str, reason: &str) -> ! {
    Cli::command().error(ErrorKind::ArgumentConflict, format!("{option} {reason}")).exit()
}
