//! Answers: what an answer of the gateway means for a submission.

use super::Desk;
use super::attachment::AttachmentState;
use super::customer::Credential;
use super::draft::Target;
use super::effect::{Effect, HostEvent, Note};
use super::event::Answer;
use super::ids::{AttachmentId, IdempotencyKey};
use super::outbox::pause;
use super::outgoing::Progress;
use super::submission::Cause;
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
            Answer::Unknown { .. } if self.settings.is_keyless => self.retry(key, Cause::Unsure, 0, false),
            Answer::Unknown { cause, retry_after_ms } => self.retry(key, cause, retry_after_ms, false),
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

    fn attachment_lost(&mut self, id: &AttachmentId) {
        let Some(known) = self.attachments.iter_mut().find(|known| known.record.id == *id) else { return };
        if matches!(known.state, AttachmentState::Uploaded | AttachmentState::NoRoom) {
            known.state = AttachmentState::Ready;
            known.record.is_uploaded = false;
            let record = known.record.clone();
            self.store_attachment(record);
        }
    }
}
