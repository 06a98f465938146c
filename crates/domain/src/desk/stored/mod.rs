//! The layout of the records on the device: what an object store of IndexedDB holds, and what a record becomes there.
//!
//! Tabs with an earlier version of the widget may run beside, and read and write the same object stores. So records keep the layout of that
//! version, with members of their own besides, which it preserves or drops: a record without `revision`, or with another `stamp` than its content
//! has, was written by it.
//!
//! | store | key | value |
//! | --- | --- | --- |
//! | `drafts` | `SITE\nCUSTOMER`; of further drafts `SITE\nCUSTOMER\n\n…` | `{id, ticket, at, tab, frozen, revision, attachments}` |
//! | `drafts` | `SITE\nCUSTOMER\nTICKET`; of further replies `…\nTICKET\n…` | `{text, at, key, revision, attachments}` |
//! | `outbox` | the idempotency key | `{key, site, user, signed, session, path, body, files, names, lost, stopped, draft, text, at, said, tries, wait, next, cause, refused, visit, unaccepted, revision, stamp, ticket, frozen, members, written_in, chosen, may_have_arrived}` |
//! | `receipts` | the idempotency key | `{key, site, user, draft, text, answer, at, revision, session, reply_to, attachments, lost, stopped, unaccepted, chosen}` |
//! | `files` | the attachment's id | `{id, of, name, blob, at, there, metadata, refused}` |

use wire::Source;

use super::attachment::{Attachment, LeftBehind, LeftBehindReason};
use super::draft::{AttachmentRef, Draft, Target};
use super::hash::StableHash;
use super::ids::{AttachmentId, IdempotencyKey, Revision, Time};
use super::records::{Record, RecordKey, Transaction};
use super::transactions::carry_out;

pub use submission::path;

mod draft;
mod file;
mod form;
mod receipt;
mod submission;
#[cfg(test)]
mod tests;

/// The object stores, in the order of [`Entries`].
pub const STORES: [&str; 4] = [DRAFTS, OUTBOX, RECEIPTS, FILES];
const DRAFTS: &str = "drafts";
const OUTBOX: &str = "outbox";
const RECEIPTS: &str = "receipts";
const FILES: &str = "files";

/// The values of an object store, by their keys.
pub type Entries<S> = Vec<(String, S)>;

/// Everything that is on the device for a site.
#[derive(Debug, Default)]
pub struct Stored {
    /// The records.
    pub records: Vec<Record>,
    site: String,
    /// The keys in the store `drafts`, and which draft each holds; of other sites as well.
    places: Vec<(String, Option<IdempotencyKey>)>,
    files: Vec<File>,
}

/// An attachment in the store `files`.
#[derive(Clone, Debug)]
struct File {
    record: Attachment,
    /// The draft or submission that it belongs to: an id, or `reply:` and the id of a ticket.
    of: String,
}

/// A change of an object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Stores a value.
    Put {
        /// The object store.
        store: &'static str,
        /// The key.
        key: String,
        /// The value as JSON. A value of `files` also has the member `blob`: the bytes in memory, or the `blob` that the device has.
        json: String,
    },
    /// Deletes a value.
    Delete {
        /// The object store.
        store: &'static str,
        /// The key.
        key: String,
    },
}

impl Stored {
    /// Reads the values of the four [`STORES`]. What cannot be read is left alone.
    pub fn read<S: Source>(site: &str, [drafts, outbox, receipts, files]: &[Entries<S>; 4]) -> Stored {
        let files: Vec<File> = files.iter().filter_map(|(_, stored)| file::read(stored)).collect();
        let mut stored = Stored { site: site.into(), ..Stored::default() };
        let mut others: Vec<AttachmentId> = Vec::new();
        let found = drafts.iter().map(|(place, value)| (place, draft::read(place, value, &files)));
        let mut found: Vec<_> = found.collect();
        // Of two values with one id, the newer keeps it.
        found.sort_by_key(|(_, draft)| std::cmp::Reverse(draft.as_ref().map(|(_, draft)| draft.saved_at)));
        for (place, found) in found {
            let Some((of_site, draft)) = found else {
                stored.places.push((place.clone(), None));
                continue;
            };
            if of_site != site {
                others.extend(draft.attachments.into_iter().map(|file| file.id));
                stored.places.push((place.clone(), None));
                continue;
            }
            stored.add_draft(place, draft);
        }
        for (_, value) in outbox {
            let Some((of_site, submission)) = submission::read(value) else { continue };
            if of_site == site {
                stored.records.push(Record::Submission(submission));
            } else {
                others.extend(submission.attachments.into_iter().map(|file| file.id));
            }
        }
        let receipts = receipts.iter().filter_map(|(_, value)| receipt::read(value));
        let receipts = receipts.filter(|(of_site, _)| of_site == site);
        stored.records.extend(receipts.map(|(_, known)| Record::Acknowledgement(known)));
        stored.files = files.into_iter().filter(|file| !others.contains(&file.record.id)).collect();
        stored.records.extend(stored.files.iter().map(|file| Record::Attachment(file.record.clone())));
        stored
    }

    /// Another tab may have set aside its version of a draft, under the same id.
    fn add_draft(&mut self, place: &str, mut draft: Draft) {
        let same = self.records.iter().find_map(|record| match record {
            Record::Draft(known) if known.key == draft.key => Some(known),
            _ => None,
        });
        if let Some(known) = same {
            if known.says_the_same(&draft) {
                return self.places.push((place.into(), Some(draft.key)));
            }
            draft.key = draft.key.branch(&draft.form.text);
        }
        self.places.push((place.into(), Some(draft.key.clone())));
        self.records.push(Record::Draft(draft));
    }

    /// What carries out a transaction; or, if it must not be written, the records that prevent it. `has_bytes` tells of which attachments the tab has
    /// the bytes in memory.
    pub fn apply(
        &self,
        transaction: &Transaction,
        has_bytes: &dyn Fn(&AttachmentId) -> bool,
        now: Time,
    ) -> Result<Vec<Operation>, Vec<Record>> {
        let after = carry_out(transaction, &self.records, has_bytes, now)?;
        let mut operations = Vec::new();
        let has = |records: &[Record], key: &RecordKey| records.iter().any(|record| record.key() == *key);
        let gone = self.records.iter().map(Record::key).filter(|key| !has(&after, key));
        for key in gone {
            self.delete(&key, &mut operations);
        }
        for record in after.iter().filter(|record| !self.records.contains(record)) {
            self.put(record, &after, &mut operations);
        }
        self.assign_files(&after, &mut operations);
        Ok(operations)
    }

    fn delete(&self, key: &RecordKey, operations: &mut Vec<Operation>) {
        let delete = |store: &'static str, key: &str| Operation::Delete { store, key: key.into() };
        match key {
            RecordKey::Draft(key) => {
                let places = self.places.iter().filter(|(_, held)| held.as_ref() == Some(key));
                operations.extend(places.map(|(place, _)| delete(DRAFTS, place)));
            }
            RecordKey::Submission(key) => operations.push(delete(OUTBOX, &key.0)),
            RecordKey::Acknowledgement(key) => operations.push(delete(RECEIPTS, &key.0)),
            RecordKey::Attachment(id) => operations.push(delete(FILES, &id.0)),
        }
    }

    fn put(&self, record: &Record, after: &[Record], operations: &mut Vec<Operation>) {
        let (store, key, json) = match record {
            Record::Draft(draft) => {
                let held = self.places.iter().filter(|(_, held)| held.as_ref() == Some(&draft.key));
                let held: Vec<&String> = held.map(|(place, _)| place).collect();
                let place = self.place_of(draft, &held, operations);
                let old = held.into_iter().filter(|old| **old != place);
                operations.extend(old.map(|old| Operation::Delete { store: DRAFTS, key: old.clone() }));
                let json = draft::write(draft, place == draft::main_place(&self.site, draft));
                (DRAFTS, place, json)
            }
            Record::Submission(submission) => {
                (OUTBOX, submission.key.0.clone(), submission::write(&self.site, submission))
            }
            Record::Acknowledgement(known) => (RECEIPTS, known.key.0.clone(), receipt::write(&self.site, known)),
            Record::Attachment(attachment) => {
                (FILES, attachment.id.0.clone(), file::write(attachment, &self.owner_of(attachment, after)))
            }
        };
        operations.push(Operation::Put { store, key, json });
    }

    /// A draft stays where it is. Otherwise it gets the place where an earlier version looks first, if that is free.
    fn place_of(&self, draft: &Draft, held: &[&String], operations: &[Operation]) -> String {
        let main = draft::main_place(&self.site, draft);
        let further = draft::further_place(&main, draft);
        if let Some(place) = held.iter().find(|place| draft::suits(place, &main, draft)) {
            return (*place).clone();
        }
        let was_taken = self.places.iter().any(|(place, _)| *place == main);
        let is_taken = operations.iter().fold(was_taken, |is_taken, operation| match operation {
            Operation::Put { store, key, .. } if *store == DRAFTS && *key == main => true,
            Operation::Delete { store, key } if *store == DRAFTS && *key == main => false,
            Operation::Put { .. } | Operation::Delete { .. } => is_taken,
        });
        if is_taken { further } else { main }
    }

    /// Whom a file belongs to, by the draft or submission that has it.
    fn owner_of(&self, attachment: &Attachment, records: &[Record]) -> String {
        let has = |files: &[AttachmentRef]| files.iter().any(|file| file.id == attachment.id);
        let owner = records.iter().find_map(|record| match record {
            Record::Draft(draft) if has(&draft.attachments) => Some(draft_owner(draft)),
            Record::Submission(submission) if has(&submission.attachments) => Some(submission.key.0.clone()),
            _ => None,
        });
        let before = || self.files.iter().find(|file| file.record.id == attachment.id).map(|file| file.of.clone());
        owner.or_else(before).unwrap_or_default()
    }

    /// Files follow their draft, and what becomes of it.
    fn assign_files(&self, after: &[Record], operations: &mut Vec<Operation>) {
        for file in &self.files {
            let key = &file.record.id.0;
            let is_written = operations.iter().any(|operation| match operation {
                Operation::Put { store, key: written, .. } | Operation::Delete { store, key: written } => {
                    *store == FILES && written == key
                }
            });
            let owner = self.owner_of(&file.record, after);
            if !is_written && owner != file.of {
                let json = file::write(&file.record, &owner);
                operations.push(Operation::Put { store: FILES, key: key.clone(), json });
            }
        }
    }
}

/// Whom the files of a draft belong to.
fn draft_owner(draft: &Draft) -> String {
    match &draft.target {
        Target::NewTicket => draft.key.0.clone(),
        Target::Reply(ticket) => ["reply:", &ticket.0].concat(),
    }
}

/// A number that stands for a content.
fn number_of(content: StableHash) -> u64 {
    // JavaScript represents whole numbers below 2^53.
    content.finish() >> 11
}

/// The version of a record; of one without, its content stands for it.
fn revision(stored: &impl Source, content: StableHash) -> Revision {
    let written = stored.get("revision").as_number().filter(|number| *number >= 0.0);
    Revision(written.map_or_else(|| number_of(content), |number| number as u64))
}

fn whole(stored: &impl Source, name: &str) -> u64 {
    stored.get(name).number() as u64
}

fn time(stored: &impl Source, name: &str) -> Time {
    Time(whole(stored, name))
}

fn key(stored: &impl Source, name: &str) -> IdempotencyKey {
    IdempotencyKey(stored.text_of(name))
}

/// The id of the draft that became a submission.
fn draft_of(stored: &impl Source) -> IdempotencyKey {
    let draft = key(stored, "draft");
    if draft.is_empty() { key(stored, "key") } else { draft }
}

fn attachments<S: Source>(list: &S) -> Vec<AttachmentRef> {
    let read = |file: &S| AttachmentRef { id: AttachmentId(file.text_of("id")), name: file.text_of("name") };
    list.items().iter().map(read).collect()
}

fn left_behind(stored: &impl Source) -> Vec<LeftBehind> {
    let reasons = LEFT_BEHIND.iter().flat_map(|(name, reason)| {
        let names = stored.get(name).items();
        names.into_iter().map(|name| LeftBehind { name: name.text(), reason: *reason })
    });
    reasons.collect()
}

const LEFT_BEHIND: [(&str, LeftBehindReason); 4] = [
    ("lost", LeftBehindReason::Missing),
    ("stopped", LeftBehindReason::Blocked),
    ("unaccepted", LeftBehindReason::Refused),
    ("chosen", LeftBehindReason::Chosen),
];

/// Writes an object with the members that have JSON.
fn object(members: &[(&str, String)]) -> String {
    let members = members.iter().filter(|(_, json)| !json.is_empty());
    let members: Vec<String> = members.map(|(name, json)| ["\"", name, "\":", json].concat()).collect();
    ["{", &members.join(","), "}"].concat()
}

fn json(value: &(impl serde::Serialize + ?Sized)) -> String {
    // Serialising plain data into memory cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn json_attachments(attachments: &[AttachmentRef]) -> String {
    let objects = attachments.iter().map(|file| object(&[("id", json(&file.id.0)), ("name", json(&file.name))]));
    ["[", &objects.collect::<Vec<_>>().join(","), "]"].concat()
}

fn json_left_behind(left_behind: &[LeftBehind]) -> Vec<(&'static str, String)> {
    let names = |reason| {
        let of_reason = left_behind.iter().filter(|left| left.reason == reason);
        of_reason.map(|left| left.name.as_str()).collect::<Vec<_>>()
    };
    let lists = LEFT_BEHIND.into_iter().map(|(name, reason)| (name, names(reason)));
    lists.filter(|(_, names)| !names.is_empty()).map(|(name, names)| (name, json(&names))).collect()
}
