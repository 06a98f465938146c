//! `deskbell migrate`.

use std::process::ExitCode;

use serde::Serialize;

use super::options::DatabaseOptions;
use super::output::{print_json, print_text};
use deskbell_core::ports::{Migration, SchemaStatus};
use gateway::GatewayError;
use gateway::commands::migrate;

#[derive(clap::Args)]
pub struct Migrate {
    #[command(flatten)]
    database: DatabaseOptions,
    /// Only say whether the database is current; the exit code is 1 if it is not. Changes nothing.
    #[arg(long)]
    check: bool,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct MigrationReport<'a> {
    database: String,
    /// Whether the database now has all migrations of this version.
    is_current: bool,
    /// Those that this command has applied.
    applied: Vec<JsonMigration<'a>>,
    /// Those that are missing.
    pending: Vec<JsonMigration<'a>>,
    /// Those of a newer version, which this version leaves alone.
    newer: Vec<JsonMigration<'a>>,
}

#[derive(Serialize)]
struct JsonMigration<'a> {
    number: i64,
    name: &'a str,
}

pub async fn run_migrate(options: Migrate) -> Result<ExitCode, GatewayError> {
    let Migrate { database, check, json } = options;
    let settings = database.settings()?;
    let before = if check { migrate::check(&settings).await? } else { migrate::run(&settings).await? };
    let is_current = !check || before.is_current();
    let path = settings.database.to_string();
    if json {
        let (applied, pending) = if check { (&[][..], &before.pending[..]) } else { (&before.pending[..], &[][..]) };
        let (applied, pending, newer) = (listed(applied), listed(pending), listed(&before.newer));
        print_json(&MigrationReport { database: path, is_current, applied, pending, newer })?;
    } else {
        print_text(&text(&path, &before, check))?;
    }
    Ok(if is_current { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn listed(migrations: &[Migration]) -> Vec<JsonMigration<'_>> {
    migrations.iter().map(|Migration { number, name }| JsonMigration { number: *number, name }).collect()
}

fn text(path: &str, SchemaStatus { pending, newer, .. }: &SchemaStatus, check: bool) -> String {
    let done = if check { "pending" } else { "applied" };
    let line = |verb: &str, Migration { number, name }: &Migration| format!("{verb} {number:04} {name}\n");
    let mut text: String = pending.iter().map(|migration| line(done, migration)).collect();
    text.extend(newer.iter().map(|migration| line("newer  ", migration)));
    let count = |count: usize| if count == 1 { "1 migration".into() } else { format!("{count} migrations") };
    text += &match (check, pending.len()) {
        (_, 0) => format!("{path} is current\n"),
        (true, pending) => format!("{path} lacks {}; run `deskbell migrate`\n", count(pending)),
        (false, pending) => format!("{path} is current, {} applied\n", count(pending)),
    };
    text
}
