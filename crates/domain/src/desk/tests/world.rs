//! Three tabs that share a device, locks, a channel and a gateway, each of which can fail.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::attachment::UploadOutcome;
use super::super::effect::{Effect, Timer};
use super::super::event::{Answer, Event, Happening};
use super::super::ids::{AttachmentId, CustomerId, IdempotencyKey, Time};
use super::super::records::{Record, RecordKey, Transaction, Write};
use super::super::submission::Cause;
use super::super::{Desk, Settings};
use super::device::Device;
use super::gateway::Gateway;
use super::{Seeded, cut};

pub const TABS: usize = 3;

/// Something that a desk wants and that was not done yet.
#[derive(Clone, Debug)]
pub enum Job {
    Load(u64),
    Write(Transaction),
    Read(AttachmentId),
    Upload(AttachmentId),
    Post(Effect),
    Answer(IdempotencyKey, Answer),
    Lock(IdempotencyKey),
    Hear,
}

/// How a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Good,
    /// It fails before anything was done.
    Fails,
    /// It is done, but nobody is told; or not in time.
    Late,
    /// Any other answer.
    Other(u64),
}

pub struct Tab {
    pub desk: Desk,
    /// Loads and transactions, in order, and whether the first one took too long.
    pub storage: VecDeque<Job>,
    pub is_hanging: bool,
    pub jobs: Vec<Job>,
    pub timers: BTreeMap<Timer, Time>,
    pub files: BTreeSet<AttachmentId>,
    pub has_started: bool,
}

pub struct World {
    pub now: Time,
    pub random: Seeded,
    pub device: Device,
    pub gateway: Gateway,
    pub tabs: Vec<Tab>,
    pub locks: BTreeMap<IdempotencyKey, usize>,
    /// Requests that arrive after their sender has given up.
    pub network: Vec<Effect>,
    /// What the desks wanted, for the checks: while which customer used the page, and what.
    pub log: Vec<(CustomerId, Effect)>,
    /// Keys whose transactions were not all written in time.
    pub troubled: BTreeSet<IdempotencyKey>,
    /// Whether everything is printed, to understand a violation.
    pub is_traced: bool,
    /// The anonymous session of the browser; a reset begins another one.
    pub session: String,
    /// The texts that were ever written under a key.
    pub texts: BTreeMap<IdempotencyKey, BTreeSet<String>>,
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut world = World {
            now: Time(1_800_000_000_000),
            random: Seeded(seed),
            device: Device::default(),
            gateway: Gateway::default(),
            tabs: Vec::new(),
            locks: BTreeMap::new(),
            network: Vec::new(),
            log: Vec::new(),
            troubled: BTreeSet::new(),
            is_traced: false,
            session: "session0".into(),
            texts: BTreeMap::new(),
        };
        for _ in 0..TABS {
            let tab = world.new_tab();
            world.tabs.push(tab);
        }
        world
    }

    fn new_tab(&mut self) -> Tab {
        let random = Seeded(self.random.next());
        Tab {
            desk: Desk::new(Settings::default(), self.session.clone(), Box::new(random)),
            storage: VecDeque::new(),
            is_hanging: false,
            jobs: Vec::new(),
            timers: BTreeMap::new(),
            files: BTreeSet::new(),
            has_started: false,
        }
    }

    /// Ends a tab, and opens another one in its place. What it wanted and was not done is never done.
    pub fn crash(&mut self, tab: usize) {
        self.locks.retain(|_, holder| *holder != tab);
        self.tabs[tab] = self.new_tab();
    }

    /// Gives an event to a desk, and queues what it wants.
    pub fn tell(&mut self, tab: usize, happening: Happening) {
        self.now = self.now.plus(1);
        if self.is_traced {
            println!("tab {tab}: {}", cut(&format!("{happening:?}")));
        }
        let effects = self.tabs[tab].desk.on(Event { now: self.now, happening });
        if self.is_traced {
            effects.iter().for_each(|effect| println!("      -> {}", cut(&format!("{effect:?}"))));
        }
        for effect in effects {
            let here = &mut self.tabs[tab];
            self.log.push((here.desk.customer.id.clone(), effect.clone()));
            match effect {
                Effect::Load(load) => here.storage.push_back(Job::Load(load)),
                Effect::Write(transaction) => {
                    for write in &transaction.writes {
                        if let Write::Put(record) = write {
                            note_text(&mut self.texts, record);
                        }
                    }
                    here.storage.push_back(Job::Write(transaction));
                }
                Effect::ReadAttachment(id) => here.jobs.push(Job::Read(id)),
                Effect::Upload { id, .. } => here.jobs.push(Job::Upload(id)),
                Effect::CancelUpload(id) => {
                    here.jobs.retain(|job| !matches!(job, Job::Upload(other) if *other == id));
                }
                Effect::Post { ref key, .. } => {
                    // From memory it may go with other bytes than in another tab.
                    if here.desk.outgoing(key).is_some_and(|outgoing| !outgoing.is_stored) {
                        self.troubled.insert(key.clone());
                    }
                    here.jobs.push(Job::Post(effect));
                }
                Effect::AskLock(key) => here.jobs.push(Job::Lock(key)),
                Effect::ReleaseLock(key) => {
                    here.jobs.retain(|job| !matches!(job, Job::Lock(other) if *other == key));
                    if self.locks.get(&key) == Some(&tab) {
                        self.locks.remove(&key);
                    }
                }
                Effect::SetTimer(timer, at) => drop(here.timers.insert(timer, at)),
                Effect::ClearTimer(timer) => drop(here.timers.remove(&timer)),
                Effect::TellOtherTabs => {
                    for (other, there) in self.tabs.iter_mut().enumerate() {
                        if other != tab && there.has_started {
                            there.jobs.push(Job::Hear);
                        }
                    }
                }
                // At once, as with local storage.
                Effect::MarkReset(reset) => self.device.marks.push(reset),
                Effect::ClearReset(reset) => self.device.marks.retain(|mark| *mark != reset),
                Effect::Emit(_) | Effect::Announce(_) => {}
            }
        }
    }

    /// Carries out the first load or transaction of a tab.
    pub fn step_storage(&mut self, tab: usize, fate: Fate) {
        let Some(job) = self.tabs[tab].storage.front().cloned() else { return };
        if fate == Fate::Late {
            if !self.tabs[tab].is_hanging {
                self.tabs[tab].is_hanging = true;
                match job {
                    Job::Write(transaction) => {
                        self.trouble(&transaction);
                        self.tell(tab, Happening::StorageTimedOut(transaction.id));
                    }
                    _ => self.tell(tab, Happening::LoadFailed),
                }
            }
            return;
        }
        let was_hanging = std::mem::take(&mut self.tabs[tab].is_hanging);
        self.tabs[tab].storage.pop_front();
        match job {
            Job::Load(_) if was_hanging => {}
            Job::Load(_) if fate != Fate::Good => self.tell(tab, Happening::LoadFailed),
            Job::Load(load) => {
                let records = self.device.records.values().cloned().collect();
                let resets = self.device.marks.clone();
                self.tell(tab, Happening::Loaded { load, records, resets });
            }
            Job::Write(transaction) if fate != Fate::Good => {
                self.trouble(&transaction);
                self.tell(tab, Happening::StorageFailed(transaction.id));
            }
            Job::Write(transaction) => {
                let happening = self.device.write(transaction, &self.tabs[tab].files, self.now);
                self.tell(tab, happening);
            }
            _ => {}
        }
    }

    /// Carries out any other job of a tab.
    pub fn step_job(&mut self, tab: usize, index: usize, fate: Fate) {
        if self.tabs[tab].jobs.is_empty() {
            return;
        }
        let index = index % self.tabs[tab].jobs.len();
        let job = self.tabs[tab].jobs.remove(index);
        match job {
            Job::Hear => self.tell(tab, Happening::OtherTabSpoke),
            Job::Read(id) if fate == Fate::Fails => self.tell(tab, Happening::AttachmentUnreadable(id)),
            Job::Read(id) => {
                self.tabs[tab].files.insert(id.clone());
                self.tell(tab, Happening::AttachmentRead(id));
            }
            Job::Upload(id) => {
                let outcome = self.upload(tab, &id, fate);
                self.tell(tab, Happening::AttachmentUploaded(id, outcome));
            }
            Job::Lock(key) => match self.locks.get(&key) {
                Some(holder) if *holder != tab => self.tabs[tab].jobs.push(Job::Lock(key)),
                _ => {
                    self.locks.insert(key.clone(), tab);
                    self.tell(tab, Happening::LockGranted(key));
                }
            },
            Job::Answer(key, answer) => self.tell(tab, Happening::Answered(key, answer)),
            Job::Post(request) => self.post(tab, request, fate),
            Job::Load(_) | Job::Write(_) => unreachable!("they are in order"),
        }
    }

    fn post(&mut self, tab: usize, request: Effect, fate: Fate) {
        let Effect::Post { key, .. } = &request else { return };
        let key = key.clone();
        match fate {
            Fate::Good => {
                let answer = self.gateway.answer(&request);
                self.tabs[tab].jobs.push(Job::Answer(key, answer));
            }
            Fate::Fails => self
                .tell(tab, Happening::Answered(key, Answer::Unknown { cause: Cause::Unreachable, retry_after_ms: 0 })),
            Fate::Late => {
                self.network.push(request);
                self.tell(tab, Happening::Answered(key, Answer::Unknown { cause: Cause::TimedOut, retry_after_ms: 0 }));
            }
            Fate::Other(number) if number % 2 == 0 => {
                // The answer is lost or torn.
                self.gateway.answer(&request);
                self.tell(tab, Happening::Answered(key, Answer::Unknown { cause: Cause::Fault, retry_after_ms: 0 }));
            }
            Fate::Other(_) => self.tell(tab, Happening::Answered(key, Answer::RetryLater { retry_after_ms: 5_000 })),
        }
    }

    fn upload(&mut self, tab: usize, id: &AttachmentId, fate: Fate) -> UploadOutcome {
        let is_here =
            self.tabs[tab].files.contains(id) || self.device.records.contains_key(&RecordKey::Attachment(id.clone()));
        match fate {
            _ if !is_here => UploadOutcome::Unreadable,
            Fate::Good => {
                self.gateway.uploads.insert(id.clone());
                UploadOutcome::Uploaded { has_metadata: false }
            }
            Fate::Fails => UploadOutcome::Unreachable,
            Fate::Late => {
                self.gateway.uploads.insert(id.clone());
                UploadOutcome::Unreachable
            }
            Fate::Other(number) => match number % 3 {
                0 => UploadOutcome::Blocked,
                1 => UploadOutcome::NoRoom { retry_after_ms: 0 },
                _ => UploadOutcome::Refused("unsupported_type".into()),
            },
        }
    }

    /// Fires the earliest timer of a tab, and moves the clock there.
    pub fn fire(&mut self, tab: usize) {
        let Some((timer, at)) = self.tabs[tab].timers.iter().min_by_key(|(_, at)| **at) else { return };
        let (timer, at) = (timer.clone(), *at);
        self.now = self.now.max(at);
        self.tabs[tab].timers.remove(&timer);
        self.tell(tab, Happening::TimerFired(timer));
    }

    /// Help is shown in a tab.
    pub fn start(&mut self, tab: usize) {
        if !std::mem::replace(&mut self.tabs[tab].has_started, true) {
            self.tell(tab, Happening::Started);
        }
    }

    /// Does everything that is wanted, without faults, and lets time pass until nothing is.
    pub fn settle(&mut self) {
        self.try_to_settle().unwrap();
    }

    /// The same; an error if it never ends.
    pub fn try_to_settle(&mut self) -> Result<(), String> {
        for _ in 0..2_000 {
            let Some(tab) = (0..TABS).find(|tab| !self.is_quiet(*tab)) else { return Ok(()) };
            if !self.tabs[tab].storage.is_empty() {
                self.step_storage(tab, Fate::Good);
            } else if let Some(index) = self.next_job(tab) {
                self.step_job(tab, index, Fate::Good);
            } else {
                self.fire(tab);
            }
        }
        let left: Vec<_> = self.tabs.iter().map(|tab| (&tab.storage, &tab.jobs, &tab.timers)).collect();
        Err(format!("it never ends: {left:?}"))
    }

    /// The first job that can be done now.
    fn next_job(&self, tab: usize) -> Option<usize> {
        self.tabs[tab].jobs.iter().position(|job| match job {
            Job::Lock(key) => self.locks.get(key).is_none_or(|holder| *holder == tab),
            _ => true,
        })
    }

    fn is_quiet(&self, tab: usize) -> bool {
        let here = &self.tabs[tab];
        here.storage.is_empty() && self.next_job(tab).is_none() && here.timers.is_empty()
    }

    fn trouble(&mut self, transaction: &Transaction) {
        for key in transaction.writes.iter().flat_map(Write::keys) {
            if let RecordKey::Draft(key) | RecordKey::Submission(key) | RecordKey::Acknowledgement(key) = key {
                self.troubled.insert(key);
            }
        }
    }
}

fn note_text(texts: &mut BTreeMap<IdempotencyKey, BTreeSet<String>>, record: &Record) {
    let (key, text) = match record {
        Record::Draft(draft) => (&draft.key, &draft.form.text),
        Record::Submission(submission) => (&submission.key, &submission.form.text),
        Record::Acknowledgement(_) | Record::Attachment(_) => return,
    };
    texts.entry(key.clone()).or_default().insert(text.clone());
}
