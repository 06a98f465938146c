//! The backoff between attempts.

use std::time::Duration;

use crate::timestamp::Timestamp;

/// The pause after the first attempt; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The pause after this many failures, up to a quarter longer or shorter according to `random`, so that simultaneous failures are not retried
/// simultaneously.
pub fn pause(failures: u32, longest: Duration, random: u8) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(longest);
    doubled * 3 / 4 + doubled * u32::from(random) / 510
}

/// When the next attempt is due after so many; none if `give_up_after` after `since` is over, and no further attempt is made.
pub fn next_attempt_at(
    attempts: u32,
    since: Timestamp,
    give_up_after: Duration,
    now: Timestamp,
    random: u8,
) -> Option<Timestamp> {
    let next = now + pause(attempts, LONGEST_PAUSE, random);
    (next <= since + give_up_after).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    #[test]
    fn backoff_grows_to_an_hour_and_ends_in_time() {
        let since: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let pause =
            |attempts, random| next_attempt_at(attempts, since, DAY, since, random).unwrap().since(since).as_secs_f64();
        assert_eq!([pause(1, 0), pause(1, 255), pause(2, 0), pause(5, 255)], [1.5, 2.5, 3.0, 40.0]);
        assert_eq!([pause(30, 0), pause(u32::MAX, 255)], [2700.0, 4500.0]);
        let (mut now, mut attempts) = (since, 0);
        while let Some(next) = next_attempt_at(attempts + 1, since, DAY, now, 128) {
            (now, attempts) = (next, attempts + 1);
        }
        assert!((30..40).contains(&attempts), "{attempts}");
        assert!(now.since(since).as_secs() > 22 * 3600, "{now}");
    }
}
