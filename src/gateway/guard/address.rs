//! Where a request comes from, as far as it can be told.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// Whoever has one address of IPv6 has all that begin with as many bits.
const NETWORK_V6: u32 = 64;

/// The address that a request comes from. What a proxy says (`X-Forwarded-For`) counts where it stands on this computer or in a
/// private network; the last address that it names is the one that it has seen itself.
pub fn of(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(network(seen_by_proxy(peer.ip().to_canonical(), headers)))
}

fn seen_by_proxy(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !is_private(peer) {
        return peer;
    }
    let named: Vec<IpAddr> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|text| text.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .collect();
    // Between several proxies there are private addresses.
    named.iter().rev().copied().find(|address| !is_private(*address)).or(named.last().copied()).unwrap_or(peer)
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let mask = u128::MAX << (Ipv6Addr::BITS - NETWORK_V6);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, named: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for named in named {
            headers.append("x-forwarded-for", named.parse().unwrap());
        }
        of(&extensions, &headers).unwrap().to_string()
    }

    #[test]
    fn only_a_proxy_nearby_is_believed_and_only_what_it_has_seen_itself() {
        for (peer, named, address) in [
            ("203.0.113.7", vec![], "203.0.113.7"),
            ("203.0.113.7", vec!["198.51.100.1"], "203.0.113.7"),
            ("127.0.0.1", vec!["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.2", vec!["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.2", vec!["6.6.6.6", "198.51.100.1, 10.0.0.9"], "198.51.100.1"),
            ("::1", vec!["192.168.0.5"], "192.168.0.5"),
            ("127.0.0.1", vec!["unknown, _hidden"], "127.0.0.1"),
            ("::ffff:203.0.113.7", vec![], "203.0.113.7"),
        ] {
            assert_eq!(from(peer, &named), address, "{peer} {named:?}");
        }
    }

    #[test]
    fn all_addresses_of_a_connection_of_ipv6_are_one() {
        assert_eq!(from("2001:db8:1:2:3:4:5:6", &[]), "2001:db8:1:2::");
    }
}
