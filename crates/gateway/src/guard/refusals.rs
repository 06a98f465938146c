//! What the shared buckets have refused behind requests that did not wait for them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use deskbell_core::ports::RetryAfter;

/// How many refusals are remembered at most. A later one may replace an earlier one, whose client then gets one more request through.
const CELLS: usize = 1 << 12;

/// The refusals that are still in force, by the hash of what was charged.
#[derive(Debug)]
pub struct Refusals(Mutex<Vec<Option<(u64, Instant)>>>);

impl Default for Refusals {
    /// Nothing was refused.
    fn default() -> Refusals {
        Refusals(Mutex::new(vec![None; CELLS]))
    }
}

impl Refusals {
    /// Remembers that a charge was refused, for as long as it has to wait.
    pub fn remember(&self, charge: u64, RetryAfter(wait): RetryAfter) {
        let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get_mut(charge as usize % CELLS) {
            *cell = Some((charge, Instant::now() + wait));
        }
    }

    /// An error if an equal charge was refused and has to wait.
    pub fn check(&self, charge: u64) -> Result<(), RetryAfter> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refusal = cells.get(charge as usize % CELLS).copied().flatten().filter(|(refused, _)| *refused == charge);
        let wait = refusal.map(|(_, until)| until.duration_since(Instant::now())).filter(|wait| *wait > Duration::ZERO);
        wait.map_or(Ok(()), |wait| Err(RetryAfter(wait)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn refusals_are_in_force_for_their_time_and_for_their_charge() {
        let refusals = Refusals::default();
        refusals.remember(7, RetryAfter(Duration::from_secs(5)));
        assert_eq!(refusals.check(7), Err(RetryAfter(Duration::from_secs(5))));
        assert_eq!(refusals.check(7 + CELLS as u64), Ok(()));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(refusals.check(7), Ok(()));
    }
}
