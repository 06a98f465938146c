//! Loading: what is on the device is merged with what this tab knows.

use super::Desk;
use super::attachment::{AttachmentState, KnownAttachment, ORPHAN_KEPT_MS};
use super::composer::{Composer, State};
use super::draft::{Draft, Target};
use super::effect::Effect;
use super::ids::{AttachmentId, IdempotencyKey};
use super::outgoing::{Outgoing, Progress};
use super::records::{Done, Record, RecordKey, Reset, Write, is_expired, is_referred_to};
use super::submission::Submission;

/// The most drafts that are offered; others stay on the device until they are too old.
const DRAFTS_MAX: usize = 50;

impl Desk {
    pub(super) fn load(&mut self) {
        self.sequence += 1;
        self.effects.push(Effect::Load(self.sequence));
    }

    pub(super) fn load_failed(&mut self) {
        self.restores = false;
        self.warn();
    }

    pub(super) fn loaded(&mut self, load: u64, records: Vec<Record>, resets: Vec<Reset>) {
        for reset in resets {
            if !self.resets.contains(&reset) {
                self.resets.push(reset.clone());
                self.forget(reset);
            }
        }
        let records = self.current(load, records);
        self.touched.retain(|(_, sequence)| *sequence > load);
        self.merge_attachments(&records);
        self.merge_submissions(load, &records);
        self.merge_drafts(&records);
        if !self.has_loaded {
            self.has_loaded = true;
            self.hurry();
        }
    }

    /// The records that are still so: not forgotten, too old, or changed by this tab since.
    fn current(&mut self, load: u64, records: Vec<Record>) -> Vec<Record> {
        let now = self.now;
        let mut writes = Vec::new();
        let sent: Vec<Record> = records.iter().filter(|record| record.is_sent()).cloned().collect();
        let records: Vec<Record> = records
            .into_iter()
            .filter(|record| {
                let key = record.key();
                let is_touched = self.touched.iter().any(|(known, sequence)| *known == key && *sequence > load);
                let is_deleted = self.unwritten.iter().any(|write| match write {
                    Write::Delete(deleted) => *deleted == key,
                    Write::Retire(done) => done.covers(record),
                    Write::Put(_) | Write::Release(_) | Write::Forget(_) => false,
                });
                if is_touched || is_deleted || self.resets.iter().any(|reset| reset.forgets(record, now)) {
                    return false;
                }
                let is_stale = match record {
                    Record::Submission(submission) => self.has_arrived(&submission.as_draft()),
                    Record::Draft(draft) if sent.iter().any(|record| record.was_made_of(draft)) => true,
                    record => is_expired(record, now),
                };
                if is_stale {
                    writes.push(deletion(record));
                }
                !is_stale
            })
            .collect();
        self.write_certainly(writes);
        records
    }

    fn merge_attachments(&mut self, records: &[Record]) {
        let mut orphans: Vec<AttachmentId> = Vec::new();
        for record in records {
            let Record::Attachment(attachment) = record else { continue };
            let is_wanted = is_referred_to(&attachment.id, records) || self.is_attached(&attachment.id);
            if !is_wanted {
                if self.now.since(attachment.added_at) > ORPHAN_KEPT_MS {
                    orphans.push(attachment.id.clone());
                }
                continue;
            }
            if self.attachment(&attachment.id).is_some() {
                continue;
            }
            let state = match attachment.refusal.as_str() {
                _ if attachment.is_uploaded => AttachmentState::Uploaded,
                "" => AttachmentState::Ready,
                _ => AttachmentState::Refused,
            };
            self.attachments.push(KnownAttachment { record: attachment.clone(), state, blocked: 0 });
        }
        if !orphans.is_empty() {
            self.write_certainly(vec![Write::Release(orphans)]);
        }
    }

    fn merge_submissions(&mut self, load: u64, records: &[Record]) {
        let is_replaced = |desk: &Desk, record: &Record| {
            desk.composers.iter().filter_map(|composer| composer.replaces.as_ref()).any(|done| done.covers(record))
        };
        for record in records {
            match record {
                Record::Submission(submission) if !is_replaced(self, record) => self.merge_one(submission),
                Record::Acknowledgement(known) if self.outgoing(&known.key).is_none() => self.remember(known.clone()),
                _ => {}
            }
        }
        let is_there = |key: &IdempotencyKey| {
            records.iter().any(|record| matches!(record, Record::Submission(submission) if submission.key == *key))
        };
        let gone: Vec<IdempotencyKey> = self
            .outbox
            .iter()
            .filter(|outgoing| {
                let key = &outgoing.submission.key;
                let record = RecordKey::Submission(key.clone());
                let is_new = self.touched.iter().any(|(known, sequence)| *known == record && *sequence > load);
                outgoing.is_stored && outgoing.progress == Progress::Idle && !is_new && !is_there(key)
            })
            .map(|outgoing| outgoing.submission.key.clone())
            .collect();
        for key in gone {
            // Another tab has sent it, edits it, or has discarded it.
            self.changed_elsewhere(&key, records.to_vec());
        }
    }

    fn merge_one(&mut self, submission: &Submission) {
        let key = &submission.key;
        match self.outgoing_mut(key) {
            None => self.outbox.push(Outgoing::new(submission.clone(), true, Progress::Idle)),
            // It goes under another key as soon as this tab wants to send it.
            Some(outgoing) if !outgoing.is_stored && outgoing.differs_from(&Record::Submission(submission.clone())) => {
            }
            Some(outgoing) => {
                outgoing.is_stored = true;
                if outgoing.progress == Progress::Idle && outgoing.submission.revision != submission.revision {
                    outgoing.revise(submission.revision);
                    outgoing.is_unknown = submission.may_have_arrived;
                    outgoing.adopt(submission.clone());
                }
            }
        }
        self.outbox.sort_by_key(|outgoing| outgoing.submission.submitted_at);
        self.notice_refusal(key);
        // Another tab has tried it: it is in the outbox, and something else can be written.
        if submission.attempts > 0 && self.is_watched(key) {
            let is_idle = self.outgoing(key).is_some_and(|outgoing| outgoing.progress == Progress::Idle);
            if is_idle {
                self.clear_watching(key);
            }
        }
    }

    fn merge_drafts(&mut self, records: &[Record]) {
        for index in (0..self.composers.len()).rev() {
            let Some(composer) = self.composers.get(index) else { continue };
            if composer.state == State::Sending || self.became(index, records) {
                continue;
            }
            let Some(composer) = self.composers.get(index) else { continue };
            let taken = records.iter().any(|record| {
                matches!(record, Record::Draft(draft) if draft.key == composer.draft.key
                    && draft.owner != composer.draft.owner && draft.says_the_same(&composer.draft))
            });
            // Somebody else was declared in another tab.
            if taken && !composer.is_dirty {
                self.clear(index);
            }
        }
        let mut others: Vec<Draft> = Vec::new();
        for record in records {
            let Record::Draft(draft) = record else { continue };
            let is_shown = self.composers.iter().any(|composer| composer.draft.key == draft.key);
            if self.is_mine(&draft.owner) && !is_shown && !self.is_submitted(draft) {
                others.push(draft.clone());
            }
        }
        // Those that the device has not taken, or that this tab is storing.
        let kept = std::mem::take(&mut self.aside);
        let is_new = |draft: &Draft| !others.iter().any(|other| other.key == draft.key) && self.is_being_stored(draft);
        let kept: Vec<Draft> = kept.into_iter().filter(is_new).collect();
        others.extend(kept);
        others.sort_by_key(|draft| std::cmp::Reverse(draft.saved_at));
        others.truncate(DRAFTS_MAX);
        self.aside = others;
        self.restore();
    }

    fn is_being_stored(&self, draft: &Draft) -> bool {
        let is_touched = self.touched.iter().any(|(key, _)| *key == RecordKey::Draft(draft.key.clone()));
        is_touched || self.unsaved.iter().any(|(unsaved, _)| unsaved.key == draft.key)
    }

    /// Fills an empty form with the newest draft, once for each customer, and never under the hands of somebody who writes.
    fn restore(&mut self) {
        if !std::mem::take(&mut self.restores) {
            return;
        }
        let form = self.composers.iter().find(|composer| composer.draft.target == Target::NewTicket);
        // What the host has filled in is shown; the draft is offered.
        if !form.is_some_and(|form| form.draft.is_empty() && !form.is_touched) {
            return;
        }
        if let Some(index) = self.aside.iter().position(|draft| draft.target == Target::NewTicket) {
            let draft = self.aside.remove(index);
            self.show(Composer::restored(draft));
        }
    }
}

/// What deletes a record as it was loaded.
fn deletion(record: &Record) -> Write {
    let own = record.revision().into_iter().collect();
    match record.key() {
        RecordKey::Draft(key) | RecordKey::Submission(key) => Write::Retire(Box::new(Done { key, own, content: None })),
        key => Write::Delete(key),
    }
}
