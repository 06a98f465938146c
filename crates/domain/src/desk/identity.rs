//! Identity: the host declares a customer, gives them another token, or logs them out.

use super::Desk;
use super::composer::State;
use super::customer::Customer;
use super::effect::Effect;
use super::ids::{CustomerId, IdempotencyKey};
use super::outgoing::Progress;
use super::records::{Record, Reset, Write};
use super::submission::Cause;

impl Desk {
    pub(super) fn identified(&mut self, customer: Customer) {
        if customer.id == self.customer.id {
            self.renew(customer);
        } else if self.customer.id.is_empty() {
            self.claim_drafts(customer);
        } else {
            self.change_to(customer);
        }
    }

    /// The same customer, perhaps with another token: nothing changes, but what waited for a token is sent.
    fn renew(&mut self, customer: Customer) {
        self.customer = customer;
        let (now, id) = (self.now, &self.customer.id);
        for outgoing in self.outbox.iter_mut().filter(|outgoing| outgoing.submission.owner == *id) {
            if outgoing.progress == Progress::Idle && outgoing.submission.cause == Some(Cause::Unauthorised) {
                outgoing.submission.due_at = now;
            }
        }
    }

    /// What is being written while nobody is declared belongs to the customer who is declared next.
    fn claim_drafts(&mut self, customer: Customer) {
        self.customer = customer;
        for composer in self.composers.iter_mut().filter(|composer| composer.state != State::Sending) {
            composer.draft.owner = self.customer.id.clone();
            composer.is_dirty |= composer.is_written();
        }
        self.save_all();
        self.claim_submissions();
        self.meet();
    }

    /// The same is true of what they have sent off in this tab.
    fn claim_submissions(&mut self) {
        let mut stored: Vec<IdempotencyKey> = Vec::new();
        for outgoing in self.outbox.iter_mut().filter(|outgoing| outgoing.is_from_here) {
            let submission = &mut outgoing.submission;
            if submission.owner.is_empty() {
                submission.owner = self.customer.id.clone();
                submission.is_signed = self.customer.is_signed;
                if outgoing.progress == Progress::Idle {
                    stored.push(submission.key.clone());
                }
            }
        }
        for key in stored {
            let revision = self.new_revision();
            self.settle(&key, revision);
        }
        for composer in self.composers.iter_mut() {
            composer.draft.owner = self.customer.id.clone();
        }
    }

    /// What the customer before has written stays theirs.
    fn change_to(&mut self, customer: Customer) {
        for index in 0..self.composers.len() {
            self.store_before_leaving(index);
        }
        self.customer = customer;
        self.start_over();
        self.meet();
    }

    /// Looks for what a customer has on the device.
    fn meet(&mut self) {
        self.aside.clear();
        self.tickets.clear();
        self.restores = true;
        self.load();
    }

    pub(super) fn reset(&mut self, discards: bool, fallback: CustomerId, session: String) {
        let id = if self.customer.id.is_empty() { fallback } else { self.customer.id.clone() };
        let reset = Reset { customer: id, discards, at: self.now };
        // First of all, because the page may be closed the next moment.
        self.effects.push(Effect::MarkReset(reset.clone()));
        self.resets.push(reset.clone());
        self.customer = Customer { session, ..Customer::default() };
        self.aside.clear();
        self.tickets.clear();
        let now = self.now;
        self.unsaved.retain(|(draft, _)| !reset.forgets(&Record::Draft(draft.clone()), now));
        self.acknowledged.retain(|known| !reset.forgets(&Record::Acknowledgement(known.clone()), now));
        self.unwritten.retain(|write| !matches!(write, Write::Put(record) if reset.forgets(record, now)));
        self.start_over();
        let discarded = self.outbox.iter().map(|outgoing| &outgoing.submission);
        let discarded = discarded.filter(|submission| reset.forgets(&Record::Submission((*submission).clone()), now));
        let discarded: Vec<_> = discarded.map(|submission| submission.key.clone()).collect();
        for key in discarded {
            self.discard(&key);
        }
        let loose: Vec<_> = self.attachments.iter().map(|known| known.record.id.clone()).collect();
        for id in loose {
            self.forget_attachment(&id);
        }
        self.forget(reset);
    }
}
