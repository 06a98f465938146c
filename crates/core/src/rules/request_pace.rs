//! How fast requests are sent to an account elsewhere: at a share of what it allows per minute, so that other clients get their turn, and not at
//! all while it demands a pause.

use std::time::Duration;

use crate::ports::PaceChange;
use crate::timestamp::Timestamp;

/// The limit of the smallest plan, per minute; replaced by that of the first response.
const LIMIT_DEFAULT: f64 = 200.0;
/// The share of it that is used on average.
const SHARE: f64 = 0.7;
/// The share of it that may be used at once.
const BURST: f64 = 0.1;
/// The share of the burst that look-ups leave for later requests.
const RESERVE: f64 = 0.5;
/// The most turns that are reserved. Each gateway reserves one at a time; those of gateways that have stopped meanwhile are lost.
const TURNS_MAX: f64 = 50.0;
/// The longest pause that an account can demand. A later end is that of a clock that was set back since.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// The pace of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// What the account allows per minute.
    pub per_minute: f64,
    /// Requests that could be sent at once at `refilled_at`; below zero, as many turns are reserved.
    pub free: f64,
    /// When `free` was last computed.
    pub refilled_at: Timestamp,
    /// Until when nothing is admitted, because the account demanded a pause.
    pub paused_until: Option<Timestamp>,
    /// How many gateways keep such a pace for the account, each for itself; each uses an equal part.
    pub parts: u32,
}

impl Pace {
    /// The pace of an account that has not answered yet.
    pub fn new(now: Timestamp) -> Pace {
        Pace { per_minute: LIMIT_DEFAULT, free: LIMIT_DEFAULT * BURST, refilled_at: now, paused_until: None, parts: 1 }
    }

    /// Changes the pace. The error is the time after which the request may be sent. [`PaceChange::Take`] has reserved its turn then; of all others
    /// nothing was taken.
    pub fn apply(&mut self, change: PaceChange, now: Timestamp) -> Result<(), Duration> {
        self.refill(now);
        match change {
            PaceChange::Take => {
                self.free = (self.free - 1.0).max(-TURNS_MAX);
                return self.wait_until_free(0.0, now);
            }
            PaceChange::TakeReserved => return self.pause_left(now).map_or(Ok(()), Err),
            PaceChange::TakeSpare(requests) => {
                let requests = f64::from(requests);
                self.wait_until_free(requests + self.burst() * RESERVE, now)?;
                self.free -= requests;
            }
            PaceChange::GiveBack(requests) => self.free += f64::from(requests),
            PaceChange::SetLimit(per_minute) => {
                let per_minute = f64::from(per_minute.max(1));
                // The same share of the burst stays free, or a larger account would have to save up for look-ups first. Reserved turns stay as many.
                if self.free > 0.0 {
                    self.free *= per_minute / self.per_minute;
                }
                self.per_minute = per_minute;
            }
            PaceChange::Pause(time) => {
                let until = now + time.min(PAUSE_MAX);
                self.paused_until =
                    Some(until + self.pause_left(now).unwrap_or_default().saturating_sub(until.since(now)));
            }
        }
        Ok(())
    }

    /// From now on the account has so many equal parts, one of which this pace may use.
    pub fn divide(&mut self, parts: u32, now: Timestamp) {
        self.refill(now);
        self.parts = parts.max(1);
        self.free = self.free.min(self.burst());
    }

    /// Counts requests that were admitted elsewhere, by the same rule.
    pub fn count(&mut self, requests: u32, now: Timestamp) {
        self.refill(now);
        self.free = (self.free - f64::from(requests)).max(0.0);
    }

    /// The rest of a pause.
    pub fn pause_left(&self, now: Timestamp) -> Option<Duration> {
        self.paused_until.map(|until| until.since(now)).filter(|left| !left.is_zero() && *left <= PAUSE_MAX)
    }

    fn per_second(&self) -> f64 {
        self.per_minute * SHARE / f64::from(self.parts) / 60.0
    }

    fn burst(&self) -> f64 {
        (self.per_minute * BURST / f64::from(self.parts)).max(1.0)
    }

    fn refill(&mut self, now: Timestamp) {
        let passed = now.since(self.refilled_at).as_secs_f64();
        self.free = (self.free + passed * self.per_second()).min(self.burst());
        self.refilled_at = now;
    }

    /// The time until this many requests are free and no pause is left, if that is not now.
    fn wait_until_free(&self, requests: f64, now: Timestamp) -> Result<(), Duration> {
        let missing = requests - self.free;
        // Rounded up, so that they are free by then.
        let refill =
            (missing > 0.0).then(|| Duration::from_secs_f64(missing / self.per_second()) + Duration::from_millis(1));
        refill.max(self.pause_left(now)).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// How many times a change is possible at a time. No turn stays reserved.
    fn taken(pace: &mut Pace, change: PaceChange, now: Timestamp) -> usize {
        let taken = (0..1_000).take_while(|_| pace.apply(change, now).is_ok()).count();
        if change == PaceChange::Take {
            pace.apply(PaceChange::GiveBack(1), now).unwrap();
        }
        taken
    }

    #[test]
    fn waiting_requests_get_their_turns_one_after_the_other() {
        let start = Timestamp::EPOCH;
        let mut pace = Pace::new(start);
        pace.apply(PaceChange::SetLimit(60), start).unwrap();
        assert_eq!(taken(&mut pace, PaceChange::Take, start), 6);
        let waits: Vec<Duration> = (0..3).map(|_| pace.apply(PaceChange::Take, start).unwrap_err()).collect();
        for (number, wait) in waits.iter().enumerate() {
            let turn = Duration::from_secs_f64((number + 1) as f64 / 0.7);
            assert!(*wait >= turn && *wait < turn + SECOND / 100, "{waits:?}");
        }
        let mut later = pace;
        assert!(later.apply(PaceChange::TakeSpare(1), start + SECOND * 4).is_err(), "look-ups come after them");
        pace.apply(PaceChange::SetLimit(600), start).unwrap();
        let wait = pace.apply(PaceChange::Take, start).unwrap_err();
        assert!(wait > SECOND / 2 && wait < SECOND, "four turns at the new pace: {wait:?}");
        // Whoever comes when all turns have passed need not wait.
        assert_eq!(pace.apply(PaceChange::Take, start + SECOND), Ok(()));
    }

    #[test]
    fn a_pause_holds_up_reserved_turns_as_well_and_lost_turns_are_bounded() {
        let start = Timestamp::EPOCH;
        let mut pace = Pace::new(start);
        let longest = (0..1_000).filter_map(|_| pace.apply(PaceChange::Take, start).err()).max().unwrap();
        assert!(longest < SECOND * 22, "{longest:?}");
        pace.apply(PaceChange::Pause(SECOND * 30), start).unwrap();
        assert_eq!(pace.apply(PaceChange::TakeReserved, start + SECOND * 25), Err(SECOND * 5));
        assert_eq!(pace.apply(PaceChange::TakeReserved, start + SECOND * 30), Ok(()));
    }

    #[test]
    fn a_tenth_is_sent_at_once_and_seven_tenths_per_minute() {
        let start = Timestamp::EPOCH;
        let mut pace = Pace::new(start);
        pace.apply(PaceChange::SetLimit(600), start).unwrap();
        assert_eq!(taken(&mut pace, PaceChange::Take, start), 60);
        let mut later = pace;
        let wait = later.apply(PaceChange::Take, start).unwrap_err();
        assert!(wait > SECOND / 8 && wait < SECOND / 6, "{wait:?}");
        let in_a_minute: usize =
            (1..=60).map(|second| taken(&mut pace, PaceChange::Take, start + SECOND * second)).sum();
        assert_eq!(in_a_minute, 420);
        assert_eq!(taken(&mut pace, PaceChange::Take, start + SECOND * 3_600), 60);
    }

    #[test]
    fn look_ups_leave_half_of_the_burst() {
        let mut pace = Pace::new(Timestamp::EPOCH);
        assert_eq!(taken(&mut pace, PaceChange::TakeSpare(2), Timestamp::EPOCH), 5);
        pace.apply(PaceChange::GiveBack(1), Timestamp::EPOCH).unwrap();
        assert!(pace.apply(PaceChange::TakeSpare(2), Timestamp::EPOCH).is_err());
        assert!(pace.apply(PaceChange::TakeSpare(1), Timestamp::EPOCH).is_ok());
    }

    #[test]
    fn each_of_three_parts_admits_a_third() {
        let start = Timestamp::EPOCH;
        let mut pace = Pace::new(start);
        pace.apply(PaceChange::SetLimit(600), start).unwrap();
        pace.divide(3, start);
        assert_eq!(taken(&mut pace, PaceChange::Take, start), 20);
        let in_a_minute: usize =
            (1..=60).map(|second| taken(&mut pace, PaceChange::Take, start + SECOND * second)).sum();
        assert_eq!(in_a_minute, 140);
        pace.divide(1, start + SECOND * 60);
        assert_eq!(taken(&mut pace, PaceChange::Take, start + SECOND * 120), 60);
    }

    #[test]
    fn the_longest_pause_counts() {
        let start = Timestamp::EPOCH;
        let mut pace = Pace::new(start);
        for seconds in [30, 10] {
            pace.apply(PaceChange::Pause(SECOND * seconds), start).unwrap();
        }
        assert_eq!(pace.apply(PaceChange::Take, start + SECOND * 10), Err(SECOND * 20));
        assert_eq!(pace.apply(PaceChange::Take, start + SECOND * 30), Ok(()));
    }

    #[test]
    fn a_clock_that_was_set_back_gives_nothing_and_holds_nothing_up() {
        let start = Timestamp::EPOCH + SECOND * 3_600;
        let mut pace = Pace::new(start);
        taken(&mut pace, PaceChange::Take, start);
        assert!(pace.apply(PaceChange::Take, Timestamp::EPOCH).is_err());
        assert!(pace.apply(PaceChange::Take, Timestamp::EPOCH + SECOND).is_ok());
    }
}
