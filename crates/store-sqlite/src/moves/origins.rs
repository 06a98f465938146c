//! Where the rows of a table are in SQLite, and how they are read.

use sqlx::sqlite::SqliteRow;

use super::super::counts;
use super::super::error::RowExt;
use deskbell_core::ports::{Column, ColumnKind, Row, RowFault, StoreError, Table, Value};

/// How many characters of a value an error shows.
const SHOWN_MAX: usize = 200;

/// The origin of a table.
pub struct Origin {
    /// The table of all stores.
    pub table: &'static str,
    /// The table here, or what else rows are selected from.
    pub from: &'static str,
    /// The order in which rows are read, if it is not that of the key: one that needs no sorting and does not jump between pages.
    order: Option<&'static str>,
    /// The first column of the key, if few and short rows have the same value in it, so that they can be checked together.
    pub group: Option<&'static str>,
    /// Columns that have another name or form here.
    columns: &'static [(&'static str, &'static str)],
}

const fn origin(table: &'static str) -> Origin {
    Origin { table, from: table, order: None, group: None, columns: &[] }
}

impl Origin {
    const fn from(self, from: &'static str) -> Origin {
        Origin { from, ..self }
    }

    const fn in_order_of(self, order: &'static str) -> Origin {
        Origin { order: Some(order), ..self }
    }

    const fn in_groups_by(self, group: &'static str) -> Origin {
        Origin { group: Some(group), ..self }
    }

    const fn with(self, columns: &'static [(&'static str, &'static str)]) -> Origin {
        Origin { columns, ..self }
    }

    /// What a column is selected with.
    pub fn expression(&self, column: &'static str) -> &'static str {
        self.columns.iter().find(|(name, _)| *name == column).map_or(column, |(_, expression)| *expression)
    }

    /// The name of a column here.
    fn column(&self, column: &'static str) -> &'static str {
        let expression = self.expression(column);
        // Columns that are converted by a function have the same name.
        if expression.contains('(') { column } else { expression }
    }
}

pub static ORIGINS: &[Origin] = &[
    origin("tickets").in_order_of("number"),
    origin("ticket_bodies").in_order_of("rowid"),
    origin("submission_keys").from("seals").with(&[("body_hash", "body")]),
    origin("ticket_tokens").in_groups_by("ticket"),
    origin("messages").with(&[("body_hash", "sealed")]),
    origin("activities").from("deeds").with(&[("actor", "operator"), ("kind", "deed")]),
    origin("deliveries").with(&[
        ("kind", "what"),
        ("first_attempt_at", "tried_at"),
        ("attempts", "tries"),
        ("external_id", "remote"),
        ("reason", "told"),
        ("is_head", "head"),
    ]),
    origin("external_tickets").from("places").with(&[("external_id", "remote"), ("poll_at", "look_at")]),
    origin("erased_external_tickets"),
    origin("attachments").with(&[
        ("media_type", "type"),
        ("has_metadata", "metadata"),
        ("uploaded_at", "put_at"),
        ("message_number", "number"),
        ("position", "place"),
    ]),
    origin("removed_files"),
    origin("upload_usage"),
    origin("confirmations"),
    origin("mails").with(&[("attempts", "tries")]),
    origin("answer_mails"),
    origin("access_links"),
    origin("session_tickets"),
    origin("unsigned_mails").in_order_of("rowid"),
    origin("erased_submissions"),
    origin("agents"),
    origin("agent_sessions"),
    origin("audit_log"),
    origin("visit_counts"),
    origin("question_counts"),
    origin("visits"),
    origin("week_sizes"),
    origin("search_misses"),
    origin("searchers").with(&[("pseudonym", "who")]),
    origin("questions"),
    origin("removed_questions"),
    origin("question_revisions").from("revisions"),
    origin("question_changes").with(&[("only_row", "only")]),
    origin("imports").from("sources FULL JOIN import_runs USING (site, source)").with(&[
        ("holder", "nullif(holder, '')"),
        ("lease_until", "nullif(lease_until, '')"),
        ("failures", "coalesce(failures, 0)"),
        ("retry_at", "nullif(retry_at, '')"),
        ("progress", "coalesce(progress, '')"),
    ]),
    origin("affected_customers").from("affected").with(&[("pseudonym", "who")]),
    origin("incident_counts"),
    origin("site_tables"),
    origin("sites_revision").with(&[("only_row", "only")]),
    origin("reload_reports"),
    origin("sync_states").from("polls").with(&[("until", "nullif(until, '')"), ("is_behind", "behind")]),
    origin("notifications").from("invocations"),
    origin("resends"),
    origin("secrets").from("(SELECT what AS name, key AS value FROM signing UNION ALL SELECT 'salt', value FROM salt)"),
];

/// Where the rows of a table are.
pub fn origin_of(table: &Table) -> Result<&'static Origin, StoreError> {
    let found = ORIGINS.iter().find(|origin| origin.table == table.name);
    found.ok_or_else(|| StoreError::Database(format!("there is no table {}", table.name)))
}

/// Selects the rows of a table after a number of rows.
pub fn select(table: &'static Table) -> Result<String, StoreError> {
    let origin = origin_of(table)?;
    let key: Vec<String> = table.key.iter().map(|name| quoted(origin.expression(name))).collect();
    let order = origin.order.map_or_else(|| key.join(", "), String::from);
    Ok(format!("SELECT {} FROM {} ORDER BY {order} LIMIT -1 OFFSET ?", columns(table, origin), origin.from))
}

/// The columns of a table, in the order of its rows.
pub fn columns(table: &'static Table, origin: &Origin) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(origin.expression(column.name))).collect();
    columns.join(", ")
}

/// An expression, or the quoted name of a column.
pub fn quoted(expression: &str) -> String {
    if expression.contains('(') { expression.into() } else { format!("\"{expression}\"") }
}

/// A row in the form of all stores.
pub fn row_of(table: &'static Table, origin: &Origin, row: &SqliteRow) -> Result<Row, RowFault> {
    let value = |(index, column): (usize, &'static Column)| {
        value_of(column, row, index).map_err(|problem| RowFault {
            row: name_of(table, origin, row),
            column: origin.column(column.name).into(),
            problem,
            allowed: allowed(column),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

fn value_of(column: &Column, row: &SqliteRow, index: usize) -> Result<Value, String> {
    let undecodable = |_: StoreError| "cannot be decoded".to_string();
    let value = match column.kind {
        ColumnKind::Integer => row.value::<Option<i64>>(index).map_err(undecodable)?.into(),
        ColumnKind::Boolean => match row.value::<Option<i64>>(index).map_err(undecodable)? {
            Some(number @ (0 | 1)) => Value::Boolean(number == 1),
            Some(number) => return Err(format!("is {number}")),
            None => Value::None,
        },
        ColumnKind::Text => row.value::<Option<String>>(index).map_err(undecodable)?.into(),
        ColumnKind::Bytes => row.value::<Option<Vec<u8>>>(index).map_err(undecodable)?.into(),
        ColumnKind::Time => match row.value::<Option<&str>>(index).map_err(undecodable)? {
            Some(text) => counts::last_time(text).map_err(|_| format!("is {}", literal(&text.into())))?.into(),
            None => Value::None,
        },
    };
    if value == Value::None && !column.is_optional { Err("is NULL".into()) } else { Ok(value) }
}

/// Which values a column may have, for people.
fn allowed(column: &Column) -> String {
    let allowed = match column.kind {
        ColumnKind::Integer => "a number",
        ColumnKind::Boolean => "0 or 1",
        ColumnKind::Text => "a text in UTF-8",
        ColumnKind::Bytes => "bytes",
        ColumnKind::Time => "a time such as '2026-11-28T10:00:00.000Z'",
    };
    if column.is_optional { format!("{allowed}, or NULL") } else { allowed.into() }
}

/// The name of a row that may have values that cannot be read, as in [`RowFault::row`].
pub fn name_of(table: &'static Table, origin: &Origin, row: &SqliteRow) -> String {
    let value = |(index, column): (usize, &Column)| value_of(column, row, index).unwrap_or(Value::None);
    row_name(table, origin, &table.columns.iter().enumerate().map(value).collect())
}

/// The name of a row: what identifies it, as a condition in SQL.
pub fn row_name(table: &'static Table, origin: &Origin, row: &Row) -> String {
    let is_key = |column: &Column| table.key.is_empty() || table.key.contains(&column.name);
    let conditions = table.columns.iter().zip(row).filter(|(column, _)| is_key(column));
    let conditions: Vec<String> = conditions
        .map(|(column, value)| match value {
            Value::None => format!("{} IS NULL", origin.column(column.name)),
            value => format!("{} = {}", origin.column(column.name), literal(value)),
        })
        .collect();
    format!("{} WHERE {}", origin.from, conditions.join(" AND "))
}

/// A value as SQL has it, without characters that control a terminal, and cut if it is long.
pub fn literal(value: &Value) -> String {
    let quoted = |text: &str| {
        let shown = text.chars().take(SHOWN_MAX).map(|letter| if letter.is_control() { '\u{fffd}' } else { letter });
        format!("'{}'", shown.collect::<String>().replace('\'', "''"))
    };
    match value {
        Value::None => "NULL".into(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(is_true) => u8::from(*is_true).to_string(),
        Value::Text(text) => quoted(text),
        Value::Bytes(bytes) => format!("x'{}'", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Value::Time(time) => quoted(&time.to_string()),
    }
}
