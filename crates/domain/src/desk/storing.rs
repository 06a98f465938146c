//! Transactions: what they were for, and what follows from how they ended.

use super::draft::Draft;
use super::effect::{Effect, Note, Timer};
use super::ids::{IdempotencyKey, Revision, TransactionId};
use super::records::{Expectation, Record, RecordKey, Reset, Transaction, Write};
use super::{Desk, STORAGE_PAUSE_MS};

/// The most transactions that are remembered after they took too long.
const LATE_MAX: usize = 100;

/// What a transaction is for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// To store a draft, or to delete an empty one, in place of the version before.
    Save(Box<Draft>, Option<Revision>),
    /// To make a submission of a draft.
    Submit(IdempotencyKey),
    /// To record that an attempt begins, in place of the version before.
    Claim(IdempotencyKey, Revision),
    /// To record how an attempt ended, or what the customer wants, in place of the version before.
    Settle(IdempotencyKey, Revision),
    /// To make a draft of a refused submission: the keys of both.
    GiveBack { submission: IdempotencyKey, draft: IdempotencyKey },
    /// To write something that no other tab can prevent.
    Certain(Vec<Write>),
    /// To carry out a reset.
    Reset(Reset),
    /// To store an attachment.
    Attachment,
}

/// Expects a draft, and that it has not become a submission.
pub fn expect_draft(key: &IdempotencyKey, revision: Option<Revision>) -> Vec<Expectation> {
    vec![
        Expectation { key: RecordKey::Draft(key.clone()), revision },
        Expectation { key: RecordKey::Submission(key.clone()), revision: None },
        Expectation { key: RecordKey::Acknowledgement(key.clone()), revision: None },
    ]
}

/// Expects a submission that has not arrived.
pub fn expect_submission(key: &IdempotencyKey, revision: Option<Revision>) -> Vec<Expectation> {
    vec![
        Expectation { key: RecordKey::Submission(key.clone()), revision },
        Expectation { key: RecordKey::Acknowledgement(key.clone()), revision: None },
    ]
}

/// A write that stores a record.
pub fn put(record: Record) -> Write {
    Write::Put(Box::new(record))
}

impl Desk {
    /// Writes a transaction.
    pub(super) fn write(
        &mut self,
        expectations: Vec<Expectation>,
        writes: Vec<Write>,
        purpose: Purpose,
    ) -> TransactionId {
        self.sequence += 1;
        let id = TransactionId(self.sequence);
        for key in writes.iter().flat_map(Write::keys) {
            self.touched.retain(|(known, _)| *known != key);
            self.touched.push((key, self.sequence));
        }
        self.pending.push((id, purpose));
        if self.pending.len() > LATE_MAX {
            self.pending.remove(0);
        }
        self.effects.push(Effect::Write(Transaction { id, expectations, writes }));
        id
    }

    /// Writes whatever other tabs have written, and tries again until the device has taken it.
    pub(super) fn write_certainly(&mut self, writes: Vec<Write>) {
        if !writes.is_empty() {
            self.write(Vec::new(), writes.clone(), Purpose::Certain(writes));
        }
    }

    fn take_purpose(&mut self, id: TransactionId) -> Option<Purpose> {
        let index = self.pending.iter().position(|(pending, _)| *pending == id)?;
        Some(self.pending.remove(index).1)
    }

    pub(super) fn stored(&mut self, id: TransactionId) {
        self.storage_hangs = false;
        self.storage_fails = false;
        match self.take_purpose(id) {
            Some(Purpose::Save(draft, _)) => self.saved(id, &draft),
            Some(Purpose::Submit(key)) => {
                self.submitted(&key, true);
                self.effects.push(Effect::TellOtherTabs);
            }
            Some(Purpose::Claim(key, _)) => self.claimed(&key, true),
            Some(Purpose::GiveBack { submission, draft }) => {
                self.given_back(&submission, &draft);
                self.effects.push(Effect::TellOtherTabs);
            }
            Some(Purpose::Settle(..) | Purpose::Certain(_)) => self.effects.push(Effect::TellOtherTabs),
            Some(Purpose::Reset(reset)) => {
                self.resets.retain(|known| *known != reset);
                self.effects.extend([Effect::ClearReset(reset), Effect::TellOtherTabs]);
            }
            Some(Purpose::Attachment) | None => {}
        }
    }

    pub(super) fn storage_failed(&mut self, id: TransactionId) {
        self.storage_fails = true;
        if let Some(purpose) = self.take_purpose(id) {
            self.not_stored(purpose);
        }
    }

    /// It may be stored yet, so what it was for is still remembered.
    pub(super) fn storage_timed_out(&mut self, id: TransactionId) {
        self.storage_hangs = true;
        self.storage_fails = true;
        if let Some((_, purpose)) = self.pending.iter().find(|(pending, _)| *pending == id) {
            self.not_stored(purpose.clone());
        }
    }

    fn not_stored(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Save(draft, expected) => self.not_saved(*draft, expected),
            Purpose::Submit(key) => self.submitted(&key, false),
            Purpose::Claim(key, previous) => {
                self.revert(&key, previous);
                self.claimed(&key, false);
            }
            Purpose::Settle(key, previous) => self.revert(&key, previous),
            Purpose::GiveBack { draft, .. } => {
                if let Some(composer) = self.composers.iter_mut().find(|composer| composer.draft.key == draft) {
                    composer.saving = None;
                    composer.expected = None;
                    composer.is_dirty = true;
                }
                self.try_later();
            }
            Purpose::Certain(writes) => {
                self.unwritten.retain(|known| !writes.contains(known));
                self.unwritten.extend(writes);
                self.try_later();
            }
            Purpose::Reset(_) => self.try_later(),
            Purpose::Attachment => {}
        }
    }

    pub(super) fn conflicted(&mut self, id: TransactionId, found: Vec<Record>) {
        match self.take_purpose(id) {
            Some(Purpose::Save(draft, _)) => self.save_conflicted(id, *draft, found),
            Some(Purpose::Submit(key)) => self.submit_conflicted(&key, found),
            Some(Purpose::Claim(key, _) | Purpose::Settle(key, _)) => self.changed_elsewhere(&key, found),
            Some(Purpose::GiveBack { submission, draft }) => self.give_back_conflicted(&submission, &draft, found),
            Some(Purpose::Certain(_) | Purpose::Reset(_) | Purpose::Attachment) | None => {}
        }
    }

    /// Tries again to write what the device did not take.
    pub(super) fn write_again(&mut self) {
        let unwritten = std::mem::take(&mut self.unwritten);
        self.write_certainly(unwritten);
        let is_pending = |desk: &Desk, reset: &Reset| {
            desk.pending.iter().any(|(_, purpose)| matches!(purpose, Purpose::Reset(known) if known == reset))
        };
        for reset in self.resets.clone() {
            if !is_pending(self, &reset) || self.storage_fails {
                self.forget(reset);
            }
        }
        for (draft, expected) in std::mem::take(&mut self.unsaved) {
            self.save_draft(draft, expected);
        }
    }

    pub(super) fn forget(&mut self, reset: Reset) {
        self.write(Vec::new(), vec![Write::Forget(reset.clone())], Purpose::Reset(reset));
    }

    pub(super) fn try_later(&mut self) {
        self.effects.push(Effect::SetTimer(Timer::Save, self.now.plus(STORAGE_PAUSE_MS)));
    }

    /// Says once that the device keeps no drafts.
    pub(super) fn warn(&mut self) {
        if !self.has_warned {
            self.has_warned = true;
            self.effects.push(Effect::Announce(Note::DraftUnkept));
        }
    }
}
