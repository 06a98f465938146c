//! How many connections there may be.

use std::net::IpAddr;

use super::super::guard::{self, Limits, Proxies, Stream, Streams};

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
    all: Streams<()>,
    per_address: Streams<IpAddr>,
    proxies: Proxies,
}

/// A connection that counts until this is dropped.
#[derive(Debug)]
pub struct Place {
    _all: Stream<()>,
    _of_address: Option<Stream<IpAddr>>,
}

/// Why there is no place for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// There are as many as there may be.
    All,
    /// There are as many from this address as there may be.
    Address,
}

impl Capacity {
    /// What limits allow in a process that may have so many files open.
    pub fn new(limits: &Limits, proxies: Proxies, open_files: u64) -> Capacity {
        let by_files = (open_files.saturating_sub(RESERVE) / 4 * 3).clamp(MIN, MAX) as u32;
        let all = limits.connections.map_or(by_files, |count| count.get());
        let of_address =
            limits.connections_per_address.map_or((all / 4).clamp(1, MAX_PER_ADDRESS), |count| count.get());
        Capacity { all: Streams::new(all), per_address: Streams::new(of_address), proxies }
    }

    /// A place for a connection from an address.
    pub fn admit(&self, peer: IpAddr) -> Result<Place, Full> {
        let peer = peer.to_canonical();
        let of_address = if self.proxies.trust(peer) {
            None
        } else {
            Some(self.per_address.open(guard::network(peer)).ok_or(Full::Address)?)
        };
        Ok(Place { _all: self.all.open(()).ok_or(Full::All)?, _of_address: of_address })
    }
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

    #[test]
    fn an_address_takes_its_share_of_the_places_and_a_proxy_may_take_all() {
        let limits: Limits = toml::from_str("connections = 5\nconnections_per_address = 2").unwrap();
        let capacity = Capacity::new(&limits, Proxies::default(), 0);
        let [eve, ada, proxy] = ["203.0.113.7", "::ffff:203.0.113.8", "127.0.0.1"].map(|text| text.parse().unwrap());
        let mut places = vec![capacity.admit(eve).unwrap(), capacity.admit(eve).unwrap()];
        assert_eq!(capacity.admit(eve).unwrap_err(), Full::Address);
        places.push(capacity.admit(ada).unwrap());
        places.extend([capacity.admit(proxy).unwrap(), capacity.admit(proxy).unwrap()]);
        assert_eq!(capacity.admit(proxy).unwrap_err(), Full::All);
        places.remove(0);
        assert!(capacity.admit(eve).is_ok());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let limits: Limits = toml::from_str("connections_per_address = 1").unwrap();
        let capacity = Capacity::new(&limits, Proxies::default(), 1024);
        let _held = capacity.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert_eq!(capacity.admit("2001:db8::2".parse().unwrap()).unwrap_err(), Full::Address);
    }

    #[test]
    fn there_are_fewer_places_than_files() {
        for (open_files, places) in [(0, 64), (256, 64), (1024, 576), (1 << 40, MAX)] {
            let all = Capacity::new(&Limits::default(), Proxies::default(), open_files).all;
            let held: Vec<_> = std::iter::from_fn(|| all.open(())).collect();
            assert_eq!(held.len() as u64, places, "{open_files}");
        }
    }
}
