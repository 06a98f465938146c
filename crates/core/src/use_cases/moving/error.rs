//! Why a database was not moved.

use std::fmt;

use super::TableComparison;
use crate::ports::{RowFault, StoreError};
use crate::rules::move_plan::MoveConflict;

/// Why a database was not moved, or not completely.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The databases do not belong together.
    #[error("{0}: {1}")]
    Conflict(String, MoveConflict),
    /// Another program uses the source.
    #[error("{0}: in use by a gateway or another program; stop it first")]
    SourceInUse(String),
    /// A gateway or command uses the target.
    #[error("{0}: a gateway or command uses this database; stop it, and use an empty database")]
    TargetInUse(String),
    /// The target has rows that this move has not written.
    #[error("{0}: the table {1} has rows that are not of this move; use a new, empty database")]
    NotEmpty(String, &'static str),
    /// The source has rows that cannot be moved.
    #[error(
        "{0}: {1}Back this database up, correct or delete these rows with sqlite3, and run the command again. Nothing was changed"
    )]
    FaultyRows(String, RowFaults),
    /// The target refuses a row, although it can be read.
    #[error(
        "{target}: a row of {source_name} is refused. {row}: {reason}; repeat this command with `--cancel` to end this move, correct the row with \
         sqlite3, and move to a new, empty database"
    )]
    RowRefused {
        /// The source.
        source_name: String,
        /// The target.
        target: String,
        /// The row, by its name in the source.
        row: String,
        /// The reason, from the target.
        reason: String,
    },
    /// There is no move to compare.
    #[error("{0} has not been moved to {1}; nothing is compared")]
    NotMoved(String, String),
    /// Rows are missing, superfluous or changed.
    #[error(
        "{0} does not have the same rows as {1}: {differences}; repeat this command with `--cancel` to end this move, and move to a new, empty database",
        differences = Differences(.2)
    )]
    Differs(String, String, Vec<TableComparison>),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Faults of rows, up to a number.
#[derive(Clone, Debug, Default)]
pub struct RowFaults {
    /// The first ones.
    pub faults: Vec<RowFault>,
    /// Whether there are more.
    pub has_more: bool,
}

impl fmt::Display for RowFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows cannot be moved as they are:")?;
        for fault in &self.faults {
            write!(f, "\n  {fault}")?;
        }
        f.write_str(if self.has_more { "\n  and others\n" } else { "\n" })
    }
}

/// The tables that are not the same, for people.
struct Differences<'a>(&'a [TableComparison]);

impl fmt::Display for Differences<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for TableComparison { name, source, target } in self.0 {
            f.write_str(separator)?;
            separator = ", ";
            let (rows, moved) = (source.digest.rows, target.digest.rows);
            match source.digest == target.digest {
                true => write!(
                    f,
                    "new rows of {name} would continue after {}, not {}",
                    target.last_number, source.last_number
                )?,
                false if rows == moved => write!(f, "{name} differs in some of its {rows} rows")?,
                false => write!(f, "{name} has {moved} of {rows} rows")?,
            }
        }
        Ok(())
    }
}
