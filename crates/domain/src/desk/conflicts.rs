//! Conflicts: several tabs have a submission in their hands, and each notices what the others have written.

use super::Desk;
use super::composer::State;
use super::customer::Credential;
use super::ids::{IdempotencyKey, Revision};
use super::outgoing::{Outgoing, Progress};
use super::records::{Done, Record};
use super::storing::{Purpose, expect_submission};

impl Desk {
    /// Records how an attempt ended, or what the customer wants.
    pub(super) fn settle(&mut self, key: &IdempotencyKey, revision: Revision) {
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        let previous = outgoing.revise(revision);
        let expected = outgoing.is_stored.then_some(previous);
        let writes = outgoing.writes();
        self.write(expect_submission(key, expected), writes, Purpose::Settle(key.clone(), previous));
    }

    /// The device has an earlier version after all.
    pub(super) fn revert(&mut self, key: &IdempotencyKey, previous: Revision) {
        if let Some(outgoing) = self.outgoing_mut(key) {
            outgoing.revise(previous);
        }
    }

    /// Another tab has changed the submission, or it is gone.
    pub(super) fn changed_elsewhere(&mut self, key: &IdempotencyKey, found: Vec<Record>) {
        let mut stored = None;
        let mut arrived = None;
        for record in found {
            match record {
                Record::Acknowledgement(known) if known.key == *key => arrived = Some(known),
                Record::Submission(submission) if submission.key == *key => stored = Some(submission),
                _ => {}
            }
        }
        let Some(outgoing) = self.outgoing(key) else { return };
        let is_other = |record: Record| outgoing.differs_from(&record);
        let has_other = arrived.clone().is_some_and(|known| is_other(Record::Acknowledgement(known)));
        let is_beside_other = stored.clone().is_some_and(|stored| is_other(Record::Submission(stored)));
        if let (Some(known), false) = (arrived, has_other) {
            self.release(key);
            return self.acknowledge_elsewhere(known);
        }
        let is_taken = if outgoing.is_stored { has_other && stored.is_some() } else { has_other || is_beside_other };
        if is_taken {
            return self.key_taken(key);
        }
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        let was_claiming = outgoing.progress == Progress::Claiming;
        match stored {
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

    /// Another tab has submitted something else under its key, while the device did not take it from one of them.
    fn key_taken(&mut self, key: &IdempotencyKey) {
        let Some(outgoing) = self.outgoing(key) else { return };
        let may_have_arrived = match outgoing.progress {
            Progress::Posting(_) => return,
            Progress::Claiming => outgoing.is_unknown,
            _ => outgoing.submission.may_have_arrived,
        };
        match outgoing.progress {
            _ if !may_have_arrived => self.submit_under_another_key(key),
            // The gateway knows to whom the key belongs.
            Progress::Claiming => self.post(key, Credential::Token),
            _ => {}
        }
    }

    fn submit_under_another_key(&mut self, key: &IdempotencyKey) {
        let revision = self.new_revision();
        let Some(position) = self.outbox.iter().position(|outgoing| outgoing.submission.key == *key) else { return };
        let Outgoing { mut submission, own, is_from_here, .. } = self.outbox.remove(position);
        let fresh = key.branch(submission.text());
        submission.key = fresh.clone();
        submission.draft = fresh.clone();
        submission.revision = revision;
        submission.may_have_arrived = false;
        for composer in self.composers.iter_mut().filter(|composer| composer.watches(key)) {
            composer.draft.key = fresh.clone();
        }
        self.release(key);
        let moved = Outgoing::new(submission.clone(), false, Progress::Storing);
        self.outbox.push(Outgoing { is_from_here, ..moved });
        self.put_submission(submission, None, Some(Done { key: key.clone(), own, content: None }));
    }

    /// Whether the customer waits for the outcome.
    pub(super) fn is_watched(&self, key: &IdempotencyKey) -> bool {
        self.composers.iter().any(|composer| composer.state == State::Sending && composer.draft.key == *key)
    }
}
