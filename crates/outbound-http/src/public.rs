//! Tells public network addresses from all others: loopback, private and link-local networks, documentation ranges, and the metadata addresses at
//! which cloud providers hand out credentials.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

/// Blocks that are not public (IANA, Special-Purpose Address Registries), each with the length of its prefix.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carrier-grade NAT, which includes the metadata service of Alibaba.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local, which includes the metadata service of nearly every cloud.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's address for its virtual machines.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, and the reserved blocks after it.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// All public IPv6 addresses are in this block,
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// except for these, which are not public or embed IPv4 addresses by obsolete mechanisms (Teredo, 6to4).
const NOT_PUBLIC_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
/// The last four bytes of these are an IPv4 address: mapped (RFC 4291), and NAT64 (RFC 6052).
const HOLDS_V4: &[(Ipv6Addr, u32)] =
    &[(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96)];

/// Whether an address is public.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|block| is_in_v4(address, *block)),
        IpAddr::V6(address) if HOLDS_V4.iter().any(|block| is_in_v6(address, *block)) => {
            is_public(IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() as u32)))
        }
        IpAddr::V6(address) => {
            is_in_v6(address, GLOBAL_V6) && !NOT_PUBLIC_V6.iter().any(|block| is_in_v6(address, *block))
        }
    }
}

/// Resolves names to their public addresses only. The client connects to exactly these, so a name cannot resolve to something else in the
/// meantime.
#[derive(Clone, Copy, Debug)]
pub struct PublicOnly {
    /// Whether the name `localhost` is allowed. Set it only if nothing but the configuration can name it.
    pub localhost: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.localhost && name.as_str() == "localhost";
        Box::pin(async move {
            let addresses_found = addresses(name.as_str(), 0, private).await?;
            Ok(Box::new(addresses_found.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a name; with `private` also those that are not public.
pub async fn addresses(host: &str, port: u16, private: bool) -> io::Result<Vec<SocketAddr>> {
    let addresses_found = tokio::net::lookup_host((host, port)).await?;
    let addresses_found: Vec<SocketAddr> =
        addresses_found.filter(|address| private || is_public(address.ip())).collect();
    match addresses_found.is_empty() {
        true => Err(io::Error::other(not_public(host))),
        false => Ok(addresses_found),
    }
}

/// The error for a host that is not public.
pub fn not_public(host: &str) -> String {
    format!("{host} is this computer or in a private network")
}

/// The address of a host that is no name.
pub fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

fn is_in_v4(address: Ipv4Addr, (block, length): (Ipv4Addr, u32)) -> bool {
    (address.to_bits() ^ block.to_bits()).leading_zeros() >= length
}

fn is_in_v6(address: Ipv6Addr, (block, length): (Ipv6Addr, u32)) -> bool {
    (address.to_bits() ^ block.to_bits()).leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_recognized() {
        let public = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2600:1f18::1",
            "2a00:1450:4001::200e",
            "2001:4860:4860::8888",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ];
        let not_public = [
            ("0.0.0.0", "this computer"),
            ("0.1.2.3", "this network"),
            ("10.0.0.1", "private"),
            ("100.64.0.1", "CGNAT"),
            ("100.100.100.200", "metadata of Alibaba"),
            ("127.0.0.1", "loopback"),
            ("127.255.255.255", "loopback"),
            ("168.63.129.16", "metadata of Azure"),
            ("169.254.169.254", "metadata"),
            ("172.16.0.1", "private"),
            ("172.31.255.255", "private"),
            ("192.0.0.192", "metadata of Oracle"),
            ("192.0.2.1", "documentation"),
            ("192.88.99.1", "6to4"),
            ("192.168.1.1", "private"),
            ("198.18.0.1", "benchmarks"),
            ("198.19.255.255", "benchmarks"),
            ("198.51.100.7", "documentation"),
            ("203.0.113.7", "documentation"),
            ("224.0.0.1", "multicast"),
            ("239.255.255.250", "multicast"),
            ("240.0.0.1", "reserved"),
            ("255.255.255.255", "broadcast"),
            ("::", "this computer"),
            ("::1", "loopback"),
            ("::127.0.0.1", "compatible"),
            ("::ffff:127.0.0.1", "loopback, mapped"),
            ("::ffff:169.254.169.254", "metadata, mapped"),
            ("::ffff:0:10.0.0.1", "translated"),
            ("64:ff9b::10.0.0.1", "private, by NAT64"),
            ("64:ff9b::a9fe:a9fe", "metadata, by NAT64"),
            ("64:ff9b:1::1", "NAT64 of one's own"),
            ("100::1", "discard"),
            ("2001::1", "Teredo"),
            ("2001:2::1", "benchmarks"),
            ("2001:20::1", "ORCHID"),
            ("2001:db8::1", "documentation"),
            ("2002:7f00:1::", "loopback, by 6to4"),
            ("3fff::1", "documentation"),
            ("5f00::1", "segment routing"),
            ("fc00::1", "unique local"),
            ("fd00:ec2::254", "metadata of AWS"),
            ("fd20:ce::254", "metadata of Google"),
            ("fe80::1", "link-local"),
            ("fec0::1", "site-local"),
            ("ff02::1", "multicast"),
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for (address, description) in not_public {
            assert!(!is_public(address.parse().unwrap()), "{address}: {description}");
        }
    }
}
