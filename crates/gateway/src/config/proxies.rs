//! Trusted proxies, and the client address they report.

use std::net::IpAddr;
use std::sync::LazyLock;

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de};

/// Headers in which proxies report the client.
pub const FORWARDING_HEADERS: [&str; 7] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "x-azure-clientip",
    "fly-client-ip",
];

/// The trusted proxies, whose headers about the client are used.
/// Hops are followed from the gateway outwards: the first that is not trusted is the client, whatever its address is. Hops beyond it were
/// written by the client itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxies {
    /// Their networks. Default: this computer only.
    #[serde(deserialize_with = "networks")]
    trusted: Vec<IpNet>,
    /// The header in which they report the client. Default: `x-forwarded-for`.
    #[serde(deserialize_with = "header_name")]
    header: String,
    /// The path under which a proxy serves the gateway, such as `/support`, whether or not the proxy strips it; empty for none. Default: what a
    /// trusted proxy sends in `X-Forwarded-Prefix`.
    #[serde(deserialize_with = "path")]
    path: String,
}

impl Default for Proxies {
    fn default() -> Proxies {
        Proxies {
            trusted: LOOPBACK.iter().filter_map(|network| network.parse().ok()).collect(),
            header: "x-forwarded-for".into(),
            path: String::new(),
        }
    }
}

const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];
/// Networks without addresses on the internet: RFC 1918, 6598, 3927, 4193 and 4291.
const PRIVATE: [&str; 7] =
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

static PRIVATE_NETWORKS: LazyLock<Vec<IpNet>> =
    LazyLock::new(|| PRIVATE.iter().filter_map(|network| network.parse().ok()).collect());

impl Proxies {
    /// Whether an address belongs to a trusted proxy.
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The configured path under which the gateway is served; empty for none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The header in which they report the client, in lower case.
    pub fn header(&self) -> &str {
        &self.header
    }

    /// Whether `X-Forwarded-Prefix` from this peer is used.
    pub fn is_prefix_read(&self, peer: Option<IpAddr>) -> bool {
        self.path.is_empty() && peer.is_some_and(|peer| self.trust(peer))
    }
}

/// Whether an address is this computer's or one of a private network.
pub fn is_private_or_local(address: IpAddr) -> bool {
    address.to_canonical().is_loopback() || is_private(address)
}

/// Whether an address is one of a private network.
pub fn is_private(address: IpAddr) -> bool {
    let address = address.to_canonical();
    PRIVATE_NETWORKS.iter().any(|network| network.contains(&address))
}

/// A path normalized for use as a prefix: with a slash at its beginning and none at its end. `None` if it is not a plain path.
pub fn base_path(text: &str) -> Option<String> {
    let path = text.trim().trim_end_matches('/');
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    let is_good =
        path.is_empty() || path.starts_with('/') && !path.contains("//") && !path.contains("/.") && path.len() <= 200;
    (is_good && path.chars().all(is_allowed)).then(|| path.to_string())
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    base_path(&text).ok_or_else(|| {
        de::Error::custom(format!("{text:?} is not a path; start it with a slash, such as \"/support\""))
    })
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let mut networks = Vec::new();
    for text in Vec::<String>::deserialize(deserializer)? {
        let names: &[&str] = match text.as_str() {
            "loopback" => &LOOPBACK,
            "private" => &PRIVATE,
            other => &[other],
        };
        for name in names {
            let network = name.parse::<IpNet>().ok().or_else(|| name.parse::<IpAddr>().ok().map(IpNet::from));
            networks.push(network.ok_or_else(|| {
                de::Error::custom(format!(
                    "{text:?} is not a network; use \"10.0.0.2/32\", \"2001:db8::/48\", \"loopback\" or \"private\""
                ))
            })?);
        }
    }
    Ok(networks)
}

fn header_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    // A token (RFC 9110, 5.6.2).
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_token) {
        let allowed = FORWARDING_HEADERS.join(", ");
        let message = format!("{text:?} is not a header name; use the header that your proxy sets, such as {allowed}");
        return Err(de::Error::custom(message));
    }
    Ok(text.to_ascii_lowercase())
}
