//! Decisions: what the customer wants of a submission that has not arrived.

use super::Desk;
use super::attachment::LeftBehindReason;
use super::ids::{AttachmentId, IdempotencyKey};
use super::outgoing::{Outgoing, Progress};
use super::records::{Done, Record, Write};
use super::submission::Cause;

impl Desk {
    pub(super) fn send_again_pressed(&mut self, key: &IdempotencyKey, saw_unsure: bool) {
        let (revision, now, is_mine) = (self.new_revision(), self.now, self.is_shown(key));
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        if outgoing.progress != Progress::Idle || !is_mine {
            return;
        }
        let submission = &mut outgoing.submission;
        // It has become so since the button was drawn.
        if submission.cause == Some(Cause::Unsure) && !saw_unsure {
            return;
        }
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
        let done = Done { key: key.clone(), own, content: Some(Record::Submission(submission)) };
        self.write_certainly(vec![Write::Retire(Box::new(done)), Write::Release(files)]);
        self.release(key);
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
}
