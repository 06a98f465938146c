//! Locks: one tab at a time sends a submission.
//!
//! Tabs with an earlier version of the widget lock the whole outbox. They are kept out by sharing that lock beside the one of the submission.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use domain::desk::ids::{IdempotencyKey, Time};
use domain::desk::leases::{LEASE_MS, Leases};
use wasm_bindgen::JsValue;
use wire::Source;

use super::LEASES;
use super::clock::{Clock, DeviceClock};
use crate::browser::database::{Access, Change, Database, Entries, Unavailable};
use crate::browser::locks::{self, Lock, Mode};
use crate::browser::timer;

/// How often a lease is renewed. It is short, because a tab that is closed meanwhile does not release it.
const RENEW_MS: u64 = 3_000;
/// How often a lease of another tab is looked at again.
const LOOK_MS: u64 = 500;

/// Locks of submissions.
pub trait Locks {
    /// A lock that is held. Dropping it releases it.
    type Held;

    /// Waits for the lock of a submission; `None` if there is none to be had. Dropping the future gives up.
    fn ask(&self, key: &IdempotencyKey) -> impl Future<Output = Option<Self::Held>>;
}

/// The locks of a site on this device.
#[derive(Clone, Debug)]
pub struct DeviceLocks {
    name: String,
    database: Rc<Database>,
}

/// A lock that is held.
#[derive(Debug)]
pub enum Held {
    /// The lock of the submission, and that of the outbox.
    Locks(Lock, Lock),
    /// A lease, in browsers without locks.
    Lease(Lease),
}

impl DeviceLocks {
    /// The locks of a site.
    pub fn new(site: &str, database: Rc<Database>) -> DeviceLocks {
        DeviceLocks { name: ["deskbell:", site, ":outbox"].concat(), database }
    }
}

impl Locks for DeviceLocks {
    type Held = Held;

    async fn ask(&self, key: &IdempotencyKey) -> Option<Held> {
        let own = [&self.name, ":", &key.0].concat();
        if !locks::are_supported() {
            let place =
                Place { database: self.database.clone(), outbox: self.name.clone(), own, until: Cell::default() };
            return lease(place).await.map(Held::Lease);
        }
        let lock = locks::request(&own, Mode::Exclusive).await?;
        Some(Held::Locks(lock, locks::request(&self.name, Mode::Shared).await?))
    }
}

/// A lease, which is renewed as long as it is held. Together with it the lease of the outbox is held, which tabs with an earlier version of the
/// widget take; submissions share that one.
#[derive(Debug)]
pub struct Lease {
    place: Rc<Place>,
    is_held: Rc<Cell<bool>>,
}

/// Where a lease is.
#[derive(Debug)]
struct Place {
    database: Rc<Database>,
    outbox: String,
    own: String,
    /// Until when it was last taken. Another time on the device is another tab's.
    until: Cell<Time>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.is_held.set(false);
        let place = self.place.clone();
        timer::spawn(async move {
            // It ends by itself.
            let _ = place.release().await;
        });
    }
}

async fn lease(place: Place) -> Option<Lease> {
    loop {
        let wait = place.take().await.ok()?;
        if wait == 0 {
            break;
        }
        timer::wait(Duration::from_millis(wait.min(LOOK_MS))).await;
    }
    let is_held = Rc::new(Cell::new(true));
    let lease = Lease { place: Rc::new(place), is_held: is_held.clone() };
    let place = lease.place.clone();
    timer::spawn(async move {
        loop {
            timer::wait(Duration::from_millis(RENEW_MS)).await;
            // One that is not renewed ends by itself.
            if !is_held.get() || place.renew().await == Ok(false) {
                break;
            }
        }
    });
    Some(lease)
}

impl Place {
    /// Takes the lease; otherwise returns how long another tab may have it, in milliseconds.
    async fn take(&self) -> Result<u64, Unavailable> {
        self.change(|leases, _| match leases.wait(DeviceClock.now()) {
            0 => (0, true),
            wait => (wait, false),
        })
        .await
    }

    /// Renews the lease; `false` if another tab may have it by now, because this one was suspended.
    async fn renew(&self) -> Result<bool, Unavailable> {
        self.change(|leases, until| {
            let is_renewed = leases.can_be_renewed(until, DeviceClock.now());
            (is_renewed, is_renewed)
        })
        .await
    }

    /// Reads the leases, and takes the own one and that of the outbox if `decide` says so.
    async fn change<T: 'static>(
        &self,
        decide: impl FnOnce(&Leases, Time) -> (T, bool) + 'static,
    ) -> Result<T, Unavailable> {
        let (outbox, own, before) = (self.outbox.clone(), self.own.clone(), self.until.get());
        let until = DeviceClock.now().plus(LEASE_MS);
        let read = move |stores| {
            let (result, is_taken) = decide(&leases(stores, &outbox, &own), before);
            let held = |key| Change::Put { store: LEASES, key, value: JsValue::from_f64(until.0 as f64) };
            let changes = if is_taken { vec![held(own), held(outbox)] } else { Vec::new() };
            ((result, is_taken), changes)
        };
        let (result, is_taken) = self.database.transact(&[LEASES], Access::Write, read).await?;
        if is_taken {
            self.until.set(until);
        }
        Ok(result)
    }

    async fn release(&self) -> Result<(), Unavailable> {
        let (outbox, own, until) = (self.outbox.clone(), self.own.clone(), self.until.get());
        let release = move |stores| {
            let released = leases(stores, &outbox, &own).released(until, DeviceClock.now());
            let delete = |key| Change::Delete { store: LEASES, key };
            ((), released.into_iter().map(delete).collect())
        };
        self.database.transact(&[LEASES], Access::Write, release).await
    }
}

fn leases(stores: Vec<Entries>, outbox: &str, own: &str) -> Leases {
    let entries = stores.into_iter().flatten().map(|(key, until)| (key, Time(until.number() as u64)));
    Leases { outbox: outbox.into(), own: own.into(), entries: entries.collect() }
}
