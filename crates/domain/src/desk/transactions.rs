//! Transactions: what they make of the records on the device.

use super::ids::{AttachmentId, Time};
use super::records::{Record, RecordKey, Reset, Transaction, Write, is_referred_to};

/// The records after a transaction; or, if it must not be written, the records that prevent it. `before` is everything of the site on the device,
/// and `has_bytes` tells of which attachments the tab has the bytes in memory.
pub fn carry_out(
    transaction: &Transaction,
    before: &[Record],
    has_bytes: &dyn Fn(&AttachmentId) -> bool,
    now: Time,
) -> Result<Vec<Record>, Vec<Record>> {
    let found = |key: &RecordKey| before.iter().find(|record| record.key() == *key);
    let expectations = &transaction.expectations;
    let is_met = expectations
        .iter()
        .all(|expected| found(&expected.key).map(|record| record.revision().unwrap_or_default()) == expected.revision);
    let made: Vec<&Record> = before.iter().filter(|record| is_made_of_draft(record, transaction)).collect();
    if !is_met || !made.is_empty() {
        let places = expectations.iter().filter_map(|expected| found(&expected.key));
        return Err(places.chain(made).cloned().collect());
    }
    let mut records = before.to_vec();
    for write in &transaction.writes {
        match write {
            Write::Put(record) => put(&mut records, record, has_bytes),
            Write::Delete(key) => records.retain(|record| record.key() != *key),
            Write::Retire(done) => records.retain(|record| !done.covers(record)),
            Write::Release(ids) => release(&mut records, ids),
            Write::Forget(reset) => forget(&mut records, reset, now),
        }
    }
    Ok(records)
}

/// Whether a draft that the transaction expects, and stores or submits, is a submission under another key.
fn is_made_of_draft(record: &Record, transaction: &Transaction) -> bool {
    let expects = |key| transaction.expectations.iter().any(|expected| expected.key == key);
    transaction.writes.iter().any(|write| {
        let Write::Put(put) = write else { return false };
        let draft = match put.as_ref() {
            Record::Draft(draft) => draft.clone(),
            Record::Submission(submission) => submission.as_draft(),
            Record::Acknowledgement(_) | Record::Attachment(_) => return false,
        };
        record.was_made_of(&draft) && expects(RecordKey::Draft(draft.key))
    })
}

/// An attachment without bytes is not stored.
fn put(records: &mut Vec<Record>, record: &Record, has_bytes: &dyn Fn(&AttachmentId) -> bool) {
    let key = record.key();
    match records.iter_mut().find(|known| known.key() == key) {
        Some(known) => *known = record.clone(),
        None => {
            if let Record::Attachment(attachment) = record
                && !has_bytes(&attachment.id)
            {
                return;
            }
            records.push(record.clone());
        }
    }
}

fn release(records: &mut Vec<Record>, ids: &[AttachmentId]) {
    let loose: Vec<RecordKey> =
        ids.iter().filter(|id| !is_referred_to(id, records)).cloned().map(RecordKey::Attachment).collect();
    records.retain(|record| !loose.contains(&record.key()));
}

fn forget(records: &mut Vec<Record>, reset: &Reset, now: Time) {
    records.retain(|record| !reset.forgets(record, now));
    let old = records.iter().filter_map(|record| match record {
        Record::Attachment(attachment) if attachment.added_at <= reset.at => Some(attachment.id.clone()),
        _ => None,
    });
    let old: Vec<AttachmentId> = old.collect();
    release(records, &old);
}
