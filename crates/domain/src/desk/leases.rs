//! Leases on the device, for browsers without locks: one tab at a time sends a submission.
//!
//! Tabs with an earlier version of the widget have one lease for the whole outbox. So whoever has the lease of a submission holds that one as well.
//! Several submissions share it: while one of them has a lease, it is theirs.

use super::ids::Time;

/// How long a lease lasts, in milliseconds, unless it is renewed. It is short, because a tab that is closed meanwhile does not release it.
pub const LEASE_MS: u64 = 10_000;

/// The leases on the device.
#[derive(Clone, Debug)]
pub struct Leases {
    /// The key of the outbox's lease. The keys of submissions begin with it and a colon.
    pub outbox: String,
    /// The key of a submission's lease.
    pub own: String,
    /// All keys, and until when each lasts.
    pub entries: Vec<(String, Time)>,
}

impl Leases {
    /// How long to wait before the lease can be taken, in milliseconds.
    pub fn wait(&self, now: Time) -> u64 {
        let is_shared = self.entries.iter().any(|(key, until)| self.is_of_submission(key) && left(*until, now) > 0);
        let of_outbox = if is_shared { 0 } else { self.left(&self.outbox, now) };
        of_outbox.max(self.left(&self.own, now))
    }

    /// Whether a lease that was taken until a time can be renewed: no other tab has taken it since, and none of an earlier version has the outbox.
    pub fn can_be_renewed(&self, until: Time, now: Time) -> bool {
        self.is_own(until) && (self.left(&self.own, now) > 0 || self.wait(now) == 0)
    }

    /// The keys to delete when a lease that was taken until a time is released. The outbox's lease stays while other submissions share it.
    pub fn released(&self, until: Time, now: Time) -> Vec<String> {
        if !self.is_own(until) {
            return Vec::new();
        }
        let mut keys = vec![self.own.clone()];
        let is_other = |key: &str| self.is_of_submission(key) && key != self.own;
        let is_shared = self.entries.iter().any(|(key, until)| is_other(key) && left(*until, now) > 0);
        // With one that has ended, the outbox may be an earlier version's by now.
        if !is_shared && self.left(&self.own, now) > 0 {
            keys.push(self.outbox.clone());
        }
        keys
    }

    fn is_of_submission(&self, key: &str) -> bool {
        key.strip_prefix(&self.outbox).is_some_and(|rest| rest.starts_with(':'))
    }

    fn is_own(&self, until: Time) -> bool {
        self.until(&self.own) == Some(until)
    }

    fn until(&self, key: &str) -> Option<Time> {
        self.entries.iter().find(|(known, _)| known == key).map(|(_, until)| *until)
    }

    fn left(&self, key: &str, now: Time) -> u64 {
        self.until(key).map_or(0, |until| left(until, now))
    }
}

/// How long a lease still lasts, in milliseconds. One that lasts longer than any can is from before the clock was set back.
fn left(until: Time, now: Time) -> u64 {
    let left = until.since(now);
    if left > LEASE_MS { 0 } else { left }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_000_000);

    fn leases(entries: &[(&str, u64)]) -> Leases {
        let entries = entries.iter().map(|(key, left)| (key.to_string(), NOW.plus(*left))).collect();
        Leases { outbox: "deskbell:acme:outbox".into(), own: "deskbell:acme:outbox:k1".into(), entries }
    }

    const OUTBOX: &str = "deskbell:acme:outbox";
    const OWN: &str = "deskbell:acme:outbox:k1";
    const OTHER: &str = "deskbell:acme:outbox:k2";

    #[test]
    fn a_lease_waits_for_another_tab_and_for_an_earlier_version() {
        assert_eq!(leases(&[]).wait(NOW), 0);
        assert_eq!(leases(&[(OWN, 400)]).wait(NOW), 400);
        assert_eq!(leases(&[(OUTBOX, 300)]).wait(NOW), 300);
        assert_eq!(leases(&[(OUTBOX, 0), ("deskbell:acme:outboxes", 500)]).wait(NOW), 0);
        assert_eq!(leases(&[(OUTBOX, LEASE_MS + 1)]).wait(NOW), 0, "the clock was set back");
    }

    #[test]
    fn submissions_share_the_lease_of_the_outbox() {
        assert_eq!(leases(&[(OUTBOX, 300), (OTHER, 300)]).wait(NOW), 0);
        assert_eq!(leases(&[(OUTBOX, 300), (OTHER, 0)]).wait(NOW), 300, "the other one has ended");
    }

    #[test]
    fn a_lease_is_renewed_unless_another_tab_may_have_it() {
        let until = NOW.plus(300);
        assert!(leases(&[(OUTBOX, 300), (OWN, 300)]).can_be_renewed(until, NOW));
        assert!(!leases(&[(OUTBOX, 400), (OWN, 400)]).can_be_renewed(until, NOW));
        assert!(!leases(&[]).can_be_renewed(until, NOW));
        // It has ended while the tab was suspended.
        assert!(leases(&[(OUTBOX, 0), (OWN, 0)]).can_be_renewed(NOW, NOW));
        assert!(!leases(&[(OUTBOX, 300), (OWN, 0)]).can_be_renewed(NOW, NOW));
    }

    #[test]
    fn the_last_submission_releases_the_outbox() {
        let until = NOW.plus(300);
        assert_eq!(leases(&[(OUTBOX, 300), (OWN, 300)]).released(until, NOW), [OWN, OUTBOX]);
        assert_eq!(leases(&[(OUTBOX, 300), (OWN, 300), (OTHER, 1)]).released(until, NOW), [OWN]);
        assert_eq!(leases(&[(OUTBOX, 300), (OWN, 300), (OTHER, 0)]).released(until, NOW), [OWN, OUTBOX]);
        assert_eq!(leases(&[(OUTBOX, 300), (OWN, 0)]).released(NOW, NOW), [OWN], "an earlier version has the outbox");
        assert!(leases(&[(OUTBOX, 300), (OWN, 200)]).released(until, NOW).is_empty());
    }
}
