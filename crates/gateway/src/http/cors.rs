//! Which pages may read a response (CORS, the Fetch standard, section 3.2).
//! Every response has the headers, including errors, because a page takes a response without them for a network error. Preflights are answered
//! here on every public path and allow the requested headers: tracing libraries add theirs to our requests.

use deskbell_core::ids::SiteKey;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::api::tickets::KEY_HEADER;
use super::assets;
use super::envelope::{REQUEST_ID, VERSION};
use super::refused_origins::RefusedOrigins;
use crate::config::Origins;
use identity::SESSION_HEADER;

/// The methods of the API, including those for files.
const API_METHODS: &str = "GET,POST,PUT,PATCH";
const FILE_METHODS: &str = "GET,HEAD";
/// How long a browser may cache a preflight, in seconds; Chromium caps it at this.
const MAX_AGE: &str = "7200";
/// How many requested headers are allowed besides ours, and the total length of their names, in bytes.
const MIRRORED_MAX: usize = 64;
const MIRRORED_BYTES_MAX: usize = 4096;
/// The headers that request and grant access to a private network (Private Network Access, section 3.1).
const ASKS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOWS_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");
/// The response headers that the widget reads.
const EXPOSED: [HeaderName; 5] = [header::RETRY_AFTER, header::LOCATION, header::ETAG, REQUEST_ID, VERSION];

/// The pages that may read a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    /// Every page.
    Everybody,
    /// The pages that the site allows.
    Origins,
    /// Only pages of the same origin.
    Nobody,
}

/// Decides which pages may read responses.
pub struct PageAccess {
    /// The allowed pages of each site.
    origins: BTreeMap<SiteKey, Origins>,
    refused: RefusedOrigins,
    is_demo: bool,
}

impl PageAccess {
    /// Allows the pages of these origins to read responses about their site, and logs others.
    pub fn new(origins: BTreeMap<SiteKey, Origins>, is_demo: bool) -> PageAccess {
        PageAccess { origins, refused: RefusedOrigins::default(), is_demo }
    }

    /// Whether pages of an origin may read a path of the API, according to the site in it.
    fn allows(&self, path: &str, origin: &str) -> bool {
        let site = path.split_once("/sites/").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
        match self.origins.get(site) {
            Some(origins) if origins.allow(origin) => true,
            Some(origins) => {
                self.refused.report(site, origins, origin);
                false
            }
            // Any page may read that a site does not exist. A name with escapes is decoded by the router, and might turn out to be that of a
            // site.
            None => !path.contains('%'),
        }
    }
}

/// Answers preflights, and adds the headers to all other responses.
pub async fn share(State(access): State<Arc<PageAccess>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let audience = audience(path, access.is_demo);
    if audience == Audience::Nobody {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = match (audience, origin) {
        (Audience::Everybody, _) => Some(HeaderValue::from_static("*")),
        (_, Some(origin)) => Some(origin).filter(|origin| origin.to_str().is_ok_and(|text| access.allows(path, text))),
        _ => None,
    };
    let is_preflight = request.method() == Method::OPTIONS;
    let methods = if path.starts_with(super::VERSION_1) { API_METHODS } else { FILE_METHODS };
    let mut response =
        if is_preflight { preflight(request.headers(), methods, allowed.is_some()) } else { next.run(request).await };
    let headers = response.headers_mut();
    if let Some(allowed) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if !is_preflight {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, joined(&EXPOSED));
        }
    }
    if audience == Audience::Origins {
        headers.append(header::VARY, HeaderValue::from_name(header::ORIGIN));
    }
    response
}

/// The response to a preflight, except for the origin.
fn preflight(requested: &HeaderMap, methods: &'static str, allowed: bool) -> Response {
    let mut response = ().into_response();
    let headers = response.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    let varies = [header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_REQUEST_HEADERS, ASKS_PRIVATE];
    headers.insert(header::VARY, joined(&varies));
    if !allowed {
        return response;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed_headers(requested));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    if requested.get(ASKS_PRIVATE).is_some_and(|value| value == "true") {
        headers.insert(ALLOWS_PRIVATE, HeaderValue::from_static("true"));
    }
    response
}

/// Our headers and the requested ones, each once.
fn allowed_headers(headers: &HeaderMap) -> HeaderValue {
    let mut names = vec![
        header::CONTENT_TYPE,
        header::AUTHORIZATION,
        HeaderName::from_static(KEY_HEADER),
        HeaderName::from_static(SESSION_HEADER),
    ];
    let maximum = names.len() + MIRRORED_MAX;
    let lines = headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let requested = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let mut bytes = 0;
    for name in requested.filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok()) {
        bytes += name.as_str().len();
        if names.len() == maximum || bytes > MIRRORED_BYTES_MAX {
            break;
        }
        if !names.contains(&name) && !says_who_asks(name.as_str()) {
            names.push(name);
        }
    }
    joined(&names)
}

/// Whether a header is one in which proxies report the client or the request. No page needs to send it.
fn says_who_asks(name: &str) -> bool {
    name == "forwarded"
        || name == "x-real-ip"
        || name.starts_with("x-forwarded-")
        || name.ends_with("client-ip")
        || name.ends_with("clientip")
        || name.ends_with("connecting-ip")
}

fn joined(names: &[HeaderName]) -> HeaderValue {
    let names: Vec<&str> = names.iter().map(HeaderName::as_str).collect();
    HeaderValue::from_str(&names.join(",")).unwrap_or(HeaderValue::from_static(""))
}

fn audience(path: &str, demo: bool) -> Audience {
    let is_below = |start: &str| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_below(super::VERSION_1) {
        Audience::Origins
    } else if path == "/" || is_below("/inbox") || is_below("/help") || assets::is_of_demo(path, demo) {
        Audience::Nobody
    } else {
        Audience::Everybody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirrored(requested: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_str(requested).unwrap());
        allowed_headers(&headers).to_str().unwrap().to_string()
    }

    #[test]
    fn requested_headers_are_allowed_within_bounds() {
        let expected = "content-type,authorization,idempotency-key,deskbell-session";
        assert_eq!(mirrored(""), expected);
        assert_eq!(mirrored("content-type, Sentry-Trace ,baggage"), format!("{expected},sentry-trace,baggage"));
        assert_eq!(mirrored("a b,\"x\",newrelic"), format!("{expected},newrelic"));
        for invalid in
            ["x-forwarded-for", "X-Forwarded-Host", "forwarded", "x-real-ip", "cf-connecting-ip", "fly-client-ip"]
        {
            assert_eq!(mirrored(invalid), expected, "{invalid}");
        }
        let many_names: Vec<String> = (0..500).map(|n| format!("x-{n}")).collect();
        assert_eq!(mirrored(&many_names.join(",")).split(',').count(), 4 + MIRRORED_MAX);
        let long_names: Vec<String> = (0..60).map(|n| format!("x-{n}-{}", "a".repeat(200))).collect();
        assert!(mirrored(&long_names.join(",")).len() <= expected.len() + MIRRORED_BYTES_MAX + MIRRORED_MAX);
    }

    #[test]
    fn inbox_pages_allow_no_other_origin() {
        for (path, expected) in [
            ("/v1/sites/acme/tickets", Audience::Origins),
            ("/v1/health", Audience::Origins),
            ("/deskbell.js", Audience::Everybody),
            ("/healthz", Audience::Everybody),
            ("/inbox", Audience::Nobody),
            ("/inbox/tickets/DB-4K7Q9", Audience::Nobody),
            ("/inboxes", Audience::Everybody),
            ("/help/acme", Audience::Nobody),
        ] {
            assert_eq!(audience(path, false), expected, "{path}");
        }
        assert_eq!((audience("/", true), audience("/", false)), (Audience::Nobody, Audience::Nobody));
    }
}
