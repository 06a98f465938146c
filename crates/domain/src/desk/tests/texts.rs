//! What is known of each text that was written, and where it is.

use std::collections::{BTreeMap, BTreeSet};

use super::super::composer::State;
use super::super::draft::{AttachmentRef, Draft, Target};
use super::super::ids::{CustomerId, IdempotencyKey};
use super::super::records::{Record, Write};
use super::gateway::written;
use super::world::{Job, Tab, World};

/// What has to become of a text.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// The customers who wrote it, or were declared while it was being written. Nobody while it is anonymous.
    pub owners: BTreeSet<CustomerId>,
    pub was_anonymous: bool,
    /// Whether it has to be somewhere.
    pub is_required: bool,
    /// Whether it was on the device, from where only the customer may take it.
    pub was_stored: bool,
    /// Whether its author has typed over it, or is done with it, in one tab. It is kept as long as another tab still writes it.
    pub is_replaced: bool,
    /// Whether a reset was to forget it.
    pub is_forgettable: bool,
    /// Whether the customer, or a reset, has deleted it after it was sent off: then it is not given back if it is refused.
    pub is_discarded: bool,
    /// Whether it must not be shown as a draft again.
    pub is_over: bool,
    /// Whether it may be shown as a draft although it is over or has arrived: the tab that was to delete it has crashed before it could, or
    /// a discarded submission was on its way, of which no tab is told.
    pub may_come_back: bool,
    /// Whether Send was pressed, and it became a submission.
    pub is_submitted: bool,
    /// The tabs in which it belonged to somebody declared.
    pub claimed_in: BTreeSet<usize>,
    /// The names of its attachments when it was sent off.
    pub attachments: Vec<String>,
}

/// The texts that were written.
#[derive(Default)]
pub struct Texts(pub BTreeMap<String, Text>);

fn drafts(tab: &Tab) -> impl Iterator<Item = &Draft> {
    tab.desk.composers.iter().map(|composer| &composer.draft).chain(&tab.desk.aside)
}

/// The texts of drafts that a tab shows.
pub fn drafts_shown(tab: &Tab) -> Vec<String> {
    let texts = drafts(tab).map(|draft| draft.form.text.clone());
    texts.filter(|text| !text.is_empty()).collect()
}

/// Those without attachments. With attachments a draft stays after its text has arrived: whether to send them after it is for the customer to say.
pub fn plain_drafts(tab: &Tab) -> impl Iterator<Item = &Draft> {
    drafts(tab).filter(|draft| draft.attachments.is_empty())
}

/// All texts that a tab shows.
pub fn shown(tab: &Tab) -> Vec<String> {
    let mut texts = drafts_shown(tab);
    texts.extend(tab.desk.waiting().map(|submission| submission.text().to_string()));
    texts.extend(tab.desk.acknowledged().map(|known| known.text.clone()));
    texts
}

/// The texts that a tab itself keeps: what is written in it, was sent off in it, or waits there for the device. What it only offers lies on the
/// device, where the tab that writes it may change it.
pub fn kept(tab: &Tab) -> Vec<String> {
    let mut texts: Vec<String> = tab.desk.composers.iter().map(|composer| composer.draft.form.text.clone()).collect();
    texts.extend(tab.desk.unsaved.iter().map(|(draft, _)| draft.form.text.clone()));
    texts.extend(tab.desk.outbox.iter().map(|outgoing| outgoing.submission.text().to_string()));
    let is_typed_over = |record: &Record| match record {
        Record::Draft(draft) => tab.desk.composers.iter().any(|composer| composer.draft.key == draft.key),
        _ => false,
    };
    texts.extend(waiting(tab).filter(|record| !is_typed_over(record)).filter_map(text_of));
    texts
}

/// All texts that a tab has in memory.
pub fn in_memory(tab: &Tab) -> Vec<String> {
    let mut texts = kept(tab);
    texts.extend(drafts_shown(tab));
    // What is being written cannot be lost unless the tab crashes.
    texts.extend(waiting(tab).filter_map(text_of));
    texts
}

/// The records that wait for the device.
pub fn waiting(tab: &Tab) -> impl Iterator<Item = &Record> {
    let transactions = tab.storage.iter().filter_map(|job| match job {
        Job::Write(transaction) => Some(transaction),
        _ => None,
    });
    transactions.flat_map(|transaction| &transaction.writes).filter_map(|write| match write {
        Write::Put(record) => Some(record.as_ref()),
        _ => None,
    })
}

pub fn text_of(record: &Record) -> Option<String> {
    match record {
        Record::Draft(draft) => Some(draft.form.text.clone()),
        Record::Submission(submission) => Some(submission.form.text.clone()),
        Record::Acknowledgement(known) => Some(known.text.clone()),
        Record::Attachment(_) => None,
    }
}

pub fn on_device(world: &World) -> BTreeSet<String> {
    world.device.records.values().filter_map(text_of).collect()
}

pub fn submissions_on_device(world: &World) -> BTreeSet<String> {
    let submissions = world.device.records.values().filter_map(|record| match record {
        Record::Submission(submission) => Some(submission.form.text.clone()),
        _ => None,
    });
    submissions.collect()
}

/// The texts on the device that a tab is about to delete.
pub fn to_be_deleted(world: &World, tab: usize) -> BTreeSet<String> {
    let transactions = world.tabs[tab].storage.iter().filter_map(|job| match job {
        Job::Write(transaction) => Some(transaction),
        _ => None,
    });
    let mut texts = BTreeSet::new();
    for write in transactions.flat_map(|transaction| &transaction.writes) {
        let deleted = world.device.records.iter().filter(|(key, record)| match write {
            Write::Delete(deleted) => *key == deleted,
            Write::Retire(done) => done.covers(record),
            Write::Put(_) | Write::Release(_) | Write::Forget(_) => false,
        });
        texts.extend(deleted.filter_map(|(_, record)| text_of(record)));
    }
    texts
}

/// The attachments of a text that are known on the device, in any tab or at the gateway.
pub fn attachments_of(world: &World, text: &str) -> BTreeSet<String> {
    let records = world.device.records.values();
    let mut files: Vec<(&str, &[AttachmentRef])> = records.filter_map(attachments).collect();
    for tab in &world.tabs {
        files.extend(drafts(tab).map(|draft| (draft.form.text.as_str(), draft.attachments.as_slice())));
        let sent = tab.desk.outbox.iter().map(|outgoing| &outgoing.submission);
        files.extend(sent.map(|sent| (sent.text(), sent.attachments.as_slice())));
        files.extend(waiting(tab).filter_map(attachments));
    }
    let files = files.into_iter().filter(|(other, _)| *other == text).flat_map(|(_, files)| files);
    let names = files.map(|file| file.id.0.clone());
    let arrived = world.gateway.arrivals_of(text).into_iter().flat_map(|stored| stored.attachments.clone());
    names.chain(arrived).collect()
}

fn attachments(record: &Record) -> Option<(&str, &[AttachmentRef])> {
    match record {
        Record::Draft(draft) => Some((draft.form.text.as_str(), draft.attachments.as_slice())),
        Record::Submission(sent) => Some((sent.text(), sent.attachments.as_slice())),
        Record::Acknowledgement(_) | Record::Attachment(_) => None,
    }
}

/// Whether a text is in the gateway.
pub fn has_arrived(world: &World, text: &str) -> bool {
    world.gateway.stored.values().any(|stored| written(&stored.message) == text)
}

/// What somebody writes in a tab, unless it is being sent: nothing but the customer may change it.
pub fn composed(tab: &Tab) -> Vec<(Target, IdempotencyKey, String)> {
    let writing =
        tab.desk.composers.iter().filter(|composer| composer.state != State::Sending && composer.is_written());
    let texts = writing
        .map(|composer| (composer.draft.target.clone(), composer.draft.key.clone(), composer.draft.form.text.clone()));
    texts.filter(|(_, _, text)| !text.is_empty()).collect()
}
