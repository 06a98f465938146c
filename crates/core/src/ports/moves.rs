//! The ports for moving everything from one store to an empty one. The rows pass in the form of [`TABLES`](super::TABLES).

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::tables::{Row, Table, Value};
use super::{Progress, StoreError};

/// What a database says about the move that it is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveMark {
    /// The id of the move, which both databases have.
    pub id: String,
    /// The other database, as people know it.
    pub other: String,
    /// Whether everything was moved and compared.
    pub is_finished: bool,
}

/// A row that cannot be moved as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{row}: {column} {problem}; allowed: {allowed}")]
pub struct RowFault {
    /// The row, by the names of its database: `table WHERE column = value`.
    pub row: String,
    /// The column, by its name in its database.
    pub column: String,
    /// What is wrong with its value.
    pub problem: String,
    /// Which values are allowed.
    pub allowed: String,
}

impl From<RowFault> for StoreError {
    fn from(fault: RowFault) -> StoreError {
        StoreError::Row(fault.to_string())
    }
}

/// Takes rows, one after the other.
#[async_trait]
pub trait RowSink: Send {
    /// Takes a row.
    async fn take(&mut self, row: Row) -> Result<(), StoreError>;

    /// Takes the fault of a row that cannot be read. An error ends the reading, which is what happens unless a sink collects faults.
    async fn take_fault(&mut self, fault: RowFault) -> Result<(), StoreError> {
        Err(fault.into())
    }
}

/// Keeps all rows.
#[async_trait]
impl RowSink for Vec<Row> {
    async fn take(&mut self, row: Row) -> Result<(), StoreError> {
        self.push(row);
        Ok(())
    }
}

/// Where rows may be that cannot be moved.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// The tables of which some rows may be unreadable.
    pub tables: Vec<&'static Table>,
    /// Whether rows refer to rows that do not exist.
    pub has_broken_references: bool,
}

/// Why rows were not written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The target refuses one of the rows.
    #[error("row {index}: {reason}")]
    Row {
        /// The position of the row in the batch, from 0.
        index: usize,
        /// The reason, from the target.
        reason: String,
    },
    /// The target failed, or does not say which row it refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The database that rows are moved from. No gateway and no command uses it while this exists. Nothing is written to it before
/// [`MoveSource::lock`].
#[async_trait]
pub trait MoveSource: Send + Sync {
    /// Its name for people.
    fn name(&self) -> String;

    /// The name of a row for people who look for it in this database, as in [`RowFault::row`].
    fn row_name(&self, table: &'static Table, row: &Row) -> String;

    /// The move that has begun here.
    async fn mark(&self) -> Result<Option<MoveMark>, StoreError>;

    /// Keeps all other programs away from now on, also those that do not know the lock of gateways. `false` if one of them uses the database.
    async fn lock(&self) -> Result<bool, StoreError>;

    /// Records that a move to a database begins. From now on the database is not served any more.
    async fn begin(&self, id: &str, target: &str) -> Result<(), StoreError>;

    /// Records that the move has finished.
    async fn finish(&self) -> Result<(), StoreError>;

    /// Forgets the move, so that the database can be served again.
    async fn cancel(&self) -> Result<(), StoreError>;

    /// The number of rows of a table.
    async fn count(&self, table: &'static Table) -> Result<u64, StoreError>;

    /// Reads the rows of a table, in an order that is always the same, after a number of rows.
    async fn read(&self, table: &'static Table, skip: u64, sink: &mut dyn RowSink) -> Result<(), StoreError>;

    /// Where rows may be that cannot be moved: a quick check of all rows before [`MoveSource::lock`], which overlooks none. The progress advances with
    /// the rows.
    async fn suspects(&self, progress: &dyn Progress) -> Result<Suspects, StoreError>;

    /// Rows that refer to rows that do not exist, of each kind up to a limit.
    async fn broken_references(&self, limit: u32) -> Result<Vec<RowFault>, StoreError>;

    /// The last number that was assigned in a table; 0 if there is none.
    async fn last_number(&self, table: &'static Table) -> Result<i64, StoreError>;
}

/// The database that rows are moved to. No other move uses it while this exists. Nothing is written to it before [`MoveTarget::prepare`].
#[async_trait]
pub trait MoveTarget: Send + Sync {
    /// Its name for people.
    fn name(&self) -> String;

    /// The move that has begun here.
    async fn mark(&self) -> Result<Option<MoveMark>, StoreError>;

    /// Whether a gateway or command uses it.
    async fn is_used(&self) -> Result<bool, StoreError>;

    /// A table whose number of rows is not that which this move has written. What a database without any data has does not count.
    async fn unexpected_table(&self) -> Result<Option<&'static str>, StoreError>;

    /// Creates the tables, or adds to them what this version needs.
    async fn prepare(&self) -> Result<(), StoreError>;

    /// Records that a move from a database begins. From now on the database is not served until the move has finished. `false` if a gateway or
    /// command uses the database after all; then no move has begun.
    async fn begin(&self, id: &str, source: &str) -> Result<bool, StoreError>;

    /// How many rows of each table this move has written.
    async fn written(&self) -> Result<BTreeMap<String, u64>, StoreError>;

    /// Writes rows and counts them as written, both or nothing.
    async fn append(&self, table: &'static Table, rows: &[Row]) -> Result<(), AppendError>;

    /// What a value is once it is stored here.
    fn stored(&self, value: Value) -> Value;

    /// Reads all rows of a table, in any order.
    async fn read(&self, table: &'static Table, sink: &mut dyn RowSink) -> Result<(), StoreError>;

    /// Sets the last number that was assigned in a table; 0 if none was.
    async fn set_last_number(&self, table: &'static Table, number: i64) -> Result<(), StoreError>;

    /// The last number that was assigned in a table; 0 if there is none.
    async fn last_number(&self, table: &'static Table) -> Result<i64, StoreError>;

    /// Records that the move has finished, after everything that was written is durable. From now on the database can be served.
    async fn finish(&self) -> Result<(), StoreError>;
}
