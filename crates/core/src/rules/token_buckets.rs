//! Token buckets in a fixed number of cells, however many clients there are.
//! Each bucket is one number: the time at which it will be full again (the generic cell rate algorithm). A bucket has no entry of its own; it
//! is hashed to one cell in each of several rows, and the emptiest of them counts, as in a count-min sketch. With many buckets in use, two of
//! them may share a cell in one row but rarely in all, so sharing affects nobody.

use std::time::Duration;

use crate::ports::{BucketKind, Draw, RetryAfter};

/// The number of rows.
pub const ROWS: usize = 2;
/// The cells of a gateway, and of all gateways on a database. With two rows of 2^18, fifty thousand clients that have used up their limits make one
/// in thirty others share one; with 2^16 it would be every fourth.
pub const LAYOUT: Layout = Layout { of_clients: 1 << 18, of_sites: 1 << 12 };
/// The time in which an empty bucket fills up.
pub const PERIOD: Duration = Duration::from_secs(60);
const PERIOD_NANOS: u64 = PERIOD.as_nanos() as u64;

/// The cells of all buckets: how many there are in each row, by what buckets are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// For clients.
    pub of_clients: usize,
    /// For sites.
    pub of_sites: usize,
}

impl Layout {
    /// The number of cells.
    pub fn cells(&self) -> usize {
        ROWS * (self.of_clients + self.of_sites)
    }

    /// The cells of the bucket of a withdrawal.
    pub fn cells_of(&self, draw: &Draw) -> [usize; ROWS] {
        let (start, width) = match draw.kind {
            BucketKind::Client => (0, self.of_clients),
            BucketKind::Site => (ROWS * self.of_clients, self.of_sites),
        };
        let [low, high] =
            [draw.bucket & u64::from(u32::MAX), draw.bucket >> 32].map(|part| part as usize % width.max(1));
        [start + low, start + width + high]
    }

    /// Takes all withdrawals, or none if one of the buckets does not hold enough: the cells that change, with their new levels. `now` and levels
    /// are in nanoseconds since any moment; `level` is the time until which the bucket in a cell is not full.
    pub fn take(
        &self,
        draws: &[Draw],
        now: u64,
        level: impl Fn(usize) -> u64,
    ) -> Result<Vec<(usize, u64)>, RetryAfter> {
        let (mut changed, mut longest) = (Vec::new(), None);
        for draw in draws {
            // An empty bucket is full within a period. If it is not, the clock was set back, and nobody knows when it was filled.
            let cells = self.cells_of(draw).map(|cell| (cell, level(cell)));
            let cells =
                cells.map(|(cell, level)| (cell, if level > now.saturating_add(PERIOD_NANOS) { now } else { level }));
            let lowest = cells.iter().map(|(_, level)| *level).min().unwrap_or_default();
            match after(lowest, now, draw.cost) {
                Ok(_) if draw.is_probe => {}
                Ok(after) => changed.extend(cells.map(|(cell, level)| (cell, after.max(level)))),
                Err(wait) => longest = longest.max(Some(wait)),
            }
        }
        longest.map_or(Ok(changed), |wait| Err(RetryAfter(wait)))
    }
}

/// When a bucket that is full again at `level` will be full after a withdrawal at `now`; or how long to wait until it holds enough. A cost
/// above the capacity always waits for a whole period.
fn after(level: u64, now: u64, cost: u64) -> Result<u64, Duration> {
    let after = level.max(now).saturating_add(cost);
    let debt = after - now;
    if debt <= PERIOD_NANOS { Ok(after) } else { Err(Duration::from_nanos((debt - PERIOD_NANOS).min(PERIOD_NANOS))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

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
    fn a_clock_that_was_set_back_locks_nobody_out() {
        let layout = Layout { of_clients: 1, of_sites: 1 };
        let draw = Draw { kind: BucketKind::Client, bucket: 1, cost: 30 * SECOND, is_probe: false };
        let mut levels = [10_000 * SECOND; 4];
        let mut take = |now| {
            let changed = layout.take(&[draw], now, |cell| levels[cell])?;
            changed.into_iter().for_each(|(cell, level)| levels[cell] = level);
            Ok::<_, RetryAfter>(())
        };
        assert_eq!([take(100 * SECOND), take(100 * SECOND)], [Ok(()), Ok(())]);
        assert_eq!(take(100 * SECOND), Err(RetryAfter(Duration::from_secs(30))), "the limit holds from then on");
    }

    #[test]
    fn fifty_thousand_clients_at_their_limits_hardly_affect_others() {
        let mut levels = vec![0; LAYOUT.cells()];
        // What a hash would do.
        let draw = |client: u64| {
            let mixed = client.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bucket = mixed ^ (mixed >> 31);
            Draw { kind: BucketKind::Client, bucket, cost: 60 * SECOND, is_probe: false }
        };
        for client in 1..=50_000 {
            for (cell, level) in LAYOUT.take(&[draw(client)], 0, |cell| levels[cell]).unwrap_or_default() {
                levels[cell] = level;
            }
        }
        let refused =
            (100_001..=110_000).filter(|client| LAYOUT.take(&[draw(*client)], 0, |cell| levels[cell]).is_err());
        let refused = refused.count();
        assert!(refused < 500, "{refused} of 10,000");
    }

    #[test]
    fn the_cells_of_clients_and_sites_are_apart() {
        let layout = Layout { of_clients: 8, of_sites: 4 };
        for bucket in (0..1_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15)) {
            let draw = |kind| Draw { kind, bucket, cost: 1, is_probe: false };
            let [first, second] = layout.cells_of(&draw(BucketKind::Client));
            assert!(first < 8 && (8..16).contains(&second));
            let [first, second] = layout.cells_of(&draw(BucketKind::Site));
            assert!((16..20).contains(&first) && (20..24).contains(&second));
        }
        assert_eq!(layout.cells(), 24);
    }
}
