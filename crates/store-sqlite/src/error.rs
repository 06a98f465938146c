//! Maps errors of SQLite to errors of a store.

use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Error, Row, Sqlite, Type};

use deskbell_core::ports::StoreError;
use deskbell_core::timestamp::Timestamp;

const SQLITE_BUSY: i32 = 5;
const SQLITE_FULL: i32 = 13;

/// The store error for an error of SQLite.
pub fn store_error(error: Error) -> StoreError {
    let code = match &error {
        // Pools are closed when the gateway ends.
        Error::PoolTimedOut | Error::PoolClosed => return StoreError::Busy,
        Error::Database(error) if error.kind() == ErrorKind::Other => {
            error.code().and_then(|code| code.parse::<i32>().ok())
        }
        Error::Database(_) | Error::ColumnDecode { .. } | Error::Decode(_) => {
            return StoreError::Row(error.to_string());
        }
        _ => None,
    };
    // The primary result code is the lowest byte of an extended one (sqlite.org/rescode.html).
    match code.map(|code| code & 0xff) {
        Some(SQLITE_BUSY) => StoreError::Busy,
        Some(SQLITE_FULL) => StoreError::Full,
        _ => StoreError::Database(error.to_string()),
    }
}

/// Reads columns of rows.
pub trait RowExt {
    /// The value of a column.
    fn value<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(
        &'r self,
        index: impl ColumnIndex<SqliteRow>,
    ) -> Result<T, StoreError>;

    /// The id or name in a column.
    fn id<T: From<String>>(&self, column: &str) -> Result<T, StoreError>;

    /// The time in a column.
    fn time(&self, column: &str) -> Result<Timestamp, StoreError>;

    /// The time in a column that may be empty.
    fn optional_time(&self, column: &str) -> Result<Option<Timestamp>, StoreError>;

    /// The time in a column; `None` if it is empty or cannot be read.
    fn readable_time(&self, index: impl ColumnIndex<SqliteRow>) -> Result<Option<Timestamp>, StoreError>;
}

impl RowExt for SqliteRow {
    fn value<'r, T: Decode<'r, Sqlite> + Type<Sqlite>>(
        &'r self,
        index: impl ColumnIndex<SqliteRow>,
    ) -> Result<T, StoreError> {
        self.try_get(index).map_err(store_error)
    }

    fn id<T: From<String>>(&self, column: &str) -> Result<T, StoreError> {
        self.value::<String>(column).map(T::from)
    }

    fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        time_of(column, self.value(column)?)
    }

    fn optional_time(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        self.value::<Option<&str>>(column)?.map(|text| time_of(column, text)).transpose()
    }

    fn readable_time(&self, index: impl ColumnIndex<SqliteRow>) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.value::<Option<&str>>(index)?.and_then(|text| text.parse().ok()))
    }
}

fn time_of(column: &str, text: &str) -> Result<Timestamp, StoreError> {
    text.parse()
        .map_err(|error| StoreError::Damaged { record: "a row".into(), reason: format!("column {column}: {error}") })
}
