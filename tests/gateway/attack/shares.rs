//! Refused requests use up nothing of a site's limits.

use axum::body::Body;
use axum::http::{Method, Request};
use gateway::config::Overrides;
use serde_json::{Value, json};

use crate::support::{Gateway, ORIGIN, SECRET, gateway_with, post, request, ticket, token};

async fn gateway(site: u32) -> Gateway {
    let lines = format!(
        "[limits]\nsite = {site}\n[sites.signed]\norigins = [{ORIGIN:?}]\n\
         [[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
    );
    gateway_with(&lines, Overrides::default()).await
}

fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
    request
}

fn by(person: &str, key: &str) -> Request<Body> {
    let mut request = post("signed", key, None, &ticket(key));
    let bearer = format!("Bearer {}", token(json!({ "sub": person })));
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    request
}

#[tokio::test]
async fn refused_submissions_do_not_count_towards_the_site_limit() {
    let gateway = gateway(2).await;
    let bare = || request(Method::POST, "/v1/sites/acme/tickets").body(Body::empty()).unwrap();
    let invalid = || post("acme", "invalid", None, &json!({ "kind": "bug" }));
    for n in 0..10 {
        let address = format!("203.0.113.{n}");
        assert_eq!(gateway.send(from(&address, bare())).await.status, 415);
        assert_eq!(gateway.send(from(&address, invalid())).await.status, 422);
    }
    let send = async |key: &str| gateway.post(key, &ticket(key)).await.status.as_u16();
    assert_eq!([send("a").await, send("b").await, send("c").await], [201, 201, 429]);
}

#[tokio::test]
async fn repeated_submissions_do_not_count_towards_the_site_limit() {
    let gateway = gateway(1).await;
    for _ in 0..5 {
        assert_eq!(gateway.post("a", &ticket("One")).await.status, 201);
    }
    assert_eq!(gateway.post("b", &ticket("Two")).await.status, 429);
    assert_eq!(gateway.post("a", &ticket("One")).await.status, 201);
    assert_eq!(gateway.count().await, 1);
}

#[tokio::test]
async fn signed_customers_are_served_when_anonymous_limits_are_used_up() {
    let gateway = gateway(3).await;
    let send = async |request: Request<Body>| gateway.send(request).await.status.as_u16();
    for n in 0..5 {
        let sent = send(from(&format!("203.0.113.{n}"), post("signed", &format!("n{n}"), None, &ticket("x")))).await;
        assert_eq!(sent, if n < 3 { 201 } else { 429 }, "{n}");
    }
    for n in 0..3 {
        assert_eq!(send(by(&format!("person {n}"), &format!("p{n}"))).await, 201, "{n}");
    }
    assert_eq!(send(by("person 9", "p9")).await, 429, "they have a share, not all of it");
}

#[tokio::test]
async fn signed_customers_cannot_raise_their_limit_with_sessions() {
    let gateway = gateway_with(
        &format!(
            "[limits]\nsession = 2\n[sites.signed]\norigins = [\"*\"]\n\
             [[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
        ),
        Overrides::default(),
    )
    .await;
    let mut statuses = Vec::new();
    for n in 0..4 {
        let mut request = by("ada", &format!("key {n}").replace(' ', "-"));
        request.headers_mut().insert("deskbell-session", format!("{n:032x}").parse().unwrap());
        statuses.push(gateway.send(request).await.status.as_u16());
    }
    assert_eq!(statuses, [201, 201, 429, 429]);
}

#[tokio::test]
async fn new_sessions_and_unknown_sites_are_charged_to_the_address() {
    let gateway = gateway_with("[limits]\naddress = 50\n", Overrides::default()).await;
    let send = async |site: &str, n: u32, body: &Value| {
        let key = format!("k{n}");
        gateway.send(post(site, &key, Some(&format!("{n:032x}")), body)).await.status.as_u16()
    };
    for n in 0..3 {
        assert_eq!(send("acme", n, &ticket("x")).await, 201, "{n}");
    }
    for n in 3..5 {
        assert_eq!(send(&format!("nowhere-{n}"), n, &ticket("x")).await, 404, "{n}");
    }
    assert_eq!(send("acme", 9, &ticket("x")).await, 429);
}

#[tokio::test]
async fn an_ipv6_network_counts_as_at_most_four_addresses() {
    let gateway = gateway_with("[limits]\naddress = 10\n", Overrides::default()).await;
    let mut admitted = 0;
    for n in 0..40 {
        let request = post("acme", &format!("k{n}"), None, &ticket("x"));
        // A /48, as providers assign on request.
        let answer = gateway.send(from(&format!("2001:db8:7:{:x}::{n:x}", n * 257), request)).await;
        admitted += u32::from(answer.status == 201);
    }
    assert_eq!(admitted, 4);
}

#[tokio::test]
async fn very_long_keys_are_refused_or_stored_as_digests() {
    let gateway = gateway(10).await;
    let long = "x".repeat(60_000);
    let mut request = post("acme", "key", None, &ticket("x"));
    request.headers_mut().insert("deskbell-session", long.parse().unwrap());
    assert_eq!(gateway.send(request).await.problem(), (400, "invalid_session".into()));
    let path = format!("/v1/sites/{long}/tickets");
    let http_request = request_with_path(&path);
    assert_eq!(gateway.send(http_request).await.status, 404);
}

fn request_with_path(path: &str) -> Request<Body> {
    request(Method::GET, path).header("deskbell-session", "0".repeat(32)).body(Body::empty()).unwrap()
}
