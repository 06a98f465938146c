//! Locks: one tab at a time sends a submission.
//!
//! Tabs with an earlier version of the widget lock the whole outbox. They are kept out by sharing that lock beside the one of the submission.

use std::rc::Rc;
use std::time::Duration;

use domain::desk::ids::{IdempotencyKey, Time};
use domain::desk::outbox::{LEASE_MS, lease_wait};
use wasm_bindgen::JsValue;
use wire::Source;

use super::LEASES;
use super::clock::{Clock, DeviceClock};
use crate::browser::database::{Access, Change, Database, Unavailable};
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
            return lease(self.database.clone(), self.name.clone(), own).await.map(Held::Lease);
        }
        let lock = locks::request(&own, Mode::Exclusive).await?;
        Some(Held::Locks(lock, locks::request(&self.name, Mode::Shared).await?))
    }
}

/// A lease, which is renewed as long as it is held.
#[derive(Debug)]
pub struct Lease {
    database: Rc<Database>,
    name: String,
    is_held: Rc<std::cell::Cell<bool>>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.is_held.set(false);
        let (database, name) = (self.database.clone(), self.name.clone());
        timer::spawn(async move {
            // It ends by itself.
            let _ = database
                .transact(&[LEASES], Access::Write, move |_| ((), vec![Change::Delete { store: LEASES, key: name }]))
                .await;
        });
    }
}

/// `outbox` is the lease of tabs with an earlier version of the widget.
async fn lease(database: Rc<Database>, outbox: String, name: String) -> Option<Lease> {
    loop {
        let wait = take(&database, &outbox, &name).await.ok()?;
        if wait == 0 {
            break;
        }
        timer::wait(Duration::from_millis(wait.min(LOOK_MS))).await;
    }
    let is_held = Rc::new(std::cell::Cell::new(true));
    let lease = Lease { database: database.clone(), name: name.clone(), is_held: is_held.clone() };
    timer::spawn(async move {
        loop {
            timer::wait(Duration::from_millis(RENEW_MS)).await;
            if !is_held.get() {
                break;
            }
            let renewed = hold(&name);
            // One that is not renewed ends by itself.
            let _ = database.transact(&[LEASES], Access::Write, move |_| ((), vec![renewed])).await;
        }
    });
    Some(lease)
}

/// Takes a lease; otherwise returns how long another tab may have it, in milliseconds.
async fn take(database: &Database, outbox: &str, name: &str) -> Result<u64, Unavailable> {
    let names = [outbox.to_string(), name.to_string()];
    let held = hold(name);
    let take = move |stores: Vec<Vec<(String, JsValue)>>| {
        let now = DeviceClock.now();
        let leases = stores.into_iter().flatten().filter(|(key, _)| names.contains(key));
        let waits = leases.map(|(_, until)| lease_wait(Time(until.number() as u64), now));
        match waits.max().unwrap_or(0) {
            0 => (0, vec![held]),
            wait => (wait, Vec::new()),
        }
    };
    database.transact(&[LEASES], Access::Write, take).await
}

fn hold(name: &str) -> Change {
    let until = DeviceClock.now().plus(LEASE_MS).0 as f64;
    Change::Put { store: LEASES, key: name.into(), value: JsValue::from_f64(until) }
}
