//! Refusals: a refused submission becomes a draft again.

use super::Desk;
use super::composer::Composer;
use super::effect::{Effect, Note};
use super::ids::IdempotencyKey;
use super::outgoing::{Outgoing, Progress};
use super::records::{Done, Record, Write};
use super::storing::{Purpose, expect_draft, expect_submission, put};

impl Desk {
    /// Another tab was told that it is refused: what waits for the outcome here gets it back.
    pub(super) fn notice_refusal(&mut self, key: &IdempotencyKey) {
        let is_refused = self.outgoing(key).is_some_and(|outgoing| outgoing.submission.refusal.is_some());
        if is_refused && self.composers.iter().any(|composer| composer.watches(key)) {
            self.give_back(key);
            self.effects.push(Effect::Announce(Note::Refused));
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

    /// A refused submission becomes a draft again, in one transaction.
    pub(super) fn give_back(&mut self, key: &IdempotencyKey) {
        let (fresh, revision) = (self.new_key(), self.new_revision());
        let Some(position) = self.outbox.iter().position(|outgoing| outgoing.submission.key == *key) else { return };
        let Outgoing { submission, is_stored, own, .. } = self.outbox.remove(position);
        let mut draft = submission.to_draft(fresh.clone(), self.now);
        draft.revision = revision;
        // Whoever was declared meanwhile has written it.
        draft.owner = self.customer.id.clone();
        let mut composer = Composer::new(draft.clone());
        composer.expect(Some(revision));
        composer.is_touched = true;
        composer.refusal = submission.refusal;
        let done = Done { key: key.clone(), own, content: None };
        composer.replaces = Some(done.clone());
        let mut expectations = expect_draft(&fresh, None);
        if is_stored {
            expectations.extend(expect_submission(key, Some(submission.revision)));
        }
        let writes = vec![put(Record::Draft(draft)), Write::Retire(Box::new(done))];
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
        let stored = found.into_iter().find_map(|record| match record {
            Record::Submission(stored) if stored.key == *submission => Some(stored),
            _ => None,
        });
        let Some(index) = self.composers.iter().position(|composer| composer.draft.key == *draft) else { return };
        let Some(composer) = self.composers.get_mut(index) else { return };
        composer.saving = None;
        composer.replaces = None;
        composer.expected = None;
        let was_changed = composer.is_dirty;
        match stored {
            Some(stored) if stored.refusal.is_some() => {
                let key = stored.key.clone();
                let written = composer.draft.clone();
                self.outbox.push(Outgoing::new(stored, true, Progress::Idle));
                self.give_back(&key);
                // What was typed meanwhile stays.
                if was_changed {
                    self.typed(written.target, written.form);
                }
            }
            stored => {
                self.outbox.extend(stored.map(|stored| Outgoing::new(stored, true, Progress::Idle)));
                if was_changed {
                    self.save(index);
                } else {
                    self.clear(index);
                }
            }
        }
    }
}
