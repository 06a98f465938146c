//! Settling: what an answer means for a submission, and what the customer wants of one that has not arrived.

use super::attachment::{AttachmentState, LeftBehindReason};
use super::composer::{Composer, State};
use super::customer::Credential;
use super::draft::Target;
use super::effect::{Effect, HostEvent, Note};
use super::event::Answer;
use super::ids::{AttachmentId, IdempotencyKey, Revision};
use super::outbox::pause;
use super::outgoing::{Outgoing, Progress};
use super::records::{Expectation, Record, RecordKey, Write};
use super::storing::{Purpose, expect_draft, expect_submission, put};
use super::submission::{Acknowledgement, Cause};
use super::{ACKNOWLEDGED_MAX, Desk};
use crate::problem::Problem;

impl Desk {
    pub(super) fn answered(&mut self, key: &IdempotencyKey, answer: Answer) {
        let Some(Progress::Posting(credential)) = self.outgoing(key).map(|outgoing| outgoing.progress) else { return };
        match answer {
            Answer::Accepted { response } => self.accepted(key, response),
            Answer::Refused(problem) => self.refused(key, problem),
            Answer::RetryLater { retry_after_ms } => self.retry(key, Cause::Busy, retry_after_ms, true),
            Answer::AttachmentsMissing => self.attachments_missing(key),
            Answer::Unauthorised => self.unauthorised(key, credential),
            Answer::Unknown(_) if self.settings.is_keyless => self.retry(key, Cause::Unsure, 0, false),
            Answer::Unknown(cause) => self.retry(key, cause, 0, false),
        }
    }

    /// Another token is tried, and then the session alone: delivery matters more than identity, except for a reply, which only its customer may
    /// write.
    fn unauthorised(&mut self, key: &IdempotencyKey, credential: Credential) {
        match credential {
            Credential::Token => self.post(key, Credential::FreshToken),
            Credential::FreshToken if !self.is_reply(key) => self.post(key, Credential::Session),
            Credential::FreshToken | Credential::Session => self.retry(key, Cause::Unauthorised, 0, true),
        }
    }

    fn accepted(&mut self, key: &IdempotencyKey, response: String) {
        let Some(position) = self.outbox.iter().position(|outgoing| outgoing.submission.key == *key) else { return };
        let submission = self.outbox.remove(position).submission;
        let files: Vec<AttachmentId> = submission.attachments.iter().map(|file| file.id.clone()).collect();
        for id in &files {
            self.forget_attachment(id);
        }
        let known = Acknowledgement {
            key: key.clone(),
            revision: self.new_revision(),
            owner: submission.owner,
            session: submission.session,
            target: submission.target,
            text: submission.form.text,
            response,
            attachments: submission.attachments,
            left_behind: submission.left_behind,
            received_at: self.now,
        };
        self.delete(vec![
            Write::Delete(RecordKey::Submission(key.clone())),
            Write::Delete(RecordKey::Draft(key.clone())),
            put(Record::Acknowledgement(known.clone())),
            Write::Release(files),
        ]);
        if known.target == Target::NewTicket {
            self.effects.push(Effect::Emit(HostEvent::Sent(key.clone(), known.response.clone())));
        }
        self.acknowledge(known);
        self.release(key);
    }

    /// It has arrived: by this tab, or by another one.
    fn acknowledge(&mut self, known: Acknowledgement) {
        self.arrived.push(known.key.clone());
        if self.arrived.len() > ACKNOWLEDGED_MAX {
            self.arrived.remove(0);
        }
        self.clear_watching(&known.key);
        if self.has_written(&known.owner, &known.session) {
            let note = if known.target == Target::NewTicket { Note::Sent } else { Note::ReplySent };
            self.effects.push(Effect::Announce(note));
        }
        self.remember(known);
    }

    pub(super) fn remember(&mut self, known: Acknowledgement) {
        if self.acknowledged.iter().any(|other| other.key == known.key) {
            return;
        }
        self.acknowledged.push(known);
        if self.acknowledged.len() > ACKNOWLEDGED_MAX {
            self.acknowledged.remove(0);
        }
    }

    pub(super) fn acknowledge_elsewhere(&mut self, known: Acknowledgement) {
        self.outbox.retain(|outgoing| outgoing.submission.key != known.key);
        self.acknowledge(known);
    }

    fn refused(&mut self, key: &IdempotencyKey, problem: Problem) {
        let (revision, is_mine) = (self.new_revision(), self.is_shown(key));
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        outgoing.progress = Progress::Idle;
        outgoing.submission.may_have_arrived = false;
        outgoing.submission.cause = None;
        outgoing.submission.refusal = Some(problem);
        let is_new = outgoing.submission.target == Target::NewTicket;
        let place = self.composers.iter().position(|composer| composer.watches(key));
        match place {
            Some(_) => self.give_back(key),
            None => self.settle(key, revision),
        }
        if is_new {
            self.effects.push(Effect::Emit(HostEvent::Failed(None)));
        }
        if is_mine {
            self.effects.push(Effect::Announce(Note::Refused));
        }
        self.release(key);
    }

    /// Records how an attempt ended, or what the customer wants.
    pub(super) fn settle(&mut self, key: &IdempotencyKey, revision: Revision) {
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        let previous = outgoing.revise(revision);
        let expected = outgoing.is_stored.then_some(previous);
        let mut writes = vec![put(Record::Submission(outgoing.submission.clone()))];
        if !outgoing.is_stored {
            writes.push(Write::Delete(RecordKey::Draft(key.clone())));
        }
        self.write(expect_submission(key, expected), writes, Purpose::Settle(key.clone(), previous));
    }

    /// The device has an earlier version after all.
    pub(super) fn revert(&mut self, key: &IdempotencyKey, previous: Revision) {
        if let Some(outgoing) = self.outgoing_mut(key) {
            outgoing.revise(previous);
        }
    }

    /// It is sent again later. `is_definite` if nothing was stored.
    pub(super) fn retry(&mut self, key: &IdempotencyKey, cause: Cause, retry_after_ms: u64, is_definite: bool) {
        let (revision, chance, now) = (self.new_revision(), self.random.number(), self.now);
        let is_mine = self.is_shown(key);
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        let submission = &mut outgoing.submission;
        let is_first = submission.attempts == 0;
        let is_new = submission.target == Target::NewTicket;
        submission.pause_ms = pause(cause, submission.attempts, retry_after_ms, chance);
        submission.due_at = now.plus(submission.pause_ms);
        submission.attempts += 1;
        submission.cause = Some(cause);
        if is_definite {
            submission.may_have_arrived = outgoing.is_unknown;
        }
        outgoing.progress = Progress::Idle;
        self.settle(key, revision);
        self.release(key);
        // It is in the outbox, and something else can be written.
        let was_watched = self.clear_watching(key);
        if is_mine && was_watched {
            self.effects.push(Effect::Announce(Note::Waiting(cause)));
        }
        if is_new {
            self.effects.push(Effect::Emit(HostEvent::Failed(Some(cause))));
        }
        if is_first {
            let count = self.waiting().count();
            self.effects.push(Effect::Emit(HostEvent::Queued(count)));
        }
    }

    fn attachments_missing(&mut self, key: &IdempotencyKey) {
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        // The gateway looks for the key first, so that nothing was stored under it.
        outgoing.is_unknown = false;
        let files: Vec<AttachmentId> = outgoing.submission.attachments.iter().map(|file| file.id.clone()).collect();
        for id in files {
            self.attachment_lost(&id);
        }
        self.retry(key, Cause::AttachmentsMissing, 0, true);
    }

    /// Another tab has changed the submission, or it is gone.
    pub(super) fn changed_elsewhere(&mut self, key: &IdempotencyKey, found: Vec<Record>) {
        let mut there = None;
        for record in found {
            match record {
                Record::Acknowledgement(known) if known.key == *key => {
                    self.release(key);
                    return self.acknowledge_elsewhere(known);
                }
                Record::Submission(submission) if submission.key == *key => there = Some(submission),
                _ => {}
            }
        }
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        let was_claiming = outgoing.progress == Progress::Claiming;
        match there {
            // A transaction of this tab was written although it took too long, or was not written.
            Some(submission) if outgoing.knows(submission.revision) => {
                outgoing.is_stored = true;
                outgoing.revise(submission.revision);
                if was_claiming {
                    self.claim(key);
                }
            }
            Some(submission) => {
                outgoing.is_stored = true;
                outgoing.revise(submission.revision);
                if !matches!(outgoing.progress, Progress::Posting(_)) {
                    outgoing.adopt(submission);
                    outgoing.progress = Progress::Idle;
                    self.release(key);
                    self.notice_refusal(key);
                }
            }
            // It was discarded, or is edited in another tab; unless the device never had it.
            None if outgoing.is_stored => {
                if !matches!(outgoing.progress, Progress::Posting(_)) {
                    self.outbox.retain(|outgoing| outgoing.submission.key != *key);
                    self.clear_watching(key);
                    self.release(key);
                }
            }
            None => {
                if was_claiming {
                    self.post(key, Credential::Token);
                }
            }
        }
    }

    /// Another tab was told that it is refused: what waits for the outcome here gets it back.
    pub(super) fn notice_refusal(&mut self, key: &IdempotencyKey) {
        let is_refused = self.outgoing(key).is_some_and(|outgoing| outgoing.submission.refusal.is_some());
        if is_refused && self.composers.iter().any(|composer| composer.watches(key)) {
            self.give_back(key);
            self.effects.push(Effect::Announce(Note::Refused));
        }
    }

    /// A refused submission becomes a draft again, in one transaction.
    fn give_back(&mut self, key: &IdempotencyKey) {
        let (fresh, revision) = (self.new_key(), self.new_revision());
        let Some(position) = self.outbox.iter().position(|outgoing| outgoing.submission.key == *key) else { return };
        let Outgoing { submission, is_stored, .. } = self.outbox.remove(position);
        let mut draft = submission.to_draft(fresh.clone(), self.now);
        draft.revision = revision;
        // Whoever was declared meanwhile has written it.
        draft.owner = self.customer.id.clone();
        let mut composer = Composer::new(draft.clone());
        composer.expect(Some(revision));
        composer.is_touched = true;
        composer.refusal = submission.refusal;
        composer.replaces = Some(key.clone());
        let mut expectations = expect_draft(&fresh, None);
        if is_stored {
            expectations.extend(expect_submission(key, Some(submission.revision)));
        }
        let writes = vec![put(Record::Draft(draft)), Write::Delete(RecordKey::Submission(key.clone()))];
        let purpose = Purpose::GiveBack { submission: key.clone(), draft: fresh };
        composer.saving = Some(self.write(expectations, writes, purpose));
        self.show(composer);
    }

    pub(super) fn given_back(&mut self, submission: &IdempotencyKey, draft: &IdempotencyKey) {
        self.outbox.retain(|outgoing| outgoing.submission.key != *submission);
        if let Some(composer) = self.composers.iter_mut().find(|composer| composer.draft.key == *draft) {
            composer.saving = None;
            composer.replaces = None;
        }
    }

    /// Another tab has changed the refused submission: it edits it, has discarded it, or sends it again.
    pub(super) fn give_back_conflicted(
        &mut self,
        submission: &IdempotencyKey,
        draft: &IdempotencyKey,
        found: Vec<Record>,
    ) {
        let there = found.into_iter().find_map(|record| match record {
            Record::Submission(there) if there.key == *submission => Some(there),
            _ => None,
        });
        let Some(index) = self.composers.iter().position(|composer| composer.draft.key == *draft) else { return };
        let Some(composer) = self.composers.get_mut(index) else { return };
        composer.saving = None;
        composer.replaces = None;
        composer.expected = None;
        let was_changed = composer.is_dirty;
        match there {
            Some(there) if there.refusal.is_some() => {
                let key = there.key.clone();
                let written = composer.draft.clone();
                self.outbox.push(Outgoing::new(there, true, Progress::Idle));
                self.give_back(&key);
                // What was typed meanwhile stays.
                if was_changed {
                    self.typed(written.target, written.form);
                }
            }
            there => {
                self.outbox.extend(there.map(|there| Outgoing::new(there, true, Progress::Idle)));
                if was_changed {
                    self.save(index);
                } else {
                    self.clear(index);
                }
            }
        }
    }

    /// What is being written makes room for a refused submission, and is offered.
    pub(super) fn edit_pressed(&mut self, key: &IdempotencyKey) {
        let Some(outgoing) = self.outgoing(key) else { return };
        let is_editable = outgoing.submission.refusal.is_some() && outgoing.progress == Progress::Idle;
        if !is_editable || !self.is_shown(key) {
            return;
        }
        let place = self.index_of(&outgoing.submission.written_in);
        if let Some(index) = place {
            self.set_aside(index);
        }
        self.give_back(key);
    }

    pub(super) fn send_again_pressed(&mut self, key: &IdempotencyKey) {
        let (revision, now, is_mine) = (self.new_revision(), self.now, self.is_shown(key));
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        if outgoing.progress != Progress::Idle || !is_mine {
            return;
        }
        let submission = &mut outgoing.submission;
        submission.confirmed_at = now;
        submission.cause = None;
        submission.refusal = None;
        self.set_due(key, now);
        self.settle(key, revision);
    }

    pub(super) fn discard_pressed(&mut self, key: &IdempotencyKey) {
        if self.is_shown(key) {
            self.discard(key);
        }
    }

    pub(super) fn discard(&mut self, key: &IdempotencyKey) {
        let Some(position) = self.outbox.iter().position(|outgoing| outgoing.submission.key == *key) else { return };
        let Outgoing { submission, own, .. } = self.outbox.remove(position);
        let files: Vec<AttachmentId> = submission.attachments.iter().map(|file| file.id.clone()).collect();
        for id in &files {
            self.forget_attachment(id);
        }
        self.clear_watching(key);
        self.delete_submission(key, files, own);
        self.release(key);
    }

    /// Deletes a submission from the device, unless another tab has submitted something else under its key. `own` are the versions that are
    /// this tab's own, the latest last.
    pub(super) fn delete_submission(&mut self, key: &IdempotencyKey, files: Vec<AttachmentId>, own: Vec<Revision>) {
        let place = RecordKey::Submission(key.clone());
        let expected = vec![Expectation { key: place.clone(), revision: own.last().copied() }];
        let writes = vec![Write::Delete(place), Write::Delete(RecordKey::Draft(key.clone())), Write::Release(files)];
        self.write(expected, writes.clone(), Purpose::Discard(key.clone(), own, writes));
    }

    /// The customer does not want to wait for an attachment. If it may have arrived, its bytes are fixed.
    pub(super) fn leave_behind_pressed(&mut self, key: &IdempotencyKey, id: &AttachmentId) {
        let (revision, now) = (self.new_revision(), self.now);
        let Some(outgoing) = self.outgoing(key) else { return };
        if outgoing.progress != Progress::Idle || outgoing.submission.may_have_arrived || !self.is_shown(key) {
            return;
        }
        self.leave_behind(key, id, LeftBehindReason::Chosen);
        self.set_due(key, now);
        self.settle(key, revision);
    }

    /// Whether a draft is a submission here, or was one.
    pub(super) fn is_submitted(&self, key: &IdempotencyKey) -> bool {
        self.arrived.contains(key) || self.outgoing(key).is_some()
    }

    fn attachment_lost(&mut self, id: &AttachmentId) {
        let Some(known) = self.attachments.iter_mut().find(|known| known.record.id == *id) else { return };
        if matches!(known.state, AttachmentState::Uploaded | AttachmentState::NoRoom) {
            known.state = AttachmentState::Ready;
            known.record.is_uploaded = false;
            let record = known.record.clone();
            self.store_attachment(record);
        }
    }

    /// Whether the customer waits for the outcome.
    pub(super) fn is_watched(&self, key: &IdempotencyKey) -> bool {
        self.composers.iter().any(|composer| composer.state == State::Sending && composer.draft.key == *key)
    }
}
