//! Tracing libraries add headers to our requests, so that browsers send a preflight. Every public path responds to it.

use axum::body::Body;
use axum::http::Method;
use gateway::config::Overrides;
use serde::Deserialize;

use crate::rows;
use crate::support::{Gateway, ORIGIN, gateway_with, request};

#[derive(Deserialize)]
struct Case {
    headers: Vec<String>,
}

const PATHS: &[(&str, &str)] = &[
    ("POST", "/v1/sites/acme/tickets"),
    ("GET", "/v1/sites/acme/config"),
    ("GET", "/v1/sites/acme/search"),
    ("GET", "/v1/sites/acme/tickets/stream"),
    ("PUT", "/v1/sites/acme/attachments/0b0f1e6e-6c9c-4d8e-8a43-94c7a4a4a7a1"),
    ("PATCH", "/v1/sites/acme/tickets/1"),
    ("GET", "/v1/health"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/v1/nothing"),
    ("GET", "/healthz"),
    ("GET", "/deskbell.js"),
    ("GET", "/deskbell.mjs"),
    ("GET", "/deskbell-0123456789abcdef/widget.wasm"),
    ("GET", "/deskbell-0123456789abcdef/none.js"),
];

async fn preflight(gateway: &Gateway, (method, path): (&str, &str), origin: &str, headers: &str) -> Result<(), String> {
    let request = request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    let answer = gateway.send(request.body(Body::empty()).unwrap()).await;
    let description = format!("{method} {path}: {} {:?}", answer.status, answer.headers);
    let allowed = answer.header("access-control-allow-headers").to_string();
    let allowed: Vec<&str> = allowed.split(',').collect();
    let is_allowed = answer.status.is_success()
        && [origin, "*"].contains(&answer.header("access-control-allow-origin"))
        && answer.header("access-control-allow-methods").split(',').any(|allowed| allowed == method)
        && headers.split(',').all(|header| allowed.contains(&header));
    if is_allowed { Ok(()) } else { Err(description) }
}

#[tokio::test]
async fn headers_of_tracing_libraries_are_allowed_on_every_public_path() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = gateway_with("", Overrides { assets: Some(folder.path().into()), ..Overrides::default() }).await;
    let rows = rows::read::<Case>(include_str!("table.toml"));
    let mut failures = Vec::new();
    for row in &rows {
        for path in PATHS {
            let checked = preflight(&gateway, *path, ORIGIN, &row.case.headers.join(",")).await;
            failures.extend(checked.err().map(|error| format!("{}: {error}", row.name)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let foreign = preflight(&gateway, PATHS[0], "https://evil.example", "sentry-trace").await;
    assert!(foreign.is_err(), "a page that the site does not name is not let in");
}

#[tokio::test]
async fn allowed_origins_may_reach_gateways_in_private_networks() {
    let gateway = gateway_with("", Overrides::default()).await;
    for (origin, allowed) in [(ORIGIN, "true"), ("https://evil.example", "")] {
        let request = request(Method::OPTIONS, "/v1/sites/acme/tickets")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-private-network", "true");
        let answer = gateway.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("access-control-allow-private-network"), allowed);
    }
}

#[tokio::test]
async fn every_response_has_cors_headers_and_the_gateway_header() {
    let gateway = gateway_with("[limits]\naddress = 1", Overrides::default()).await;
    for (path, status) in
        [("/v1/health", 200), ("/v1/sites/acme/config", 429), ("/deskbell.js", 404), ("/healthz", 200)]
    {
        let request = request(Method::GET, path).header("origin", ORIGIN).body(Body::empty()).unwrap();
        let answer = gateway.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert!([ORIGIN, "*"].contains(&answer.header("access-control-allow-origin")), "{path}");
        assert!(answer.header("access-control-expose-headers").contains("deskbell-version"), "{path}");
        assert!(!answer.header("deskbell-version").is_empty(), "{path}");
    }
    let inbox = gateway.get("/inbox").await;
    assert_eq!(inbox.header("access-control-allow-origin"), "");
    assert!(!inbox.header("deskbell-version").is_empty());
}
