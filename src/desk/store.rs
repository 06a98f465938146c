//! The records on the device.

use std::rc::Rc;

use domain::desk::ids::{AttachmentId, CustomerId, Time};
use domain::desk::records::{Record, Reset, Transaction};
use domain::desk::stored::{Operation, STORES, Stored};
use wasm_bindgen::JsValue;
use wire::Source;

use super::files::Files;
use crate::browser::database::{Access, Change, Database, Entries, Unavailable};
use crate::browser::{blob, read, storage};

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// All of it is on disk.
    Stored,
    /// Nothing of it was written, because an expectation was not met. These are the records at the expected places.
    Conflicted(Vec<Record>),
}

/// What is on the device. Dropping a future gives up what it does.
pub trait Store {
    /// Everything of the site.
    fn load(&self) -> impl Future<Output = Result<Vec<Record>, Unavailable>>;
    /// Writes a transaction. `now` is the time by the device's clock.
    fn write(&self, transaction: Transaction, now: Time) -> impl Future<Output = Result<Written, Unavailable>>;
    /// The bytes of an attachment, from memory or from the device; `None` if they cannot be read.
    fn bytes(&self, id: &AttachmentId) -> impl Future<Output = Option<JsValue>>;
    /// The resets that were asked for and not carried out yet.
    fn resets(&self) -> Vec<Reset>;
    /// Leaves a mark of a reset that outlives the page.
    fn mark(&self, reset: &Reset);
    /// Removes the mark of a reset, unless another reset has replaced it.
    fn clear(&self, reset: &Reset);
}

/// The records of a site in IndexedDB, and the marks of its resets in local storage.
#[derive(Clone, Debug)]
pub struct DeviceStore {
    site: String,
    database: Rc<Database>,
    files: Files,
}

impl DeviceStore {
    /// The records of a site. `files` has the bytes of attachments that are not on the device yet.
    pub fn new(site: &str, database: Rc<Database>, files: Files) -> DeviceStore {
        DeviceStore { site: site.into(), database, files }
    }
}

impl Store for DeviceStore {
    async fn load(&self) -> Result<Vec<Record>, Unavailable> {
        let site = self.site.clone();
        let load = move |entries| (stored(&site, entries).map(|(stored, _)| stored.records), Vec::new());
        self.database.transact(&STORES, Access::Read, load).await?.ok_or(Unavailable)
    }

    async fn write(&self, transaction: Transaction, now: Time) -> Result<Written, Unavailable> {
        let (site, files) = (self.site.clone(), self.files.clone());
        let write = move |entries| {
            let Some((stored, on_device)) = stored(&site, entries) else { return (None, Vec::new()) };
            match stored.apply(&transaction, &|id| files.bytes(id).is_some(), now) {
                Ok(operations) => {
                    let changes = operations.into_iter().filter_map(|operation| change(operation, &files, &on_device));
                    (Some(Written::Stored), changes.collect())
                }
                Err(found) => (Some(Written::Conflicted(found)), Vec::new()),
            }
        };
        self.database.transact(&STORES, Access::Write, write).await?.ok_or(Unavailable)
    }

    async fn bytes(&self, id: &AttachmentId) -> Option<JsValue> {
        if let Some(bytes) = self.files.bytes(id) {
            return Some(bytes);
        }
        let key = id.0.clone();
        let find =
            move |entries: Vec<Entries>| (entries.into_iter().flatten().find(|(known, _)| *known == key), vec![]);
        let (_, file) = self.database.transact(&[FILES], Access::Read, find).await.ok()??;
        let bytes = file.get(BLOB);
        blob::is_readable(&bytes).await.then_some(bytes)
    }

    fn resets(&self) -> Vec<Reset> {
        let marks = MARKS.into_iter().flat_map(|(word, discards)| {
            let start = mark_name(word, &self.site, "");
            let names = storage::names().into_iter().filter_map(move |name| {
                let customer = CustomerId(name.strip_prefix(&start)?.into());
                let at = storage::get(&name)?.parse::<f64>().ok()?;
                Some(Reset { customer, discards, at: Time(at as u64) })
            });
            names.collect::<Vec<Reset>>()
        });
        marks.collect()
    }

    fn mark(&self, reset: &Reset) {
        storage::set(&self.name_of(reset), &reset.at.0.to_string());
    }

    fn clear(&self, reset: &Reset) {
        let name = self.name_of(reset);
        if storage::get(&name).is_some_and(|at| at == reset.at.0.to_string()) {
            storage::remove(&name);
        }
    }
}

impl DeviceStore {
    fn name_of(&self, reset: &Reset) -> String {
        let (word, _) = MARKS.into_iter().find(|(_, discards)| *discards == reset.discards).unwrap_or_default();
        mark_name(word, &self.site, &reset.customer.0)
    }
}

const FILES: &str = "files";
const BLOB: &str = "blob";
/// The words of the marks, and whether submissions are deleted as well. The loader leaves them, too (`loader/deskbell.js`).
const MARKS: [(&str, bool); 2] = [("reset", false), ("discard", true)];

fn mark_name(word: &str, site: &str, customer: &str) -> String {
    ["deskbell-", word, ":", site, ":", customer].concat()
}

/// The records, and the bytes of attachments.
fn stored(site: &str, entries: Vec<Entries>) -> Option<(Stored, Entries)> {
    let entries: [Entries; 4] = entries.try_into().ok()?;
    let stored = Stored::read(site, &entries);
    let [_, _, _, files] = entries;
    Some((stored, files))
}

/// An attachment that has no bytes is not stored.
fn change(operation: Operation, files: &Files, on_device: &Entries) -> Option<Change> {
    match operation {
        Operation::Put { store, key, json } => {
            let value = read::parse(&json)?;
            if store == FILES {
                let kept = || on_device.iter().find(|(known, _)| *known == key).map(|(_, file)| file.get(BLOB));
                let bytes = files.bytes(&AttachmentId(key.clone())).or_else(kept)?;
                blob::attach(&value, BLOB, &bytes);
            }
            Some(Change::Put { store, key, value })
        }
        Operation::Delete { store, key } => Some(Change::Delete { store, key }),
    }
}
