//! A device that carries out transactions.

use std::collections::{BTreeMap, BTreeSet};

use super::super::event::Happening;
use super::super::ids::{AttachmentId, Time};
use super::super::records::{Record, RecordKey, Reset, Transaction, Write, is_referred_to};

/// What lies on the device.
#[derive(Default)]
pub struct Device {
    pub records: BTreeMap<RecordKey, Record>,
    pub marks: Vec<Reset>,
}

impl Device {
    /// Writes all of a transaction, or nothing. `files` are those that the tab has in memory.
    pub fn write(&mut self, transaction: Transaction, files: &BTreeSet<AttachmentId>, now: Time) -> Happening {
        let revision = |key: &RecordKey| self.records.get(key).map(|record| record.revision().unwrap());
        if !transaction.expectations.iter().all(|expected| revision(&expected.key) == expected.revision) {
            let places = transaction.expectations.iter();
            let found = places.filter_map(|expected| self.records.get(&expected.key).cloned()).collect();
            return Happening::Conflicted(transaction.id, found);
        }
        for write in transaction.writes {
            match write {
                Write::Put(record) => self.put(*record, files),
                Write::Delete(key) => drop(self.records.remove(&key)),
                Write::Retire(done) => self.records.retain(|_, record| !done.covers(record)),
                Write::Release(ids) => self.release(&ids),
                Write::Forget(reset) => self.forget(&reset, now),
            }
        }
        Happening::Stored(transaction.id)
    }

    /// An attachment without bytes is not stored.
    fn put(&mut self, record: Record, files: &BTreeSet<AttachmentId>) {
        let key = record.key();
        match &key {
            RecordKey::Attachment(id) if !files.contains(id) && !self.records.contains_key(&key) => {}
            _ => drop(self.records.insert(key, record)),
        }
    }

    fn release(&mut self, ids: &[AttachmentId]) {
        let records: Vec<Record> = self.records.values().cloned().collect();
        for id in ids.iter().filter(|id| !is_referred_to(id, &records)) {
            self.records.remove(&RecordKey::Attachment(id.clone()));
        }
    }

    fn forget(&mut self, reset: &Reset, now: Time) {
        self.records.retain(|_, record| !reset.forgets(record, now));
        let old = self.records.values().filter_map(|record| match record {
            Record::Attachment(attachment) if attachment.added_at <= reset.at => Some(attachment.id.clone()),
            _ => None,
        });
        let old: Vec<AttachmentId> = old.collect();
        self.release(&old);
    }
}
