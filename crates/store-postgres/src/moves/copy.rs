//! Inserts rows in the binary format of COPY.

use sqlx::Error;
use sqlx::postgres::{PgConnection, PgDatabaseError};

use super::super::columns::{microseconds, text};
use super::super::error::store_error;
use super::columns;
use deskbell_core::ports::{AppendError, Row, StoreError, Table, Value};

/// The beginning of rows in the binary format of COPY (postgresql.org/docs/current/sql-copy.html), and their end.
const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_END: [u8; 2] = (-1_i16).to_be_bytes();
/// The size of the parts in which rows are sent, in bytes.
const COPY_PART: usize = 256 << 10;

/// Inserts rows with COPY, also into columns whose numbers are assigned.
pub async fn copy(write: &mut PgConnection, table: &Table, rows: &[Row]) -> Result<(), AppendError> {
    let statement = format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, columns(table));
    let mut copy = write.copy_in_raw(&statement).await.map_err(store_error)?;
    let mut part = COPY_HEADER.to_vec();
    for row in rows {
        part.extend((row.len() as i16).to_be_bytes());
        row.iter().for_each(|value| write_value(&mut part, value));
        if part.len() >= COPY_PART {
            copy.send(part.as_slice()).await.map_err(store_error)?;
            part.clear();
        }
    }
    part.extend(COPY_END);
    copy.send(part.as_slice()).await.map_err(store_error)?;
    copy.finish().await.map_err(append_error)?;
    Ok(())
}

/// The error for rows that were not inserted, with the row that PostgreSQL names.
fn append_error(error: Error) -> AppendError {
    let reported = error.as_database_error().and_then(|reported| reported.try_downcast_ref::<PgDatabaseError>());
    let line = reported.and_then(line_of);
    match (store_error(error), line) {
        (StoreError::Row(reason), Some(line)) => AppendError::Row { index: line.saturating_sub(1), reason },
        (error, _) => error.into(),
    }
}

/// The number of the row that an error is about, from 1. Its context is `COPY messages, line 2, column at`, in the language of the server.
fn line_of(error: &PgDatabaseError) -> Option<usize> {
    let context = error.r#where()?.strip_prefix("COPY ")?;
    context.split(|letter: char| !letter.is_ascii_digit()).find(|digits| !digits.is_empty())?.parse().ok()
}

/// A value in the binary format: its length, -1 for none, and its bytes.
fn write_value(part: &mut Vec<u8>, value: &Value) {
    let mut write = |bytes: &[u8]| {
        part.extend((bytes.len() as i32).to_be_bytes());
        part.extend(bytes);
    };
    match value {
        Value::None => part.extend((-1_i32).to_be_bytes()),
        Value::Integer(number) => write(&number.to_be_bytes()),
        Value::Boolean(is_true) => write(&[u8::from(*is_true)]),
        Value::Text(value) => write(text(value).as_bytes()),
        Value::Bytes(bytes) => write(bytes),
        Value::Time(time) => write(&microseconds(*time).to_be_bytes()),
    }
}
