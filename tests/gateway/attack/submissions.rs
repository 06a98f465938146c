//! How much of the disk unsigned tickets and replies can fill.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use deskbell_core::clock;
use gateway::config::Overrides;
use serde_json::json;

use crate::support::{Answer, Gateway, ORIGIN, SECRET, gateway_with, on_sqlite, post, request, ticket, token};

async fn gateway(quotas: &str) -> Gateway {
    let lines = format!(
        "[limits]\naddress = 1000000\nsession = 1000000\nsite = 1000000\n[quotas]\n{quotas}\n\
         [sites.signed]\norigins = [{ORIGIN:?}]\n[[sites.signed.signers]]\nalgorithm = \"HS256\"\nsecret = {SECRET:?}\n"
    );
    gateway_with(&lines, Overrides::default()).await
}

fn session(number: usize) -> String {
    format!("{number:032x}")
}

fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    request.headers_mut().insert("x-forwarded-for", address.parse().unwrap());
    request
}

fn signed(mut request: Request<Body>) -> Request<Body> {
    let bearer = format!("Bearer {}", token(json!({ "sub": "u-7" })));
    request.headers_mut().insert("authorization", bearer.parse().unwrap());
    request
}

fn large(number: usize) -> Request<Body> {
    post("signed", &format!("k{number}"), Some(&session(number)), &ticket(&"x".repeat(9_000)))
}

fn reply(ticket: &str, key: &str, session: &str) -> Request<Body> {
    request(Method::POST, &format!("/v1/sites/signed/tickets/{ticket}/messages"))
        .header("content-type", "application/json")
        .header("idempotency-key", key)
        .header("deskbell-session", session)
        .body(Body::from(json!({ "message": "y".repeat(9_000) }).to_string()))
        .unwrap()
}

fn assert_refused(answer: &Answer, expected: &str) {
    assert_eq!(answer.problem(), (429, "ticket_quota".into()));
    assert!(answer.json()["title"].as_str().unwrap().contains(expected), "{}", answer.text());
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=86_401).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn new_sessions_do_not_extend_the_submission_quota_of_a_network() {
    let gateway = gateway("address_ticket_bytes_per_day = 50000").await;
    let mut accepted = 0;
    for number in 0..20 {
        // With IPv6, from anywhere in the network of a customer.
        let address = format!("2001:db8:7:{number:x}::1");
        let answer = gateway.send(from(&address, large(number))).await;
        if answer.status == 201 {
            accepted += 1;
        } else {
            assert_refused(&answer, "50000 bytes");
        }
    }
    assert_eq!((accepted, gateway.count().await), (5, 5));
    // An accepted ticket gets the same response again, and a refused one is accepted later.
    let again = gateway.send(from("2001:db8:7::1", large(0))).await;
    assert_eq!(again.status, 201, "{}", again.text());
    assert_eq!(gateway.send(from("203.0.113.7", large(7))).await.status, 201, "from another network");
    assert_eq!(gateway.send(signed(from("2001:db8:7::1", large(8)))).await.status, 201, "who is signed");
    // Replies count as well.
    let id = again.json()["id"].as_str().unwrap().to_string();
    assert_refused(&gateway.send(from("2001:db8:7::1", reply(&id, "r", &session(0)))).await, "this network");
    assert_eq!(gateway.send(from("203.0.113.9", reply(&id, "r", &session(0)))).await.status, 201);
}

#[tokio::test]
async fn small_tickets_count_and_sites_have_a_quota() {
    let by_network = gateway("address_tickets_per_day = 3").await;
    for n in 0..5 {
        let answer = by_network.send(post("acme", &format!("k{n}"), Some(&session(n)), &ticket("x"))).await;
        assert_eq!(answer.status, if n < 3 { 201 } else { 429 }, "{n}");
    }
    let by_site = gateway("site_tickets_per_day = 3").await;
    for n in 0..5 {
        let request = post("acme", &format!("k{n}"), Some(&session(n)), &ticket("x"));
        let answer = by_site.send(from(&format!("203.0.113.{n}"), request)).await;
        assert_eq!(answer.status, if n < 3 { 201 } else { 429 }, "{n}");
    }
    assert_refused(&by_site.send(post("acme", "k9", None, &ticket("x"))).await, "to this site");
    assert_eq!(by_site.send(post("trusting", "k9", None, &ticket("x"))).await.status, 201);
}

#[tokio::test]
async fn submissions_count_for_a_day_without_storing_addresses() {
    on_sqlite();
    let gateway = gateway("").await;
    assert_eq!(gateway.send(from("203.0.113.7", large(1))).await.status, 201);
    let refused = gateway.send(from("203.0.113.7", post("acme", "bad", None, &json!({ "kind": "bug" })))).await;
    assert_eq!(refused.status, 422);
    let mut read = gateway.connection().await;
    let rows: Vec<(String, i64, i64)> =
        sqlx::query_as("SELECT scope, length(key), files FROM upload_usage ORDER BY scope")
            .fetch_all(&mut read)
            .await
            .unwrap();
    assert_eq!(rows, [("ticket-address".into(), 32, 1), ("ticket-site".into(), 6, 1)]);
    gateway.app.workers.sweep.sweep(clock::now() + Duration::from_secs(60 * 60 * 48)).await.unwrap();
    let remaining: i64 = sqlx::query_scalar("SELECT count(*) FROM upload_usage").fetch_one(&mut read).await.unwrap();
    assert_eq!(remaining, 0);
}

#[tokio::test]
async fn a_full_disk_accepts_tickets_of_signed_customers_only() {
    let gateway = gateway("disk_floor_bytes = 9000000000000000000").await;
    let refused = gateway.send(large(1)).await;
    assert_eq!((refused.problem(), refused.header("retry-after")), ((507, "disk_full".into()), "600"));
    let answer = gateway.send(signed(large(2))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(gateway.count().await, 1);
}

#[tokio::test]
async fn networks_of_an_organization_share_four_times_the_quota() {
    let gateway = gateway("address_tickets_per_day = 2").await;
    let mut accepted = 0;
    for number in 0..20 {
        let ticket = post("signed", &format!("k{number}"), Some(&session(number)), &ticket("Well"));
        let answer = gateway.send(from(&format!("2001:db8:1:{number:02x}00::1"), ticket)).await;
        match answer.status.as_u16() {
            201 => accepted += 1,
            _ => assert_refused(&answer, "8 tickets"),
        }
    }
    assert_eq!(accepted, 8);
    let other_site = post("signed", "elsewhere", Some(&session(99)), &ticket("Well"));
    assert_eq!(gateway.send(from("2001:db8:2::1", other_site)).await.status, 201);
}
