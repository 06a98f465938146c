//! Identifies the client of a request.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use tracing::field::DisplayValue;

use super::forwarded::{self, Hop};
use crate::config::{FORWARDING_HEADERS, Proxies, base_path};

/// The client of a request, as reported by trusted proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// Its address; `None` if it is unknown.
    pub address: Option<IpAddr>,
    /// Whether it uses HTTPS.
    pub is_https: bool,
    /// The host and port that it requested.
    pub host: String,
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    /// The client of a request, as determined by the outermost middleware.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Client, Infallible> {
        Ok(parts.extensions.get().cloned().unwrap_or_default())
    }
}

impl Client {
    /// Its address for the log.
    pub fn logged_address(&self) -> Option<DisplayValue<IpAddr>> {
        self.address.map(tracing::field::display)
    }

    /// The client behind a connection from `peer`, as reported by trusted proxies.
    pub fn behind_proxies(proxies: &Proxies, peer: Option<IpAddr>, headers: &HeaderMap) -> Client {
        let host = text(headers, header::HOST.as_str());
        let Some(peer) = peer.map(|peer| peer.to_canonical()) else {
            return Client { host: host.into(), ..Client::default() };
        };
        if !proxies.trust(peer) {
            return Client { address: Some(peer), is_https: false, host: host.into() };
        }
        let hops: Box<dyn Iterator<Item = Hop>> = match proxies.header() {
            "forwarded" => Box::new(forwarded::forwarded(headers)),
            header => Box::new(forwarded::addresses(headers, header)),
        };
        let mut client = peer;
        let mut by_hop = None;
        // Stops at the client: hops beyond it may be many, and nobody vouches for them.
        for hop in hops {
            let Some(address) = hop.address else { break };
            client = address;
            by_hop = Some(hop);
            if !proxies.trust(address) {
                break;
            }
        }
        let value = |of_hop: fn(&Hop) -> &str, header: &str| match by_hop.as_ref().map(of_hop) {
            Some(forwarded) if !forwarded.is_empty() => forwarded.to_string(),
            // The last of several values comes from the nearest proxy.
            _ => last(headers, header).to_string(),
        };
        let forwarded_host = value(|hop| &hop.host, "x-forwarded-host");
        Client {
            address: Some(client),
            is_https: value(|hop| &hop.scheme, "x-forwarded-proto").eq_ignore_ascii_case("https"),
            host: if forwarded_host.is_empty() { host.into() } else { forwarded_host },
        }
    }
}

/// The path prefix that browsers see: the configured one, or else the one that a trusted proxy reports.
pub fn prefix(proxies: &Proxies, peer: Option<IpAddr>, headers: &HeaderMap) -> String {
    if !proxies.is_prefix_read(peer) {
        return proxies.path().to_string();
    }
    base_path(last(headers, "x-forwarded-prefix")).unwrap_or_default()
}

/// The forwarding header of a request that came through a proxy, if any.
pub fn is_forwarded(headers: &HeaderMap) -> Option<&'static str> {
    FORWARDING_HEADERS.into_iter().find(|name| headers.contains_key(*name))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let line = headers.get_all(name).iter().next_back().and_then(|value| value.to_str().ok()).unwrap_or_default();
    line.rsplit(',').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &str, header: &str, peer: &str, lines: &[(&'static str, &str)]) -> Client {
        let proxies: Proxies = toml::from_str(&format!("trusted = {trusted}\nheader = {header:?}")).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Client::behind_proxies(&proxies, Some(peer.parse().unwrap()), &headers)
    }

    const XFF: &str = "x-forwarded-for";

    /// The headers of real proxies, with their documentation.
    #[test]
    fn the_client_behind_real_proxies_is_found() {
        for (trusted, header, peer, lines, expected) in [
            // nginx, `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for` (nginx.org, ngx_http_proxy_module): appends.
            (r#"["loopback"]"#, XFF, "127.0.0.1", vec![(XFF, "203.0.113.7")], "203.0.113.7"),
            (r#"["10.0.0.2/32"]"#, XFF, "10.0.0.2", vec![(XFF, "6.6.6.6, 203.0.113.7")], "203.0.113.7"),
            // Azure Application Gateway and Front Door write IP:port (learn.microsoft.com, "How an application gateway works").
            (r#"["10.1.0.0/16"]"#, XFF, "10.1.0.4", vec![(XFF, "203.0.113.7:4711")], "203.0.113.7"),
            (r#"["10.1.0.0/16"]"#, XFF, "10.1.0.4", vec![(XFF, "[2001:db8:7::1]:443")], "2001:db8:7::1"),
            // Cloudflare before nginx: nginx appends Cloudflare's edge (developers.cloudflare.com, "HTTP headers").
            (
                r#"["loopback", "172.64.0.0/13"]"#,
                XFF,
                "127.0.0.1",
                vec![(XFF, "203.0.113.7, 172.68.10.5")],
                "203.0.113.7",
            ),
            (
                r#"["loopback"]"#,
                "cf-connecting-ip",
                "127.0.0.1",
                vec![("cf-connecting-ip", "203.0.113.7"), (XFF, "6.6.6.6, 172.68.10.5")],
                "203.0.113.7",
            ),
            // Railway: the peer is in 100.64.0.0/10, the client's address comes first, its own hop last (fancyboi999/open-tag#107).
            (
                r#"["100.64.0.0/10", "152.233.0.0/16"]"#,
                XFF,
                "100.64.0.2",
                vec![(XFF, "203.0.113.7, 152.233.1.9")],
                "203.0.113.7",
            ),
            (r#"["private"]"#, "x-real-ip", "100.64.0.2", vec![("x-real-ip", "203.0.113.7")], "203.0.113.7"),
            // AWS Application Load Balancer, routing.http.xff_client_port.enabled (docs.aws.amazon.com, "X-Forwarded headers").
            (r#"["172.31.0.0/16"]"#, XFF, "172.31.4.4", vec![(XFF, "203.0.113.7:10")], "203.0.113.7"),
            (r#"["172.31.0.0/16"]"#, XFF, "172.31.4.4", vec![(XFF, "9.9.9.9,203.0.113.7")], "203.0.113.7"),
            // HAProxy, `option forwardfor` (docs.haproxy.org): a line of its own behind those that came.
            (r#"["192.168.7.0/24"]"#, XFF, "192.168.7.7", vec![(XFF, "6.6.6.6"), (XFF, "203.0.113.7")], "203.0.113.7"),
            // HAProxy, `option forwarded` (RFC 7239).
            (
                r#"["192.168.7.0/24"]"#,
                "forwarded",
                "192.168.7.7",
                vec![("forwarded", r#"for=6.6.6.6, proto=https;for="[2001:db8:7::1]:4711""#)],
                "2001:db8:7::1",
            ),
        ] {
            let client = client(trusted, header, peer, &lines);
            assert_eq!(client.address.unwrap().to_string(), expected, "{trusted} {header} {peer} {lines:?}");
        }
    }

    #[test]
    fn forwarding_headers_of_clients_are_ignored() {
        for (trusted, header, peer, lines, expected) in [
            // No trusted proxy in between.
            (r#"["loopback"]"#, XFF, "203.0.113.7", vec![(XFF, "6.6.6.6")], "203.0.113.7"),
            (r#"["loopback"]"#, XFF, "10.0.0.5", vec![(XFF, "6.6.6.6")], "10.0.0.5"),
            (r#"[]"#, XFF, "127.0.0.1", vec![(XFF, "6.6.6.6")], "127.0.0.1"),
            // The first untrusted hop is the client, although its address is private.
            (r#"["10.0.0.2"]"#, XFF, "10.0.0.2", vec![(XFF, "6.6.6.6, 10.0.0.5")], "10.0.0.5"),
            // All hops are trusted: the request comes from the internal network.
            (r#"["private"]"#, XFF, "10.0.0.2", vec![(XFF, "192.168.0.5, 10.0.0.9")], "192.168.0.5"),
            // Withheld or malformed: all of them count as one client, the one behind the last known proxy.
            (r#"["loopback"]"#, XFF, "127.0.0.1", vec![(XFF, "6.6.6.6, unknown")], "127.0.0.1"),
            (r#"["loopback"]"#, XFF, "127.0.0.1", vec![(XFF, "6.6.6.6,")], "127.0.0.1"),
            (
                r#"["private"]"#,
                "forwarded",
                "10.0.0.2",
                vec![("forwarded", "for=6.6.6.6, for=_hidden, for=10.0.0.9")],
                "10.0.0.9",
            ),
            // A header other than the configured one.
            (r#"["loopback"]"#, "forwarded", "127.0.0.1", vec![(XFF, "6.6.6.6")], "127.0.0.1"),
            (r#"["loopback"]"#, XFF, "::ffff:127.0.0.1", vec![(XFF, "::ffff:203.0.113.7")], "203.0.113.7"),
        ] {
            let client = client(trusted, header, peer, &lines);
            assert_eq!(client.address.unwrap().to_string(), expected, "{trusted} {header} {peer} {lines:?}");
        }
    }

    #[test]
    fn scheme_and_host_are_taken_from_trusted_proxies_only() {
        let lines =
            [("host", "gateway:8383"), ("x-forwarded-proto", "http, https"), ("x-forwarded-host", "help.example")];
        let from_proxy = client(r#"["loopback"]"#, XFF, "127.0.0.1", &lines);
        assert_eq!((from_proxy.is_https, from_proxy.host.as_str()), (true, "help.example"));
        let from_proxy = client(r#"["loopback"]"#, XFF, "10.0.0.5", &lines);
        assert_eq!((from_proxy.is_https, from_proxy.host.as_str()), (false, "gateway:8383"));
        let lines = [("host", "gateway"), ("forwarded", "for=203.0.113.7;proto=https;host=help.example")];
        let from_proxy = client(r#"["loopback"]"#, "forwarded", "127.0.0.1", &lines);
        assert_eq!((from_proxy.is_https, from_proxy.host.as_str()), (true, "help.example"));
    }
}
