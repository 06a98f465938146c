//! Finds the rows that cannot be moved, before anything is written.

use async_trait::async_trait;

use super::RowFaults;
use crate::ports::{MoveSource, Progress, Row, RowFault, RowSink, StoreError, TABLES};

/// How many faults are listed.
const FAULTS_MAX: u32 = 20;

/// Reads everything as it is moved. Returns the first faults; none if all rows can be moved.
pub async fn find(source: &dyn MoveSource, progress: &dyn Progress) -> Result<RowFaults, StoreError> {
    let mut found = FaultSink { faults: RowFaults::default(), progress };
    // One more tells whether there are others.
    for fault in source.broken_references(FAULTS_MAX + 1).await? {
        found.take_fault(fault).await?;
    }
    for table in TABLES {
        source.read(table, 0, &mut found).await?;
    }
    Ok(found.faults)
}

struct FaultSink<'a> {
    faults: RowFaults,
    progress: &'a dyn Progress,
}

#[async_trait]
impl RowSink for FaultSink<'_> {
    async fn take(&mut self, _: Row) -> Result<(), StoreError> {
        self.progress.advance(1);
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
