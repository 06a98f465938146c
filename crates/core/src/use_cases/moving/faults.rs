//! Finds the rows that cannot be moved, before anything is written.

use async_trait::async_trait;

use super::RowFaults;
use crate::ports::{MoveSource, Progress, Row, RowFault, RowSink, StoreError};

/// How many faults are listed.
const FAULTS_MAX: u32 = 20;

/// Checks everything that is moved, and reads the tables that are suspect. Returns the first faults; none if all rows can be moved.
pub async fn find(source: &dyn MoveSource, rows: u64, progress: &dyn Progress) -> Result<RowFaults, StoreError> {
    progress.begin("checking rows", Some(rows));
    let suspects = source.suspects(progress).await?;
    let mut found = FaultSink::default();
    if suspects.has_broken_references {
        progress.begin("looking for rows that refer to nothing", None);
        // One more tells whether there are others.
        for fault in source.broken_references(FAULTS_MAX + 1).await? {
            found.take_fault(fault).await?;
        }
    }
    if !suspects.tables.is_empty() {
        progress.begin("looking for values that cannot be moved", None);
    }
    for table in suspects.tables {
        source.read(table, 0, &mut found).await?;
    }
    Ok(found.faults)
}

#[derive(Default)]
struct FaultSink {
    faults: RowFaults,
}

#[async_trait]
impl RowSink for FaultSink {
    async fn take(&mut self, _: Row) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take_fault(&mut self, fault: RowFault) -> Result<(), StoreError> {
        let RowFaults { faults, has_more } = &mut self.faults;
        if faults.len() < FAULTS_MAX as usize {
            faults.push(fault);
        } else {
            *has_more = true;
        }
        Ok(())
    }
}
