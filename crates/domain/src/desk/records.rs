//! What lies on the device: records, and transactions on them.
//!
//! [`super::stored`] has their layout on the device, and [`super::transactions`] carries out transactions on them.

use super::attachment::Attachment;
use super::draft::{AttachmentRef, DRAFT_KEPT_MS, Draft};
use super::ids::{AttachmentId, CustomerId, IdempotencyKey, Revision, Time, TransactionId};
use super::submission::{Acknowledgement, Submission};

/// A record of the site.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)] // There are few records, and most are submissions or drafts.
pub enum Record {
    /// A draft.
    Draft(Draft),
    /// A submission that the gateway has not acknowledged.
    Submission(Submission),
    /// A submission that it has acknowledged.
    Acknowledgement(Acknowledgement),
    /// An attachment. Its bytes are stored with it, from what was read when it was chosen.
    Attachment(Attachment),
}

/// The place of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordKey {
    /// Of a draft.
    Draft(IdempotencyKey),
    /// Of a submission.
    Submission(IdempotencyKey),
    /// Of an acknowledgement.
    Acknowledgement(IdempotencyKey),
    /// Of an attachment.
    Attachment(AttachmentId),
}

impl Record {
    /// Its place.
    pub fn key(&self) -> RecordKey {
        match self {
            Record::Draft(draft) => RecordKey::Draft(draft.key.clone()),
            Record::Submission(submission) => RecordKey::Submission(submission.key.clone()),
            Record::Acknowledgement(known) => RecordKey::Acknowledgement(known.key.clone()),
            Record::Attachment(attachment) => RecordKey::Attachment(attachment.id.clone()),
        }
    }

    /// Its version; none for an attachment, whose bytes never change.
    pub fn revision(&self) -> Option<Revision> {
        match self {
            Record::Draft(draft) => Some(draft.revision),
            Record::Submission(submission) => Some(submission.revision),
            Record::Acknowledgement(known) => Some(known.revision),
            Record::Attachment(_) => None,
        }
    }
}

impl Record {
    /// Whether it was sent off.
    pub fn is_sent(&self) -> bool {
        matches!(self, Record::Submission(_) | Record::Acknowledgement(_))
    }

    /// Whether an earlier version of the widget has made a submission of a draft, which then has another key.
    pub fn was_made_of(&self, draft: &Draft) -> bool {
        let (key, made_of) = match self {
            Record::Submission(submission) => (&submission.key, &submission.draft),
            Record::Acknowledgement(known) => (&known.key, &known.draft),
            Record::Draft(_) | Record::Attachment(_) => return false,
        };
        *made_of == draft.key && *key != draft.key && is_contained(draft, self)
    }
}

/// A change of the device.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// Stores a record, in place of an earlier one. An attachment is stored with the bytes that were read, or keeps those on the device; without any
    /// it is not stored.
    Put(Box<Record>),
    /// Deletes a record, if there is one.
    Delete(RecordKey),
    /// Deletes the draft and the submission that are done with ([`Done::covers`]).
    Retire(Box<Done>),
    /// Deletes those of the attachments that no draft or submission refers to after the other writes ([`is_referred_to`]).
    Release(Vec<AttachmentId>),
    /// Deletes every record that [`Reset::forgets`].
    Forget(Reset),
}

impl Write {
    /// The places that it may change, as far as they are known before.
    pub fn keys(&self) -> Vec<RecordKey> {
        match self {
            Write::Put(record) => vec![record.key()],
            Write::Delete(key) => vec![key.clone()],
            Write::Retire(done) => vec![RecordKey::Draft(done.key.clone()), RecordKey::Submission(done.key.clone())],
            Write::Release(_) | Write::Forget(_) => Vec::new(),
        }
    }
}

/// Something that was sent, discarded or given up. Another tab may have written something else under its key, which stays.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// Its key, as a draft and as a submission.
    pub key: IdempotencyKey,
    /// The versions that the tab knows as its own.
    pub own: Vec<Revision>,
    /// Other versions are done with as well if they are contained in this; without it they stay.
    pub content: Option<Record>,
}

impl Done {
    /// Whether a record is done with.
    pub fn covers(&self, record: &Record) -> bool {
        let draft = match record {
            Record::Draft(draft) if draft.key == self.key => draft.clone(),
            Record::Submission(submission) if submission.key == self.key => submission.as_draft(),
            _ => return false,
        };
        let is_own = record.revision().is_some_and(|revision| self.own.contains(&revision));
        is_own || self.content.as_ref().is_some_and(|content| is_contained(&draft, content))
    }
}

/// Something that has to be so, or nothing is written: a record has a version, or does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Its place.
    pub key: RecordKey,
    /// Its version; none if it must not exist.
    pub revision: Option<Revision>,
}

/// All of it is written, or nothing. Transactions and loads of a desk are carried out in their order, each with a time limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Transaction {
    /// Its number.
    pub id: TransactionId,
    /// What has to be so.
    pub expectations: Vec<Expectation>,
    /// What is written.
    pub writes: Vec<Write>,
}

/// What the host wants to be forgotten when a customer logs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reset {
    /// The customer; empty for everybody.
    pub customer: CustomerId,
    /// Whether their submissions are deleted as well.
    pub discards: bool,
    /// When; newer records stay.
    pub at: Time,
}

impl Reset {
    /// Whether a record is to be deleted. `now` tells a time in the future, from before the clock was set back. Attachments are deleted when nothing
    /// refers to them any more ([`is_referred_to`]).
    pub fn forgets(&self, record: &Record, now: Time) -> bool {
        let is_older = |time: Time| time <= self.at || time > now;
        // What was written before a customer was declared belongs to the one who logs out, as far as anybody knows.
        let is_theirs = |owner: &CustomerId| self.customer.is_empty() || owner.is_empty() || *owner == self.customer;
        match record {
            Record::Draft(draft) => is_theirs(&draft.owner) && is_older(draft.saved_at),
            Record::Submission(submission) => {
                let is_owner = self.customer.is_empty() || submission.owner == self.customer;
                self.discards && is_owner && is_older(submission.submitted_at)
            }
            Record::Acknowledgement(known) => is_theirs(&known.owner) && is_older(known.received_at),
            Record::Attachment(_) => false,
        }
    }
}

/// Whether a draft is contained in what it, or another tab's version of it, has become. An attachment that is not would be lost with the draft.
pub fn is_contained(draft: &Draft, record: &Record) -> bool {
    let (text, attachments, left_behind) = match record {
        Record::Draft(draft) => (draft.form.text.as_str(), &draft.attachments, &Vec::new()),
        Record::Submission(sent) => (sent.text(), &sent.attachments, &sent.left_behind),
        Record::Acknowledgement(sent) => (sent.text.as_str(), &sent.attachments, &sent.left_behind),
        Record::Attachment(_) => return false,
    };
    let is_sent = |file: &AttachmentRef| {
        attachments.iter().any(|sent| sent.id == file.id) || left_behind.iter().any(|left| left.name == file.name)
    };
    draft.form.text == text && draft.attachments.iter().all(is_sent)
}

/// Whether any of the records has the attachment.
pub fn is_referred_to(id: &AttachmentId, records: &[Record]) -> bool {
    records.iter().any(|record| match record {
        Record::Draft(draft) => draft.attachments.iter().any(|file| file.id == *id),
        Record::Submission(submission) => submission.attachments.iter().any(|file| file.id == *id),
        Record::Acknowledgement(_) | Record::Attachment(_) => false,
    })
}

/// Whether a record is too old to be kept. Submissions stay until their outcome is known.
pub fn is_expired(record: &Record, now: Time) -> bool {
    match record {
        Record::Draft(draft) => now.since(draft.saved_at) > DRAFT_KEPT_MS,
        Record::Acknowledgement(known) => now.since(known.received_at) > DRAFT_KEPT_MS,
        Record::Submission(_) | Record::Attachment(_) => false,
    }
}
