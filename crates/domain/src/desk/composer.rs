//! A place where somebody writes: the form, or the reply to a ticket.

use super::draft::{Draft, FormGap, Target};
use super::ids::{IdempotencyKey, Revision, TransactionId};
use super::records::Done;
use crate::problem::Problem;

/// The most versions of a draft that a composer knows as its own.
const OWN_MAX: usize = 16;

/// What is being written, and what is known of its record on the device.
#[derive(Debug)]
pub struct Composer {
    pub draft: Draft,
    pub state: State,
    /// The version that the device has once all transactions of this desk are written; none if it has none.
    pub expected: Option<Revision>,
    /// The versions that this desk has written or read, so that an older one of its own is not taken for another tab's.
    own: Vec<Revision>,
    /// Whether it differs from the device.
    pub is_dirty: bool,
    /// Whether the customer has touched it, so that no stored draft takes its place.
    pub is_touched: bool,
    /// The transaction that stores it.
    pub saving: Option<TransactionId>,
    /// The refused submission that it was made from, or itself under an earlier id, while the device may still have it.
    pub replaces: Option<Done>,
    /// The text that the host has filled in, as long as nobody has changed it.
    pub prefilled: Option<String>,
    pub refusal: Option<Problem>,
    pub gaps: Vec<FormGap>,
}

/// What a composer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The customer writes.
    Writing,
    /// Send was pressed, and the configuration is waited for.
    Checking { target: Target, more: String, visit: String },
    /// The draft has become a submission, which has no outcome yet.
    Sending,
}

impl Composer {
    pub fn new(draft: Draft) -> Composer {
        Composer {
            draft,
            state: State::Writing,
            expected: None,
            own: Vec::new(),
            is_dirty: false,
            is_touched: false,
            saving: None,
            replaces: None,
            prefilled: None,
            refusal: None,
            gaps: Vec::new(),
        }
    }

    /// With a draft that is on the device.
    pub fn restored(draft: Draft) -> Composer {
        let revision = draft.revision;
        let mut composer = Composer::new(draft);
        composer.expect(Some(revision));
        composer
    }

    /// Whether somebody has written something that could be lost.
    pub fn is_written(&self) -> bool {
        !self.draft.is_empty() && !self.is_prefilled()
    }

    fn is_prefilled(&self) -> bool {
        self.draft.attachments.is_empty() && self.prefilled.as_ref() == Some(&self.draft.form.text)
    }

    pub fn is_sending(&self) -> bool {
        self.state != State::Writing
    }

    /// Whether it waits for the outcome of a submission.
    pub fn watches(&self, key: &IdempotencyKey) -> bool {
        self.state == State::Sending && self.draft.key == *key
    }

    pub fn expect(&mut self, revision: Option<Revision>) {
        self.expected = revision;
        if let Some(revision) = revision {
            self.own.retain(|known| *known != revision);
            self.own.push(revision);
        }
        if self.own.len() > OWN_MAX {
            self.own.remove(0);
        }
    }

    /// The versions that are this desk's own, the latest last.
    pub fn own(&self) -> &[Revision] {
        &self.own
    }

    pub fn knows(&self, revision: Revision) -> bool {
        self.own.contains(&revision)
    }

    /// Gives the draft another id: what has the present one on the device is something else, unless it is this tab's own version.
    pub fn rename(&mut self, key: IdempotencyKey) {
        let before = std::mem::replace(&mut self.draft.key, key);
        let own = std::mem::take(&mut self.own);
        self.replaces.get_or_insert(Done { key: before, own, content: None });
        self.expected = None;
        self.saving = None;
        self.is_dirty = true;
    }
}
