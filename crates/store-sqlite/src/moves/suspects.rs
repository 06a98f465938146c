//! Finds the tables that may have rows which cannot be moved, several times faster than reading all rows: SQLite itself checks types, times and
//! references, and only texts come out of it, many at once, because it does not check their encoding.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use futures_util::TryStreamExt;
use futures_util::future::try_join_all;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, query, query_scalar};

use super::super::error::{RowExt, store_error};
use super::open_for_reading;
use super::origins::{ORIGINS, Origin, origin_of, quoted};
use super::references::{ForeignKey, foreign_keys};
use deskbell_core::ports::{Column, ColumnKind, Progress, StoreError, Suspects, TABLES, Table};

/// How many tables are checked at the same time, if the computer has as many cores.
const CHECKERS_MAX: usize = 4;
/// How many rows are read in advance. They have only texts.
const ROWS_AHEAD: usize = 64;
/// After how many rows the progress advances.
const ROWS_OF_A_STEP: u64 = 1_000;

/// Something that can be checked by itself.
enum Check {
    Rows(&'static Table),
    References(ForeignKey),
}

/// Checks a database that nobody writes to.
pub async fn find(path: &Path, progress: &dyn Progress) -> Result<Suspects, StoreError> {
    let mut connection = open_for_reading(path, ROWS_AHEAD).await?;
    let keys = foreign_keys(&mut connection).await?;
    connection.close().await.map_err(store_error)?;
    let checks: Vec<Check> = TABLES.iter().map(Check::Rows).chain(keys.into_iter().map(Check::References)).collect();
    let next = AtomicUsize::new(0);
    let checkers = thread::available_parallelism().map_or(1, |cores| cores.get().min(CHECKERS_MAX));
    let found = try_join_all((0..checkers).map(|_| carry_out(path, &checks, &next, progress))).await?;
    let mut suspects = Suspects::default();
    for found in found {
        suspects.tables.extend(found.tables);
        suspects.has_broken_references |= found.has_broken_references;
    }
    suspects.tables.sort_by_key(|table| TABLES.iter().position(|known| known.name == table.name));
    Ok(suspects)
}

/// Carries out checks, one after the other, as long as there is one that nobody has begun.
async fn carry_out(
    path: &Path,
    checks: &[Check],
    next: &AtomicUsize,
    progress: &dyn Progress,
) -> Result<Suspects, StoreError> {
    let mut connection = open_for_reading(path, ROWS_AHEAD).await?;
    let mut suspects = Suspects::default();
    while let Some(check) = checks.get(next.fetch_add(1, Ordering::Relaxed)) {
        match check {
            Check::Rows(table) => {
                if is_suspect(&mut connection, table, progress).await? {
                    suspects.tables.push(*table);
                }
            }
            Check::References(key) => suspects.has_broken_references |= is_violated(&mut connection, key).await?,
        }
    }
    connection.close().await.map_err(store_error)?;
    Ok(suspects)
}

async fn is_suspect(
    connection: &mut SqliteConnection,
    table: &'static Table,
    progress: &dyn Progress,
) -> Result<bool, StoreError> {
    let check = query(AssertSqlSafe(check(table, origin_of(table)?)));
    let mut results = check.fetch(connection);
    let mut checked = 0;
    while let Some(result) = results.try_next().await.map_err(store_error)? {
        let (rows, is_suspect, texts): (i64, bool, Option<&[u8]>) =
            (result.value(0)?, result.value(1)?, result.value(2)?);
        if is_suspect || texts.is_some_and(|texts| std::str::from_utf8(texts).is_err()) {
            return Ok(true);
        }
        checked += rows.unsigned_abs();
        if checked >= ROWS_OF_A_STEP {
            progress.advance(std::mem::take(&mut checked));
        }
    }
    progress.advance(checked);
    Ok(false)
}

/// Selects, for each row or group of rows: their number, whether one may be unreadable, and the texts. These are separated by a character of
/// ASCII, so that together they are valid only if each is.
pub fn check(table: &'static Table, origin: &Origin) -> String {
    let conditions: Vec<String> = table.columns.iter().map(|column| is_readable(column, origin)).collect();
    let is_suspect = format!("NOT ({})", conditions.join(" AND "));
    let texts: Vec<String> = table
        .columns
        .iter()
        .filter(|column| column.kind == ColumnKind::Text)
        .map(|column| quoted(origin.expression(column.name)))
        .collect();
    let texts = if texts.is_empty() { "NULL".into() } else { format!("concat_ws(char(10), {})", texts.join(", ")) };
    let from = origin.from;
    match origin.group {
        Some(column) => format!(
            "SELECT count(*), max({is_suspect}), group_concat({texts}, char(10)) FROM {from} GROUP BY \"{column}\""
        ),
        None => format!("SELECT 1, {is_suspect}, {texts} FROM {from}"),
    }
}

/// A condition that holds only for values that can be read, and for nearly all of these.
fn is_readable(column: &Column, origin: &Origin) -> String {
    let value = quoted(origin.expression(column.name));
    let is_readable = match column.kind {
        ColumnKind::Integer => format!("typeof({value}) = 'integer'"),
        ColumnKind::Boolean => format!("typeof({value}) = 'integer' AND {value} IN (0, 1)"),
        ColumnKind::Text => format!("typeof({value}) = 'text'"),
        ColumnKind::Bytes => format!("typeof({value}) = 'blob'"),
        // As the store writes them. Days that do not exist become others.
        ColumnKind::Time => format!("typeof({value}) = 'text' AND strftime('%Y-%m-%dT%H:%M:%fZ', {value}) IS {value}"),
    };
    if column.is_optional { format!("({value} IS NULL OR ({is_readable}))") } else { format!("({is_readable})") }
}

async fn is_violated(connection: &mut SqliteConnection, key: &ForeignKey) -> Result<bool, StoreError> {
    query_scalar(AssertSqlSafe(violation(key))).fetch_one(connection).await.map_err(store_error)
}

/// Selects whether some row violates a foreign key.
pub fn violation(ForeignKey { table, column, parent, parent_column }: &ForeignKey) -> String {
    let has_group = |origin: &Origin| origin.from == table && origin.group == Some(column);
    // The same reference of many rows is looked up once.
    let child = match ORIGINS.iter().any(has_group) {
        true => format!("(SELECT DISTINCT \"{column}\" FROM \"{table}\")"),
        false => format!("\"{table}\""),
    };
    format!(
        "SELECT EXISTS (SELECT 1 FROM {child} AS child WHERE child.\"{column}\" IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM \"{parent}\" AS parent WHERE parent.\"{parent_column}\" = child.\"{column}\"))"
    )
}
