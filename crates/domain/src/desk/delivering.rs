//! Delivering: what is due is sent, each submission by itself, so that none waits behind another.

use super::attachment::{AttachmentState, LeftBehindReason, STOPPED};
use super::customer::Credential;
use super::draft::Target;
use super::effect::{Effect, Timer};
use super::ids::{AttachmentId, IdempotencyKey};
use super::outbox::{self, IN_BACKGROUND_MAX, LOCK_LIMIT_MS};
use super::outgoing::{Outgoing, Progress};
use super::storing::{Purpose, expect_submission};
use super::submission::Cause;
use super::{Desk, ids::Time};

impl Desk {
    pub(super) fn outgoing(&self, key: &IdempotencyKey) -> Option<&Outgoing> {
        self.outbox.iter().find(|outgoing| outgoing.submission.key == *key)
    }

    pub(super) fn outgoing_mut(&mut self, key: &IdempotencyKey) -> Option<&mut Outgoing> {
        self.outbox.iter_mut().find(|outgoing| outgoing.submission.key == *key)
    }

    /// Begins whatever is due, and sets the timer for what is not. What a customer waits for comes first, and besides.
    pub(super) fn deliver(&mut self) {
        let watched = |desk: &Desk, key: &IdempotencyKey| desk.composers.iter().any(|composer| composer.watches(key));
        let mut running = self
            .outbox
            .iter()
            .filter(|outgoing| outgoing.progress != Progress::Idle && !watched(self, &outgoing.submission.key))
            .count();
        let mut next: Option<u64> = None;
        let mut due: Vec<IdempotencyKey> = Vec::new();
        for outgoing in self.outbox.iter().filter(|outgoing| outgoing.progress == Progress::Idle) {
            let submission = &outgoing.submission;
            if !outbox::is_sent_automatically(submission, &self.customer.id, self.now) {
                continue;
            }
            let wait = outbox::wait(submission, self.now);
            let is_watched = watched(self, &submission.key);
            if wait > 0 {
                next = Some(next.map_or(wait, |next| next.min(wait)));
            } else if is_watched || running < IN_BACKGROUND_MAX {
                running += usize::from(!is_watched);
                due.push(submission.key.clone());
            }
        }
        for key in due {
            self.begin(&key);
        }
        self.set_outbox_timer(next);
    }

    fn set_outbox_timer(&mut self, wait: Option<u64>) {
        let at = wait.map(|wait| self.now.plus(wait));
        if at == self.next_attempt {
            return;
        }
        self.next_attempt = at;
        self.effects.push(match at {
            Some(at) => Effect::SetTimer(Timer::Outbox, at),
            None => Effect::ClearTimer(Timer::Outbox),
        });
    }

    fn begin(&mut self, key: &IdempotencyKey) {
        let limit = self.now.plus(LOCK_LIMIT_MS);
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        if outgoing.is_stored {
            outgoing.progress = Progress::Locking;
            self.effects.push(Effect::AskLock(key.clone()));
            self.effects.push(Effect::SetTimer(Timer::Lock(key.clone()), limit));
        } else {
            // No other tab knows it.
            self.prepare(key, true);
        }
    }

    pub(super) fn lock_granted(&mut self, key: &IdempotencyKey) {
        if self.outgoing(key).is_some_and(|outgoing| outgoing.progress == Progress::Locking) {
            self.effects.push(Effect::ClearTimer(Timer::Lock(key.clone())));
            self.prepare(key, true);
        } else {
            self.effects.push(Effect::ReleaseLock(key.clone()));
        }
    }

    /// Without a lock it goes on all the same, because two tabs send the same bytes under the same key; except where a second request would
    /// create another ticket.
    pub(super) fn lock_lost(&mut self, key: &IdempotencyKey) {
        let later = self.now.plus(LOCK_LIMIT_MS);
        let is_keyless = self.settings.is_keyless;
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        if outgoing.progress != Progress::Locking {
            return;
        }
        if is_keyless {
            outgoing.progress = Progress::Idle;
            outgoing.submission.due_at = later;
            outgoing.submission.pause_ms = LOCK_LIMIT_MS;
            self.release(key);
        } else {
            self.effects.push(Effect::ClearTimer(Timer::Lock(key.clone())));
            self.prepare(key, true);
        }
    }

    pub(super) fn release(&mut self, key: &IdempotencyKey) {
        self.effects.push(Effect::ClearTimer(Timer::Lock(key.clone())));
        self.effects.push(Effect::ReleaseLock(key.clone()));
    }

    /// Brings the attachments to the gateway, and then the submission. `is_first` at the beginning of an attempt.
    pub(super) fn prepare(&mut self, key: &IdempotencyKey, is_first: bool) {
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        outgoing.progress = Progress::Preparing;
        // The gateway may have it, and knows the attachments then; otherwise it says that they are missing.
        if outgoing.submission.may_have_arrived {
            return self.claim(key);
        }
        let files: Vec<AttachmentId> = outgoing.submission.attachments.iter().map(|file| file.id.clone()).collect();
        let mut is_ready = true;
        for id in files {
            let known = self.attachment(&id);
            // What is blocked on its way has no refusal of the gateway.
            let is_blocked = known.is_some_and(|known| matches!(known.record.refusal.as_str(), "" | STOPPED));
            match known.map_or(AttachmentState::Missing, |known| known.state) {
                AttachmentState::Uploaded => {}
                AttachmentState::Reading | AttachmentState::Uploading => is_ready = false,
                AttachmentState::Ready => {
                    is_ready = false;
                    self.upload_for(&id, key);
                }
                AttachmentState::NoRoom if is_first => {
                    is_ready = false;
                    self.upload_for(&id, key);
                }
                AttachmentState::NoRoom => is_ready = false,
                AttachmentState::Refused if is_blocked => self.leave_behind(key, &id, LeftBehindReason::Blocked),
                AttachmentState::Refused => self.leave_behind(key, &id, LeftBehindReason::Refused),
                AttachmentState::Missing => self.leave_behind(key, &id, LeftBehindReason::Missing),
            }
        }
        if is_ready {
            self.claim(key);
        }
    }

    /// Names an attachment, so that the text does not wait for it.
    pub(super) fn leave_behind(&mut self, key: &IdempotencyKey, id: &AttachmentId, reason: LeftBehindReason) {
        let line = self.settings.left_behind_line.clone();
        if let Some(outgoing) = self.outgoing_mut(key) {
            outgoing.submission.leave_behind(id, reason, &line);
        }
    }

    /// Records that the submission may arrive from now on. That fails if another tab has changed it.
    pub(super) fn claim(&mut self, key: &IdempotencyKey) {
        let revision = self.new_revision();
        let is_keyless = self.settings.is_keyless;
        let (hangs, fails) = (self.storage_hangs, self.storage_fails);
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        let is_stored = outgoing.is_stored;
        let previous = outgoing.revise(revision);
        outgoing.progress = Progress::Claiming;
        outgoing.is_unknown = outgoing.submission.may_have_arrived;
        outgoing.submission.may_have_arrived = true;
        if is_keyless {
            outgoing.submission.cause = Some(Cause::Unsure);
        }
        let writes = outgoing.writes();
        let expected = is_stored.then_some(previous);
        self.write(expect_submission(key, expected), writes, Purpose::Claim(key.clone(), previous));
        // Nobody waits for a device that does not take it; it has been tried.
        if hangs || (fails && !is_stored) {
            self.post(key, Credential::Token);
        }
    }

    /// The attempt was recorded, or the device does not take it.
    pub(super) fn claimed(&mut self, key: &IdempotencyKey, is_stored: bool) {
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        outgoing.is_stored |= is_stored;
        if outgoing.progress == Progress::Claiming {
            self.post(key, Credential::Token);
        }
    }

    /// Sends it. Only its owner's token is used, and only while they are here.
    pub(super) fn post(&mut self, key: &IdempotencyKey, credential: Credential) {
        let Some(outgoing) = self.outgoing(key) else { return };
        let submission = &outgoing.submission;
        // Somebody else uses the page by now.
        if !outbox::may_be_sent_for(submission, &self.customer.id) {
            if let Some(outgoing) = self.outgoing_mut(key) {
                outgoing.progress = Progress::Idle;
            }
            return self.release(key);
        }
        let is_theirs = submission.is_signed && self.is_mine(&submission.owner);
        let credential = if is_theirs { credential } else { Credential::Session };
        let effect = Effect::Post {
            key: key.clone(),
            target: submission.target.clone(),
            body: submission.body(),
            credential,
            customer: submission.owner.clone(),
            session: submission.session.clone(),
        };
        if let Some(outgoing) = self.outgoing_mut(key) {
            outgoing.progress = Progress::Posting(credential);
        }
        self.effects.push(effect);
    }

    /// Skips the pauses of what had no response.
    pub(super) fn hurry(&mut self) {
        let now = self.now;
        for outgoing in self.outbox.iter_mut().filter(|outgoing| outgoing.progress == Progress::Idle) {
            if !matches!(outgoing.submission.cause, Some(Cause::Busy | Cause::NoRoom | Cause::StorageFull)) {
                outgoing.submission.due_at = now;
            }
        }
    }

    /// Whether nobody but the owner can send it.
    pub(super) fn is_reply(&self, key: &IdempotencyKey) -> bool {
        self.outgoing(key).is_some_and(|outgoing| outgoing.submission.target != Target::NewTicket)
    }

    pub(super) fn set_due(&mut self, key: &IdempotencyKey, at: Time) {
        if let Some(outgoing) = self.outgoing_mut(key) {
            outgoing.submission.due_at = at;
            outgoing.submission.pause_ms = 0;
        }
    }
}
