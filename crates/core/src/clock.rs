//! The current time.

use std::fmt;
use std::time::Duration;

use crate::timestamp::Timestamp;

/// A source of the current time. A store has one, by which it decides what is due and which claims have expired: gateways on one database may
/// have clocks that differ.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

/// The current time, by the clock of this machine.
pub fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}

/// The time that remains until `until`; zero if it has passed.
pub fn left(until: Timestamp) -> Duration {
    until.since(now())
}

/// The Monday of the current week, or of the week `ago` weeks earlier, as `2026-11-23` in UTC.
pub fn week(ago: u32) -> String {
    weeks_ago(ago).week()
}

/// The current time `ago` weeks earlier.
pub fn weeks_ago(ago: u32) -> Timestamp {
    now() - WEEK * ago
}

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
