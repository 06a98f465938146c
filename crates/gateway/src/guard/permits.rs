//! Limits how many things a client may hold at once, such as connections and streams.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use deskbell_core::rules::networks::{LimitedNetwork, limited_networks};

/// Counts the held permits, by key.
#[derive(Clone, Debug)]
pub struct Permits<K> {
    counts: Arc<Mutex<HashMap<K, u32>>>,
}

/// A permit that is held until this is dropped.
#[derive(Debug)]
pub struct Permit<K: Hash + Eq> {
    permits: Permits<K>,
    key: K,
}

impl<K> Default for Permits<K> {
    /// No permit is held.
    fn default() -> Permits<K> {
        Permits { counts: Arc::default() }
    }
}

impl<K: Hash + Eq + Clone> Permits<K> {
    /// Acquires a permit for a key; `None` if `max` are held already.
    pub fn acquire(&self, key: K, max: u32) -> Option<Permit<K>> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key.clone()).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Permit { permits: self.clone(), key })
    }

    /// How many permits of a key are held.
    pub fn held(&self, key: &K) -> u32 {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied().unwrap_or_default()
    }
}

impl<K: Hash + Eq> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut counts = self.permits.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

/// Permits of addresses and of the networks around them.
#[derive(Clone, Debug)]
pub struct NetworkPermits {
    permits: Permits<LimitedNetwork>,
    per_address: u32,
    per_network: u32,
}

/// The permits of an address and of the networks around it.
#[derive(Debug)]
pub struct NetworkPermit(#[expect(dead_code, reason = "held until it is dropped")] Vec<Permit<LimitedNetwork>>);

impl NetworkPermits {
    /// Allows `per_address` permits per address. Larger networks may hold their share of that, but no more than `per_network` if that is more
    /// than `per_address`.
    pub fn new(per_address: u32, per_network: u32) -> NetworkPermits {
        NetworkPermits { permits: Permits::default(), per_address, per_network: per_network.max(per_address) }
    }

    /// Acquires a permit for an address; `None` if it, or a network around it, is at its limit.
    pub fn acquire(&self, address: IpAddr) -> Option<NetworkPermit> {
        let max = |network: &LimitedNetwork| self.per_address.saturating_mul(network.share).min(self.per_network);
        let networks = limited_networks(address);
        let permits = networks.into_iter().map(|network| self.permits.acquire(network, max(&network)));
        permits.collect::<Option<Vec<_>>>().map(NetworkPermit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_permits_are_available_again() {
        let permits = Permits::default();
        let mut permits_held: Vec<Permit<u8>> = (0..3).filter_map(|_| permits.acquire(1, 3)).collect();
        assert_eq!(permits_held.len(), 3);
        assert!(permits.acquire(1, 3).is_none());
        assert!(permits.acquire(2, 3).is_some());
        permits_held.pop();
        assert!(permits.acquire(1, 3).is_some());
        permits_held.clear();
        assert!(permits.counts.lock().unwrap().is_empty());
    }

    fn acquire_all(permits: &NetworkPermits, addresses: impl Iterator<Item = String>) -> Vec<NetworkPermit> {
        addresses.filter_map(|address| permits.acquire(address.parse().unwrap())).collect()
    }

    #[test]
    fn many_addresses_of_a_network_share_its_permits() {
        let permits = NetworkPermits::new(10, 30);
        let connection = acquire_all(&permits, (0..100).map(|n| format!("2001:db8:0:1::{n:x}")));
        assert_eq!(connection.len(), 10, "a /64");
        let customer = acquire_all(&permits, (0..100).map(|n| format!("2001:db8:0:{n:x}::1")));
        assert_eq!(customer.len(), 10, "a /56 holds twice as much, of which ten are held");
        let organization = acquire_all(&permits, (1..200).map(|n| format!("2001:db8:0:{:x}::1", n * 256)));
        assert_eq!(organization.len(), 10, "a /48 holds four times as much, but no more than any network");
        assert!(permits.acquire("2001:db8:1::1".parse().unwrap()).is_some());
        // A rejected acquisition has taken nothing.
        drop((connection, customer, organization));
        assert_eq!(permits.permits.counts.lock().unwrap().len(), 0);
    }
}
