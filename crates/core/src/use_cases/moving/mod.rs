//! Moves everything from one database to an empty one, and compares them. A move that was interrupted continues where it stopped.

mod batches;
mod comparison;
mod digest;
mod error;
mod faults;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OnceCell, mpsc};
use tokio::try_join;
use uuid::Uuid;

use crate::ports::{AppendError, MoveSource, MoveTarget, Progress, Row, StoreError, TABLES, Table};
use crate::rules::move_plan::{MovePlan, plan};
use batches::Batches;

pub use comparison::{TableComparison, TableContents};
pub use digest::TableDigest;
pub use error::{MoveError, RowFaults};

/// The memory that the rows take which are written in one transaction, in bytes. A move keeps three times as much.
pub const BATCH_BYTES: usize = 4 << 20;

/// What a move has done.
#[derive(Debug)]
pub struct MoveReport {
    /// The rows of each table, in the order in which they were moved.
    pub tables: Vec<MovedTable>,
    /// Whether it had finished before.
    pub was_finished: bool,
}

/// The rows of a table that were moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovedTable {
    /// The name of the table.
    pub name: &'static str,
    /// The number of its rows.
    pub rows: u64,
}

/// Moves a database to another one.
pub struct MoveDatabase {
    source: Arc<dyn MoveSource>,
    target: Arc<dyn MoveTarget>,
    batch_bytes: usize,
    /// The number of rows of the source, for the progress. It takes a while to count them.
    rows: OnceCell<u64>,
}

impl MoveDatabase {
    /// From a source to a target, in batches of a size such as [`BATCH_BYTES`].
    pub fn new(source: Arc<dyn MoveSource>, target: Arc<dyn MoveTarget>, batch_bytes: usize) -> MoveDatabase {
        MoveDatabase { source, target, batch_bytes, rows: OnceCell::new() }
    }

    /// Moves what is not moved yet, compares both sides, and then finishes the move. If they differ, it stays unfinished. A move that is refused
    /// changes neither side.
    pub async fn run(&self, progress: &dyn Progress) -> Result<MoveReport, MoveError> {
        let (source, target) = (&self.source, &self.target);
        progress.begin("checking the new database", None);
        match self.plan().await? {
            MovePlan::Begin => self.begin(progress).await?,
            MovePlan::Resume => self.resume().await?,
            MovePlan::FinishSource => {
                self.lock_source().await?;
                source.finish().await?;
                return self.report_finished().await;
            }
            MovePlan::Nothing => return self.report_finished().await,
        }
        self.move_rows(progress).await?;
        let comparisons = self.compare_tables(progress).await?;
        if comparisons.iter().any(|table| !table.is_equal()) {
            let different = comparisons.into_iter().filter(|table| !table.is_equal()).collect();
            return Err(MoveError::Differs(target.name(), source.name(), different));
        }
        target.finish().await?;
        source.finish().await?;
        let moved = |table: &TableComparison| MovedTable { name: table.name, rows: table.target.digest.rows };
        Ok(MoveReport { tables: comparisons.iter().map(moved).collect(), was_finished: false })
    }

    /// Compares the rows of both sides of a move, and changes neither. A target that is served differs soon.
    pub async fn compare(&self, progress: &dyn Progress) -> Result<Vec<TableComparison>, MoveError> {
        match (self.source.mark().await?, self.target.mark().await?) {
            (Some(source), Some(target)) if source.id == target.id => self.compare_tables(progress).await,
            _ => Err(MoveError::NotMoved(self.source.name(), self.target.name())),
        }
    }

    /// Begins a move, after everything that could refuse it.
    async fn begin(&self, progress: &dyn Progress) -> Result<(), MoveError> {
        let (source, target) = (&self.source, &self.target);
        if target.is_used().await? {
            return Err(MoveError::TargetInUse(target.name()));
        }
        self.check_target().await?;
        let faults = faults::find(source.as_ref(), self.count_rows(progress).await?, progress).await?;
        if !faults.faults.is_empty() {
            return Err(MoveError::FaultyRows(source.name(), faults));
        }
        self.lock_source().await?;
        // The rows took a while, in which another move may have begun.
        if target.is_used().await? || self.plan().await? != MovePlan::Begin {
            return Err(MoveError::TargetInUse(target.name()));
        }
        target.prepare().await?;
        let id = Uuid::new_v4().to_string();
        // One that was interrupted before it reached the target.
        let earlier = source.mark().await?;
        source.cancel().await?;
        // First, so that a move that is interrupted here is known to have begun.
        source.begin(&id, &target.name()).await?;
        if !target.begin(&id, &source.name()).await? {
            source.cancel().await?;
            if let Some(earlier) = earlier {
                source.begin(&earlier.id, &earlier.other).await?;
            }
            return Err(MoveError::TargetInUse(target.name()));
        }
        Ok(())
    }

    async fn resume(&self) -> Result<(), MoveError> {
        self.check_target().await?;
        self.lock_source().await?;
        Ok(self.target.prepare().await?)
    }

    async fn plan(&self) -> Result<MovePlan, MoveError> {
        let (source, target) = (&self.source, &self.target);
        let plan = plan(source.mark().await?, target.mark().await?, &target.name());
        plan.map_err(|conflict| MoveError::Conflict(target.name(), conflict))
    }

    async fn check_target(&self) -> Result<(), MoveError> {
        match self.target.unexpected_table().await? {
            Some(table) => Err(MoveError::NotEmpty(self.target.name(), table)),
            None => Ok(()),
        }
    }

    async fn lock_source(&self) -> Result<(), MoveError> {
        match self.source.lock().await? {
            true => Ok(()),
            false => Err(MoveError::SourceInUse(self.source.name())),
        }
    }

    async fn report_finished(&self) -> Result<MoveReport, MoveError> {
        Ok(MoveReport { tables: moved_tables(&self.target.written().await?), was_finished: true })
    }

    async fn move_rows(&self, progress: &dyn Progress) -> Result<(), MoveError> {
        let written = self.target.written().await?;
        let rows = self.count_rows(progress).await?;
        progress.begin("moving rows", Some(rows));
        for table in TABLES {
            let skip = written.get(table.name).copied().unwrap_or_default();
            progress.advance(skip);
            self.move_table(table, skip, progress).await?;
            if table.assigned.is_some() {
                self.target.set_last_number(table, self.source.last_number(table).await?).await?;
            }
        }
        Ok(())
    }

    async fn move_table(&self, table: &'static Table, skip: u64, progress: &dyn Progress) -> Result<(), MoveError> {
        // The next batch is read while one is written.
        let (full, mut received) = mpsc::channel(1);
        let read = async move {
            let mut batches = Batches::new(self.batch_bytes, full);
            self.source.read(table, skip, &mut batches).await?;
            Ok(batches.end().await?)
        };
        let write = async move {
            while let Some(rows) = received.recv().await {
                self.append(table, &rows).await?;
                progress.advance(rows.len() as u64);
            }
            Ok(())
        };
        try_join!(read, write).map(drop)
    }

    async fn append(&self, table: &'static Table, rows: &[Row]) -> Result<(), MoveError> {
        match self.target.append(table, rows).await {
            Err(AppendError::Row { index, reason }) => Err(MoveError::RowRefused {
                source_name: self.source.name(),
                target: self.target.name(),
                row: rows.get(index).map_or_else(String::new, |row| self.source.row_name(table, row)),
                reason,
            }),
            Err(AppendError::Store(error)) => Err(error.into()),
            Ok(()) => Ok(()),
        }
    }

    async fn compare_tables(&self, progress: &dyn Progress) -> Result<Vec<TableComparison>, MoveError> {
        let rows = self.count_rows(progress).await?;
        progress.begin("comparing rows", Some(rows));
        let mut comparisons = Vec::new();
        for table in TABLES {
            let compared = comparison::compare(self.source.as_ref(), self.target.as_ref(), table, progress).await?;
            comparisons.push(compared);
        }
        Ok(comparisons)
    }

    async fn count_rows(&self, progress: &dyn Progress) -> Result<u64, StoreError> {
        let count = async || {
            progress.begin("counting rows", None);
            let mut rows = 0;
            for table in TABLES {
                rows += self.source.count(table).await?;
            }
            Ok::<_, StoreError>(rows)
        };
        self.rows.get_or_try_init(count).await.copied()
    }
}

fn moved_tables(written: &BTreeMap<String, u64>) -> Vec<MovedTable> {
    let rows = |table: &Table| written.get(table.name).copied().unwrap_or_default();
    TABLES.iter().map(|table| MovedTable { name: table.name, rows: rows(table) }).collect()
}
