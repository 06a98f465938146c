//! Serves a gateway that is below a path of a proxy, such as `https://app.example.com/support/`.
//! The proxy may strip the path or not. The pages of the gateway link to each other by absolute paths; a base path is inserted into responses,
//! so that the code that renders pages does not have to know it.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::Entry;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower::util::MapRequest;

use super::client::prefix;
use crate::config::Proxies;
use crate::http::problem::Refusal;

/// The largest page that is rewritten, in bytes.
const PAGE_MAX: usize = 64 * 1024 * 1024;
/// Attributes that contain addresses. Text of customers cannot contain them, because its quotes are escaped.
const ATTRIBUTES: [&str; 4] = ["href=\"", "action=\"", "src=\"", "content=\"0; url="];
/// The beginnings of the gateway's own addresses.
const PLACES: [&str; 4] = ["/inbox", "/help/", "/deskbell.js", "/v1/"];

/// Mounts the routes below the configured path, and also without it, for proxies that strip it.
pub fn nest_below(routes: Router, proxies: &Proxies) -> Router {
    let path = proxies.path().to_string();
    if path.is_empty() {
        return routes;
    }
    Router::new().fallback_service(MapRequest::new(routes, move |mut request: Request| {
        if let Some(uri) = stripped(request.uri(), &path) {
            *request.uri_mut() = uri;
        }
        request
    }))
}

/// Inserts the base path into the addresses of a response.
pub async fn write_links(State(proxies): State<Arc<Proxies>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let prefix = prefix(&proxies, peer, request.headers());
    let mut response = next.run(request).await;
    if proxies.is_prefix_read(peer) && has_links(response.headers()) {
        // A cache must not serve a page with the base path of one proxy to the clients of another.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("x-forwarded-prefix"));
    }
    if prefix.is_empty() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    change(&mut parts.headers, header::LOCATION, |text| text.strip_prefix('/').map(|rest| format!("{prefix}/{rest}")));
    change(&mut parts.headers, header::SET_COOKIE, |text| {
        text.contains("Path=/inbox").then(|| text.replace("Path=/inbox", &format!("Path={prefix}/inbox")))
    });
    if !is_page(&parts.headers) {
        return Response::from_parts(parts, body);
    }
    let Ok(bytes) = to_bytes(body, PAGE_MAX).await else { return Refusal::Internal.into_response() };
    let page = linked(&String::from_utf8_lossy(&bytes), &prefix);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(page))
}

/// Whether a response contains addresses to rewrite.
fn has_links(headers: &HeaderMap) -> bool {
    is_page(headers) || headers.contains_key(header::LOCATION)
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

fn change(headers: &mut HeaderMap, name: HeaderName, change: impl Fn(&str) -> Option<String>) {
    if let Entry::Occupied(mut values) = headers.entry(name) {
        for value in values.iter_mut() {
            let changed = value.to_str().ok().and_then(&change);
            if let Some(changed) = changed.and_then(|text| HeaderValue::from_str(&text).ok()) {
                *value = changed;
            }
        }
    }
}

fn linked(page: &str, prefix: &str) -> String {
    let mut linked = page.to_string();
    for attribute in ATTRIBUTES {
        for path in PLACES {
            linked = linked.replace(&format!("{attribute}{path}"), &format!("{attribute}{prefix}{path}"));
        }
    }
    linked
}

/// An address without a path prefix; `None` if it does not have it.
fn stripped(uri: &Uri, path: &str) -> Option<Uri> {
    let rest = uri.path_and_query()?.as_str().strip_prefix(path)?;
    match rest.chars().next() {
        Some('/') => rest.parse().ok(),
        None | Some('?') => format!("/{rest}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_is_stripped_as_a_whole() {
        for (uri, rest) in [
            ("/support/v1/health?x=1", Some("/v1/health?x=1")),
            ("/support", Some("/")),
            ("/support?x", Some("/?x")),
            ("/support/", Some("/")),
            ("/supporters/v1", None),
            ("/v1/health", None),
        ] {
            assert_eq!(
                stripped(&uri.parse().unwrap(), "/support").map(|uri| uri.to_string()).as_deref(),
                rest,
                "{uri}"
            );
        }
    }

    #[test]
    fn the_base_path_is_added_to_links_and_not_to_texts() {
        let page =
            r#"<a href="/inbox?x=1">/inbox href=&quot;/inbox</a><form action="/inbox/login"><input value="/inbox">"#;
        let linked = linked(page, "/support");
        assert_eq!(
            linked,
            r#"<a href="/support/inbox?x=1">/inbox href=&quot;/inbox</a><form action="/support/inbox/login"><input value="/inbox">"#
        );
    }
}
