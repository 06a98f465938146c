//! The desk: the customer's side as one state machine, without IO, clock or randomness of its own.
//!
//! It holds the customer, what they are writing, their attachments, what was sent off, and what is known of their tickets. [`Desk::on`] takes an
//! [`Event`] and returns the [`Effect`]s to carry out, in order. Each tab has a desk; the desks of a browser share the device's storage, and notice
//! what another one has written by the [`Revision`](ids::Revision)s of its records.
//!
//! What holds, whatever happens: a text that was written is in a draft, in the outbox or acknowledged; a submission reaches the gateway under one
//! key; nothing is shown as sent that is not; what one customer wrote is never shown to another, nor sent as theirs; typing continues undisturbed.

use attachment::KnownAttachment;
use composer::Composer;
use customer::Customer;
use draft::{Draft, FormGap, Target};
use effect::{Effect, Timer};
use event::{Event, Happening};
use ids::{CustomerId, IdempotencyKey, Random, Revision, Time, TransactionId};
use outgoing::Outgoing;
use records::{RecordKey, Reset, Write};
use rules::FormRules;
use submission::{Acknowledgement, Submission};

use crate::conversation::Summary;
use crate::problem::Problem;

mod acknowledgements;
mod answers;
mod attaching;
pub mod attachment;
mod composer;
mod conflicts;
pub mod customer;
mod decisions;
mod delivering;
pub mod draft;
pub mod effect;
pub mod event;
mod hash;
mod identity;
pub mod ids;
pub mod leases;
mod loading;
pub mod outbox;
mod outgoing;
pub mod records;
mod refusals;
pub mod responses;
pub mod rules;
mod sending;
pub mod stored;
mod storing;
pub mod submission;
#[cfg(test)]
mod tests;
pub mod transactions;
mod writing;

/// How long typing has to pause before the draft is stored, in milliseconds.
const REST_MS: u64 = 250;
/// How long the desk waits before it tries again to write what the device did not take, in milliseconds.
const STORAGE_PAUSE_MS: u64 = 5_000;
/// How long sending waits for a configuration that has not arrived yet, in milliseconds.
const CONFIGURATION_LIMIT_MS: u64 = 3_000;
/// The most acknowledgements that are remembered.
const ACKNOWLEDGED_MAX: usize = 100;

/// What a desk is made with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether the destination has no idempotency keys, so that a second request would create another ticket.
    pub is_keyless: bool,
    /// The sentence that names an attachment which was left behind, with `{name}` for its name.
    pub left_behind_line: String,
}

/// What is known of the site's configuration.
#[derive(Debug)]
enum Configuration {
    Coming,
    Known(FormRules),
    Failed,
}

/// The customer's side of a site in one tab.
pub struct Desk {
    settings: Settings,
    random: Box<dyn Random>,
    now: Time,
    customer: Customer,
    configuration: Configuration,
    tickets: Vec<Summary>,
    /// What is being written: the form, and the replies.
    composers: Vec<Composer>,
    /// Other drafts of the customer, newest first.
    aside: Vec<Draft>,
    /// Ids under which this tab stores no draft any more: another tab took them, or the draft is done with.
    abandoned: Vec<IdempotencyKey>,
    /// Drafts that nobody sees and that the device has not taken yet, with the version that it is expected to have.
    unsaved: Vec<(Draft, Option<Revision>)>,
    outbox: Vec<Outgoing>,
    acknowledged: Vec<Acknowledgement>,
    /// What has arrived, even if a reset has forgotten it, so that a stale record does not bring it back.
    arrived: Vec<Acknowledgement>,
    attachments: Vec<KnownAttachment>,
    /// Counts transactions and loads.
    sequence: u64,
    pending: Vec<(TransactionId, storing::Purpose)>,
    /// The last own write of a record. A load that began before it does not know it.
    touched: Vec<(RecordKey, u64)>,
    /// Writes without expectations that the device has not taken yet.
    unwritten: Vec<Write>,
    /// Resets that were not carried out on the device yet.
    resets: Vec<Reset>,
    /// Whether the last transaction took too long, so that nothing waits for the next.
    storage_hangs: bool,
    /// Whether the last transaction failed.
    storage_fails: bool,
    has_warned: bool,
    /// When the timer of the outbox fires.
    next_attempt: Option<Time>,
    has_loaded: bool,
    /// Whether the next load fills an empty form with the customer's draft.
    restores: bool,
    effects: Vec<Effect>,
}

impl Desk {
    /// A desk for an anonymous customer with the session of this browser. It does nothing until it is told.
    pub fn new(settings: Settings, session: String, random: Box<dyn Random>) -> Desk {
        let mut desk = Desk {
            settings,
            random,
            now: Time::default(),
            customer: Customer { session, ..Customer::default() },
            configuration: Configuration::Coming,
            tickets: Vec::new(),
            composers: Vec::new(),
            aside: Vec::new(),
            abandoned: Vec::new(),
            unsaved: Vec::new(),
            outbox: Vec::new(),
            acknowledged: Vec::new(),
            arrived: Vec::new(),
            attachments: Vec::new(),
            sequence: 0,
            pending: Vec::new(),
            touched: Vec::new(),
            unwritten: Vec::new(),
            resets: Vec::new(),
            storage_hangs: false,
            storage_fails: false,
            has_warned: false,
            next_attempt: None,
            has_loaded: false,
            restores: true,
            effects: Vec::new(),
        };
        desk.start_over();
        desk
    }

    /// Takes an event, and returns what is to be done, in order.
    pub fn on(&mut self, event: Event) -> Vec<Effect> {
        self.now = event.now;
        match event.happening {
            Happening::Started | Happening::OtherTabSpoke => self.load(),
            Happening::Loaded { load, records, resets } => self.loaded(load, records, resets),
            Happening::LoadFailed => self.load_failed(),
            Happening::Stored(id) => self.stored(id),
            Happening::StorageFailed(id) => self.storage_failed(id),
            Happening::StorageTimedOut(id) => self.storage_timed_out(id),
            Happening::Conflicted(id, found) => self.conflicted(id, found),
            Happening::Typed(target, form) => self.typed(target, *form),
            Happening::Prefilled(target, text) => self.prefilled(target, text),
            Happening::ReplyOpened(ticket) => self.reply_opened(ticket),
            Happening::DraftChosen(key) => self.draft_chosen(&key),
            Happening::Finished(target) => self.finished(&target),
            Happening::AttachmentAdded { target, id, name, size } => self.attachment_added(target, id, name, size),
            Happening::AttachmentRead(id) => self.attachment_read(&id),
            Happening::AttachmentUnreadable(id) => self.attachment_unreadable(&id),
            Happening::AttachmentRemoved(id) => self.attachment_removed(&id),
            Happening::AttachmentRetried(id) => self.attachment_retried(&id),
            Happening::AttachmentUploaded(id, outcome) => self.attachment_uploaded(&id, outcome),
            Happening::SendPressed { written_in, target, more, visit } => {
                self.send_pressed(&written_in, target, more, visit);
            }
            Happening::Answered(key, answer) => self.answered(&key, answer),
            Happening::SendAgainPressed { key, saw_unsure } => self.send_again_pressed(&key, saw_unsure),
            Happening::EditPressed(key) => self.edit_pressed(&key),
            Happening::DiscardPressed(key) => self.discard_pressed(&key),
            Happening::LeaveBehindPressed(key, id) => self.leave_behind_pressed(&key, &id),
            Happening::LockGranted(key) => self.lock_granted(&key),
            Happening::LockLost(key) => self.lock_lost(&key),
            Happening::Identified(customer) => self.identified(customer),
            Happening::Reset { discards, fallback, session } => self.reset(discards, fallback, session),
            Happening::TicketsLoaded(customer, tickets) => {
                if customer == self.customer.id {
                    self.tickets = tickets;
                }
            }
            Happening::Configured(rules) => self.configured(Configuration::Known(*rules)),
            Happening::ConfigurationFailed => {
                if !matches!(self.configuration, Configuration::Known(_)) {
                    self.configured(Configuration::Failed);
                }
            }
            Happening::LanguageChosen { left_behind_line } => self.settings.left_behind_line = left_behind_line,
            Happening::Online => self.hurry(),
            Happening::Leaving => self.save_all(),
            Happening::TimerFired(timer) => self.timer_fired(&timer),
        }
        self.deliver();
        std::mem::take(&mut self.effects)
    }

    fn timer_fired(&mut self, timer: &Timer) {
        match timer {
            Timer::Save => {
                self.save_all();
                self.write_again();
            }
            // Whatever is due is sent after every event.
            Timer::Outbox => {}
            Timer::Configuration => {
                if matches!(self.configuration, Configuration::Coming) {
                    self.send_checked();
                }
            }
            Timer::Lock(key) => self.lock_lost(key),
        }
    }

    /// The customer.
    pub fn customer(&self) -> &Customer {
        &self.customer
    }

    /// The tickets of the customer, as the gateway knows them.
    pub fn tickets(&self) -> &[Summary] {
        &self.tickets
    }

    /// What is written there; none if nothing was begun.
    pub fn draft(&self, target: &Target) -> Option<&Draft> {
        self.composers.iter().find(|composer| composer.draft.target == *target).map(|composer| &composer.draft)
    }

    /// Whether Send was pressed there and has no outcome yet, so that nothing should be edited.
    pub fn is_sending(&self, target: &Target) -> bool {
        self.composers.iter().any(|composer| composer.draft.target == *target && composer.is_sending())
    }

    /// What prevented the last Send there.
    pub fn gaps(&self, target: &Target) -> &[FormGap] {
        let composer = self.composers.iter().find(|composer| composer.draft.target == *target);
        composer.map_or(&[], |composer| &composer.gaps)
    }

    /// Why what is written there was refused, if it was.
    pub fn refusal(&self, target: &Target) -> Option<&Problem> {
        let composer = self.composers.iter().find(|composer| composer.draft.target == *target)?;
        composer.refusal.as_ref()
    }

    /// Other drafts of the customer that can be shown instead, newest first.
    pub fn other_drafts(&self, target: &Target) -> impl Iterator<Item = &Draft> {
        self.aside.iter().filter(move |draft| draft.target == *target)
    }

    /// The submissions of the customer that have not arrived, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = &Submission> {
        let all = self.outbox.iter().map(|outgoing| &outgoing.submission);
        all.filter(|submission| self.shows(submission))
    }

    /// Whether the customer has submissions that only this page has: it has to stay open until they are sent.
    pub fn has_unkept(&self) -> bool {
        self.outbox.iter().any(|outgoing| !outgoing.is_stored && self.shows(&outgoing.submission))
    }

    /// The submissions of the customer that have arrived, oldest first.
    pub fn acknowledged(&self) -> impl Iterator<Item = &Acknowledgement> {
        self.acknowledged.iter().filter(|known| self.has_written(&known.owner, &known.session))
    }

    /// An attachment.
    pub fn attachment(&self, id: &ids::AttachmentId) -> Option<&KnownAttachment> {
        self.attachments.iter().find(|known| known.record.id == *id)
    }

    fn rules(&self) -> Option<&FormRules> {
        match &self.configuration {
            Configuration::Known(rules) => Some(rules),
            Configuration::Coming | Configuration::Failed => None,
        }
    }

    fn is_mine(&self, owner: &CustomerId) -> bool {
        *owner == self.customer.id
    }

    /// Whether the customer has written something of an owner and a session, which is what anonymous customers are known by.
    fn has_written(&self, owner: &CustomerId, session: &str) -> bool {
        self.is_mine(owner) && (!owner.is_empty() || session == self.customer.session)
    }

    /// Whether the customer sees a submission.
    fn shows(&self, submission: &Submission) -> bool {
        self.has_written(&submission.owner, &submission.session)
    }

    fn is_shown(&self, key: &IdempotencyKey) -> bool {
        self.outgoing(key).is_some_and(|outgoing| self.shows(&outgoing.submission))
    }

    fn new_key(&mut self) -> IdempotencyKey {
        IdempotencyKey(self.random.id())
    }

    fn new_revision(&mut self) -> Revision {
        Revision(self.random.number())
    }
}
