//! `deskbell backup` and `restore`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::options::DatabaseOptions;
use super::output::print_line;
use super::progress::TerminalProgress;
use gateway::{GatewayError, backup, stop_signal};

#[derive(clap::Args)]
pub struct Backup {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The folder to write; it must not exist.
    #[arg(value_name = "TARGET")]
    target: PathBuf,
}

#[derive(clap::Args)]
pub struct Restore {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Replace existing data, which is kept under another name.
    #[arg(long)]
    replace: bool,
    /// Only check the backup, completely; the exit code is 1 if it is damaged. Changes nothing, and needs no configuration.
    #[arg(long, conflicts_with = "replace")]
    check: bool,
    /// A folder written by `deskbell backup`.
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
}

pub async fn run_backup(options: Backup) -> Result<ExitCode, GatewayError> {
    let Backup { database, target } = options;
    let created = backup::create::run(&database.settings()?, &target, stop_signal()?, &TerminalProgress::new()).await?;
    println!("backed up {created} to {}", target.display());
    for file in &created.missing {
        eprintln!("{file} is missing from the attachments; it was already missing before this backup");
    }
    Ok(if created.missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub async fn run_restore(options: Restore) -> Result<ExitCode, GatewayError> {
    let Restore { database, replace, check, source } = options;
    if check {
        print_line(&backup::restore::verify(&source).await?.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", backup::restore::run(&database.restore_settings()?, &source, replace).await?);
    Ok(ExitCode::SUCCESS)
}
