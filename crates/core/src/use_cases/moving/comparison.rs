//! Compares the tables of both sides of a move.

use async_trait::async_trait;
use tokio::try_join;

use super::TableDigest;
use crate::ports::{MoveSource, MoveTarget, Progress, Row, RowSink, StoreError, Table};

/// A table on both sides.
#[derive(Clone, Copy, Debug)]
pub struct TableComparison {
    /// The name of the table.
    pub name: &'static str,
    /// What the source has.
    pub source: TableContents,
    /// What the target has.
    pub target: TableContents,
}

/// What a database has in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableContents {
    /// The rows.
    pub digest: TableDigest,
    /// The last number that was assigned; 0 if there is none.
    pub last_number: i64,
}

impl TableComparison {
    /// Whether both sides have the same rows, and assign the same numbers to new ones.
    pub fn is_equal(&self) -> bool {
        self.source == self.target
    }
}

/// Compares a table. The progress advances with the rows of the source.
pub async fn compare(
    source: &dyn MoveSource,
    target: &dyn MoveTarget,
    table: &'static Table,
    progress: &dyn Progress,
) -> Result<TableComparison, StoreError> {
    let mut rows = Digesting { digest: TableDigest::default(), target: Some(target), progress };
    let mut moved = Digesting { digest: TableDigest::default(), target: None, progress };
    try_join!(source.read(table, 0, &mut rows), target.read(table, &mut moved))?;
    let (last_number, last_moved) = match table.assigned {
        Some(_) => try_join!(source.last_number(table), target.last_number(table))?,
        None => (0, 0),
    };
    Ok(TableComparison {
        name: table.name,
        source: TableContents { digest: rows.digest, last_number },
        target: TableContents { digest: moved.digest, last_number: last_moved },
    })
}

/// Makes the digest of rows; of those of the source as the target stores them.
struct Digesting<'a> {
    digest: TableDigest,
    /// The target, for rows of the source.
    target: Option<&'a dyn MoveTarget>,
    progress: &'a dyn Progress,
}

#[async_trait]
impl RowSink for Digesting<'_> {
    async fn take(&mut self, row: Row) -> Result<(), StoreError> {
        match self.target {
            Some(target) => {
                self.digest.add(row.into_iter().map(|value| target.stored(value)));
                self.progress.advance(1);
            }
            None => self.digest.add(row),
        }
        Ok(())
    }
}
