//! Values of columns: times, texts, numbers and ids.

use std::borrow::Cow;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo, PgValueRef, Postgres};
use sqlx::{ColumnIndex, Decode, Encode, Row, Type};

use super::error::store_error;
use deskbell_core::ports::StoreError;
use deskbell_core::timestamp::Timestamp;

/// The milliseconds from 1970 to 2000, from which PostgreSQL counts.
const EPOCH: i64 = 946_684_800_000;

/// A time in a column `timestamptz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Timestamp);

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("TIMESTAMPTZ")
    }
}

impl PgHasArrayType for Time {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("_TIMESTAMPTZ")
    }
}

// The binary format is a number of microseconds (postgresql.org/docs/current/protocol-message-formats.html).
impl Encode<'_, Postgres> for Time {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(microseconds(self.0), buffer)
    }
}

impl Decode<'_, Postgres> for Time {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let microseconds: i64 = Decode::<Postgres>::decode(value)?;
        Ok(Time(Timestamp::from_milliseconds(microseconds.div_euclid(1000).saturating_add(EPOCH))))
    }
}

/// A time as the microseconds since 2000.
pub fn microseconds(time: Timestamp) -> i64 {
    (time.as_milliseconds() - EPOCH) * 1000
}

/// A text for a column or a comparison. PostgreSQL refuses U+0000, which anybody can send, so U+FFFD takes its place.
pub fn text(value: &str) -> Cow<'_, str> {
    if value.contains('\0') { value.replace('\0', "\u{fffd}").into() } else { value.into() }
}

/// Reads columns of rows.
pub trait RowExt {
    /// The value of a column.
    fn value<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
        &'r self,
        index: impl ColumnIndex<PgRow>,
    ) -> Result<T, StoreError>;

    /// The number in a column `bigint`.
    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError>;

    /// The id or name in a column.
    fn id<T: From<String>>(&self, column: &str) -> Result<T, StoreError>;

    /// The time in a column.
    fn time(&self, column: &str) -> Result<Timestamp, StoreError>;

    /// The time in a column that may be empty.
    fn optional_time(&self, column: &str) -> Result<Option<Timestamp>, StoreError>;
}

impl RowExt for PgRow {
    fn value<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
        &'r self,
        index: impl ColumnIndex<PgRow>,
    ) -> Result<T, StoreError> {
        self.try_get(index).map_err(store_error)
    }

    fn number<T: TryFrom<i64>>(&self, column: &str) -> Result<T, StoreError> {
        let value: i64 = self.value(column)?;
        T::try_from(value).map_err(|_| StoreError::Damaged {
            record: "a row".into(),
            reason: format!("column {column}: {value} is out of range"),
        })
    }

    fn id<T: From<String>>(&self, column: &str) -> Result<T, StoreError> {
        self.value::<String>(column).map(T::from)
    }

    fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        self.value::<Time>(column).map(|time| time.0)
    }

    fn optional_time(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.value::<Option<Time>>(column)?.map(|time| time.0))
    }
}
