//! Admits large bodies. Each is held in memory as a whole before its signature can be verified, so only a few are admitted at a time.

use deskbell_core::ids::{DestinationName, SiteKey};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::permits::{Permit, Permits};

/// How many are read at a time from senders without an earlier signed one, at most one per network.
const UNKNOWN_AT_ONCE: u32 = 2;
const UNKNOWN_OF_NETWORK: u32 = 1;
/// How many are read at a time from senders with an earlier signed one.
const KNOWN_AT_ONCE: u32 = 2;
/// How many senders are stored.
const KNOWN_MAX: usize = 64;

/// The sender of a large body, and its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookSender {
    /// The site.
    pub site: SiteKey,
    /// The name of the destination.
    pub destination: DestinationName,
    /// The sender's network.
    pub network: Option<IpAddr>,
}

/// The large bodies that are being read. Senders of an earlier signed body are not blocked by others.
#[derive(Debug, Default)]
pub struct LargeBodies {
    of_known: Permits<()>,
    of_unknown: Permits<()>,
    from_network: Permits<Option<IpAddr>>,
    /// Senders of signed bodies, the latest first.
    recent_senders: Mutex<VecDeque<HookSender>>,
}

/// The permit to read a large body, held until this is dropped.
#[derive(Debug)]
pub struct LargeBodyPermit {
    _of_all: Permit<()>,
    _from_network: Option<Permit<Option<IpAddr>>>,
}

impl LargeBodies {
    /// Acquires a permit for a large body; `None` if none is free.
    pub fn acquire(&self, sender: &HookSender) -> Option<LargeBodyPermit> {
        if self.knows(sender) {
            let permit = self.of_known.acquire((), KNOWN_AT_ONCE)?;
            return Some(LargeBodyPermit { _of_all: permit, _from_network: None });
        }
        let from_network = self.from_network.acquire(sender.network, UNKNOWN_OF_NETWORK)?;
        let permit = self.of_unknown.acquire((), UNKNOWN_AT_ONCE)?;
        Some(LargeBodyPermit { _of_all: permit, _from_network: Some(from_network) })
    }

    /// Whether a sender has sent a signed body before.
    pub fn knows(&self, sender: &HookSender) -> bool {
        self.recent_senders.lock().unwrap_or_else(PoisonError::into_inner).contains(sender)
    }

    /// Stores the sender of a signed body.
    pub fn remember(&self, sender: HookSender) {
        let mut recent_senders = self.recent_senders.lock().unwrap_or_else(PoisonError::into_inner);
        recent_senders.retain(|existing| *existing != sender);
        recent_senders.push_front(sender);
        recent_senders.truncate(KNOWN_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(network: &str) -> HookSender {
        HookSender { site: "acme".into(), destination: "desk".into(), network: network.parse().ok() }
    }

    #[test]
    fn known_senders_are_not_blocked_by_unknown_ones() {
        let bodies = LargeBodies::default();
        let permits: Vec<_> = (0..3).filter_map(|_| bodies.acquire(&sender("203.0.113.7"))).collect();
        assert_eq!(permits.len(), 1, "one from a network");
        let other_permit = bodies.acquire(&sender("203.0.113.8")).unwrap();
        assert!(bodies.acquire(&sender("192.0.2.1")).is_none(), "two in all");
        bodies.remember(sender("192.0.2.1"));
        let permits_of_known: Vec<_> = (0..5).filter_map(|_| bodies.acquire(&sender("192.0.2.1"))).collect();
        assert_eq!(permits_of_known.len(), 2);
        let other_destination = HookSender { destination: "other".into(), ..sender("192.0.2.1") };
        assert!(bodies.acquire(&other_destination).is_none(), "known for one destination");
        drop((permits, other_permit));
        assert!(bodies.acquire(&other_destination).is_some());
    }
}
