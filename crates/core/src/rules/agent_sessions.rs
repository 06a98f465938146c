//! How long sessions of agents last.

use std::time::Duration;

use crate::timestamp::Timestamp;

/// The lifetime of a session: a working day and some more.
pub const LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// How exactly the last use of a session is stored, so that not every page causes a write.
const SEEN_EVERY: Duration = Duration::from_secs(5 * 60);

/// Whether the stored last use of a session is so old that it is written again.
pub fn is_use_outdated(seen_at: Timestamp, now: Timestamp) -> bool {
    now.since(seen_at) >= SEEN_EVERY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_use_is_written_every_five_minutes_at_most() {
        let seen_at: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        assert!(!is_use_outdated(seen_at, seen_at + Duration::from_secs(299)));
        assert!(is_use_outdated(seen_at, seen_at + Duration::from_secs(300)));
        assert!(!is_use_outdated(seen_at, seen_at - Duration::from_secs(900)), "a clock that was set back");
    }
}
