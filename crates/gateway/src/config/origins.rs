//! The pages that may use a site, as configured.
//! Browsers send an origin in one form (the HTML standard, section 7.1.1; RFC 6454, section 6.2): scheme and host in lower case, the host in
//! ASCII, no port if it is the scheme's default. Configured origins are normalized to that form for comparison.

use std::fmt;

use url::Url;

/// Domains below which anybody can publish pages, so that they do not belong to one company. Not all of them, but the common ones.
const SHARED: &[&str] = &[
    "amplifyapp.com",
    "app.github.dev",
    "appspot.com",
    "azurestaticapps.net",
    "azurewebsites.net",
    "blogspot.com",
    "bubbleapps.io",
    "cloudfront.net",
    "codesandbox.io",
    "csb.app",
    "deno.dev",
    "firebaseapp.com",
    "fly.dev",
    "framer.app",
    "github.io",
    "gitlab.io",
    "glitch.me",
    "herokuapp.com",
    "hf.space",
    "loca.lt",
    "lovable.app",
    "myshopify.com",
    "netlify.app",
    "ngrok-free.app",
    "ngrok.app",
    "ngrok.io",
    "notion.site",
    "onrender.com",
    "pages.dev",
    "railway.app",
    "replit.app",
    "run.app",
    "s3.amazonaws.com",
    "streamlit.app",
    "surge.sh",
    "trycloudflare.com",
    "up.railway.app",
    "vercel.app",
    "web.app",
    "webcontainer.io",
    "webflow.io",
    "wixsite.com",
    "wordpress.com",
    "workers.dev",
];

/// Second-level labels under which the registry of a country registers domains for anybody, such as `co.uk`.
const REGISTRIES: &[&str] = &[
    "ac", "co", "com", "edu", "gen", "go", "gob", "gouv", "gov", "govt", "gv", "id", "in", "info", "ltd", "me", "mil",
    "ne", "net", "nom", "or", "org", "plc", "sch",
];

/// Top-level domains that cannot be registered: RFC 2606, RFC 6761, RFC 6762, RFC 8375, and those that private networks use (ICANN's resolution
/// on `internal`, RFC 6762, appendix G).
const PRIVATE: &[&str] = &[
    "corp",
    "example",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "private",
    "test",
];

/// The pages that may use a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Every page.
    Any,
    /// The pages of these origins.
    Listed(Vec<OriginPattern>),
}

/// One entry of `origins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OriginPattern {
    /// Pages without an origin of their own, for which browsers send `null`: files, and frames in a sandbox.
    Null,
    /// Pages of one scheme.
    Pages {
        /// In lower case, without `://`.
        scheme: String,
        /// The hosts.
        hosts: Hosts,
        /// The ports.
        port: Port,
    },
}

/// The hosts of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// This one.
    One(String),
    /// All hosts below this one, at any depth, without the host itself.
    Below(String),
    /// All hosts of an app's scheme.
    All,
}

/// The ports of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one; `None` for the scheme's default.
    One(Option<u16>),
    /// All.
    All,
}

/// Why a text is not an origin, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OriginError(String);

impl Origins {
    /// Parses `origins`.
    pub fn read(texts: &[String]) -> Result<Origins, OriginError> {
        match texts {
            [] => Err(OriginError(
                r#"list the pages that embed the panel, such as ["https://app.example.com"], or allow all with ["*"]"#.into(),
            )),
            [text] if text.trim() == "*" => Ok(Origins::Any),
            _ if texts.iter().any(|text| text.trim() == "*") => Err(OriginError(
                r#"list the pages that embed the panel, such as ["https://app.example.com"], or allow all with ["*"], but not both"#
                    .into(),
            )),
            _ => texts.iter().map(|text| text.parse()).collect::<Result<_, _>>().map(Origins::Listed),
        }
    }

    /// Whether pages of an origin, in the form that browsers send, may use the site.
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Origins::Any => true,
            Origins::Listed(patterns) => {
                let requested = origin.parse::<OriginPattern>();
                requested.is_ok_and(|requested| patterns.iter().any(|pattern| pattern.includes(&requested)))
            }
        }
    }

    /// The patterns below domains where anybody can publish pages.
    pub fn shared(&self) -> impl Iterator<Item = &OriginPattern> {
        let patterns = match self {
            Origins::Any => [].as_slice(),
            Origins::Listed(patterns) => patterns,
        };
        let is_shared = |pattern: &&OriginPattern| matches!(pattern, OriginPattern::Pages { hosts: Hosts::Below(host), .. } if SHARED.contains(&host.as_str()));
        patterns.iter().filter(is_shared)
    }
}

impl OriginPattern {
    /// Whether a pattern includes an origin.
    fn includes(&self, origin: &OriginPattern) -> bool {
        match (self, origin) {
            (OriginPattern::Null, OriginPattern::Null) => true,
            (
                OriginPattern::Pages { scheme, hosts, port },
                OriginPattern::Pages { scheme: of, hosts: Hosts::One(host), port: at },
            ) => {
                let is_host = match hosts {
                    Hosts::One(name) => name == host,
                    Hosts::Below(parent) => host.strip_suffix(parent.as_str()).is_some_and(|rest| {
                        rest.strip_suffix('.')
                            .is_some_and(|subdomain| !subdomain.is_empty() && !subdomain.ends_with('.'))
                    }),
                    Hosts::All => true,
                };
                scheme == of && is_host && (*port == Port::All || port == at)
            }
            _ => false,
        }
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OriginPattern::Pages { scheme, hosts, port } = self else { return f.write_str("null") };
        match hosts {
            Hosts::One(host) => write!(f, "{scheme}://{host}")?,
            Hosts::Below(host) => write!(f, "{scheme}://*.{host}")?,
            Hosts::All => write!(f, "{scheme}://*")?,
        }
        match port {
            Port::One(None) => Ok(()),
            Port::One(Some(port)) => write!(f, ":{port}"),
            Port::All => f.write_str(":*"),
        }
    }
}

impl std::str::FromStr for OriginPattern {
    type Err = OriginError;

    fn from_str(origin_text: &str) -> Result<OriginPattern, OriginError> {
        let text = origin_text.trim();
        if text.eq_ignore_ascii_case("null") {
            return Ok(OriginPattern::Null);
        }
        let Some((scheme, rest)) = text.split_once("://") else { return Err(without_scheme(origin_text)) };
        let scheme = scheme.to_ascii_lowercase();
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        match scheme.as_str() {
            // Browsers send `null`; older web views send this for the same pages.
            "file" if rest.is_empty() => Ok(OriginPattern::Null),
            "http" | "https" => web(origin_text, &scheme, rest),
            "ws" | "wss" | "ftp" | "file" | "blob" | "data" | "javascript" | "about" => {
                Err(OriginError(format!("{origin_text:?} is not the origin of a page; {ALLOWED}")))
            }
            _ => app(origin_text, &scheme, rest),
        }
    }
}

const ALLOWED: &str = "use https://HOST or https://HOST:PORT, https://*.HOST for all subdomains of a host, \
    SCHEME://HOST for an app, such as capacitor://localhost, or null for pages without an origin";

fn without_scheme(origin_text: &str) -> OriginError {
    let text = origin_text.trim();
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let is_local = host.split(':').next() == Some("localhost") || host.starts_with("127.") || host.starts_with("[::1]");
    let scheme = if is_local { "http" } else { "https" };
    let is_host =
        !host.is_empty() && !host.contains(char::is_whitespace) && Url::parse(&format!("https://{host}")).is_ok();
    match is_host {
        true => OriginError(format!("{origin_text:?} is not an origin: the scheme is missing; use {scheme}://{host}")),
        false => OriginError(format!("{origin_text:?} is not an origin; {ALLOWED}")),
    }
}

/// A web origin, with `rest` after its scheme.
fn web(text: &str, scheme: &str, rest: &str) -> Result<OriginPattern, OriginError> {
    let invalid = |message: String| Err(OriginError(format!("{text:?} is not an origin: {message}")));
    if rest.is_empty() {
        return invalid(format!("the host is missing; {ALLOWED}"));
    }
    if let Some(end) = rest.find(['/', '?', '#', '\\']) {
        let host = rest.get(..end).unwrap_or_default();
        return invalid(format!("an origin ends after host and port; use {scheme}://{host}"));
    }
    if rest.contains('@') {
        return invalid(format!("an origin has no user; {ALLOWED}"));
    }
    if rest == "*" {
        return invalid(r#"use ["*"] for every page, or https://*.HOST for all subdomains of a host"#.into());
    }
    let (rest, all_ports) = match rest.strip_suffix(":*") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let (host, is_below) = match rest.strip_prefix("*.") {
        Some(host) => (host, true),
        None => (rest, false),
    };
    if host.contains('*') {
        return invalid(format!("* can only replace whole labels at the start of the host; use {scheme}://*.HOST"));
    }
    let url = match Url::parse(&format!("{scheme}://{host}")) {
        Ok(url) => url,
        Err(error) => return invalid(format!("{error}; {ALLOWED}")),
    };
    let name = url.host_str().unwrap_or_default().to_string();
    let port = if all_ports { Port::All } else { Port::One(url.port()) };
    if !is_below {
        return Ok(OriginPattern::Pages { scheme: scheme.into(), hosts: Hosts::One(name), port });
    }
    if !matches!(url.host(), Some(host) if host.to_string().contains(char::is_alphabetic) && !name.starts_with('[')) {
        return invalid("an IP address has no subdomains; use a host name after *.".into());
    }
    if is_public(&name) {
        return invalid(format!("anybody can register a subdomain of {name}; use {scheme}://*.YOUR-NAME.{name}"));
    }
    Ok(OriginPattern::Pages { scheme: scheme.into(), hosts: Hosts::Below(name), port })
}

/// The origin of an app, with `rest` after its scheme. Hosts are compared without case, because no two apps can have hosts that differ only in
/// case.
fn app(text: &str, scheme: &str, rest: &str) -> Result<OriginPattern, OriginError> {
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (host, port.parse().ok().map(Some))
        }
        _ => (rest, Some(None)),
    };
    let is_host = host == "*" || host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    match port {
        Some(port) if is_scheme && is_host && !host.is_empty() => {
            let hosts = if host == "*" { Hosts::All } else { Hosts::One(host.to_ascii_lowercase()) };
            Ok(OriginPattern::Pages { scheme: scheme.into(), hosts, port: Port::One(port) })
        }
        _ => Err(OriginError(format!(
            "{text:?} is not the origin of an app; use SCHEME://HOST or SCHEME://*, without a path"
        ))),
    }
}

/// Whether anybody can register a domain below this host, judging by its form.
fn is_public(host: &str) -> bool {
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    match labels.as_slice() {
        [top] => !PRIVATE.contains(top),
        [second, country] => country.len() == 2 && REGISTRIES.contains(second),
        _ => false,
    }
}
