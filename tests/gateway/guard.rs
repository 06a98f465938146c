//! Requests over a limit are refused for a while, and a page can read why and until when.

use axum::body::Body;
use axum::http::{Method, Request};
use gateway::config::Overrides;

use crate::support::{Answer, Gateway, ORIGIN, gateway_with, post, request, ticket};

const SESSIONS: [&str; 2] = ["000102030405060708090a0b0c0d0e0f", "100102030405060708090a0b0c0d0e0f"];

async fn gateway(limits: &str) -> Gateway {
    gateway_with(&format!("[limits]\n{limits}\n"), Overrides::default()).await
}

async fn search(gateway: &Gateway, forwarded: &str) -> Answer {
    let request = request(Method::GET, "/v1/sites/acme/search?q=export").header("origin", ORIGIN);
    gateway.send(request.header("x-forwarded-for", forwarded).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn an_address_has_one_limit_for_all_routes() {
    let gateway = gateway("address = 3").await;
    for _ in 0..3 {
        assert_eq!(search(&gateway, "203.0.113.7").await.status, 200);
    }
    let refused = search(&gateway, "203.0.113.7").await;
    assert_eq!(refused.problem(), (429, "too_much".into()));
    assert_eq!(refused.header("access-control-allow-origin"), ORIGIN);
    assert!(refused.header("access-control-expose-headers").to_lowercase().contains("retry-after"));
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert_eq!(search(&gateway, "203.0.113.8").await.status, 200);
}

#[tokio::test]
async fn tickets_per_session_are_limited_independently() {
    let gateway = gateway("session = 2").await;
    let send = async |key: &str, session: &str| {
        gateway.send(post("acme", key, Some(session), &ticket(key))).await.status.as_u16()
    };
    let [one, other] = SESSIONS;
    let answers = [send("a", one).await, send("b", one).await, send("c", one).await, send("d", other).await];
    assert_eq!(answers, [201, 201, 429, 201]);
    // A refused client has lost nothing: the ticket was not stored, and the same body is accepted later.
    assert_eq!(gateway.count().await, 3);
}

#[tokio::test]
async fn tickets_per_site_are_limited_independently() {
    let gateway = gateway("site = 1").await;
    let send = async |site: &str, key: &str| gateway.send(post(site, key, None, &ticket(key))).await.status.as_u16();
    assert_eq!([send("acme", "a").await, send("acme", "b").await, send("trusting", "c").await], [201, 429, 201]);
}

#[tokio::test]
async fn invalid_limits_are_refused_with_their_line() {
    for (limits, expected) in [("address = 0", "limits.address"), ("sites = 1", "limits.sites")] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deskbell.toml");
        std::fs::write(&file, format!("[limits]\n{limits}\n")).unwrap();
        let overrides = Overrides { config: Some(file), ..Overrides::default() };
        let error = gateway::config::load(&overrides).unwrap_err().to_string();
        assert!(error.contains(&format!(":2: {expected}")), "{error}");
    }
}

#[tokio::test]
async fn streams_per_reader_are_limited() {
    use tower::ServiceExt;
    let gateway = gateway("").await;
    let stream = || -> Request<Body> {
        let request = request(Method::GET, "/v1/sites/acme/tickets/stream").header("deskbell-session", SESSIONS[0]);
        request.body(Body::empty()).unwrap()
    };
    let mut open = Vec::new();
    for _ in 0..20 {
        let answer = gateway.router.clone().oneshot(stream()).await.unwrap();
        assert_eq!(answer.status(), 200);
        open.push(answer);
    }
    assert_eq!(gateway.send(stream()).await.problem(), (429, "too_much".into()));
    open.pop();
    assert_eq!(gateway.router.clone().oneshot(stream()).await.unwrap().status(), 200);
}
