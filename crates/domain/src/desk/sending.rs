//! Sending: a draft becomes a submission, in the transaction that deletes the draft.

use super::composer::State;
use super::draft::{Draft, FormGap, Target};
use super::effect::{Effect, Note, Timer};
use super::ids::{IdempotencyKey, Revision};
use super::outbox::OUTBOX_MAX;
use super::outgoing::{Outgoing, Progress};
use super::records::{Done, Record, RecordKey, Write, is_contained};
use super::storing::{Purpose, expect_draft, put};
use super::submission::{Submission, members};
use super::writing::only_draft;
use super::{CONFIGURATION_LIMIT_MS, Configuration, Desk};
use crate::ticket::Kind;

impl Desk {
    /// Pressed twice, it sends once.
    pub(super) fn send_pressed(&mut self, written_in: &Target, target: Target, more: String, visit: String) {
        let Some(index) = self.index_of(written_in) else { return };
        let limit = self.now.plus(CONFIGURATION_LIMIT_MS);
        let is_new = target == Target::NewTicket;
        let is_coming = is_new && matches!(self.configuration, Configuration::Coming);
        let Some(composer) = self.composers.get_mut(index) else { return };
        if composer.is_sending() {
            return;
        }
        composer.state = State::Checking { target, more, visit };
        if is_coming {
            // The form does not know yet what the site requires.
            self.effects.push(Effect::Announce(Note::Sending));
            self.effects.push(Effect::SetTimer(Timer::Configuration, limit));
        } else {
            self.check(index);
        }
    }

    /// The configuration has arrived, or does not: what waits for it is sent if nothing is missing.
    pub(super) fn configured(&mut self, configuration: Configuration) {
        self.configuration = configuration;
        self.effects.push(Effect::ClearTimer(Timer::Configuration));
        self.send_checked();
    }

    pub(super) fn send_checked(&mut self) {
        let is_checking = |desk: &Desk, index: usize| {
            desk.composers.get(index).is_some_and(|composer| matches!(composer.state, State::Checking { .. }))
        };
        for index in 0..self.composers.len() {
            if is_checking(self, index) {
                self.check(index);
            }
        }
    }

    /// Sends off what is written, or says what is missing, by the rules that are in force now.
    fn check(&mut self, index: usize) {
        let Some(composer) = self.composers.get(index) else { return };
        let State::Checking { target, more, visit } = composer.state.clone() else { return };
        let gaps = composer.draft.gaps(&target, self.customer.is_known, self.rules());
        if let Some(note) = self.prevents(&gaps) {
            if let Some(composer) = self.composers.get_mut(index) {
                composer.state = State::Writing;
                composer.gaps = gaps;
            }
            return self.effects.push(Effect::Announce(note));
        }
        self.submit(index, target, &more, visit);
    }

    fn prevents(&self, gaps: &[FormGap]) -> Option<Note> {
        match gaps.is_empty() {
            false => Some(Note::Incomplete),
            true => (self.outbox.len() >= OUTBOX_MAX).then_some(Note::OutboxFull),
        }
    }

    fn submit(&mut self, index: usize, target: Target, more: &str, visit: String) {
        let revision = self.new_revision();
        let Some(composer) = self.composers.get(index) else { return };
        let mut submission = self.submission_of(&composer.draft, revision, target, more);
        submission.visit = visit;
        let expected = composer.expected;
        let replaced = composer.replaces.clone();
        let own: Vec<Revision> = composer.own().iter().copied().chain([revision]).collect();
        if let Some(composer) = self.composers.get_mut(index) {
            composer.state = State::Sending;
            composer.gaps.clear();
            composer.refusal = None;
            composer.is_dirty = false;
            composer.saving = None;
        }
        // Nothing waits for a device that does not answer.
        let progress = if self.storage_hangs { Progress::Idle } else { Progress::Storing };
        let outgoing = Outgoing::new(submission.clone(), false, progress);
        self.outbox.push(Outgoing { is_from_here: true, own, ..outgoing });
        self.effects.push(Effect::Announce(Note::Sending));
        self.put_submission(submission, expected, replaced);
    }

    fn submission_of(&self, draft: &Draft, revision: Revision, target: Target, more: &str) -> Submission {
        let kind = match self.rules() {
            Some(rules) => rules.kind_of(&draft.form),
            None => draft.form.kind.unwrap_or(Kind::Question),
        };
        let members = match target {
            Target::NewTicket => members(&draft.form, kind, more),
            Target::Reply(_) => String::new(),
        };
        Submission {
            key: draft.key.clone(),
            draft: draft.key.clone(),
            revision,
            owner: draft.owner.clone(),
            is_signed: self.customer.is_signed,
            session: self.customer.session.clone(),
            written_in: draft.target.clone(),
            target,
            form: draft.form.clone(),
            message: draft.form.text.clone(),
            members,
            visit: String::new(),
            verbatim: String::new(),
            attachments: draft.attachments.clone(),
            left_behind: Vec::new(),
            submitted_at: self.now,
            confirmed_at: self.now,
            attempts: 0,
            pause_ms: 0,
            due_at: self.now,
            cause: None,
            may_have_arrived: false,
            refusal: None,
        }
    }

    /// Stores a submission in place of its draft.
    pub(super) fn put_submission(&mut self, submission: Submission, draft: Option<Revision>, replaced: Option<Done>) {
        let key = submission.key.clone();
        let mut writes = vec![put(Record::Submission(submission)), Write::Delete(RecordKey::Draft(key.clone()))];
        writes.extend(replaced.map(|done| Write::Retire(Box::new(done))));
        self.write(expect_draft(&key, draft), writes, Purpose::Submit(key));
    }

    /// The submission is stored, or goes from memory.
    pub(super) fn submitted(&mut self, key: &IdempotencyKey, is_stored: bool) {
        let Some(outgoing) = self.outgoing_mut(key) else { return };
        outgoing.is_stored |= is_stored;
        if outgoing.progress == Progress::Storing {
            outgoing.progress = Progress::Idle;
        }
        if !is_stored && self.is_shown(key) {
            self.effects.push(Effect::Announce(Note::SubmissionUnkept));
        }
    }

    /// Another tab has changed the draft, or submitted it.
    pub(super) fn submit_conflicted(&mut self, key: &IdempotencyKey, found: Vec<Record>) {
        let Some(position) = self.outbox.iter().position(|outgoing| outgoing.submission.key == *key) else { return };
        let is_stored_already = |record: &Record| match (record, self.outbox.get(position)) {
            (Record::Submission(stored), Some(outgoing)) => stored.key == *key && outgoing.knows(stored.revision),
            _ => false,
        };
        // An earlier transaction took too long, and was written after all.
        if found.iter().any(is_stored_already) {
            return self.submitted(key, true);
        }
        let outgoing = self.outbox.remove(position);
        let mut submission = outgoing.submission.clone();
        let index = self.composers.iter().position(|composer| composer.watches(key));
        let sent = found.iter().find(|record| record.is_sent());
        if let Some(record) = sent
            && record_text(record) == submission.text()
        {
            let draft = submission.to_draft(key.clone(), self.now);
            if !is_contained(&draft, record) {
                // The text is on its way already, without these attachments. Whether to send them after it is for the customer to say.
                if let Some(index) = index {
                    self.stay(index);
                }
                return;
            }
            if record.was_made_of(&draft)
                && let Some(index) = index
            {
                // It goes on under the key that it has got there.
                self.clear(index);
            }
            match record.clone() {
                Record::Acknowledgement(known) => self.acknowledge_elsewhere(known),
                Record::Submission(stored) if stored.key != *key => {
                    let is_known = self.outgoing(&stored.key).is_some();
                    self.outbox.extend((!is_known).then(|| Outgoing::new(stored, true, Progress::Idle)));
                }
                Record::Submission(stored) => {
                    let mut kept = outgoing;
                    kept.is_stored = true;
                    kept.progress = Progress::Idle;
                    kept.revise(stored.revision);
                    kept.adopt(stored);
                    self.outbox.push(kept);
                }
                _ => {}
            }
            return;
        }
        // From memory it may have reached the gateway, where its key belongs to it.
        let is_fixed = submission.may_have_arrived || matches!(outgoing.progress, Progress::Posting(_));
        let is_sent_elsewhere = found.iter().any(|record| !matches!(record, Record::Draft(_)));
        let draft = found.into_iter().find_map(only_draft);
        let is_own = draft.as_ref().is_none_or(|draft| {
            let knows = index
                .and_then(|index| self.composers.get(index))
                .is_some_and(|composer| composer.knows(draft.revision));
            // In one of the tabs nobody may be declared yet.
            let is_anonymous = draft.owner.is_empty() || submission.owner.is_empty();
            let is_theirs = draft.owner == submission.owner || is_anonymous;
            knows || (is_theirs && draft.form.text == submission.form.text)
        });
        let mut expected = None;
        if is_own && !is_sent_elsewhere {
            expected = draft.map(|draft| draft.revision);
        } else if !is_fixed {
            submission.key = key.branch(submission.text());
            submission.draft = submission.key.clone();
            if let Some(composer) = index.and_then(|index| self.composers.get_mut(index)) {
                composer.draft.key = submission.key.clone();
            }
            let own_draft = draft.filter(|draft| draft.owner == self.customer.id);
            self.aside.splice(0..0, own_draft);
        } else {
            // It goes on from memory.
            return self.outbox.push(outgoing);
        }
        let moved = Outgoing::new(submission.clone(), false, outgoing.progress);
        self.outbox.push(Outgoing { is_from_here: true, ..moved });
        self.put_submission(submission, expected, None);
    }

    /// What was to be sent stays where it was written, as another draft.
    fn stay(&mut self, index: usize) {
        let Some(composer) = self.composers.get_mut(index) else { return };
        composer.state = State::Writing;
        self.rename(index);
        self.save(index);
    }
}

fn record_text(record: &Record) -> &str {
    match record {
        Record::Submission(submission) => submission.text(),
        Record::Acknowledgement(known) => &known.text,
        Record::Draft(_) | Record::Attachment(_) => "",
    }
}
