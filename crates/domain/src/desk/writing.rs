//! Writing: drafts are stored while they are written, set aside, shown again, and deleted when they are done with.

use super::composer::{Composer, State};
use super::draft::{DRAFT_MAX, Draft, Form, Target};
use super::effect::{Effect, Note, Timer};
use super::ids::{IdempotencyKey, Revision, TicketId, TransactionId};
use super::records::{Done, Record, RecordKey, Write, is_contained};
use super::storing::{Purpose, expect_draft, put};
use super::{Desk, REST_MS};

/// The most ids of drafts that are remembered although nothing is stored under them any more.
const ABANDONED_MAX: usize = 50;

impl Desk {
    /// An empty form, and no replies.
    pub(super) fn start_over(&mut self) {
        self.composers.clear();
        let form = self.new_draft(Target::NewTicket);
        self.composers.push(Composer::new(form));
    }

    fn new_draft(&mut self, target: Target) -> Draft {
        Draft::new(self.new_key(), self.customer.id.clone(), target)
    }

    pub(super) fn index_of(&self, target: &Target) -> Option<usize> {
        self.composers.iter().position(|composer| composer.draft.target == *target)
    }

    /// The place to write something, which is made if necessary.
    pub(super) fn open(&mut self, target: Target) -> Option<&mut Composer> {
        if self.index_of(&target).is_none() {
            let draft = self.new_draft(target.clone());
            self.composers.push(Composer::new(draft));
        }
        self.composers.iter_mut().find(|composer| composer.draft.target == target)
    }

    /// Empties a place: what was written there is somewhere else, or done with. Nothing that is stored takes its place by itself.
    pub(super) fn clear(&mut self, index: usize) {
        let Some(target) = self.composers.get(index).map(|composer| composer.draft.target.clone()) else { return };
        if target == Target::NewTicket {
            let mut fresh = Composer::new(self.new_draft(target));
            fresh.is_touched = true;
            if let Some(composer) = self.composers.get_mut(index) {
                *composer = fresh;
            }
        } else {
            self.composers.remove(index);
        }
    }

    /// Empties the place that waits for the outcome of a submission.
    pub(super) fn clear_watching(&mut self, key: &IdempotencyKey) -> bool {
        let index = self.composers.iter().position(|composer| composer.watches(key));
        index.map(|index| self.clear(index)).is_some()
    }

    pub(super) fn typed(&mut self, target: Target, form: Form) {
        // The submission goes on. What is typed meanwhile is something else.
        if let Some(index) = self.index_of(&target)
            && let Some(composer) = self.composers.get(index)
            && composer.state == State::Sending
        {
            if composer.draft.form == form {
                return;
            }
            self.clear(index);
        }
        let later = self.now.plus(REST_MS);
        let Some(composer) = self.open(target) else { return };
        composer.is_touched = true;
        if composer.draft.form == form {
            return;
        }
        composer.draft.form = form;
        composer.prefilled = None;
        composer.gaps.clear();
        composer.is_dirty = true;
        self.effects.push(Effect::SetTimer(Timer::Save, later));
    }

    /// It is no draft before somebody has changed it or sent it off.
    pub(super) fn prefilled(&mut self, target: Target, text: String) {
        let Some(composer) = self.open(target) else { return };
        if composer.is_sending() || composer.is_written() {
            return;
        }
        composer.draft.form.text = text.clone();
        composer.prefilled = Some(text);
        composer.gaps.clear();
    }

    pub(super) fn reply_opened(&mut self, ticket: TicketId) {
        let target = Target::Reply(ticket);
        // Conversations in which nothing was written.
        self.composers.retain(|composer| {
            let is_idle = composer.state == State::Writing && composer.saving.is_none() && !composer.is_dirty;
            let Target::Reply(_) = &composer.draft.target else { return true };
            composer.draft.target == target || !is_idle || composer.is_written()
        });
        if self.index_of(&target).is_some() {
            return;
        }
        match self.aside.iter().position(|draft| draft.target == target) {
            Some(index) => {
                let draft = self.aside.remove(index);
                self.composers.push(Composer::restored(draft));
            }
            None => drop(self.open(target)),
        }
    }

    /// Shows another draft, and sets aside what is written there.
    pub(super) fn draft_chosen(&mut self, key: &IdempotencyKey) {
        let Some(index) = self.aside.iter().position(|draft| draft.key == *key) else { return };
        let target = self.aside.get(index).map(|draft| draft.target.clone());
        let place = target.and_then(|target| self.index_of(&target));
        // What is being sent cannot be changed.
        if place.and_then(|place| self.composers.get(place)).is_some_and(Composer::is_sending) {
            return;
        }
        let draft = self.aside.remove(index);
        if let Some(place) = place {
            self.set_aside(place);
        }
        let mut shown = Composer::restored(draft);
        shown.is_touched = true;
        self.show(shown);
    }

    /// Puts something into its place.
    pub(super) fn show(&mut self, shown: Composer) {
        let place = self.composers.iter_mut().find(|composer| composer.draft.target == shown.draft.target);
        match place {
            Some(composer) => *composer = shown,
            None => self.composers.push(shown),
        }
    }

    /// Empties a place, and offers what was written there.
    pub(super) fn set_aside(&mut self, index: usize) {
        self.store_before_leaving(index);
        if let Some(composer) = self.composers.get(index)
            && composer.state != State::Sending
            && composer.is_written()
        {
            self.aside.insert(0, composer.draft.clone());
            self.effects.push(Effect::Announce(Note::OtherDraft));
        }
        self.clear(index);
    }

    /// Stores what is written before its place is emptied, even while an earlier version of it is being stored.
    pub(super) fn store_before_leaving(&mut self, index: usize) {
        self.save(index);
        let now = self.now;
        let Some(composer) = self.composers.get_mut(index) else { return };
        if composer.is_dirty && composer.state != State::Sending && !composer.draft.is_empty() {
            composer.draft.saved_at = now;
            let (draft, expected) = (composer.draft.clone(), composer.expected);
            self.save_draft(draft, expected);
        }
    }

    /// A question has helped: the text is done with, here and on the device.
    pub(super) fn finished(&mut self, target: &Target) {
        let Some(index) = self.index_of(target) else { return };
        let Some(composer) = self.composers.get(index) else { return };
        if composer.state == State::Sending {
            return;
        }
        let (draft, own) = (composer.draft.clone(), composer.own().to_vec());
        self.clear(index);
        for file in &draft.attachments {
            self.forget_attachment(&file.id);
        }
        self.abandon(draft.key.clone());
        // What another tab has made of it stays.
        let files = draft.attachments.iter().map(|file| file.id.clone()).collect();
        let done = Done { key: draft.key.clone(), own, content: None };
        self.write_certainly(vec![Write::Retire(Box::new(done)), Write::Release(files)]);
    }

    pub(super) fn save_all(&mut self) {
        for index in 0..self.composers.len() {
            self.save(index);
        }
    }

    /// Stores what is written, unless that is running already.
    pub(super) fn save(&mut self, index: usize) {
        let revision = self.new_revision();
        let now = self.now;
        let Some(composer) = self.composers.get_mut(index) else { return };
        if !composer.is_dirty || composer.saving.is_some() || composer.state == State::Sending {
            return;
        }
        if composer.draft.form.text.chars().count() > DRAFT_MAX {
            return self.warn();
        }
        let expected = composer.expected;
        composer.is_dirty = false;
        composer.draft.saved_at = now;
        if composer.draft.is_empty() && expected.is_none() && composer.replaces.is_none() {
            return;
        }
        composer.draft.revision = revision;
        composer.expect((!composer.draft.is_empty()).then_some(revision));
        let key = composer.draft.key.clone();
        let draft = composer.draft.clone();
        let replaced = composer.replaces.clone();
        let id = self.put_draft(draft, expected, replaced);
        if let Some(composer) = self.composers.iter_mut().find(|composer| composer.draft.key == key) {
            composer.saving = Some(id);
        }
    }

    /// Stores a draft that is not in its place any more.
    pub(super) fn save_draft(&mut self, mut draft: Draft, expected: Option<Revision>) {
        draft.revision = self.new_revision();
        self.put_draft(draft, expected, None);
    }

    fn put_draft(&mut self, draft: Draft, expected: Option<Revision>, replaced: Option<Done>) -> TransactionId {
        let mut writes = vec![match draft.is_empty() {
            true => Write::Delete(RecordKey::Draft(draft.key.clone())),
            false => put(Record::Draft(draft.clone())),
        }];
        writes.extend(replaced.map(|done| Write::Retire(Box::new(done))));
        self.write(expect_draft(&draft.key, expected), writes, Purpose::Save(Box::new(draft), expected))
    }

    pub(super) fn saved(&mut self, id: TransactionId, draft: &Draft) {
        let later = self.now.plus(REST_MS);
        for aside in self.aside.iter_mut().filter(|aside| aside.key == draft.key) {
            aside.revision = draft.revision;
        }
        let Some(composer) = self.composers.iter_mut().find(|composer| composer.draft.key == draft.key) else { return };
        if composer.saving == Some(id) {
            composer.saving = None;
            composer.replaces = None;
        }
        if composer.is_dirty {
            self.effects.push(Effect::SetTimer(Timer::Save, later));
        }
    }

    pub(super) fn not_saved(&mut self, draft: Draft, expected: Option<Revision>) {
        self.warn();
        self.try_later();
        let is_over = self.is_over(&draft);
        let composer = self.composers.iter_mut().find(|composer| composer.draft.key == draft.key);
        match composer {
            Some(composer) => {
                composer.saving = None;
                composer.is_dirty = true;
                if composer.expected == Some(draft.revision) || draft.is_empty() {
                    composer.expected = expected;
                }
            }
            // It was set aside, or belongs to a customer who is not here any more.
            None if !draft.is_empty() && !is_over => self.unsaved.push((draft, expected)),
            None => {}
        }
    }

    /// Another tab has changed the draft, or submitted it.
    pub(super) fn save_conflicted(&mut self, id: TransactionId, draft: Draft, found: Vec<Record>) {
        let Some(index) = self.composers.iter().position(|composer| composer.draft.key == draft.key) else {
            return self.unseen_conflicted(draft, found);
        };
        let Some(composer) = self.composers.get_mut(index) else { return };
        if composer.saving == Some(id) {
            composer.saving = None;
        }
        // The transaction that makes a submission of it was not written either, and decides.
        if composer.state == State::Sending {
            return;
        }
        composer.expected = None;
        composer.is_dirty = true;
        if self.became(index, &found) {
            return;
        }
        match found.into_iter().find_map(only_draft) {
            Some(other) => self.differs(index, other),
            None => self.save(index),
        }
    }

    /// Gives what is written another id: what has the present one on the device is something else.
    pub(super) fn rename(&mut self, index: usize) {
        let Some(composer) = self.composers.get_mut(index) else { return };
        let before = composer.draft.key.clone();
        composer.rename(before.branch(&composer.draft.form.text));
        self.abandon(before);
    }

    fn abandon(&mut self, key: IdempotencyKey) {
        self.abandoned.push(key);
        if self.abandoned.len() > ABANDONED_MAX {
            self.abandoned.remove(0);
        }
    }

    /// What is written was changed in another tab as well: both stay, under different ids.
    fn differs(&mut self, index: usize, other: Draft) {
        let Some(composer) = self.composers.get_mut(index) else { return };
        let is_theirs = other.owner != composer.draft.owner;
        let is_contained = is_contained(&other, &Record::Draft(composer.draft.clone()));
        if composer.knows(other.revision) || (!is_theirs && is_contained) {
            composer.expect(Some(other.revision));
            return self.save(index);
        }
        // Somebody else was declared in another tab, and nothing was added to what they wrote.
        if is_theirs && composer.draft.says_the_same(&other) {
            return self.clear(index);
        }
        self.rename(index);
        if !is_theirs {
            self.aside.insert(0, other);
            self.effects.push(Effect::Announce(Note::OtherDraft));
        }
        self.save(index);
    }

    /// Whether another tab has submitted what is written, or another version of it. Then this one becomes another draft.
    pub(super) fn became(&mut self, index: usize, records: &[Record]) -> bool {
        let Some(composer) = self.composers.get(index) else { return false };
        let key = &composer.draft.key;
        let place = [RecordKey::Submission(key.clone()), RecordKey::Acknowledgement(key.clone())];
        let became = |record: &&Record| place.contains(&record.key()) || record.was_made_of(&composer.draft);
        let Some(record) = records.iter().find(became) else { return false };
        if is_contained(&composer.draft, record) {
            self.clear(index);
        } else {
            self.rename(index);
            self.save(index);
        }
        true
    }

    /// Whether a draft that nobody sees need not be stored: it was sent, forgotten or done with, or its place stores it under another id.
    fn is_over(&self, draft: &Draft) -> bool {
        self.is_submitted(draft) || self.is_unwanted(draft)
    }

    fn is_unwanted(&self, draft: &Draft) -> bool {
        let record = Record::Draft(draft.clone());
        let is_forgotten = self.resets.iter().any(|reset| reset.forgets(&record, self.now));
        is_forgotten || self.abandoned.contains(&draft.key)
    }

    /// A draft that nobody sees was changed in another tab: both stay, under different ids.
    fn unseen_conflicted(&mut self, mut draft: Draft, found: Vec<Record>) {
        let is_done = found.iter().any(|record| match record {
            Record::Draft(other) => other.says_the_same(&draft),
            record => is_contained(&draft, record),
        });
        // Another tab may have sent something else under its key.
        if is_done || draft.is_empty() || self.is_unwanted(&draft) {
            return;
        }
        if !found.is_empty() {
            let fresh = draft.key.branch(&draft.form.text);
            for aside in self.aside.iter_mut().filter(|aside| aside.key == draft.key) {
                aside.key = fresh.clone();
            }
            draft.key = fresh;
        }
        self.save_draft(draft, None);
    }
}

pub(super) fn only_draft(record: Record) -> Option<Draft> {
    match record {
        Record::Draft(draft) => Some(draft),
        _ => None,
    }
}
