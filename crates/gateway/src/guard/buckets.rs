//! Token buckets in a fixed amount of memory, however many clients there are.
//! Each bucket is one number: the time at which it will be full again (the generic cell rate algorithm). A bucket has no entry of its own; its
//! key is hashed to one cell in each of several rows, and the emptiest of them counts, as in a count-min sketch. With many keys in use, two of
//! them may share a cell in one row but rarely in all, so sharing affects nobody. The hashes are seeded at random, so nobody can target the
//! cells of another key.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use deskbell_core::ports::RetryAfter;

const ROWS: usize = 2;
/// The time in which an empty bucket fills up.
pub const PERIOD: Duration = Duration::from_secs(60);

/// Token buckets.
#[derive(Debug)]
pub struct Buckets {
    /// The time until which each bucket is not full, in nanoseconds since `started`, row by row.
    cells: Mutex<Vec<u64>>,
    /// The number of cells per row.
    width: usize,
    keys: RandomState,
    /// `None` in tests, where time stands still so that no bucket fills up while they run.
    started: Option<Instant>,
}

/// A withdrawal from one bucket.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    cells: [usize; ROWS],
    /// The time in which the bucket regains the amount, in nanoseconds.
    cost: u64,
    is_probe: bool,
}

impl Draw {
    /// The same withdrawal, which only checks the amount and takes nothing.
    pub fn probe(self) -> Draw {
        Draw { is_probe: true, ..self }
    }
}

impl Buckets {
    /// Creates buckets that use `2 * width * 8` bytes.
    pub fn new(width: usize) -> Buckets {
        let width = width.max(1);
        let started = Some(Instant::now());
        Buckets { cells: Mutex::new(vec![0; width * ROWS]), width, keys: RandomState::new(), started }
    }

    /// Buckets for which time stands still.
    #[cfg(test)]
    pub fn stopped(width: usize) -> Buckets {
        Buckets { started: None, ..Buckets::new(width) }
    }

    /// A withdrawal of `cost` from the bucket of a key that holds `quota` and fills up within [`PERIOD`].
    pub fn draw(&self, key: impl Hash, quota: NonZeroU32, cost: u32) -> Draw {
        let width = self.width;
        let hash = self.keys.hash_one(key);
        let [low, high] = [hash & u64::from(u32::MAX), hash >> 32].map(|hash_part| hash_part as usize % width);
        let cost = PERIOD.as_nanos() as u64 / u64::from(quota.get()) * u64::from(cost);
        Draw { cells: [low, width + high], cost, is_probe: false }
    }

    /// Takes all withdrawals, or none if one of the buckets does not hold enough.
    pub fn take(&self, draws: &[Draw]) -> Result<(), RetryAfter> {
        let now = self.started.map_or(0, |started| started.elapsed().as_nanos() as u64);
        let mut cells = self.lock();
        let mut longest = None;
        let mut levels = Vec::with_capacity(draws.len());
        for draw in draws {
            let level = draw.cells.iter().filter_map(|cell| cells.get(*cell)).min().copied().unwrap_or_default();
            match after(level, now, draw.cost) {
                Ok(level) => levels.push(level),
                Err(wait) => longest = longest.max(Some(wait)),
            }
        }
        if let Some(wait) = longest {
            return Err(RetryAfter(wait));
        }
        for (draw, level) in draws.iter().zip(levels).filter(|(draw, _)| !draw.is_probe) {
            for cell in draw.cells {
                if let Some(cell) = cells.get_mut(cell) {
                    *cell = level.max(*cell);
                }
            }
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u64>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a bucket that is full again at `level` will be full after a withdrawal at `now`; or how long to wait until it holds enough. A cost
/// above the capacity always waits for a whole period.
fn after(level: u64, now: u64, cost: u64) -> Result<u64, Duration> {
    let period = PERIOD.as_nanos() as u64;
    let after = level.max(now).saturating_add(cost);
    let debt = after - now;
    if debt <= period { Ok(after) } else { Err(Duration::from_nanos((debt - period).min(period))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn quota(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn full_buckets_allow_a_burst_and_then_the_rate() {
        // Six per minute: each costs ten seconds.
        let mut level = 0;
        for _ in 0..6 {
            level = after(level, 100 * SECOND, 10 * SECOND).unwrap();
        }
        assert_eq!(after(level, 100 * SECOND, 10 * SECOND), Err(Duration::from_secs(10)));
        assert_eq!(after(level, 104 * SECOND, 10 * SECOND), Err(Duration::from_secs(6)));
        assert_eq!(after(level, 110 * SECOND, 10 * SECOND), Ok(170 * SECOND));
        assert_eq!(after(level, 900 * SECOND, 10 * SECOND), Ok(910 * SECOND));
        assert_eq!(after(0, 0, 61 * SECOND), Err(Duration::from_secs(1)));
        assert_eq!(after(0, 0, u64::MAX), Err(PERIOD));
    }

    #[test]
    fn several_buckets_are_charged_together_or_not_at_all() {
        let buckets = Buckets::stopped(1024);
        let [ada, all] = [("ada", quota(1)), ("all", quota(2))].map(|(key, quota)| buckets.draw(key, quota, 1));
        let bob = buckets.draw("bob", quota(1), 1);
        assert_eq!(buckets.take(&[ada, all]), Ok(()));
        // A rejected withdrawal takes nothing from the other bucket.
        assert!(buckets.take(&[ada, all]).is_err());
        assert_eq!(buckets.take(&[bob, all]), Ok(()));
        assert!(buckets.take(&[all]).is_err());
    }

    #[test]
    fn a_probe_costs_nothing() {
        let buckets = Buckets::stopped(1024);
        let draw = buckets.draw("ada", quota(1), 1);
        assert_eq!([buckets.take(&[draw.probe()]), buckets.take(&[draw.probe()]), buckets.take(&[draw])], [Ok(()); 3]);
        assert!(buckets.take(&[draw.probe()]).is_err());
    }

    #[test]
    fn a_million_keys_use_bounded_memory_and_do_not_affect_others() {
        let buckets = Buckets::stopped(1 << 18);
        let before = buckets.lock().capacity();
        for key in 0..1_000_000_u32 {
            let _ = buckets.take(&[buckets.draw(key, quota(1200), 10)]);
        }
        assert_eq!(buckets.lock().capacity(), before);
        // A new client finds nearly all of its bucket while a million others send one request each.
        let remaining = (0..120).filter(|_| buckets.take(&[buckets.draw("ada", quota(1200), 10)]).is_ok()).count();
        assert!(remaining >= 90, "{remaining}");
    }
}
