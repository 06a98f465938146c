//! What the host says: who the customer is, that they log out, and what the site requires.

use super::super::super::customer::Customer;
use super::super::super::event::Happening;
use super::super::super::ids::CustomerId;
use super::super::super::rules::FormRules;
use super::super::Seeded;
use super::super::check::Violation;
use super::super::texts::{Text, drafts_shown, in_memory, submissions_on_device};
use super::{Play, submitted_by};

const CUSTOMERS: [&str; 2] = ["ada", "ben"];

impl Play {
    pub fn identify(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let id = CustomerId(CUSTOMERS[random.below(2)].into());
        let before = self.world.tabs[tab].desk.customer.id.clone();
        let customer = self.customer(tab, id.clone());
        if before == id {
            return self.quietly(tab, |world| world.tell(tab, Happening::Identified(customer)));
        }
        if before.is_empty() {
            let desk = &self.world.tabs[tab].desk;
            let composed = desk.composers.iter().map(|composer| composer.draft.form.text.clone());
            let sent = desk.outbox.iter().filter(|outgoing| outgoing.is_from_here);
            let written: Vec<String> = composed.chain(sent.map(|it| it.submission.text().to_string())).collect();
            for text in written {
                if let Some(known) = self.texts.0.get_mut(&text) {
                    known.owners.insert(id.clone());
                    known.claimed_in.insert(tab);
                    known.is_required &= known.owners.len() == 1;
                }
            }
            return self.quietly(tab, |world| world.tell(tab, Happening::Identified(customer)));
        }
        let submissions = submitted_by(&self.world.tabs[tab].desk);
        self.world.tell(tab, Happening::Identified(customer));
        self.let_go();
        self.note_submissions(tab, &submissions)
    }

    /// A customer in a tab, with the session that the tab has.
    pub fn customer(&self, tab: usize, id: CustomerId) -> Customer {
        let session = self.world.tabs[tab].desk.customer.session.clone();
        Customer { id, is_signed: true, is_known: true, session }
    }

    pub fn reset(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let customer = self.world.tabs[tab].desk.customer.id.clone();
        let discards = random.chance(40);
        let fallback = CustomerId::default();
        let written = drafts_shown(&self.world.tabs[tab]);
        let sent: Vec<String> = self.world.tabs[tab].desk.outbox.iter().map(|it| it.submission.text().into()).collect();
        let stored: Vec<String> = submissions_on_device(&self.world).into_iter().collect();
        self.count += 1;
        self.world.session = format!("session{}", self.count);
        let session = self.world.session.clone();
        self.world.tell(tab, Happening::Reset { discards, fallback, session });
        let is_theirs = |known: &Text| customer.is_empty() || known.was_anonymous || known.owners.contains(&customer);
        let theirs = self.texts.0.iter().filter(|(_, known)| is_theirs(known)).map(|(text, _)| text.clone());
        for text in theirs.collect::<Vec<_>>() {
            let is_sent = sent.contains(&text) || stored.contains(&text) || self.texts.0[&text].is_submitted;
            // What was refused is a draft again.
            let is_sent = is_sent && (sent.contains(&text) || !written.contains(&text));
            self.texts.0.entry(text.clone()).and_modify(|known| {
                known.is_forgettable = true;
                known.is_discarded |= discards;
            });
            let owners = &self.texts.0[&text].owners;
            let is_surely_theirs = customer.is_empty() || owners.is_empty() || owners.contains(&customer);
            if discards || !is_sent {
                if is_surely_theirs {
                    self.over(&text);
                }
                // Another tab may still show it, until it is closed.
                self.texts.0.entry(text).and_modify(|known| known.is_required &= is_sent && !discards);
            }
        }
        // In another tab nobody was declared, so that it is anonymous there, and may be stored as such again.
        let others = self.world.tabs.iter().enumerate();
        let others = others.filter(|(other, there)| *other != tab && there.desk.customer.id.is_empty());
        for text in others.flat_map(|(_, there)| in_memory(there)).collect::<Vec<_>>() {
            self.texts.0.entry(text).and_modify(|known| known.claimed_in.retain(|other| *other != tab));
        }
        if discards {
            for text in sent.iter().chain(&stored) {
                if let Some(known) = self.texts.0.get_mut(text) {
                    known.is_required = false;
                }
            }
        }
        Ok(())
    }

    pub fn configure(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let rules = FormRules {
            asks_consent: random.chance(50),
            attachments_max: 5,
            attachment_bytes_max: 100,
            ..FormRules::default()
        };
        self.quietly(tab, |world| match rules.asks_consent || !world.gateway.stored.is_empty() {
            true => world.tell(tab, Happening::Configured(Box::new(rules))),
            false => world.tell(tab, Happening::ConfigurationFailed),
        })
    }
}
