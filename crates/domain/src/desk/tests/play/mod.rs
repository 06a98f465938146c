//! What can happen in the simulated world.

mod endings;
mod identity;
mod sending;
mod writing;

use super::super::draft::Target;
use super::super::event::Happening;
use super::super::ids::IdempotencyKey;
use super::super::records::Record;
use super::super::{Configuration, Desk};
use super::Seeded;
use super::check::Violation;
use super::texts::{Texts, composed, has_arrived, submissions_on_device};
use super::world::{Fate, TABS, World};

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
            99 if random.chance(50) => self.prefill(tab, &mut random),
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
        let device = submissions_on_device(&self.world);
        for (_, _, text) in before {
            let customer = &self.world.tabs[tab].desk.customer.id;
            // Somebody else was declared in another tab that shows it as well, and stored it as theirs.
            let was_taken = self.world.device.records.values().any(
                |record| matches!(record, Record::Draft(draft) if draft.form.text == text && draft.owner != *customer),
            );
            let was_sent = has_arrived(&self.world, &text) || device.contains(&text);
            let was_discarded = self.texts.0.get(&text).is_some_and(|known| known.is_discarded && known.is_submitted);
            if now.contains(&text) || was_sent || was_discarded {
                continue;
            }
            if was_taken {
                self.let_go();
            } else {
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

    fn late_request(&mut self, random: &mut Seeded) -> Result<(), Violation> {
        if !self.world.network.is_empty() {
            let index = random.below(self.world.network.len());
            let request = self.world.network.remove(index);
            self.world.gateway.answer(&request);
        }
        Ok(())
    }
}

fn submitted_by(desk: &Desk) -> Vec<IdempotencyKey> {
    desk.outbox.iter().map(|outgoing| outgoing.submission.key.clone()).collect()
}
