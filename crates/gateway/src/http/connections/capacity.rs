//! How many connections there may be.

use std::net::IpAddr;

use crate::guard::{Limits, NetworkPermit, NetworkPermits, Permit, Permits, Proxies};

/// Files that are open beside connections: the database, files of tickets, what is asked of other servers.
const RESERVE: u64 = 256;
/// The fewest connections.
const MIN: u64 = 64;
/// The most, unless the configuration says more.
const MAX: u64 = 16 * 1024;
/// The most from one address, unless the configuration says more.
const MAX_PER_ADDRESS: u32 = 1000;

/// How many connections there may be, in all and from one address. Those that a trusted proxy opens count in all only.
#[derive(Clone, Debug)]
pub struct Capacity {
    all: Permits<()>,
    max: u32,
    per_address: NetworkPermits,
    proxies: Proxies,
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    _of_all: Permit<()>,
    _of_address: Option<NetworkPermit>,
}

/// Why a connection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// There are as many as there may be.
    All,
    /// There are as many from this address, or a network around it, as there may be.
    Address,
}

impl Capacity {
    /// What limits allow where there may be so many connections in all.
    pub fn new(limits: &Limits, proxies: Proxies, max: u32) -> Capacity {
        let per_address =
            limits.connections_per_address.map_or((max / 4).clamp(1, MAX_PER_ADDRESS), |count| count.get());
        Capacity { all: Permits::default(), max, per_address: NetworkPermits::new(per_address, max / 2), proxies }
    }

    /// Admits a connection from an address.
    pub fn admit(&self, peer: IpAddr) -> Result<ConnectionPermit, ConnectionRefusal> {
        let peer = peer.to_canonical();
        let of_address = if self.proxies.trust(peer) {
            None
        } else {
            Some(self.per_address.acquire(peer).ok_or(ConnectionRefusal::Address)?)
        };
        let of_all = self.all.acquire((), self.max).ok_or(ConnectionRefusal::All)?;
        Ok(ConnectionPermit { _of_all: of_all, _of_address: of_address })
    }
}

/// How many connections a process may have that may have so many files open.
pub fn connections_max(limits: &Limits, open_files: u64) -> u32 {
    let by_files = (open_files.saturating_sub(RESERVE) / 4 * 3).clamp(MIN, MAX) as u32;
    limits.connections.map_or(by_files, |count| count.get())
}

/// How many files the process may have open, after it was raised as far as the system lets it.
pub fn open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const ENOUGH: u64 = MAX * 4 / 3 + RESERVE + 4;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // None means that there is no limit.
    let now = current.unwrap_or(ENOUGH);
    let wanted = ENOUGH.min(maximum.unwrap_or(ENOUGH));
    if now >= wanted {
        return now;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        Ok(()) => wanted,
        Err(error) => {
            tracing::warn!(%error, limit = now, "raising the limit of open files failed");
            now
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(limits: &str) -> Capacity {
        let limits: Limits = toml::from_str(limits).unwrap();
        Capacity::new(&limits, Proxies::default(), connections_max(&limits, 1024))
    }

    #[test]
    fn an_address_takes_its_share_of_the_connections_and_a_proxy_may_take_all() {
        let capacity = capacity("connections = 5\nconnections_per_address = 2");
        let [eve, ada, proxy] = ["203.0.113.7", "::ffff:203.0.113.8", "127.0.0.1"].map(|text| text.parse().unwrap());
        let mut held = vec![capacity.admit(eve).unwrap(), capacity.admit(eve).unwrap()];
        assert_eq!(capacity.admit(eve).unwrap_err(), ConnectionRefusal::Address);
        held.push(capacity.admit(ada).unwrap());
        held.extend([capacity.admit(proxy).unwrap(), capacity.admit(proxy).unwrap()]);
        assert_eq!(capacity.admit(proxy).unwrap_err(), ConnectionRefusal::All);
        held.remove(0);
        assert!(capacity.admit(eve).is_ok());
    }

    #[test]
    fn no_network_of_ipv6_has_more_than_half_of_the_connections() {
        let capacity = capacity("connections = 40");
        let admitted = |addresses: Vec<String>| -> Vec<ConnectionPermit> {
            addresses.iter().filter_map(|address| capacity.admit(address.parse().unwrap()).ok()).collect()
        };
        let connection = admitted((0..50).map(|n| format!("2001:db8::{n:x}")).collect());
        assert_eq!(connection.len(), 10, "a /64 is one address");
        let organization = admitted((0..500).map(|n| format!("2001:db8:0:{:x}::1", n * 100)).collect());
        assert_eq!(connection.len() + organization.len(), 20);
        assert!(capacity.admit("203.0.113.7".parse().unwrap()).is_ok());
    }

    #[test]
    fn there_are_fewer_connections_than_files() {
        for (open_files, connections) in [(0, 64), (256, 64), (1024, 576), (1 << 40, MAX)] {
            assert_eq!(u64::from(connections_max(&Limits::default(), open_files)), connections, "{open_files}");
        }
    }
}
