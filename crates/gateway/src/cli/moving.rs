//! `deskbell move`.

use std::process::ExitCode;

use serde::Serialize;

use super::options::DatabaseOptions;
use super::output::{note, print_json, print_line, print_table};
use super::progress::TerminalProgress;
use deskbell_core::rules::move_plan::CancelConfirmation;
use deskbell_core::use_cases::moving::{MoveReport, MovedTable, TableComparison};
use gateway::GatewayError;
use gateway::commands::moving::{self, CancelledMove, OpenMove};

#[derive(clap::Args)]
pub struct Move {
    #[command(flatten)]
    database: DatabaseOptions,
    /// The SQLite database that is moved, sqlite:PATH.
    #[arg(long, value_name = "URL")]
    from: String,
    /// Only compare both databases, of a move that has begun; the exit code is 1 if they differ. Changes no rows.
    #[arg(long)]
    check: bool,
    /// Use the SQLite database again, as it was when it was moved. Does not change the other one, which no gateway may use meanwhile.
    #[arg(long, conflicts_with = "check")]
    cancel: bool,
    /// Also cancel a finished move; pending deliveries will then be sent by both databases.
    #[arg(long, requires = "cancel")]
    yes: bool,
    /// Confirm that the target database no longer exists.
    #[arg(long, requires = "cancel")]
    target_lost: bool,
    /// Print JSON, for scripts.
    #[arg(long, conflicts_with = "cancel")]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct JsonReport {
    source: String,
    target: String,
    /// Whether the move had finished before.
    was_finished: bool,
    tables: Vec<JsonTable>,
    attachments: String,
}

#[derive(Serialize)]
struct JsonTable {
    name: &'static str,
    rows: u64,
}

/// What `--check --json` prints.
#[derive(Serialize)]
struct JsonComparison {
    source: String,
    target: String,
    is_equal: bool,
    tables: Vec<JsonComparedTable>,
}

#[derive(Serialize)]
struct JsonComparedTable {
    name: &'static str,
    source_rows: u64,
    target_rows: u64,
    is_equal: bool,
}

pub async fn run_move(options: Move) -> Result<ExitCode, GatewayError> {
    let Move { database, from, check, cancel, yes, target_lost, json } = options;
    if cancel {
        let confirmation = CancelConfirmation { is_finished: yes, is_target_lost: target_lost };
        return print_cancelled(moving::cancel(&database.load()?, &from, confirmation).await?);
    }
    let settings = database.settings()?;
    let open = OpenMove::open(&settings, &from).await?;
    let (source, target) = open.names();
    if check {
        let tables = open.compare(&TerminalProgress::with_notes()).await?;
        return print_comparison(source, target, &tables, json);
    }
    let report = open.run(&TerminalProgress::with_notes()).await?;
    let attachments = moving::attachments_note(&settings, &from)?;
    print_report(source, target, report, attachments, json)
}

fn print_cancelled(CancelledMove { source, target, was_finished }: CancelledMove) -> Result<ExitCode, GatewayError> {
    if was_finished {
        print_line(&format!(
            "{source} can be used again, as it was at the move; what {target} has received since is not in it"
        ))?;
        note(&format!("gateways could still use {target}; both deliver what waited at the move, so use only one"));
    } else {
        print_line(&format!("{source} can be used again; its move to {target} had not finished"))?;
        note(&format!("nothing can use {target} if the move had begun there; delete it"));
    }
    note("to move once more, use a new, empty database");
    Ok(ExitCode::SUCCESS)
}

fn print_report(
    source: String,
    target: String,
    MoveReport { tables, was_finished }: MoveReport,
    attachments: String,
    json: bool,
) -> Result<ExitCode, GatewayError> {
    if json {
        let tables = tables.into_iter().map(|MovedTable { name, rows }| JsonTable { name, rows }).collect();
        print_json(&JsonReport { source, target, was_finished, tables, attachments })?;
        return Ok(ExitCode::SUCCESS);
    }
    let filled = tables.iter().filter(|table| table.rows > 0);
    let lines: Vec<_> = filled.map(|table| vec![table.name.into(), table.rows.to_string()]).collect();
    print_table(&["TABLE", "ROWS"], &lines)?;
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    print_line(&match was_finished {
        true => format!("{rows} rows were moved from {source} to {target} before"),
        false => format!("moved {rows} rows from {source} to {target}, and compared them"),
    })?;
    note(&attachments);
    note(&format!("{source} is not served any more; start the gateway with the new database"));
    Ok(ExitCode::SUCCESS)
}

fn print_comparison(
    source: String,
    target: String,
    tables: &[TableComparison],
    json: bool,
) -> Result<ExitCode, GatewayError> {
    let is_equal = tables.iter().all(TableComparison::is_equal);
    if json {
        let compared = |table: &TableComparison| JsonComparedTable {
            name: table.name,
            source_rows: table.source.digest.rows,
            target_rows: table.target.digest.rows,
            is_equal: table.is_equal(),
        };
        print_json(&JsonComparison { source, target, is_equal, tables: tables.iter().map(compared).collect() })?;
    } else {
        let line = |table: &TableComparison| {
            let verdict = if table.is_equal() { "same" } else { "DIFFERENT" };
            vec![
                table.name.into(),
                table.source.digest.rows.to_string(),
                table.target.digest.rows.to_string(),
                verdict.into(),
            ]
        };
        let filled = tables.iter().filter(|table| table.source.digest.rows + table.target.digest.rows > 0);
        print_table(&["TABLE", "ROWS", "MOVED", ""], &filled.map(line).collect::<Vec<_>>())?;
        print_line(&match is_equal {
            true => format!("{target} has the same rows as {source}"),
            false => format!("{target} does not have the same rows as {source}; a gateway that uses it changes them"),
        })?;
    }
    Ok(if is_equal { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
