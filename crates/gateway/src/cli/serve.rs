//! `deskbell init`, `serve` and `health`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::options::variable;
use gateway::commands::health;
use gateway::config::{self, DEFAULT_LISTEN, Overrides, starter};
use gateway::{GatewayError, wire_up};

#[derive(clap::Args)]
pub struct Init {
    /// The file to write.
    #[arg(value_name = "FILE", default_value = starter::FILE)]
    file: PathBuf,
}

#[derive(clap::Args)]
pub struct Serve {
    /// The configuration file (TOML); crates/gateway/src/deskbell.example.toml shows every field.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// Address to listen on; port 0 picks a free port [default: 127.0.0.1:8383].
    #[arg(long, value_name = "ADDRESS:PORT", env = "DESKBELL_LISTEN")]
    listen: Option<String>,
    /// The database, sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:data/deskbell.db, with --demo sqlite:data/demo.db].
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
pub struct Health {
    /// The configuration file of the gateway.
    #[arg(long, value_name = "FILE", env = "DESKBELL_CONFIG")]
    config: Option<PathBuf>,
    /// The address that it listens on [default: 127.0.0.1:8383].
    #[arg(long, value_name = "ADDRESS:PORT", env = "DESKBELL_LISTEN")]
    listen: Option<String>,
}

pub async fn run_serve(options: Serve) -> Result<ExitCode, GatewayError> {
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
    setup.settings.check_attachments()?;
    gateway::serve(setup).await?;
    Ok(ExitCode::SUCCESS)
}

pub fn run_init(options: &Init) -> Result<ExitCode, GatewayError> {
    let file = &options.file;
    starter::write(file)?;
    let (file, inbox) = (file.display(), format!("http://{DEFAULT_LISTEN}/inbox"));
    println!(
        "Wrote {file} with a new token for the inbox; only you can read it.\nStart the gateway with\n  deskbell serve \
         --config {file}\nand log in at {inbox} with the token in the file. Before pages on other hosts can \
         embed the panel, add them to origins."
    );
    Ok(ExitCode::SUCCESS)
}

pub async fn run_health(options: Health) -> Result<ExitCode, GatewayError> {
    let Health { config, listen } = options;
    let settings = config::load(&Overrides { config, listen, ..Overrides::default() })?;
    let health = health::ask(settings.listen).await;
    println!("{}", health.text);
    Ok(if health.is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
