//! Gives events to the desk, one after the other, and carries out its effects.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use domain::desk::Desk;
use domain::desk::attachment::UploadOutcome;
use domain::desk::effect::{Effect, HostEvent, Note, Timer};
use domain::desk::event::{Event, Happening};
use domain::desk::ids::{AttachmentId, IdempotencyKey};
use domain::desk::records::Transaction;
use wasm_bindgen::JsValue;

use super::clock::Clock;
use super::files::Files;
use super::locks::Locks;
use super::net::{Net, Post, Upload};
use super::store::{Store, Written};
use super::task::Task;

/// How long the device may take to load the records, or to write a transaction.
const STORAGE_LIMIT: Duration = Duration::from_secs(5);

/// What the desk wants of the page.
pub trait Page {
    /// Tells the other tabs that the records have changed.
    fn tell_other_tabs(&self);
    /// Tells the host.
    fn emit(&self, event: &HostEvent);
    /// Announces a text to the customer.
    fn announce(&self, note: Note);
    /// The desk may have changed. It is called after every event.
    fn refresh(&self, desk: &Desk);
    /// How much of an attachment is uploaded, from 0 to 1.
    fn progress(&self, id: &AttachmentId, part: f64);
}

/// What carries out the effects.
pub struct Ports<S, N, L, C, P> {
    /// What is on the device.
    pub store: S,
    /// The gateway.
    pub net: N,
    /// Locks between tabs.
    pub locks: L,
    /// The clock.
    pub clock: C,
    /// The page.
    pub page: P,
    /// The bytes of attachments.
    pub files: Files,
}

/// A job for the device. They are done in order.
enum Job {
    Load(u64),
    Write(Transaction),
}

/// The lock of a submission.
enum LockState<H> {
    /// It is waited for.
    Asked(#[allow(dead_code)] Task),
    /// It is held.
    Held(#[allow(dead_code)] H),
}

/// The executor of a desk.
pub struct Executor<S, N, L: Locks, C: Clock, P> {
    own: Weak<Self>,
    desk: RefCell<Desk>,
    ports: Ports<S, N, L, C, P>,
    events: RefCell<VecDeque<Happening>>,
    is_telling: Cell<bool>,
    jobs: RefCell<VecDeque<Job>>,
    is_working: Cell<bool>,
    timers: RefCell<Vec<(Timer, C::Timer)>>,
    locks: RefCell<Vec<(IdempotencyKey, LockState<L::Held>)>>,
    posts: RefCell<Vec<(IdempotencyKey, Task)>>,
    uploads: RefCell<Vec<(AttachmentId, Task)>>,
}

impl<S, N, L, C, P> Executor<S, N, L, C, P>
where
    S: Store + 'static,
    N: Net + 'static,
    L: Locks + 'static,
    L::Held: 'static,
    C: Clock + 'static,
    C::Timer: 'static,
    P: Page + 'static,
{
    /// An executor for a desk that was told nothing yet.
    pub fn new(desk: Desk, ports: Ports<S, N, L, C, P>) -> Rc<Self> {
        Rc::new_cyclic(|own| Executor {
            own: own.clone(),
            desk: RefCell::new(desk),
            ports,
            events: RefCell::default(),
            is_telling: Cell::default(),
            jobs: RefCell::default(),
            is_working: Cell::default(),
            timers: RefCell::default(),
            locks: RefCell::default(),
            posts: RefCell::default(),
            uploads: RefCell::default(),
        })
    }

    /// Reads the desk.
    pub fn read<T>(&self, read: impl FnOnce(&Desk) -> T) -> T {
        read(&self.desk.borrow())
    }

    /// The files that were chosen.
    pub fn files(&self) -> &Files {
        &self.ports.files
    }

    /// Gives an event to the desk, after those before it.
    pub fn tell(&self, happening: Happening) {
        self.events.borrow_mut().push_back(happening);
        // An effect has caused it.
        if self.is_telling.replace(true) {
            return;
        }
        loop {
            let next = self.events.borrow_mut().pop_front();
            let Some(happening) = next else { break };
            let event = Event { now: self.ports.clock.now(), happening };
            let effects = self.desk.borrow_mut().on(event);
            for effect in effects {
                self.carry_out(effect);
            }
            self.ports.page.refresh(&self.desk.borrow());
        }
        self.is_telling.set(false);
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Load(load) => self.work(Job::Load(load)),
            Effect::Write(transaction) => self.work(Job::Write(transaction)),
            Effect::ReadAttachment(id) => self.read_attachment(id),
            Effect::Upload { id, customer, session } => {
                let name = self.desk.borrow().attachment(&id).map(|known| known.record.name.clone());
                self.upload(Upload { id, name: name.unwrap_or_default(), bytes: JsValue::NULL, customer, session });
            }
            Effect::CancelUpload(id) => self.uploads.borrow_mut().retain(|(known, _)| *known != id),
            Effect::Post { key, target, body, credential, customer, session } => {
                self.post(Post { key, target, body, credential, customer, session });
            }
            Effect::AskLock(key) => self.ask_lock(key),
            Effect::ReleaseLock(key) => self.locks.borrow_mut().retain(|(known, _)| *known != key),
            Effect::SetTimer(timer, at) => {
                let (own, fired) = (self.own.clone(), timer.clone());
                let fire = move || {
                    if let Some(executor) = own.upgrade() {
                        executor.timers.borrow_mut().retain(|(known, _)| *known != fired);
                        executor.tell(Happening::TimerFired(fired));
                    }
                };
                let running = self.ports.clock.call_at(at, Box::new(fire));
                let mut timers = self.timers.borrow_mut();
                timers.retain(|(known, _)| *known != timer);
                timers.push((timer, running));
            }
            Effect::ClearTimer(timer) => self.timers.borrow_mut().retain(|(known, _)| *known != timer),
            Effect::TellOtherTabs => self.ports.page.tell_other_tabs(),
            Effect::Emit(event) => self.ports.page.emit(&event),
            Effect::Announce(note) => self.ports.page.announce(note),
            Effect::MarkReset(reset) => self.ports.store.mark(&reset),
            Effect::ClearReset(reset) => self.ports.store.clear(&reset),
        }
    }

    /// Runs a future that uses the executor, as long as there is one and the task is kept.
    fn run<F: Future<Output = ()>>(&self, act: impl FnOnce(Rc<Self>) -> F + 'static) -> Task {
        let own = self.own.clone();
        Task::run(async move {
            if let Some(executor) = own.upgrade() {
                act(executor).await;
            }
        })
    }

    fn work(&self, job: Job) {
        self.jobs.borrow_mut().push_back(job);
        if self.is_working.replace(true) {
            return;
        }
        let Some(executor) = self.own.upgrade() else { return };
        crate::browser::timer::spawn(async move {
            loop {
                let next = executor.jobs.borrow_mut().pop_front();
                let Some(job) = next else { break };
                let happening = executor.do_job(job).await;
                executor.tell(happening);
            }
            executor.is_working.set(false);
        });
    }

    async fn do_job(&self, job: Job) -> Happening {
        let Ports { store, clock, .. } = &self.ports;
        match job {
            Job::Load(load) => match clock.within(STORAGE_LIMIT, store.load()).await {
                Some(Ok(records)) => Happening::Loaded { load, records, resets: store.resets() },
                Some(Err(_)) | None => Happening::LoadFailed,
            },
            Job::Write(transaction) => {
                let id = transaction.id;
                match clock.within(STORAGE_LIMIT, store.write(transaction, clock.now())).await {
                    Some(Ok(Written::Stored)) => Happening::Stored(id),
                    Some(Ok(Written::Conflicted(found))) => Happening::Conflicted(id, found),
                    Some(Err(_)) => Happening::StorageFailed(id),
                    None => Happening::StorageTimedOut(id),
                }
            }
        }
    }

    fn read_attachment(&self, id: AttachmentId) {
        let Some(executor) = self.own.upgrade() else { return };
        crate::browser::timer::spawn(async move {
            let is_read = executor.ports.files.read(&id).await;
            executor.tell(match is_read {
                true => Happening::AttachmentRead(id),
                false => Happening::AttachmentUnreadable(id),
            });
        });
    }

    fn upload(&self, mut upload: Upload) {
        let id = upload.id.clone();
        let task = self.run(move |executor| async move {
            let id = upload.id.clone();
            let outcome = match executor.ports.store.bytes(&id).await {
                Some(bytes) => {
                    upload.bytes = bytes;
                    let (own, upload_id) = (executor.own.clone(), id.clone());
                    let progress = move |part| {
                        if let Some(executor) = own.upgrade() {
                            executor.ports.page.progress(&upload_id, part);
                        }
                    };
                    executor.ports.net.upload(upload, Box::new(progress)).await
                }
                None => UploadOutcome::Unreadable,
            };
            executor.uploads.borrow_mut().retain(|(known, _)| *known != id);
            executor.tell(Happening::AttachmentUploaded(id, outcome));
        });
        let mut uploads = self.uploads.borrow_mut();
        uploads.retain(|(known, _)| *known != id);
        uploads.push((id, task));
    }

    fn post(&self, post: Post) {
        let key = post.key.clone();
        let task = self.run(move |executor| async move {
            let key = post.key.clone();
            let answer = executor.ports.net.post(post).await;
            executor.posts.borrow_mut().retain(|(known, _)| *known != key);
            executor.tell(Happening::Answered(key, answer));
        });
        let mut posts = self.posts.borrow_mut();
        posts.retain(|(known, _)| *known != key);
        posts.push((key, task));
    }

    fn ask_lock(&self, key: IdempotencyKey) {
        let requested_key = key.clone();
        let task = self.run(move |executor| async move {
            let held = executor.ports.locks.ask(&requested_key).await;
            let happening = match &held {
                Some(_) => Happening::LockGranted(requested_key.clone()),
                None => Happening::LockLost(requested_key.clone()),
            };
            let before = executor.take_lock(&requested_key);
            if let Some(held) = held {
                executor.locks.borrow_mut().push((requested_key, LockState::Held(held)));
            }
            executor.tell(happening);
            // It is this task.
            drop(before);
        });
        drop(self.take_lock(&key));
        self.locks.borrow_mut().push((key, LockState::Asked(task)));
    }

    fn take_lock(&self, key: &IdempotencyKey) -> Option<LockState<L::Held>> {
        let mut locks = self.locks.borrow_mut();
        let index = locks.iter().position(|(known, _)| known == key)?;
        Some(locks.swap_remove(index).1)
    }
}
