//! Networks: the addresses that one customer of a provider has together; limits and counts apply to them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The IPv6 networks that one person may have, as prefix lengths, and how many times the limit of one address each has.
const LIMITED_V6: [(u32, u32); 3] = [(64, 1), (56, 2), (48, 4)];
/// The same for counts of what is stored: the smallest network is that of a customer of a provider.
const KEPT_V6: [(u32, u32); 2] = [(CUSTOMER_V6, 1), (48, 4)];
/// The prefix length that providers commonly give a customer.
const CUSTOMER_V6: u32 = 56;
/// The prefix lengths within which people are not told apart.
const NEIGHBOURHOOD_V4: u32 = 24;
const NEIGHBOURHOOD_V6: u32 = 48;

/// A network that shares a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitedNetwork {
    /// Its first address.
    pub start: IpAddr,
    /// Its prefix length, in bits.
    pub bits: u32,
    /// How many times the limit of one address it has.
    pub share: u32,
}

/// The networks around an address that share rate limits, smallest first: for IPv4 the address itself, for IPv6 those of a connection, a
/// customer and an organization.
pub fn limited_networks(address: IpAddr) -> Vec<LimitedNetwork> {
    match address.to_canonical() {
        IpAddr::V4(address) => vec![LimitedNetwork { start: address.into(), bits: Ipv4Addr::BITS, share: 1 }],
        IpAddr::V6(address) => LIMITED_V6
            .map(|(bits, share)| LimitedNetwork { start: prefix_v6(address, bits).into(), bits, share })
            .to_vec(),
    }
}

/// The networks around an address that share storage quotas: for IPv4 the address itself, for IPv6 those of a customer and an organization.
pub fn kept_networks(address: IpAddr) -> Vec<LimitedNetwork> {
    match address.to_canonical() {
        IpAddr::V4(address) => vec![LimitedNetwork { start: address.into(), bits: Ipv4Addr::BITS, share: 1 }],
        IpAddr::V6(address) => {
            KEPT_V6.map(|(bits, share)| LimitedNetwork { start: prefix_v6(address, bits).into(), bits, share }).to_vec()
        }
    }
}

/// The network of one customer of a provider: the address itself for IPv4, a /56 for IPv6. Stored and sent items are counted by it.
pub fn customer_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => prefix_v6(address, CUSTOMER_V6).into(),
    }
}

/// The network within which people are not told apart when they are counted: a /24 for IPv4, a /48 for IPv6.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let mask = u32::MAX << (Ipv4Addr::BITS - NEIGHBOURHOOD_V4);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => prefix_v6(address, NEIGHBOURHOOD_V6).into(),
    }
}

fn prefix_v6(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(Ipv6Addr::BITS - bits).unwrap_or_default();
    Ipv6Addr::from_bits(address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_ipv4_address_is_one_network_in_every_notation() {
        for text in ["192.0.2.1", "::ffff:192.0.2.1"] {
            assert_eq!(customer_network(address(text)), address("192.0.2.1"));
            assert_eq!(neighbourhood(address(text)), address("192.0.2.0"));
            let limited: Vec<_> = limited_networks(address(text)).iter().map(|network| network.start).collect();
            assert_eq!(limited, [address("192.0.2.1")]);
        }
    }

    #[test]
    fn ipv6_addresses_belong_to_networks_of_three_sizes() {
        let text = "2001:db8:1:2fe:3::4";
        let limited: Vec<_> =
            limited_networks(address(text)).iter().map(|one| (one.start, one.bits, one.share)).collect();
        assert_eq!(
            limited,
            [
                (address("2001:db8:1:2fe::"), 64, 1),
                (address("2001:db8:1:200::"), 56, 2),
                (address("2001:db8:1::"), 48, 4)
            ]
        );
        assert_eq!(customer_network(address(text)), address("2001:db8:1:200::"));
        assert_eq!(neighbourhood(address(text)), address("2001:db8:1::"));
    }
}
