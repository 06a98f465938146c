//! The client address is the one that a trusted proxy reports, and clients cannot choose it.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request};
use gateway::config::{self, Overrides};

use crate::support::{Gateway, gateway_with, request};

const TOKEN: &str = "a token of some length";

fn search(peer: &str, lines: &[(&str, String)]) -> Request<Body> {
    let mut request = request(Method::GET, "/v1/sites/acme/search?q=export");
    for (name, value) in lines {
        request = request.header(*name, value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
    request
}

/// How many of thirty searches are admitted if an address may search five times.
async fn admitted(proxy: &str, peer: &str, lines: impl Fn(usize) -> Vec<(&'static str, String)>) -> usize {
    let gateway = gateway_with(&format!("[limits]\naddress = 5\n{proxy}\n"), Overrides::default()).await;
    let mut admitted = 0;
    for n in 1..=30 {
        admitted += usize::from(gateway.send(search(peer, &lines(n))).await.status == 200);
    }
    admitted
}

#[tokio::test]
async fn customers_behind_a_trusted_proxy_have_separate_limits() {
    let xff = |text: String| vec![("x-forwarded-for", text)];
    let cloudflare = "[proxy]\ntrusted = [\"loopback\", \"172.64.0.0/13\"]";
    let forwarded = "[proxy]\nheader = \"forwarded\"";
    let railway = "[proxy]\ntrusted = [\"100.64.0.0/10\"]";
    assert_eq!(admitted("", "127.0.0.1", |n| xff(format!("203.0.113.{n}:4711"))).await, 30);
    assert_eq!(admitted("", "127.0.0.1", |n| xff(format!("[2001:db8:{n}::1]:443"))).await, 30);
    assert_eq!(admitted(cloudflare, "127.0.0.1", |n| xff(format!("203.0.113.{n}, 172.68.10.5"))).await, 30);
    let element = |n| vec![("forwarded", format!("for=6.6.6.6, for=203.0.113.{n};proto=https"))];
    assert_eq!(admitted(forwarded, "127.0.0.1", element).await, 30);
    assert_eq!(admitted(railway, "100.64.0.2", |n| xff(format!("203.0.113.{n}"))).await, 30);
}

#[tokio::test]
async fn clients_cannot_choose_their_address() {
    let xff = |text: String| vec![("x-forwarded-for", text)];
    for peer in ["203.0.113.7", "10.0.0.5", "172.17.0.1", "100.64.0.2", "fd00::1"] {
        assert_eq!(admitted("", peer, |n| xff(format!("198.51.100.{n}"))).await, 5, "{peer}");
    }
    // Behind a proxy that appends what it has seen.
    assert_eq!(admitted("", "127.0.0.1", |n| xff(format!("198.51.100.{n}, 203.0.113.7"))).await, 5);
    assert_eq!(admitted("", "127.0.0.1", |n| xff(format!("198.51.100.{n}, 10.0.0.5"))).await, 5);
    let lines = |n| vec![("x-forwarded-for", format!("198.51.100.{n}")), ("x-forwarded-for", "10.0.0.5".into())];
    assert_eq!(admitted("", "127.0.0.1", lines).await, 5);
}

async fn log_in(gateway: &Gateway, n: usize) -> u16 {
    let mut request = request(Method::POST, "/inbox/login")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", format!("198.51.100.{n}, 10.0.0.5"))
        .body(Body::from("name=Eve&token=wrong"))
        .unwrap();
    request.extensions_mut().insert(ConnectInfo("172.17.0.1:5".parse::<SocketAddr>().unwrap()));
    gateway.send(request).await.status.as_u16()
}

#[tokio::test]
async fn token_guesses_are_counted_despite_forged_headers() {
    let gateway = gateway_with("", Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() }).await;
    let mut statuses = Vec::new();
    for n in 0..12 {
        statuses.push(log_in(&gateway, n).await);
    }
    assert_eq!(statuses[..10], [403; 10]);
    assert_eq!(statuses[10..], [429; 2]);
}

#[tokio::test]
async fn the_inbox_reports_untrusted_proxies_with_the_line_to_write() {
    let gateway = gateway_with("", Overrides { inbox_token: Some(TOKEN.into()), ..Overrides::default() }).await;
    let page = async || {
        let mut request = request(Method::GET, "/inbox").header("authorization", format!("Bearer {TOKEN}"));
        request = request.header("x-forwarded-for", "203.0.113.9");
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo("172.17.0.1:5".parse::<SocketAddr>().unwrap()));
        gateway.send(request).await.text()
    };
    let line = "[proxy] trusted = [&quot;loopback&quot;, &quot;172.17.0.1&quot;], header = &quot;x-forwarded-for&quot;";
    assert!(!page().await.contains(line));
    for n in 0..20 {
        gateway.send(search("172.17.0.1", &[("x-forwarded-for", format!("203.0.113.{n}"))])).await;
    }
    let inbox = page().await;
    assert!(inbox.contains(line), "{inbox}");
}

#[tokio::test]
async fn errors_of_proxy_settings_name_their_line() {
    for (lines, is_warned) in [
        ("[proxy]\ntrusted = [\"10.0.0\"]", ":2: proxy.trusted: \"10.0.0\" is not a network; use \"10.0.0.2/32\""),
        ("[proxy]\ntrusted = [\"10.0.0.0/33\"]", ":2: proxy.trusted: \"10.0.0.0/33\" is not a network"),
        ("[proxy]\nheader = \"x forwarded\"", ":2: proxy.header: \"x forwarded\" is not a header name"),
        ("[proxy]\ntrust = []", ":2: proxy.trust: unknown field `trust`, did you mean `trusted`?"),
        ("[inbox]\nlisten = 8090", ":2: inbox.listen: invalid type"),
        ("[inbox]\nlisten = \"8090\"", "inbox.listen: \"8090\" is not ADDRESS:PORT"),
        ("[inbox]\nlisten = \"127.0.0.1:8383\"", "inbox.listen: same address as listen"),
        ("[inbox]\ninsecure = true", ":2: inbox.insecure: unknown field"),
        ("[limits]\nconnections = 0", ":2: limits.connections: "),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskbell.toml");
        std::fs::write(&file, format!("{lines}\n")).unwrap();
        let error = config::load(&Overrides { config: Some(file), ..Overrides::default() }).unwrap_err().to_string();
        assert!(error.contains(is_warned), "{error}");
    }
}
