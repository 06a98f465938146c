//! Attaching: a file is read as soon as it is chosen, and uploaded as soon as it can be.

use super::Desk;
use super::attachment::{Attachment, AttachmentState, BLOCKED_MAX, KnownAttachment, UploadOutcome};
use super::composer::State;
use super::draft::{AttachmentRef, Target};
use super::effect::{Effect, Note};
use super::ids::{AttachmentId, CustomerId, IdempotencyKey};
use super::outgoing::Progress;
use super::records::{Record, Write};
use super::storing::{Purpose, put};
use super::submission::Cause;
use crate::attachment::{BYTES_MAX, COUNT_MAX};

impl Desk {
    pub(super) fn attachment_added(&mut self, target: Target, id: AttachmentId, name: String, size: u64) {
        let known = self.rules().map(|rules| (rules.attachments_max, rules.attachment_bytes_max));
        let (count_max, bytes_max) = known.unwrap_or((COUNT_MAX as usize, BYTES_MAX.into()));
        let added_at = self.now;
        let Some(composer) = self.open(target) else { return };
        if composer.state == State::Sending {
            return;
        }
        let count = composer.draft.attachments.len();
        let note = match size {
            0 => Some(Note::AttachmentUnreadable),
            _ if count >= count_max => Some(Note::AttachmentsTooMany),
            _ if size > bytes_max => Some(Note::AttachmentTooLarge),
            _ => None,
        };
        if let Some(note) = note {
            return self.effects.push(Effect::Announce(note));
        }
        composer.draft.attachments.push(AttachmentRef { id: id.clone(), name: name.clone() });
        composer.is_dirty = true;
        composer.is_touched = true;
        let refusal = String::new();
        let record =
            Attachment { id: id.clone(), name, size, is_uploaded: false, has_metadata: false, refusal, added_at };
        self.attachments.push(KnownAttachment { record, state: AttachmentState::Reading, blocked: 0 });
        self.effects.push(Effect::ReadAttachment(id));
        self.save_all();
    }

    /// Its bytes are stored as they are, so that it does not matter what becomes of the file.
    pub(super) fn attachment_read(&mut self, id: &AttachmentId) {
        let Some(known) = self.known_mut(id) else { return };
        if known.state != AttachmentState::Reading {
            return;
        }
        known.state = AttachmentState::Ready;
        let record = known.record.clone();
        self.store_attachment(record);
        self.upload(id, self.customer.id.clone(), self.customer.session.clone());
    }

    pub(super) fn attachment_unreadable(&mut self, id: &AttachmentId) {
        if let Some(known) = self.known_mut(id) {
            known.state = AttachmentState::Missing;
            self.effects.push(Effect::Announce(Note::AttachmentUnreadable));
            self.go_on_without_waiting(id);
        }
    }

    pub(super) fn attachment_removed(&mut self, id: &AttachmentId) {
        for composer in self.composers.iter_mut().filter(|composer| composer.state != State::Sending) {
            let count = composer.draft.attachments.len();
            composer.draft.attachments.retain(|file| file.id != *id);
            composer.is_dirty |= composer.draft.attachments.len() < count;
        }
        if self.is_attached(id) {
            return;
        }
        self.forget_attachment(id);
        self.save_all();
        self.write_certainly(vec![Write::Release(vec![id.clone()])]);
        self.effects.push(Effect::Announce(Note::AttachmentRemoved));
    }

    pub(super) fn attachment_retried(&mut self, id: &AttachmentId) {
        let can = |state| matches!(state, AttachmentState::Ready | AttachmentState::NoRoom | AttachmentState::Refused);
        if self.attachment(id).is_some_and(|known| can(known.state)) {
            self.upload(id, self.customer.id.clone(), self.customer.session.clone());
        }
    }

    /// Uploads an attachment of a submission, as its owner.
    pub(super) fn upload_for(&mut self, id: &AttachmentId, key: &IdempotencyKey) {
        let owner = self.outgoing(key).map(|outgoing| {
            let submission = &outgoing.submission;
            (submission.owner.clone(), submission.session.clone())
        });
        if let Some((owner, session)) = owner {
            self.upload(id, owner, session);
        }
    }

    /// Only the token of the customer who is here is used, and only for what is theirs.
    fn upload(&mut self, id: &AttachmentId, owner: CustomerId, session: String) {
        let customer = (self.customer.is_signed && owner == self.customer.id).then_some(owner);
        let Some(known) = self.known_mut(id) else { return };
        known.state = AttachmentState::Uploading;
        self.effects.push(Effect::Upload { id: id.clone(), customer, session });
    }

    pub(super) fn attachment_uploaded(&mut self, id: &AttachmentId, outcome: UploadOutcome) {
        let Some(known) = self.known_mut(id) else { return };
        if known.state != AttachmentState::Uploading {
            return;
        }
        let (state, note) = match &outcome {
            UploadOutcome::Uploaded { .. } => (AttachmentState::Uploaded, Note::AttachmentAdded),
            UploadOutcome::Refused(_) => (AttachmentState::Refused, Note::AttachmentRefused),
            UploadOutcome::NoRoom { .. } => (AttachmentState::NoRoom, Note::AttachmentNoRoom),
            UploadOutcome::Blocked if known.blocked + 1 < BLOCKED_MAX => {
                (AttachmentState::Ready, Note::AttachmentWaits)
            }
            UploadOutcome::Blocked => (AttachmentState::Refused, Note::AttachmentRefused),
            UploadOutcome::Unreachable | UploadOutcome::Busy { .. } => (AttachmentState::Ready, Note::AttachmentWaits),
            UploadOutcome::Unreadable => (AttachmentState::Missing, Note::AttachmentUnreadable),
        };
        known.state = state;
        known.blocked = if outcome == UploadOutcome::Blocked { known.blocked + 1 } else { 0 };
        known.record.is_uploaded = state == AttachmentState::Uploaded;
        let is_final = matches!(outcome, UploadOutcome::Uploaded { .. } | UploadOutcome::Refused(_));
        match outcome {
            UploadOutcome::Uploaded { has_metadata } => known.record.has_metadata = has_metadata,
            UploadOutcome::Refused(code) => known.record.refusal = code,
            UploadOutcome::NoRoom { retry_after_ms } => self.postpone(id, Cause::NoRoom, retry_after_ms),
            UploadOutcome::Busy { retry_after_ms } => self.postpone(id, Cause::Busy, retry_after_ms),
            UploadOutcome::Unreachable => self.postpone(id, Cause::Unreachable, 0),
            UploadOutcome::Blocked | UploadOutcome::Unreadable => {}
        }
        if is_final && let Some(record) = self.attachment(id).map(|known| known.record.clone()) {
            self.store_attachment(record);
        }
        if self.composers.iter().any(|composer| composer.draft.attachments.iter().any(|file| file.id == *id)) {
            self.effects.push(Effect::Announce(note));
        }
        self.go_on_without_waiting(id);
    }

    /// The submissions that wait for an attachment are sent again later.
    fn postpone(&mut self, id: &AttachmentId, cause: Cause, retry_after_ms: u64) {
        for key in self.preparing(id) {
            self.retry(&key, cause, retry_after_ms, true);
        }
    }

    /// The submissions that wait for an attachment need not any more.
    fn go_on_without_waiting(&mut self, id: &AttachmentId) {
        for key in self.preparing(id) {
            self.prepare(&key, false);
        }
    }

    fn preparing(&self, id: &AttachmentId) -> Vec<IdempotencyKey> {
        let waits = self.outbox.iter().filter(|outgoing| {
            outgoing.progress == Progress::Preparing
                && outgoing.submission.attachments.iter().any(|file| file.id == *id)
        });
        waits.map(|outgoing| outgoing.submission.key.clone()).collect()
    }

    pub(super) fn store_attachment(&mut self, record: Attachment) {
        self.write(Vec::new(), vec![put(Record::Attachment(record))], Purpose::Attachment);
    }

    /// Forgets an attachment, unless something else refers to it.
    pub(super) fn forget_attachment(&mut self, id: &AttachmentId) {
        if self.is_attached(id) {
            return;
        }
        let is_uploading = self.attachment(id).is_some_and(|known| known.state == AttachmentState::Uploading);
        if is_uploading {
            self.effects.push(Effect::CancelUpload(id.clone()));
        }
        self.attachments.retain(|known| known.record.id != *id);
    }

    /// Whether a draft or a submission in this tab has it.
    pub(super) fn is_attached(&self, id: &AttachmentId) -> bool {
        let composed = self.composers.iter().map(|composer| &composer.draft);
        let drafts = composed.chain(&self.aside).chain(self.unsaved.iter().map(|(draft, _)| draft));
        let files = drafts.flat_map(|draft| &draft.attachments);
        let sent = self.outbox.iter().flat_map(|outgoing| &outgoing.submission.attachments);
        files.chain(sent).any(|file| file.id == *id)
    }

    fn known_mut(&mut self, id: &AttachmentId) -> Option<&mut KnownAttachment> {
        self.attachments.iter_mut().find(|known| known.record.id == *id)
    }
}
