//! How fast an account is asked: a part of what it allows a minute, so that others who use it get their turn.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What the smallest plan allows a minute; known better after the first answer.
const LEAST: f64 = 200.0;
/// The part of it that is used up in the long run.
const SHARE: f64 = 0.7;
/// The part of it that may be used at once.
const BURST: f64 = 0.1;

/// Gives out turns.
#[derive(Debug)]
pub struct Pace(Mutex<State>);

#[derive(Debug)]
struct State {
    per_minute: f64,
    /// Turns that can be taken at once; below zero where turns of the future are given out.
    turns: f64,
    at: Instant,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace(Mutex::new(State { per_minute: LEAST, turns: LEAST * BURST, at: Instant::now() }))
    }
}

impl Pace {
    /// Waits for a turn.
    pub async fn turn(&self) {
        let wait = self.take(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// The account has said what it allows a minute.
    pub fn allowed(&self, per_minute: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).per_minute = f64::from(per_minute.max(1));
    }

    /// Takes the next turn, and tells how long it is until then.
    fn take(&self, now: Instant) -> Duration {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let a_second = state.per_minute * SHARE / 60.0;
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        state.turns = (state.turns + passed * a_second).min((state.per_minute * BURST).max(1.0)) - 1.0;
        state.at = now.max(state.at);
        Duration::from_secs_f64((-state.turns).max(0.0) / a_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_turns_than_its_share_and_none_is_lost() {
        let (pace, start) = (Pace::default(), Instant::now());
        pace.allowed(600);
        let turns: Vec<f64> = (0..2_000).map(|_| pace.take(start).as_secs_f64()).collect();
        let most = turns.iter().map(|from| turns.iter().filter(|at| (*from..*from + 60.0).contains(*at)).count()).max();
        assert!(most.is_some_and(|most| (410..=490).contains(&most)), "{most:?}");
        let last = turns.last().copied().unwrap();
        assert!((2_000.0 / 7.0 - 10.0..2_000.0 / 7.0).contains(&last), "{last}");
    }

    #[test]
    fn who_asks_seldom_never_waits() {
        let (pace, start) = (Pace::default(), Instant::now());
        for second in 0..600 {
            assert_eq!(pace.take(start + Duration::from_secs(second)), Duration::ZERO);
        }
    }
}
