//! Acknowledgements: a submission has arrived, sent by this tab or by another one.

use super::draft::{Draft, Target};
use super::effect::{Effect, HostEvent, Note};
use super::ids::{AttachmentId, IdempotencyKey};
use super::outgoing::Outgoing;
use super::records::{Done, Record, Write, is_contained};
use super::storing::put;
use super::submission::Acknowledgement;
use super::{ACKNOWLEDGED_MAX, Desk};

impl Desk {
    pub(super) fn accepted(&mut self, key: &IdempotencyKey, response: String) {
        let Some(position) = self.outbox.iter().position(|outgoing| outgoing.submission.key == *key) else { return };
        let Outgoing { submission, own, .. } = self.outbox.remove(position);
        let (body, visit) = (submission.body(), submission.visit);
        let files: Vec<AttachmentId> = submission.attachments.iter().map(|file| file.id.clone()).collect();
        for id in &files {
            self.forget_attachment(id);
        }
        let known = Acknowledgement {
            key: key.clone(),
            draft: submission.draft,
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
        let record = Record::Acknowledgement(known.clone());
        let done = Done { key: key.clone(), own, content: Some(record.clone()) };
        self.write_certainly(vec![Write::Retire(Box::new(done)), put(record), Write::Release(files)]);
        if known.target == Target::NewTicket {
            let response = known.response.clone();
            self.effects.push(Effect::Emit(HostEvent::Sent { key: key.clone(), response, body, visit }));
        }
        self.acknowledge(known);
        self.release(key);
    }

    /// It has arrived: by this tab, or by another one.
    fn acknowledge(&mut self, known: Acknowledgement) {
        self.arrived.push(known.clone());
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

    /// Whether a draft is a submission here, or has arrived.
    pub(super) fn is_submitted(&self, draft: &Draft) -> bool {
        self.has_arrived(draft) || self.outgoing(&draft.key).is_some()
    }

    /// Whether a draft has arrived, and not something else under its key.
    pub(super) fn has_arrived(&self, draft: &Draft) -> bool {
        let mut same = self.arrived.iter().filter(|known| known.key == draft.key);
        same.any(|known| is_contained(draft, &Record::Acknowledgement(known.clone())))
    }
}
