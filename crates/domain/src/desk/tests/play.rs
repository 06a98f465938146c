//! What can happen in the simulated world.

use super::super::composer::State;
use super::super::customer::Customer;
use super::super::draft::{Form, Target};
use super::super::event::Happening;
use super::super::ids::{AttachmentId, CustomerId, IdempotencyKey};
use super::super::rules::FormRules;
use super::super::{Configuration, Desk};
use super::Seeded;
use super::check::{
    Text, Texts, Violation, check, check_arrivals, check_drafts, composed, drafts_shown, has_arrived, in_memory,
    on_device,
};
use super::world::{Fate, Job, TABS, World};

/// Something that happens: a number that says what, and one that says how.
pub type Step = (u8, u64);

/// How storage behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Reliable,
    Faulty,
}

pub struct Play {
    pub world: World,
    pub texts: Texts,
    storage: Storage,
    count: usize,
}

const CUSTOMERS: [&str; 2] = ["ada", "ben"];

impl Play {
    pub fn new(seed: u64, storage: Storage) -> Play {
        Play { world: World::new(seed), texts: Texts::default(), storage, count: 0 }
    }

    pub fn step(&mut self, (what, how): Step) -> Result<(), Violation> {
        let mut random = Seeded(how);
        let tab = random.below(TABS);
        match what {
            0..=23 => self.job(tab, &mut random),
            24..=45 => self.storage(tab, &mut random),
            46..=55 => self.type_text(tab, Target::NewTicket, &mut random),
            56..=59 => self.type_text(tab, Target::Reply("t1".into()), &mut random),
            60..=69 => self.send(tab, &mut random),
            70..=72 => self.attach(tab, &mut random),
            73 => self.finish(tab),
            74..=76 => self.identify(tab, &mut random),
            77..=78 => self.reset(tab, &mut random),
            79..=80 => self.configure(tab, &mut random),
            81..=86 => self.quietly(tab, |world| world.fire(tab)),
            87..=89 => self.crash(tab),
            90..=91 => self.edit(tab, &mut random),
            92 => self.again(tab, &mut random),
            93 => self.discard(tab, &mut random),
            94 => self.choose_draft(tab, &mut random),
            95 => self.quietly(tab, |world| world.tell(tab, Happening::Online)),
            96 => self.late_request(&mut random),
            97 => {
                let gateway = &mut self.world.gateway;
                gateway.uploads.clear();
                gateway.rejects_tokens = random.chance(40);
                Ok(())
            }
            98 => self.quietly(tab, |world| {
                world.start(tab);
                world.tell(tab, Happening::ReplyOpened("t1".into()));
            }),
            _ => self.quietly(tab, |world| world.tell(tab, Happening::Leaving)),
        }
    }

    /// Something that must not change what somebody writes in any tab.
    fn quietly(&mut self, tab: usize, act: impl FnOnce(&mut World)) -> Result<(), Violation> {
        let before = composed(&self.world.tabs[tab]);
        let submissions = submitted_by(&self.world.tabs[tab].desk);
        act(&mut self.world);
        let now: Vec<String> =
            self.world.tabs[tab].desk.composers.iter().map(|it| it.draft.form.text.clone()).collect();
        let device = on_device_as_submission(&self.world);
        for (_, _, text) in before {
            let customer = &self.world.tabs[tab].desk.customer.id;
            // Somebody else was declared in another tab, where it was shown as well; or it was to be forgotten.
            let was_taken = self
                .texts
                .0
                .get(&text)
                .is_some_and(|known| known.is_forgettable || known.owners.iter().any(|owner| owner != customer));
            let was_sent = has_arrived(&self.world, &text) || device.contains(&text);
            if !now.contains(&text) && !was_sent && !was_taken {
                return Err(format!("{text} was taken away from who writes it in tab {tab}"));
            }
        }
        self.note_submissions(tab, &submissions)
    }

    fn note_submissions(&mut self, tab: usize, before: &[IdempotencyKey]) -> Result<(), Violation> {
        let desk = &self.world.tabs[tab].desk;
        for outgoing in desk.outbox.iter().filter(|outgoing| !before.contains(&outgoing.submission.key)) {
            let submission = &outgoing.submission;
            let Some(known) = self.texts.0.get_mut(submission.text()) else { continue };
            if !std::mem::replace(&mut known.is_submitted, true) {
                known.attachments = submission.attachments.iter().map(|file| file.id.0.clone()).collect();
                let asks = matches!(&desk.configuration, Configuration::Known(rules) if rules.asks_consent);
                if asks && submission.target == Target::NewTicket && submission.form.consent.is_none() {
                    return Err(format!("{} was sent without consent", submission.text()));
                }
            }
        }
        Ok(())
    }

    fn job(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let fate = match random.below(100) {
            0..=74 => Fate::Good,
            75..=84 => Fate::Fails,
            85..=90 => Fate::Late,
            _ => Fate::Other(random.next()),
        };
        let index = random.below(64);
        self.quietly(tab, |world| world.step_job(tab, index, fate))
    }

    fn storage(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let fate = match (self.storage, random.below(100)) {
            (Storage::Reliable, _) | (_, 0..=59) => Fate::Good,
            (_, 60..=84) => Fate::Fails,
            _ => Fate::Late,
        };
        self.quietly(tab, |world| world.step_storage(tab, fate))
    }

    fn type_text(&mut self, tab: usize, target: Target, random: &mut Seeded) -> Result<(), Violation> {
        self.world.start(tab);
        let desk = &self.world.tabs[tab].desk;
        // The field is locked while it is being sent.
        if desk.is_sending(&target) {
            return Ok(());
        }
        self.count += 1;
        let text = format!("{}{}", if random.chance(20) { "bad" } else { "text" }, self.count);
        let old = desk.draft(&target).map(|draft| draft.form.text.clone()).unwrap_or_default();
        let customer = desk.customer.id.clone();
        let asks = matches!(&desk.configuration, Configuration::Known(rules) if rules.asks_consent);
        let form = Form { text: text.clone(), consent: asks.then_some(true), ..known_contact() };
        let mut known = Text { is_required: true, was_anonymous: customer.is_empty(), ..Text::default() };
        if !customer.is_empty() {
            known.owners.insert(customer);
            known.claimed_in.insert(tab);
        }
        self.texts.0.insert(text, known);
        let desk = &self.world.tabs[tab].desk;
        let place = desk.index_of(&target).and_then(|index| desk.composers.get(index));
        let is_given_back = place.is_some_and(|composer| composer.replaces.is_some());
        self.world.tell(tab, Happening::Typed(target, Box::new(form)));
        self.no_longer_required(&old, is_given_back);
        Ok(())
    }

    /// A text was replaced or discarded. In another tab it may still be shown.
    fn no_longer_required(&mut self, text: &str, is_given_back: bool) {
        let composers = self.world.tabs.iter().flat_map(|tab| &tab.desk.composers);
        let is_elsewhere = composers.into_iter().any(|composer| composer.draft.form.text == text);
        let sent = self.world.tabs.iter().flat_map(|tab| &tab.desk.outbox);
        let is_sent = sent.into_iter().any(|outgoing| !outgoing.is_stored && outgoing.submission.text() == text)
            || on_device_as_submission(&self.world).contains(text);
        if let Some(known) = self.texts.0.get_mut(text) {
            known.is_replaced = true;
            known.is_required &= is_elsewhere || (is_sent && !is_given_back);
        }
    }

    fn send(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let reply = Target::Reply("t1".into());
        let (written_in, target) = match random.below(10) {
            0..=5 => (Target::NewTicket, Target::NewTicket),
            6 => (Target::NewTicket, reply),
            _ => (reply.clone(), reply),
        };
        if let Some(draft) = self.world.tabs[tab].desk.draft(&written_in)
            && !draft.attachments.is_empty()
            && let Some(known) = self.texts.0.get_mut(&draft.form.text)
        {
            // The text was sent before, and the customer wants to send its attachments after it.
            known.is_exempt |= has_arrived(&self.world, &draft.form.text);
        }
        let more = format!("{{\"locale\":\"en\",\"created_at\":\"{}\"}}", self.world.now.0);
        self.quietly(tab, |world| {
            world.tell(tab, Happening::SendPressed { written_in, target, more });
        })
    }

    fn attach(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let target = if random.chance(70) { Target::NewTicket } else { Target::Reply("t1".into()) };
        let has_text = self.world.tabs[tab].desk.draft(&target).is_some_and(|draft| !draft.form.text.is_empty());
        if !has_text {
            return Ok(());
        }
        // Another tab may send it without the attachment, and this one with it.
        let text = self.world.tabs[tab].desk.draft(&target).map(|draft| draft.form.text.clone()).unwrap_or_default();
        let device = on_device(&self.world);
        let holders = self.world.tabs.iter().filter(|tab| in_memory(tab).contains(&text)).count();
        let is_shared = holders > 1 || device.contains(&text);
        self.texts.0.entry(text).and_modify(|known| known.is_exempt |= is_shared);
        self.count += 1;
        let id = AttachmentId(format!("file{}", self.count));
        let name = id.0.clone();
        self.quietly(tab, |world| world.tell(tab, Happening::AttachmentAdded { target, id, name, size: 10 }))
    }

    fn finish(&mut self, tab: usize) -> Result<(), Violation> {
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
    fn over(&mut self, text: &str) {
        let is_elsewhere = self.world.tabs.iter().any(|tab| in_memory(tab).iter().any(|other| other == text));
        let is_written = self.world.tabs.iter().any(|tab| composed(tab).iter().any(|(_, _, other)| other == text));
        if let Some(known) = self.texts.0.get_mut(text) {
            known.is_required &= is_written;
            known.is_replaced |= is_written;
            known.is_over = !is_elsewhere;
            // Another tab that has it in its hands may store it once more.
            known.is_exempt |= is_elsewhere;
        }
    }

    fn identify(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
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
                    // Each may send it.
                    known.is_exempt |= known.owners.len() > 1;
                    known.is_required &= known.owners.len() == 1;
                }
            }
            return self.quietly(tab, |world| world.tell(tab, Happening::Identified(customer)));
        }
        let submissions = submitted_by(&self.world.tabs[tab].desk);
        self.world.tell(tab, Happening::Identified(customer));
        self.note_submissions(tab, &submissions)
    }

    /// A customer in a tab, with the session that the tab has.
    fn customer(&self, tab: usize, id: CustomerId) -> Customer {
        let session = self.world.tabs[tab].desk.customer.session.clone();
        Customer { id, is_signed: true, is_known: true, session }
    }

    fn reset(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let customer = self.world.tabs[tab].desk.customer.id.clone();
        let discards = random.chance(40);
        let fallback = CustomerId::default();
        let written = drafts_shown(&self.world.tabs[tab]);
        let sent: Vec<String> = self.world.tabs[tab].desk.outbox.iter().map(|it| it.submission.text().into()).collect();
        let stored: Vec<String> = on_device_as_submission(&self.world).into_iter().collect();
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
            self.texts.0.entry(text.clone()).and_modify(|known| known.is_forgettable = true);
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

    fn configure(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let rules = FormRules {
            asks_consent: random.chance(50),
            attachments_max: 5,
            attachment_bytes_max: 100,
            ..FormRules::default()
        };
        self.quietly(tab, |world| match rules.asks_consent || how_many(world) > 0 {
            true => world.tell(tab, Happening::Configured(Box::new(rules))),
            false => world.tell(tab, Happening::ConfigurationFailed),
        })
    }

    fn crash(&mut self, tab: usize) -> Result<(), Violation> {
        let device = on_device(&self.world);
        let lost: Vec<String> = in_memory(&self.world.tabs[tab]);
        // What was to be deleted may come back.
        for job in &self.world.tabs[tab].storage {
            let Job::Write(transaction) = job else { continue };
            for write in &transaction.writes {
                use super::super::records::{RecordKey, Write};
                if let Write::Delete(RecordKey::Draft(key) | RecordKey::Submission(key)) = write
                    && let Some(known) = self.world.texts.get(key).and_then(|text| self.texts.0.get_mut(text))
                {
                    known.is_exempt |= known.is_over;
                }
            }
        }
        self.texts.0.values_mut().for_each(|known| known.claimed_in.retain(|other| *other != tab));
        self.world.crash(tab);
        let stored = on_device_as_submission(&self.world);
        for text in lost {
            let is_elsewhere = self.world.tabs.iter().any(|tab| in_memory(tab).contains(&text));
            let is_sent = stored.contains(&text) || has_arrived(&self.world, &text);
            let others = self.world.tabs.iter().flat_map(|tab| &tab.desk.outbox);
            if let Some(known) = self.texts.0.get_mut(&text)
                && !is_sent
                && !others.into_iter().any(|outgoing| outgoing.submission.text() == text)
            {
                // It was not stored yet, and is a draft again.
                known.is_submitted = false;
                known.is_required &= !known.is_forgettable;
            }
            if let Some(known) = self.texts.0.get_mut(&text)
                && !is_elsewhere
                && !device.contains(&text)
                && !known.was_stored
            {
                known.is_required = false;
            }
        }
        let held: Vec<String> = self.world.tabs.iter().flat_map(in_memory).chain(stored).collect();
        for (text, known) in self.texts.0.iter_mut().filter(|(_, known)| known.is_replaced) {
            known.is_required &= held.contains(text);
        }
        self.world.start(tab);
        Ok(())
    }

    fn edit(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let refused = self.world.tabs[tab].desk.waiting().filter(|submission| submission.refusal.is_some());
        let keys: Vec<IdempotencyKey> = refused.map(|submission| submission.key.clone()).collect();
        let Some(key) = keys.get(random.below(keys.len())) else { return Ok(()) };
        self.world.tell(tab, Happening::EditPressed(key.clone()));
        Ok(())
    }

    fn again(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let keys: Vec<IdempotencyKey> = self.world.tabs[tab].desk.waiting().map(|it| it.key.clone()).collect();
        let Some(key) = keys.get(random.below(keys.len())).cloned() else { return Ok(()) };
        self.quietly(tab, |world| world.tell(tab, Happening::SendAgainPressed(key)))
    }

    fn discard(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let waiting: Vec<(IdempotencyKey, String)> =
            self.world.tabs[tab].desk.waiting().map(|it| (it.key.clone(), it.text().to_string())).collect();
        let Some((key, text)) = waiting.get(random.below(waiting.len())).cloned() else { return Ok(()) };
        self.world.tell(tab, Happening::DiscardPressed(key));
        if let Some(known) = self.texts.0.get_mut(&text) {
            known.is_required = false;
            // It may be on its way, or be edited in another tab.
            known.is_exempt = true;
        }
        Ok(())
    }

    fn choose_draft(&mut self, tab: usize, random: &mut Seeded) -> Result<(), Violation> {
        let keys: Vec<IdempotencyKey> = self.world.tabs[tab].desk.aside.iter().map(|draft| draft.key.clone()).collect();
        let Some(key) = keys.get(random.below(keys.len())) else { return Ok(()) };
        self.world.tell(tab, Happening::DraftChosen(key.clone()));
        Ok(())
    }

    fn late_request(&mut self, random: &mut Seeded) -> Result<(), Violation> {
        if !self.world.network.is_empty() {
            let index = random.below(self.world.network.len());
            let request = self.world.network.remove(index);
            self.world.gateway.answer(&request);
        }
        Ok(())
    }

    /// Everything works again, and everybody comes back.
    pub fn end(mut self) -> Result<(), Violation> {
        self.world.gateway.rejects_tokens = false;
        for request in std::mem::take(&mut self.world.network) {
            self.world.gateway.answer(&request);
        }
        for tab in 0..TABS {
            self.world.start(tab);
        }
        self.world.try_to_settle()?;
        check(&mut self.world, &mut self.texts)?;
        for name in ["", "ada", "ben"] {
            for tab in 0..TABS {
                self.crash(tab)?;
                if !name.is_empty() {
                    let id: CustomerId = name.into();
                    let customer = self.customer(tab, id);
                    self.world.tell(tab, Happening::Identified(customer));
                    let shown = drafts_shown(&self.world.tabs[tab]);
                    assert!(shown.is_empty(), "nothing was loaded before: {shown:?}");
                }
            }
            self.world.try_to_settle()?;
            check(&mut self.world, &mut self.texts)?;
            let waiting: Vec<_> =
                self.world.tabs[0].desk.waiting().filter(|it| it.refusal.is_none()).map(|it| it.key.clone()).collect();
            for key in waiting {
                self.world.tell(0, Happening::SendAgainPressed(key));
            }
            self.world.try_to_settle()?;
            check(&mut self.world, &mut self.texts)?;
            check_drafts(&self.world, &self.texts)?;
        }
        if self.storage == Storage::Reliable && !self.world.troubled.is_empty() {
            return Err(format!("{:?} went from memory", self.world.troubled));
        }
        check_arrivals(&self.world, &self.texts)
    }
}

fn known_contact() -> Form {
    let contact = crate::ticket::Contact { name: "Ada".into(), email: "ada@host.example".into() };
    Form { contact, ..Form::default() }
}

fn how_many(world: &World) -> usize {
    world.gateway.stored.len()
}

fn submitted_by(desk: &Desk) -> Vec<IdempotencyKey> {
    desk.outbox.iter().map(|outgoing| outgoing.submission.key.clone()).collect()
}

fn on_device_as_submission(world: &World) -> std::collections::BTreeSet<String> {
    use super::super::records::Record;
    let submissions = world.device.records.values().filter_map(|record| match record {
        Record::Submission(submission) => Some(submission.form.text.clone()),
        _ => None,
    });
    submissions.collect()
}
