//! What somebody writes, sets aside and is done with.

use super::super::super::Configuration;
use super::super::super::composer::State;
use super::super::super::draft::{Form, Target};
use super::super::super::event::Happening;
use super::super::super::ids::{AttachmentId, IdempotencyKey};
use super::super::super::records::Record;
use super::super::Seeded;
use super::super::check::Violation;
use super::super::texts::{Text, composed, in_memory, submissions_on_device};
use super::Play;

impl Play {
    pub fn type_text(&mut self, tab: usize, target: Target, random: &mut Seeded) -> Result<(), Violation> {
        self.world.start(tab);
        let desk = &self.world.tabs[tab].desk;
        // The field is locked while it is being sent.
        if desk.is_sending(&target) {
            return Ok(());
        }
        self.count += 1;
        let text = format!("{}{}", if random.chance(20) { "bad" } else { "text" }, self.count);
        let old = desk.draft(&target).map(|draft| draft.form.text.clone()).unwrap_or_default();
        let asks = matches!(&desk.configuration, Configuration::Known(rules) if rules.asks_consent);
        let form = Form { text: text.clone(), consent: asks.then_some(true), ..known_contact() };
        self.texts.0.insert(text, Text { is_required: true, ..self.by(tab) });
        let desk = &self.world.tabs[tab].desk;
        let place = desk.index_of(&target).and_then(|index| desk.composers.get(index));
        // Typing over what was refused replaces the submission as well.
        let is_given_back = place.and_then(|composer| composer.replaces.as_ref()).is_some_and(|done| {
            let records = self.world.device.records.values();
            records.filter(|record| matches!(record, Record::Submission(_))).any(|record| done.covers(record))
        });
        self.world.tell(tab, Happening::Typed(target, Box::new(form)));
        self.no_longer_required(&old, is_given_back);
        Ok(())
    }

    /// The host opens help with a text. Nobody has written it, so that it need not be kept.
    pub fn prefill(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        self.count += 1;
        let text = format!("text{}", self.count);
        let target = if random.chance(70) { Target::NewTicket } else { Target::Reply("t1".into()) };
        self.texts.0.insert(text.clone(), self.by(tab));
        self.quietly(tab, |world| world.tell(tab, Happening::Prefilled(target, text)))
    }

    /// A text of whoever uses a tab.
    fn by(&self, tab: usize) -> Text {
        let customer = self.world.tabs[tab].desk.customer.id.clone();
        let mut known = Text { was_anonymous: customer.is_empty(), ..Text::default() };
        if !customer.is_empty() {
            known.owners.insert(customer);
            known.claimed_in.insert(tab);
        }
        known
    }

    /// A text was replaced or discarded. In another tab it may still be shown.
    pub fn no_longer_required(&mut self, text: &str, is_given_back: bool) {
        let composers = self.world.tabs.iter().flat_map(|tab| &tab.desk.composers);
        let is_elsewhere = composers.into_iter().any(|composer| composer.draft.form.text == text);
        let sent = self.world.tabs.iter().flat_map(|tab| &tab.desk.outbox);
        let is_sent = sent.into_iter().any(|outgoing| !outgoing.is_stored && outgoing.submission.text() == text)
            || submissions_on_device(&self.world).contains(text);
        if let Some(known) = self.texts.0.get_mut(text) {
            known.is_replaced = true;
            known.is_required &= is_elsewhere || (is_sent && !is_given_back);
        }
    }

    pub fn attach(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let target = if random.chance(70) { Target::NewTicket } else { Target::Reply("t1".into()) };
        let has_text = self.world.tabs[tab].desk.draft(&target).is_some_and(|draft| !draft.form.text.is_empty());
        if !has_text {
            return Ok(());
        }
        self.count += 1;
        let id = AttachmentId(format!("file{}", self.count));
        let name = id.0.clone();
        self.quietly(tab, |world| world.tell(tab, Happening::AttachmentAdded { target, id, name, size: 10 }))
    }

    pub fn finish(&mut self, tab: usize) -> Result<(), Violation> {
        let form = self.world.tabs[tab].desk.composers.first();
        let Some(text) = form.filter(|form| form.state != State::Sending).map(|form| form.draft.form.text.clone())
        else {
            return Ok(());
        };
        self.world.tell(tab, Happening::Finished(Target::NewTicket));
        self.over(&text);
        Ok(())
    }

    /// A text is done with, unless another tab still shows it.
    pub fn over(&mut self, text: &str) {
        let is_elsewhere = self.world.tabs.iter().any(|tab| in_memory(tab).iter().any(|other| other == text));
        let is_written = self.world.tabs.iter().any(|tab| composed(tab).iter().any(|(_, _, other)| other == text));
        if let Some(known) = self.texts.0.get_mut(text) {
            known.is_required &= is_written;
            known.is_replaced |= is_written;
            known.is_over = !is_elsewhere;
        }
    }

    pub fn choose_draft(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let keys: Vec<IdempotencyKey> = self.world.tabs[tab].desk.aside.iter().map(|draft| draft.key.clone()).collect();
        let Some(key) = keys.get(random.below(keys.len())) else { return Ok(()) };
        self.world.tell(tab, Happening::DraftChosen(key.clone()));
        Ok(())
    }
}

fn known_contact() -> Form {
    let contact = crate::ticket::Contact { name: "Ada".into(), email: "ada@host.example".into() };
    Form { contact, ..Form::default() }
}
