//! When it is tried again.

use std::time::Duration;

use jiff::Timestamp;

/// The pause after the first try; each is twice as long as the one before it.
const FIRST: Duration = Duration::from_secs(2);
/// The longest.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// For how long it is tried. Later than this nobody waits for a receipt.
const GIVEN_UP: Duration = Duration::from_secs(24 * 60 * 60);

/// When a mail of a time is tried again after so many tries; none where it is given up. A quarter more or less, by `random`, so that
/// what failed together does not come back together.
pub fn next(tries: u32, since: Timestamp, now: Timestamp, random: u8) -> Option<Timestamp> {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST);
    let pause = doubled * 3 / 4 + doubled * u32::from(random) / 510;
    let (next, end) = (now.checked_add(pause).ok()?, since.checked_add(GIVEN_UP).ok()?);
    (next <= end).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_end_after_a_day() {
        let since: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let pause = |tries, random| next(tries, since, since, random).unwrap().duration_since(since).as_secs_f64();
        assert_eq!([pause(1, 0), pause(1, 255), pause(2, 0), pause(5, 255)], [1.5, 2.5, 3.0, 40.0]);
        assert_eq!([pause(30, 0), pause(u32::MAX, 255)], [2700.0, 4500.0]);
        let (mut now, mut tries) = (since, 0);
        while let Some(next) = next(tries + 1, since, now, 128) {
            (now, tries) = (next, tries + 1);
        }
        assert!((30..40).contains(&tries), "{tries}");
        assert!(now.duration_since(since).as_secs() > 22 * 3600, "{now}");
    }
}
