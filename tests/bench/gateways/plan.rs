//! What fails, when, and for how long: the same for the same seed.

use std::time::Duration;

use super::random::Random;

/// How long a paused gateway holds claims that have expired: they last half a minute.
const PAUSE_BEYOND_LEASE: u64 = 40;
/// How long the database is away, in seconds.
const AWAY: u64 = 60;

/// A failure that lasts for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A gateway is killed, and started again afterwards.
    Killed(usize),
    /// A gateway is paused: its connections stay open.
    Paused(usize),
    /// The clock of a gateway is this many hours ahead.
    ClockShifted(usize, i8),
    /// All processes of the database are paused.
    DatabasePaused,
    /// The database has crashed, and is started again afterwards.
    DatabaseStopped,
}

impl Failure {
    /// Whether work that was done may be done once more because of it. A wrong clock is no excuse.
    pub fn excuses_repeats(self) -> bool {
        !matches!(self, Failure::ClockShifted(..))
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Killed(gateway) => write!(f, "gateway {gateway} is killed"),
            Failure::Paused(gateway) => write!(f, "gateway {gateway} is paused"),
            Failure::ClockShifted(gateway, hours) => write!(f, "the clock of gateway {gateway} is off by {hours:+} h"),
            Failure::DatabasePaused => write!(f, "the database is paused"),
            Failure::DatabaseStopped => write!(f, "the database has crashed"),
        }
    }
}

/// A failure that begins some time after its step.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// When it begins.
    pub after: Duration,
    /// What fails.
    pub failure: Failure,
    /// How long it lasts.
    pub lasts: Duration,
}

/// Failures that overlap, after a time without any.
#[derive(Clone, Debug)]
pub struct Step {
    /// The time before.
    pub calm: Duration,
    /// The failures.
    pub failures: Vec<Planned>,
}

impl Step {
    /// How long it takes.
    pub fn lasts(&self) -> Duration {
        self.calm + self.failures.iter().map(|one| one.after + one.lasts).max().unwrap_or_default()
    }
}

/// A plan of rounds for three gateways. Each round has every failure, in an order of its own.
pub fn plan(random: &mut Random, rounds: usize) -> Vec<Step> {
    (0..rounds).flat_map(|_| round(random)).collect()
}

fn round(random: &mut Random) -> Vec<Step> {
    let one = random.below(3) as usize;
    let [first, second, third] = [one, (one + 1) % 3, (one + 2) % 3];
    let at = |after: u64, failure, lasts: u64| Planned {
        after: Duration::from_secs(after),
        failure,
        lasts: Duration::from_secs(lasts),
    };
    let short = 1 + random.below(4);
    let mut steps = vec![
        vec![at(0, Failure::Killed(first), short)],
        vec![at(0, Failure::Killed(second), 1), at(3, Failure::Killed(third), 1)],
        vec![at(0, Failure::Paused(second), 4 + random.below(5))],
        // Its claims expire meanwhile, and only one gateway is left for a time.
        vec![at(0, Failure::Paused(first), PAUSE_BEYOND_LEASE), at(5, Failure::Killed(third), 5)],
        vec![at(0, Failure::ClockShifted(first, 1), 25), at(2, Failure::ClockShifted(second, -1), 25)],
        vec![at(0, Failure::ClockShifted(third, 1), 30), at(8, Failure::Killed(third), 2)],
        vec![at(0, Failure::DatabasePaused, 15 + random.below(6))],
        // A gateway that is started without a database.
        vec![at(0, Failure::DatabaseStopped, AWAY), at(10, Failure::Killed(second), 5)],
    ];
    let mut shuffled = Vec::new();
    while !steps.is_empty() {
        let failures = steps.swap_remove(random.below(steps.len() as u64) as usize);
        shuffled.push(Step { calm: Duration::from_secs(4 + random.below(5)), failures });
    }
    shuffled
}
