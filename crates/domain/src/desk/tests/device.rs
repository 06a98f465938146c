//! A device that carries out transactions.

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::Happening;
use super::super::ids::{AttachmentId, Time};
use super::super::records::{Record, RecordKey, Reset, Transaction};
use super::super::transactions::carry_out;

/// What lies on the device.
#[derive(Default)]
pub struct Device {
    pub records: BTreeMap<RecordKey, Record>,
    pub marks: Vec<Reset>,
}

impl Device {
    /// Writes all of a transaction, or nothing. `files` are those that the tab has in memory.
    pub fn write(&mut self, transaction: Transaction, files: &BTreeSet<AttachmentId>, now: Time) -> Happening {
        let before: Vec<Record> = self.records.values().cloned().collect();
        match carry_out(&transaction, &before, &|id| files.contains(id), now) {
            Ok(records) => {
                self.records = records.into_iter().map(|record| (record.key(), record)).collect();
                Happening::Stored(transaction.id)
            }
            Err(found) => Happening::Conflicted(transaction.id, found),
        }
    }
}
