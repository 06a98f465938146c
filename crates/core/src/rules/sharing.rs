//! Whether a gateway shares limits with others. It does not for a while after the database has failed to answer, longer each time, so that a
//! database that answers now and then neither holds requests up nor fills the log.

use std::time::{Duration, Instant};

/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long the database has to answer without a failure until sharing has resumed.
const STEADY: Duration = Duration::from_secs(60);

/// The state of sharing. It starts as shared.
#[derive(Debug)]
pub struct Sharing {
    first_pause: Duration,
    /// Failures since sharing has stopped; each comes after a pause.
    failures: u32,
    paused_until: Option<Instant>,
    /// Since when the database has answered, if sharing has stopped before.
    answers_since: Option<Instant>,
}

/// A change that is worth a line in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharingChange {
    /// This gateway decides alone.
    Stopped,
    /// All gateways decide together again.
    Resumed,
}

impl Sharing {
    /// Pauses for `first_pause` after the first failure, and twice as long after each further one.
    pub fn new(first_pause: Duration) -> Sharing {
        Sharing { first_pause, failures: 0, paused_until: None, answers_since: None }
    }

    /// Whether the database is left alone now.
    pub fn is_paused(&self, now: Instant) -> bool {
        self.paused_until.is_some_and(|until| until > now)
    }

    /// Notes that the database has answered.
    pub fn note_answer(&mut self, now: Instant) -> Option<SharingChange> {
        if self.failures == 0 || self.is_paused(now) {
            return None;
        }
        let since = *self.answers_since.get_or_insert(now);
        if now.duration_since(since) < STEADY {
            return None;
        }
        *self = Sharing::new(self.first_pause);
        Some(SharingChange::Resumed)
    }

    /// Notes that the database has not answered. Failures during a pause are those of requests that began before it.
    pub fn note_failure(&mut self, now: Instant) -> Option<SharingChange> {
        if self.is_paused(now) {
            return None;
        }
        let pause = self.first_pause.saturating_mul(2_u32.saturating_pow(self.failures)).min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        self.paused_until = Some(now + pause);
        self.answers_since = None;
        (self.failures == 1).then_some(SharingChange::Stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_grow_while_the_database_fails() {
        let (mut sharing, mut now) = (Sharing::new(SECOND), Instant::now());
        let pauses = [1, 2, 4, 8, 16, 30, 30].map(|seconds| SECOND * seconds);
        for (number, pause) in pauses.into_iter().enumerate() {
            assert_eq!(sharing.note_failure(now), (number == 0).then_some(SharingChange::Stopped));
            assert_eq!(sharing.note_failure(now), None, "a request that began before");
            assert!(sharing.is_paused(now + pause - SECOND / 10) && !sharing.is_paused(now + pause));
            now += pause;
        }
    }

    #[test]
    fn a_flapping_database_is_reported_once_and_its_return_when_it_has_lasted() {
        let (mut sharing, mut now, mut changes) = (Sharing::new(SECOND), Instant::now(), Vec::new());
        // It fails every ten seconds, for an hour.
        for second in 0..3_600 {
            now += SECOND;
            if !sharing.is_paused(now) {
                let change = if second % 10 == 0 { sharing.note_failure(now) } else { sharing.note_answer(now) };
                changes.extend(change);
            }
        }
        assert_eq!(changes, [SharingChange::Stopped]);
        for _ in 0..300 {
            now += SECOND;
            changes.extend(sharing.note_answer(now));
        }
        assert_eq!(changes, [SharingChange::Stopped, SharingChange::Resumed]);
        assert_eq!(sharing.note_failure(now), Some(SharingChange::Stopped));
        assert!(sharing.is_paused(now) && !sharing.is_paused(now + SECOND));
    }
}
