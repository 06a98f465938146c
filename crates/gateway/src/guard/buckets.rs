//! Token buckets in memory, and the hashes of what they belong to.

use std::hash::{Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use sha2::{Digest, Sha256};

use deskbell_core::ports::{Draw, RetryAfter};
use deskbell_core::rules::token_buckets::Layout;

/// Token buckets.
#[derive(Debug)]
pub struct Buckets {
    /// The time until which each bucket is not full, in nanoseconds since `started`.
    levels: Mutex<Vec<u64>>,
    layout: Layout,
    /// `None` in tests, where time stands still so that no bucket fills up while they run.
    started: Option<Instant>,
}

impl Buckets {
    /// Buckets that use eight bytes for each cell.
    pub fn new(layout: Layout) -> Buckets {
        Buckets { levels: Mutex::new(vec![0; layout.cells()]), layout, started: Some(Instant::now()) }
    }

    /// Buckets for which time stands still.
    #[cfg(test)]
    pub fn stopped(layout: Layout) -> Buckets {
        Buckets { started: None, ..Buckets::new(layout) }
    }

    /// Takes all withdrawals, or none if one of the buckets does not hold enough.
    pub fn take(&self, draws: &[Draw]) -> Result<(), RetryAfter> {
        let now = self.started.map_or(0, |started| started.elapsed().as_nanos() as u64);
        let mut levels = self.lock();
        let level = |cell: usize| levels.get(cell).copied().unwrap_or_default();
        for (cell, level) in self.layout.take(draws, now, level)? {
            if let Some(cell) = levels.get_mut(cell) {
                *cell = level;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u64>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hashes what buckets belong to, with a key, so that nobody can target the cells of another bucket. All gateways that share buckets hash
/// alike; while builds of different compilers run side by side they may differ, and the limits of each hold alone.
#[derive(Clone, Debug)]
pub struct BucketHash(Sha256);

impl BucketHash {
    /// Hashes with a key.
    pub fn new(key: &[u8]) -> BucketHash {
        BucketHash(Sha256::new_with_prefix(key))
    }

    /// The hash of a value.
    pub fn hash(&self, value: impl Hash) -> u64 {
        let mut hasher = self.clone();
        value.hash(&mut hasher);
        hasher.finish()
    }
}

impl Hasher for BucketHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(self.0.clone().finalize());
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::ports::BucketKind;
    use deskbell_core::rules::token_buckets::PERIOD;

    const LAYOUT: Layout = Layout { of_clients: 1024, of_sites: 1 };

    /// A withdrawal from the bucket of a key that holds `quota`.
    fn draw(key: impl Hash, quota: u64, cost: u64) -> Draw {
        let cost = PERIOD.as_nanos() as u64 / quota * cost;
        Draw { kind: BucketKind::Client, bucket: BucketHash::new(&[7; 32]).hash(key), cost, is_probe: false }
    }

    #[test]
    fn several_buckets_are_charged_together_or_not_at_all() {
        let buckets = Buckets::stopped(LAYOUT);
        let [ada, bob, all] = [draw("ada", 1, 1), draw("bob", 1, 1), draw("all", 2, 1)];
        assert_eq!(buckets.take(&[ada, all]), Ok(()));
        // A rejected withdrawal takes nothing from the other bucket.
        assert!(buckets.take(&[ada, all]).is_err());
        assert_eq!(buckets.take(&[bob, all]), Ok(()));
        assert!(buckets.take(&[all]).is_err());
    }

    #[test]
    fn a_probe_costs_nothing() {
        let (buckets, draw) = (Buckets::stopped(LAYOUT), draw("ada", 1, 1));
        assert_eq!([buckets.take(&[draw.probe()]), buckets.take(&[draw.probe()]), buckets.take(&[draw])], [Ok(()); 3]);
        assert!(buckets.take(&[draw.probe()]).is_err());
    }

    #[test]
    fn hashes_depend_on_the_key() {
        let [one, same, other] = [[1; 32], [1; 32], [2; 32]].map(|key| BucketHash::new(&key).hash(("ada", 1)));
        assert!(one == same && one != other);
    }

    #[test]
    fn a_million_keys_use_bounded_memory_and_do_not_affect_others() {
        let buckets = Buckets::stopped(Layout { of_clients: 1 << 18, of_sites: 1 });
        let before = buckets.lock().capacity();
        for key in 0..1_000_000_u32 {
            let _ = buckets.take(&[draw(key, 1200, 10)]);
        }
        assert_eq!(buckets.lock().capacity(), before);
        // A new client finds nearly all of its bucket while a million others send one request each.
        let remaining = (0..120).filter(|_| buckets.take(&[draw("ada", 1200, 10)]).is_ok()).count();
        assert!(remaining >= 90, "{remaining}");
    }
}
