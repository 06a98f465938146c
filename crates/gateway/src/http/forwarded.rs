//! Parses the headers in which proxies list the hops of a request.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// A hop as reported by the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Its address; `None` if it is withheld (`unknown`, `_hidden`) or malformed.
    pub address: Option<IpAddr>,
    /// The requested scheme, `http` or `https`; empty if it is not reported.
    pub scheme: String,
    /// The requested host; empty if it is not reported.
    pub host: String,
}

/// The hops of a header with a list of addresses, such as `X-Forwarded-For`, nearest first, parsed lazily. Several lines are one list.
pub fn addresses<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = Hop> + use<'a> {
    let lines = headers.get_all(name).iter().rev().map(|value| value.to_str().unwrap_or_default());
    let hop = |text| Hop { address: address(text), scheme: String::new(), host: String::new() };
    lines.flat_map(|line| line.rsplit(',')).map(hop)
}

/// The hops of `Forwarded` (RFC 7239, section 4), nearest first, parsed lazily.
pub fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    let lines = headers.get_all("forwarded").iter().rev().map(|value| value.to_str().unwrap_or_default());
    lines.flat_map(|line| unquoted(line, ',').into_iter().rev()).map(element)
}

/// An address with or without a port, in any notation: `192.0.2.1:4711`, `[2001:db8::1]:443`, `2001:db8::1`, `fe80::1%eth0`.
pub fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"').trim();
    let unbracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let zoneless = unbracketed.split_once('%').map_or(unbracketed, |(address, _)| address);
    let parsed = zoneless.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    // `192.0.2.1:_port`: RFC 7239 allows obfuscated ports.
    let parsed = parsed.or_else(|| {
        let (node, port) = text.rsplit_once(':')?;
        let node = node.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(node);
        port.starts_with('_').then(|| node.parse().ok()).flatten()
    });
    parsed.map(|address| address.to_canonical())
}

fn element(text: &str) -> Hop {
    let mut hop = Hop { address: None, scheme: String::new(), host: String::new() };
    for pair in unquoted(text, ';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = quoted_or_token(value.trim());
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.address = address(&value),
            "proto" => hop.scheme = value.to_ascii_lowercase(),
            "host" => hop.host = value,
            _ => {}
        }
    }
    hop
}

/// Splits a text at separators outside of quotes.
fn unquoted(text: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c| {
        let separates = c == separator && !quoted;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        separates
    })
    .collect()
}

/// The value of a token or a quoted string.
fn quoted_or_token(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return value.into() };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed_in_every_notation() {
        for (text, expected) in [
            ("192.0.2.1", Some("192.0.2.1")),
            (" 192.0.2.1:4711 ", Some("192.0.2.1")),
            ("\"192.0.2.1\"", Some("192.0.2.1")),
            ("192.0.2.1:_http", Some("192.0.2.1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]:_x", Some("2001:db8::1")),
            ("::ffff:192.0.2.1", Some("192.0.2.1")),
            ("[::ffff:192.0.2.1]:80", Some("192.0.2.1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("", None),
            ("unknown", None),
            ("_hidden", None),
            ("192.0.2", None),
            ("192.0.2.1:port", None),
            ("app.example.com", None),
        ] {
            assert_eq!(address(text), expected.map(|expected| expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn quoted_commas_and_semicolons_do_not_separate() {
        let mut headers = HeaderMap::new();
        let lines = [
            r#"for="[2001:db8::1]:4711";proto=HTTPS;host="a,b;c", For=192.0.2.43 ; by="_x\"y""#,
            "for=_hidden, for=unknown;secret=1, proto=http",
        ];
        for line in lines {
            headers.append("forwarded", line.parse().unwrap());
        }
        let mut hops: Vec<Hop> = forwarded(&headers).collect();
        hops.reverse();
        let elements: Vec<String> =
            hops.iter().map(|hop| hop.address.map_or("-".into(), |address| address.to_string())).collect();
        assert_eq!(elements, ["2001:db8::1", "192.0.2.43", "-", "-", "-"]);
        assert_eq!(
            (hops[0].scheme.as_str(), hops[0].host.as_str(), hops[4].scheme.as_str()),
            ("https", "a,b;c", "http")
        );
    }
}
