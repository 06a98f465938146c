//! How many gateways use the store, as far as this one knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a lower number has to hold. When a database comes back, the first gateway that connects sees only itself.
const HOLD: Duration = Duration::from_secs(60);

/// The number of gateways when the store was last asked; at least one. Clones share it.
#[derive(Clone, Debug)]
pub struct GatewayCount(Arc<AtomicU32>);

impl Default for GatewayCount {
    fn default() -> GatewayCount {
        GatewayCount(Arc::new(AtomicU32::new(1)))
    }
}

impl GatewayCount {
    /// The number.
    pub fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets the number.
    pub fn set(&self, gateways: u32) {
        self.0.store(gateways.max(1), Ordering::Relaxed);
    }
}

/// Follows the numbers that the store reports: a higher one at once, a lower one only once it has held for a minute without interruption. So no gateway uses
/// more than its part of a limit while others connect again.
#[derive(Debug, Default)]
pub struct GatewayCountFilter {
    count: u32,
    /// Since when the numbers have been lower, and the highest of them.
    lower: Option<(Instant, u32)>,
}

impl GatewayCountFilter {
    /// The number after the store has reported one; none if it did not answer.
    pub fn observe(&mut self, reported: Option<u32>, now: Instant) -> u32 {
        let Some(reported) = reported.filter(|reported| *reported < self.count) else {
            self.count = self.count.max(reported.unwrap_or_default());
            self.lower = None;
            return self.count;
        };
        let (since, highest) = self.lower.unwrap_or((now, reported));
        let highest = highest.max(reported);
        self.lower = Some((since, highest));
        if now.saturating_duration_since(since) >= HOLD {
            (self.count, self.lower) = (highest, (reported < highest).then_some((now, reported)));
        }
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers after reports at seconds.
    fn counts(reports: &[(u64, Option<u32>)]) -> Vec<u32> {
        let (start, mut filter) = (Instant::now(), GatewayCountFilter::default());
        let observe =
            |(second, reported): &(u64, Option<u32>)| filter.observe(*reported, start + Duration::from_secs(*second));
        reports.iter().map(observe).collect()
    }

    #[test]
    fn a_lower_number_of_gateways_counts_once_it_has_held() {
        assert_eq!(counts(&[(0, Some(1)), (5, Some(3)), (10, Some(2)), (69, Some(2)), (70, Some(2))]), [1, 3, 3, 3, 2]);
        // Only the highest of the lower numbers has held.
        assert_eq!(
            counts(&[(0, Some(4)), (5, Some(1)), (10, Some(2)), (65, Some(1)), (125, Some(1))]),
            [4, 4, 4, 2, 1]
        );
        assert_eq!(counts(&[(0, Some(3)), (5, Some(2)), (50, Some(3)), (70, Some(2))]), [3, 3, 3, 3]);
    }

    #[test]
    fn after_an_outage_the_number_before_it_holds() {
        let outage = [(0, Some(3)), (5, None), (600, Some(1)), (605, Some(2)), (610, Some(3))];
        assert_eq!(counts(&outage), [3; 5]);
        assert_eq!(counts(&[(0, Some(3)), (5, Some(1)), (10, None), (600, Some(1)), (605, Some(1))]), [3; 5]);
    }
}
