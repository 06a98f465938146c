//! The command `deskbell`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use deskbell_core::ids::{CustomerId, SiteKey};
use deskbell_core::ports::SourceError;
use deskbell_core::use_cases::privacy::{Exported, Selection};
use deskbell_core::use_cases::search::import::{ImportError, Prune};
use gateway::commands::import::ImportCommandError;
use gateway::commands::{DataError, DataPaths, check, erase, export, health, import, index};
use gateway::config::{self, DEFAULT_LISTEN, Overrides, SourceKind, starter};
use gateway::http::inbox::oidc::OidcLogin;
use gateway::{self, backup, deployment, wire_up};
use outbound_http::AddressError;
use sources::{Columns, Source};
use tracing_subscriber::EnvFilter;

/// The Deskbell gateway: stores and delivers tickets, answers searches, and serves the help panel and the inbox.
#[derive(Parser)]
#[command(name = "deskbell", version)]
struct Cli {
    /// How log lines are written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "DESKBELL_LOG_FORMAT")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

/// How log lines are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line, with the fields of the event and of its span.
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Write a starter configuration file with a new token for the inbox.
    ///
    /// Never overwrites a file; only you can read the new one.
    Init(Init),
    /// Serve the API, the panel and the inbox until SIGTERM or SIGINT.
    ///
    /// Without a configuration file, one site named `default` is served to pages on this computer (http://localhost and http://127.0.0.1,
    /// any port). Prints its address to standard output when it is ready, and logs to standard error. Secrets can be set in the file or the
    /// environment: DESKBELL_OIDC_SECRET (login of agents), DESKBELL_SMTP_PASSWORD (mail server), DESKBELL_ZENDESK_SECRET (Zendesk OAuth client)
    /// and, for one more version, DESKBELL_INBOX_TOKEN (token that all agents share).
    /// The environment overrides the file, for all sites.
    Serve(Serve),
    /// Import community questions. Safe to repeat: only changes are written.
    ///
    /// Items that cannot be read are reported and the rest is imported; the exit code is then 1. An import never changes or removes
    /// questions of another SOURCE.
    Import(Import),
    /// Write community questions to a file that pages can search without a gateway, or if it is blocked.
    ///
    /// Without SOURCE, the questions in the database are written. The same questions always produce the same bytes.
    Index(Index),
    /// Check the configuration, its destinations, or a gateway from outside.
    ///
    /// `check config` reads the configuration. `check destinations` compares it with what the destinations report, and logs in to mail servers
    /// without sending mail; it leaves nothing behind, unless --send sends a test ticket. `check` alone does both. `check URL` tests a
    /// deployment through its proxies: sizes, headers, streams, CORS, caching, paths. Each line says good or BAD and how to fix it; the exit
    /// code is 1 if anything is bad. DESKBELL_ZENDESK_SECRET and DESKBELL_SMTP_PASSWORD work as with serve.
    Check(Check),
    /// Manage the agents who use the inbox.
    #[command(subcommand)]
    Agents(Agents),
    /// Ask the gateway on this computer whether it can serve, for the health checks of containers and services.
    ///
    /// Prints the answer of /readyz; the exit code is 1 if the gateway cannot serve or does not answer within five seconds.
    Health(Health),
    /// Erase tickets with everything that belongs to them: messages, notes, deliveries, receipts, files, search words.
    ///
    /// Only counts them, unless --yes is given. Works while a gateway is running. Copies at destinations are listed but not erased; neither are
    /// mails already sent and backups. An erased ticket does not come back if its submission is repeated (410).
    Erase(Erase),
    /// Export the stored data of a customer to a folder: export.json and the files.
    Export(Export),
    /// Back up the database and the attachments to a folder while gateways are running.
    ///
    /// The backup contains everything acknowledged before it started. It blocks no writer, overwrites nothing, and is checked; the folder gets
    /// its final name once it is complete. It contains personal data and is readable only by you. The configuration and its secrets
    /// are not included.
    Backup(Backup),
    /// Restore a backup to the configured database and attachments.
    ///
    /// Checks the whole backup first, and refuses while a gateway or another program uses the database. Deliveries that were pending when the
    /// backup was made are sent again: this creates no duplicate in Zendesk, but mails and webhooks may repeat.
    Restore(Restore),
}

#[derive(clap::Args)]
struct Init {
    /// The file to write.
    #[arg(value_name = "FILE", default_value = starter::FILE)]
    file: PathBuf,
}

#[derive(Subcommand)]
enum Agents {
    /// Make a personal token for an agent, and the table for the configuration file.
    ///
    /// The agent gets the token; the table has only its SHA-256. Nothing is stored. To replace a token, exchange token_sha256 in the table
    /// and restart the gateway, which ends the agent's sessions.
    Token(AgentToken),
}

#[derive(clap::Args)]
struct AgentToken {
    /// The id of the agent, which stays the same when their name or token changes.
    #[arg(value_name = "ID")]
    id: String,
    /// The name that customers see [default: the id].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// What the agent may do: agent answers tickets, lead also sends deliveries again, administrator also erases tickets, ends sessions
    /// and reads the audit log.
    #[arg(long, value_name = "ROLE", default_value = "agent", value_parser = ["agent", "lead", "administrator"])]
    role: String,
    /// A site on which they have the role; repeatable [default: all sites].
    #[arg(long = "site", value_name = "SITE")]
    sites: Vec<String>,
}

#[derive(clap::Args)]
struct Serve {
    /// The configuration file (TOML); crates/gateway/src/deskbell.example.toml shows every field.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 picks a free port [default: 127.0.0.1:8383].
    #[arg(long, value_name = "ADDRESS:PORT", env = "DESKBELL_LISTEN")]
    listen: Option<String>,
    /// The database, sqlite:PATH [default: sqlite:data/deskbell.db, with --demo sqlite:data/demo.db].
    #[arg(long, value_name = "URL", env = "DESKBELL_DATABASE")]
    database: Option<String>,
    /// The folder with the panel's files, built by `make build`.
    #[arg(long, value_name = "FOLDER", env = "DESKBELL_ASSETS")]
    assets: Option<PathBuf>,
    /// Serve the demo: a fictional product with its site and questions. The inbox is open to this computer.
    #[arg(long)]
    demo: bool,
}

#[derive(clap::Args)]
struct Health {
    /// The configuration file of the gateway.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The address that it listens on [default: 127.0.0.1:8383].
    #[arg(long, value_name = "ADDRESS:PORT", env = "DESKBELL_LISTEN")]
    listen: Option<String>,
}

#[derive(clap::Args)]
struct Import {
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
struct Index {
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

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("needed").required(true).multiple(true).args(["address", "config"]))]
struct Check {
    /// `config`, `destinations`, or the address of a gateway as pages use it, such as https://support.example.com [default: config and
    /// destinations].
    #[arg(value_name = "config | destinations | URL")]
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

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("selection").required(true).args(["ticket", "person", "email", "before"]))]
struct Erase {
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
struct Export {
    #[command(flatten)]
    subject: Subject,
    /// The folder to write; it must be empty or not exist.
    #[arg(long, value_name = "FOLDER", default_value = "deskbell-export")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct Backup {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The folder to write; it must not exist.
    #[arg(value_name = "TARGET")]
    target: PathBuf,
}

#[derive(clap::Args)]
struct Restore {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Replace existing data, which is kept under another name.
    #[arg(long)]
    replace: bool,
    /// A folder written by `deskbell backup`.
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
}

/// Where the database and the files are.
#[derive(clap::Args)]
struct DatabaseOptions {
    /// The configuration file that names the database and the folder of files.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The database, sqlite:PATH [default: sqlite:data/deskbell.db].
    #[arg(long, value_name = "URL", env = "DESKBELL_DATABASE")]
    database: Option<String>,
}

impl DatabaseOptions {
    fn settings(self) -> Result<config::Settings, config::SettingsError> {
        let DatabaseOptions { config, database } = self;
        let settings = config::load(&Overrides { config, database, ..Overrides::default() })?;
        note_other_database(&settings);
        Ok(settings)
    }
}

/// Warns if a command uses another database than the gateway. A database from the environment is the gateway's as well.
fn note_other_database(settings: &config::Settings) {
    let of_environment = variable("DESKBELL_DATABASE").and_then(|url| config::sqlite_path(&url, "").ok());
    if of_environment.is_some_and(|path| path == settings.database) {
        return;
    }
    if let Some(notice) = config::other_database(settings, Path::new("")) {
        eprintln!("note: {notice}");
    }
}

/// Whose tickets are meant.
#[derive(clap::Args)]
#[group(skip)]
struct Subject {
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
    /// The configuration file that names the database and the folder of files.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The database, sqlite:PATH [default: sqlite:data/deskbell.db].
    #[arg(long, value_name = "URL", env = "DESKBELL_DATABASE")]
    database: Option<String>,
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

    fn data(&self) -> Result<DataPaths, config::SettingsError> {
        let settings = DatabaseOptions { config: self.config.clone(), database: self.database.clone() }.settings()?;
        Ok(DataPaths { database: settings.database, attachments: settings.attachments })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { log_format, command } = Cli::parse();
    start_log(log_format);
    let done = match command {
        Command::Init(options) => init(&options),
        Command::Serve(options) => serve(options).await,
        Command::Import(options) => run_import(options).await,
        Command::Index(options) => run_index(options).await,
        Command::Check(options) => run_check(options).await,
        Command::Agents(Agents::Token(options)) => make_agent_token(options),
        Command::Health(options) => run_health(options).await,
        Command::Erase(options) => run_erase(options).await,
        Command::Export(options) => run_export(options).await,
        Command::Backup(options) => run_backup(options).await,
        Command::Restore(options) => run_restore(options).await,
    };
    done.unwrap_or_else(|error| {
        eprintln!("deskbell: {error}");
        ExitCode::FAILURE
    })
}

async fn serve(options: Serve) -> Result<ExitCode, gateway::GatewayError> {
    let Serve { config, listen, database, assets, demo } = options;
    let (inbox_token, smtp_password) = (variable("DESKBELL_INBOX_TOKEN"), variable("DESKBELL_SMTP_PASSWORD"));
    let (zendesk_secret, oidc_secret) = (variable("DESKBELL_ZENDESK_SECRET"), variable("DESKBELL_OIDC_SECRET"));
    let setup = wire_up::load(&Overrides {
        config,
        listen,
        database,
        assets,
        inbox_token,
        smtp_password,
        zendesk_secret,
        oidc_secret,
        default_site: true,
        demo,
    })?;
    gateway::serve(setup).await?;
    Ok(ExitCode::SUCCESS)
}

fn init(options: &Init) -> Result<ExitCode, gateway::GatewayError> {
    let file = &options.file;
    starter::write(file)?;
    let file = file.display();
    println!(
        "Wrote {file} with a new token for the inbox; only you can read it.\nStart the gateway with\n  deskbell serve \
         --config {file}\nand log in at http://{DEFAULT_LISTEN}/inbox with the token in the file. Before pages on other hosts can \
         embed the panel, add them to origins."
    );
    Ok(ExitCode::SUCCESS)
}

fn make_agent_token(options: AgentToken) -> Result<ExitCode, gateway::GatewayError> {
    let AgentToken { id, name, role, sites } = options;
    let (token, table) = starter::agent(&id, name.as_deref().unwrap_or(&id), &role, &sites)?;
    eprintln!(
        "The token of {id}, which is shown only now:\n\n{token}\n\nAdd this to the configuration file and restart the gateway:\n"
    );
    println!("{table}");
    Ok(ExitCode::SUCCESS)
}

/// What to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Checks {
    config: bool,
    destinations: bool,
}

async fn run_check(options: Check) -> Result<ExitCode, gateway::GatewayError> {
    let Check { address, origin, site, config, send } = options;
    let checks = match address.as_deref() {
        None => Checks { config: true, destinations: true },
        Some("config") => Checks { config: true, destinations: false },
        Some("destinations") => Checks { config: false, destinations: true },
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
    let setup =
        wire_up::load(&Overrides { config, zendesk_secret, smtp_password, oidc_secret, ..Overrides::default() })?;
    let settings = &setup.settings;
    for notice in config::notices(settings, deskbell_core::clock::now()) {
        println!("note: {notice}");
    }
    if checks.config {
        println!("{}", summary(settings));
    }
    if !checks.destinations {
        return Ok(if settings.sites.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    }
    let checked = check::check(&setup.parts.sites, &setup.parts.mails, &setup.parts.destinations, send).await;
    println!("{checked}");
    let is_provider_good = match &setup.oidc {
        Some(oidc) => is_provider_good(oidc).await,
        None => true,
    };
    Ok(if checked.is_good() && is_provider_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the identity provider responds as configured; prints the finding.
async fn is_provider_good(oidc: &OidcLogin) -> bool {
    let checked = oidc.check().await;
    match &checked {
        Ok(()) => println!("inbox.oidc: ok  {} responds as configured", oidc.name()),
        Err(error) => println!("inbox.oidc: BAD  {error}"),
    }
    checked.is_ok()
}

/// A valid configuration, summarized in one line.
fn summary(settings: &config::Settings) -> String {
    let file = settings.file.as_deref().unwrap_or(Path::new(starter::FILE)).display();
    if settings.sites.is_empty() {
        return format!("{file}: BAD  no site; add a table [sites.NAME] with origins");
    }
    let sites: Vec<&str> = settings.sites.keys().map(String::as_str).collect();
    let inbox = match settings.logins.is_empty() {
        true => "; the inbox is closed until agents can log in, see `deskbell agents token --help`",
        false => "",
    };
    format!(
        "{file}: good, with {} {}{inbox}",
        if sites.len() == 1 { "the site" } else { "the sites" },
        sites.join(", ")
    )
}

/// Exits as clap does for conflicting options.
fn refuse(option: &str, reason: &str) -> ! {
    Cli::command().error(ErrorKind::ArgumentConflict, format!("{option} {reason}")).exit()
}

/// Logs to standard error; `RUST_LOG` filters.
fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).init(),
    }
}

async fn run_health(options: Health) -> Result<ExitCode, gateway::GatewayError> {
    let Health { config, listen } = options;
    let settings = config::load(&Overrides { config, listen, ..Overrides::default() })?;
    let health = health::ask(settings.listen).await;
    println!("{}", health.text);
    Ok(if health.is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_erase(options: Erase) -> Result<ExitCode, gateway::GatewayError> {
    let Erase { subject, before, with_open, yes } = options;
    let before = before
        .map(|day| Selection::before(&day, subject.site.clone(), with_open))
        .transpose()
        .map_err(DataError::from)?;
    // Clap requires one of them.
    let Some(selection) = subject.selection().or(before) else { return Ok(ExitCode::FAILURE) };
    let erased = erase::run(&subject.data()?, &selection, yes).await?;
    print!("{erased}");
    Ok(if erased.unreadable + erased.changed_hands == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_export(options: Export) -> Result<ExitCode, gateway::GatewayError> {
    let Export { subject, out } = options;
    let Some(selection) = subject.selection() else { return Ok(ExitCode::FAILURE) };
    let exported = export::run(&subject.data()?, &selection, &out).await?;
    let Exported { tickets, files, missing_files, unreadable, .. } = exported;
    println!("exported {tickets} tickets and {files} files to {}", out.display());
    if missing_files + unreadable > 0 {
        eprintln!("{unreadable} tickets cannot be read and {missing_files} files are missing");
    }
    Ok(if missing_files + unreadable == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_backup(options: Backup) -> Result<ExitCode, gateway::GatewayError> {
    let Backup { database, target } = options;
    let created = backup::create::run(&database.settings()?, &target, gateway::stop_signal()?).await?;
    println!("backed up {created} to {}", target.display());
    for file in &created.missing {
        eprintln!("{file} is missing from the attachments; it was already missing before this backup");
    }
    Ok(if created.missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_restore(options: Restore) -> Result<ExitCode, gateway::GatewayError> {
    let Restore { database, replace, source } = options;
    println!("{}", backup::restore::run(&database.settings()?, &source, replace).await?);
    Ok(ExitCode::SUCCESS)
}

/// An environment variable. An empty one counts as unset, because a compose file makes an unset variable empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
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

async fn run_import(options: Import) -> Result<ExitCode, gateway::GatewayError> {
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
    let report = import::run(&settings, &site, &source, prune).await?;
    for note in &report.notes {
        eprintln!("{address}: {note}");
    }
    println!("{report}");
    Ok(if report.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_index(options: Index) -> Result<ExitCode, gateway::GatewayError> {
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
