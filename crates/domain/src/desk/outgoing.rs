//! A submission in the hands of a tab.

use super::customer::Credential;
use super::ids::Revision;
use super::records::{Done, Record, Write, is_contained};
use super::submission::Submission;

/// The most versions of a submission that a tab knows as its own.
const OWN_MAX: usize = 16;

/// A submission, and what this tab does with it.
#[derive(Debug)]
pub struct Outgoing {
    pub submission: Submission,
    /// Whether the device has it, as far as is known.
    pub is_stored: bool,
    pub progress: Progress,
    /// Whether it was sent off in this tab: a customer who is declared later has written it.
    pub is_from_here: bool,
    /// Whether an earlier attempt than the running one may have arrived.
    pub is_unknown: bool,
    /// The versions of it, and of the draft that it was, that this tab has written or read.
    pub own: Vec<Revision>,
}

/// What a tab does with a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing.
    Idle,
    /// It is being stored for the first time.
    Storing,
    /// The lock was asked for.
    Locking,
    /// Its attachments are being brought to the gateway.
    Preparing,
    /// The attempt is being recorded, which fails if another tab has changed the record.
    Claiming,
    /// It is being sent.
    Posting(Credential),
}

impl Outgoing {
    pub fn new(submission: Submission, is_stored: bool, progress: Progress) -> Outgoing {
        let own = vec![submission.revision];
        let is_unknown = submission.may_have_arrived;
        Outgoing { submission, is_stored, progress, is_from_here: false, is_unknown, own }
    }

    /// Gives the submission a new version, and returns the one before.
    pub fn revise(&mut self, revision: Revision) -> Revision {
        self.own.push(revision);
        if self.own.len() > OWN_MAX {
            self.own.remove(0);
        }
        std::mem::replace(&mut self.submission.revision, revision)
    }

    /// Takes what another tab has written. In that tab nobody may be declared yet.
    pub fn adopt(&mut self, submission: Submission) {
        let (owner, is_signed) = (self.submission.owner.clone(), self.submission.is_signed);
        self.submission = submission;
        if self.submission.owner.is_empty() {
            self.submission.owner = owner;
            self.submission.is_signed = is_signed;
        }
    }

    /// What stores it. If it was never stored, its draft may still be there.
    pub fn writes(&self) -> Vec<Write> {
        let record = Record::Submission(self.submission.clone());
        let mut writes = Vec::new();
        if !self.is_stored {
            let content = Some(record.clone());
            let done = Done { key: self.submission.key.clone(), own: self.own.clone(), content };
            writes.push(Write::Retire(Box::new(done)));
        }
        writes.push(Write::Put(Box::new(record)));
        writes
    }

    /// Whether what another tab has under the same key is something else.
    pub fn differs_from(&self, record: &Record) -> bool {
        let is_own = record.revision().is_some_and(|revision| self.knows(revision));
        !is_own && !is_contained(&self.submission.as_draft(), record)
    }

    pub fn knows(&self, revision: Revision) -> bool {
        self.own.contains(&revision)
    }
}
