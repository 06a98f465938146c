//! Carries out the effects of the desk (`domain::desk`).
//!
//! | module | does |
//! | --- | --- |
//! | [`clock`] | the time and timers |
//! | [`locks`] | which tab may send a submission: a Web Lock for each, or a lease on the device |
//! | [`net`] | posts submissions and uploads attachments, as the customer, with time limits |
//! | [`executor`] | gives events to the desk, and carries out what it wants with the four above |
//! | [`task`] | tasks that end when they are dropped |
//! | [`store`] | reads the records on the device, writes transactions, and has the marks of resets |
//! | [`files`] | the bytes of attachments in memory |
//! | [`random`] | ids, revisions and jitter |

pub mod clock;
pub mod executor;
pub mod files;
pub mod locks;
pub mod net;
pub mod random;
pub mod store;
pub mod task;

use crate::browser::database::Database;

/// The object stores of the database.
const STORES: [&str; 5] = ["drafts", "outbox", "receipts", LEASES, "files"];
const LEASES: &str = "leases";

/// The database on the device. Its version stays the same as long as tabs with an earlier version of the widget may run beside.
pub fn database() -> Database {
    Database::new("deskbell", 1, &STORES)
}
