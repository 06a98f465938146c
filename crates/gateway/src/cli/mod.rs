//! The command line: which commands there are, and which options they have. There is a file for each family of commands; what a command does is
//! in [`gateway::commands`].

mod agents;
mod backup;
mod check;
mod deliveries;
mod migrate;
mod moving;
mod options;
mod output;
mod privacy;
mod progress;
mod questions;
mod serve;
mod sessions;
mod sites;
mod tickets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gateway::telemetry::{LogFormat, Telemetry};

use agents::Agents;
use backup::{Backup, Restore};
use check::Check;
use deliveries::Deliveries;
use migrate::Migrate;
use moving::Move;
use privacy::{Erase, Export};
use questions::{Import, Index};
use serve::{Health, Init, Serve};
use sessions::Sessions;
use sites::{Reload, Site};
use tickets::Tickets;

/// The Deskbell gateway: stores and delivers tickets, answers searches, and serves the help panel and the inbox.
#[derive(Parser)]
#[command(name = "deskbell", version)]
pub struct Cli {
    /// How log lines are written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "DESKBELL_LOG_FORMAT")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
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
    /// The environment overrides the file, for all sites, except for secrets that a field takes from a file or variable of its own. SIGHUP reads the file again, with the files of secrets that it names, without
    /// interrupting anything; without a file it ends the gateway.
    /// OTEL_EXPORTER_OTLP_ENDPOINT exports traces to an OpenTelemetry collector.
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
    /// Check the configuration, its database and destinations, or a gateway from outside.
    ///
    /// `check config` reads the configuration, and the sites of the database if the file has none. `check database` connects to the database. `check destinations` compares it with what the destinations report, and logs in to mail servers
    /// without sending mail; it leaves nothing behind, unless --send sends a test ticket. `check` alone does all of it. `check URL` tests a
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
    /// List and show tickets.
    #[command(subcommand)]
    Tickets(Tickets),
    /// List what destinations have not received, and send dead letters again.
    #[command(subcommand)]
    Deliveries(Deliveries),
    /// List and end the sessions of agents.
    #[command(subcommand)]
    Sessions(Sessions),
    /// Add, change and remove sites in the database while gateways run.
    ///
    /// Each has the same table as in the configuration file, which wins over it. Every change is in the audit log of the inbox.
    #[command(subcommand)]
    Site(Site),
    /// Make the gateways on the database read their configuration again: the file, the files of secrets that it names, and the sites in the database.
    ///
    /// Prints what each gateway reports; the exit code is 1 if one is BAD or none answers. An invalid configuration changes nothing.
    Reload(Reload),
    /// Erase tickets with everything that belongs to them: messages, notes, deliveries, receipts, files, search words.
    ///
    /// Only counts them, unless --yes is given. Works while a gateway is running. Copies at destinations are listed but not erased; neither are
    /// mails already sent and backups. An erased ticket does not come back if its submission is repeated (410).
    Erase(Erase),
    /// Export the stored data of a customer to a folder: export.json and the files.
    Export(Export),
    /// Apply the migrations of this version to the database, while gateways are running or before they start.
    ///
    /// `serve`, `import` and `site add` do this as well; use this to see and time it, and --check in scripts. Every other command refuses a database that lacks migrations, and leaves
    /// it as it is. Gateways of the version before go on working with the migrated database.
    Migrate(Migrate),
    /// Move everything in an SQLite database to the configured PostgreSQL database, which has to be empty.
    ///
    /// Stop the gateway first: the command refuses while it or another program uses the SQLite database, and from then on nothing can use that
    /// database any more. It compares all rows at the end. If it is interrupted, run it again; it continues where it stopped. No gateway starts
    /// with the new database before the move has finished. Attachments stay where they are.
    Move(Move),
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

impl Cli {
    /// Runs the command. Errors go to standard error.
    pub async fn run(self) -> ExitCode {
        let Cli { log_format, command } = self;
        let telemetry = match Telemetry::start(log_format, matches!(command, Command::Serve(_))) {
            Ok(telemetry) => telemetry,
            Err(error) => return fail(&error),
        };
        let done = match command {
            Command::Init(options) => serve::run_init(&options),
            Command::Serve(options) => serve::run_serve(options).await,
            Command::Import(options) => questions::run_import(options).await,
            Command::Index(options) => questions::run_index(options).await,
            Command::Check(options) => check::run_check(options).await,
            Command::Agents(Agents::Token(options)) => agents::make_token(options),
            Command::Health(options) => serve::run_health(options).await,
            Command::Tickets(command) => tickets::run_tickets(command).await,
            Command::Deliveries(command) => deliveries::run_deliveries(command).await,
            Command::Sessions(command) => sessions::run_sessions(command).await,
            Command::Site(command) => sites::run_site(command).await,
            Command::Reload(options) => sites::run_reload(options).await,
            Command::Erase(options) => privacy::run_erase(options).await,
            Command::Export(options) => privacy::run_export(options).await,
            Command::Migrate(options) => migrate::run_migrate(options).await,
            Command::Move(options) => moving::run_move(options).await,
            Command::Backup(options) => backup::run_backup(options).await,
            Command::Restore(options) => backup::run_restore(options).await,
        };
        telemetry.stop();
        done.unwrap_or_else(|error| fail(&error))
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("deskbell: {error}");
    ExitCode::FAILURE
}
