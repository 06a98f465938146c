//! Limits the number of connections.

use std::net::IpAddr;

use crate::config::{Limits, Proxies};
use crate::guard::{NetworkPermit, NetworkPermits, Permit, Permits};

/// The largest default limit of connections from one address.
const MAX_PER_ADDRESS: u32 = 1000;

/// The limits of connections, in all and from one address. Connections of trusted proxies count only in all.
#[derive(Clone, Debug)]
pub struct Capacity {
    connections: Permits<()>,
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

/// Why a connection is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// The limit of all connections is reached.
    All,
    /// The limit of the address, or of a network around it, is reached.
    Address,
}

impl Capacity {
    /// The limits of the configuration, for a maximum of `max` connections in all.
    pub fn new(limits: &Limits, proxies: Proxies, max: u32) -> Capacity {
        let per_address =
            limits.connections_per_address.map_or((max / 4).clamp(1, MAX_PER_ADDRESS), |count| count.get());
        Capacity {
            connections: Permits::default(),
            max,
            per_address: NetworkPermits::new(per_address, max / 2),
            proxies,
        }
    }

    /// Admits a connection from an address.
    pub fn admit(&self, peer: IpAddr) -> Result<ConnectionPermit, ConnectionRefusal> {
        let peer = peer.to_canonical();
        let of_address = if self.proxies.trust(peer) {
            None
        } else {
            Some(self.per_address.acquire(peer).ok_or(ConnectionRefusal::Address)?)
        };
        let of_all = self.connections.acquire((), self.max).ok_or(ConnectionRefusal::All)?;
        Ok(ConnectionPermit { _of_all: of_all, _of_address: of_address })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::connections_max;

    fn capacity(limits: &str) -> Capacity {
        let limits: Limits = toml::from_str(limits).unwrap();
        Capacity::new(&limits, Proxies::default(), connections_max(&limits, 1024))
    }

    #[test]
    fn connections_are_limited_by_address_except_for_proxies() {
        let capacity = capacity("connections = 5\nconnections_per_address = 2");
        let [eve, ada, proxy] = ["203.0.113.7", "::ffff:203.0.113.8", "127.0.0.1"].map(|text| text.parse().unwrap());
        let mut permits = vec![capacity.admit(eve).unwrap(), capacity.admit(eve).unwrap()];
        assert_eq!(capacity.admit(eve).unwrap_err(), ConnectionRefusal::Address);
        permits.push(capacity.admit(ada).unwrap());
        permits.extend([capacity.admit(proxy).unwrap(), capacity.admit(proxy).unwrap()]);
        assert_eq!(capacity.admit(proxy).unwrap_err(), ConnectionRefusal::All);
        permits.remove(0);
        assert!(capacity.admit(eve).is_ok());
    }

    #[test]
    fn an_ipv6_network_gets_at_most_half_of_the_connections() {
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
}
