//! Addresses of sources, and addresses that people can open.

use std::net::{Ipv4Addr, Ipv6Addr};

use url::Url;

/// The text is no valid address of a source.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the address of a source; use https://HOST/PATH (http for this computer only)")]
pub struct AddressError(pub String);

/// The address of a source: https, or http to this computer.
pub fn source_url(text: &str) -> Result<Url, AddressError> {
    let wrong = || AddressError(text.into());
    let mut url = Url::parse(text.trim()).map_err(|_| wrong())?;
    let plain = url.username().is_empty() && url.password().is_none() && url.host_str().is_some();
    if !plain || !(url.scheme() == "https" || is_local(&url)) {
        return Err(wrong());
    }
    url.set_fragment(None);
    Ok(url)
}

/// An address that a person can open in a browser; `None` for anything else.
pub fn web_address(text: &str) -> Option<String> {
    let text = text.trim();
    let url =
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.host_str().is_some())?;
    markdown::safe_url(text).map(str::to_string).or_else(|| Some(url.into()))
}

/// Whether it is plain http to this computer.
pub(crate) fn is_local(url: &Url) -> bool {
    let local = match url.host_str() {
        Some("localhost") => true,
        Some(host) => {
            let host = host.trim_matches(['[', ']']);
            host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
                || host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    };
    url.scheme() == "http" && local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_need_https_except_on_loopback() {
        for valid in ["https://a.example", "http://127.0.0.1:8065/x", "http://localhost/", "http://[::1]:80/"] {
            assert!(source_url(valid).is_ok(), "{valid}");
        }
        for invalid in [
            "http://a.example",
            "a.example",
            "ftp://a.example",
            "file:///etc/passwd",
            "https://u:p@a.example",
            "http://127.0.0.1.a.example",
            "",
        ] {
            assert!(source_url(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn a_web_address_is_http_or_https_with_a_host() {
        assert_eq!(web_address(" https://a.example/x#y "), Some("https://a.example/x#y".into()));
        for invalid in [
            "javascript:alert(1)",
            "data:text/html,x",
            "mailto:a@b.example",
            "/relative",
            "https:",
            "ftp://a.example",
            "",
        ] {
            assert_eq!(web_address(invalid), None, "{invalid}");
        }
        assert_eq!(web_address("https://a.example/a b"), Some("https://a.example/a%20b".into()));
    }
}
