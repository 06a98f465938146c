//! Every request that makes the gateway write is charged as a write.

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::clock;
use gateway::config::Overrides;
use ring::hmac;
use serde_json::json;

use crate::support::{Gateway, gateway_with, post, request, ticket};

const SESSION: &str = "000102030405060708090a0b0c0d0e0f";

fn patch(id: &str, body: serde_json::Value) -> Request<Body> {
    let request = request(Method::PATCH, &format!("/v1/sites/acme/tickets/{id}"));
    let request = request.header("deskbell-session", SESSION).header("content-type", "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

async fn ticket_of(gateway: &Gateway) -> String {
    let sent = gateway.send(post("acme", "key", Some(SESSION), &ticket("One"))).await;
    sent.json()["id"].as_str().unwrap().to_string()
}

/// Every operation in the API's document except reads: the second of two exceeds the limit of an address that may write once.
#[tokio::test]
async fn writing_operations_cost_ten_requests() {
    let gateway = gateway_with("[limits]\naddress = 10\n", Overrides::default()).await;
    let document = gateway.get("/v1/openapi.json").await.json();
    let mut tried = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{site}", "acme").replace("{id}", SESSION).replace("{destination}", "desk");
        for method in ["post", "put", "patch", "delete"].iter().filter(|method| methods.get(**method).is_some()) {
            tried += 1;
            let send = async || {
                let method: Method = method.to_ascii_uppercase().parse().unwrap();
                let request = request(method, &path)
                    .header("x-forwarded-for", format!("203.0.113.{tried}"))
                    .header("content-type", "application/json")
                    .body(Body::from(r#"{"status":"solved"}"#));
                gateway.send(request.unwrap()).await
            };
            let (first, second) = (send().await, send().await);
            assert_ne!(first.status, 429, "{method} {path}");
            assert_eq!(second.problem(), (429, "too_much".into()), "{method} {path}");
        }
    }
    assert!(tried >= 8, "{tried}");
}

#[tokio::test]
async fn patches_of_a_session_are_limited_except_for_marking_as_read() {
    let gateway = gateway_with("", Overrides::default()).await;
    let id = ticket_of(&gateway).await;
    let mut done = 0;
    for _ in 0..50 {
        // It is open already; the request costs as much as if it were not.
        let answer = gateway.send(patch(&id, json!({ "status": "open" }))).await;
        assert!(matches!(answer.status.as_u16(), 200 | 429), "{}", answer.text());
        done += u32::from(answer.status == 200);
    }
    // Thirty per minute, one of which the ticket took; a few are added while they are sent.
    assert!((20..50).contains(&done), "{done}");
    assert_eq!(gateway.send(patch(&id, json!({ "read_until": 0 }))).await.status, 200);
}

#[tokio::test]
async fn reading_costs_least_marking_as_read_more_and_writing_most() {
    let gateway = gateway_with("[limits]\naddress = 20\n", Overrides::default()).await;
    // The ticket takes ten of its address.
    let id = ticket_of(&gateway).await;
    for _ in 0..5 {
        assert_eq!(gateway.send(patch(&id, json!({ "read_until": 0 }))).await.status, 200);
    }
    assert_eq!(gateway.send(patch(&id, json!({ "read_until": 0 }))).await.status, 429);
}

/// A mail that the mail service has signed, to no reply address.
fn signed_mail(n: usize) -> Request<Body> {
    let body = json!({ "to": "reply+0123@in.acme.example", "from": "a@b.example", "text": "x", "message_id": format!("<{n}@x>") });
    let (body, timestamp) = (body.to_string(), clock::now().as_seconds());
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"0123456789abcdef0123456789abcdef");
    let tag = hmac::sign(&key, format!("msg_{n}.{timestamp}.{body}").as_bytes());
    request(Method::POST, "/v1/sites/desk/hooks/there")
        .header("webhook-id", format!("msg_{n}"))
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag)))
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn signed_webhooks_are_accepted_beyond_the_limit_of_an_address() {
    let secret = format!("whsec_{}", BASE64_STANDARD.encode(b"0123456789abcdef0123456789abcdef"));
    let site = format!(
        "[limits]\naddress = 20\n[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"email\"\n\
         mailbox = \"desk@desk.example\"\nfrom = \"help@acme.example\"\nsmtp = \"smtp://127.0.0.1:1\"\n\
         reply_address = \"reply@in.acme.example\"\nwebhook_secret = \"{secret}\"\n"
    );
    let gateway = gateway_with(&site, Overrides::default()).await;
    for n in 0..100 {
        let answer = gateway.send(signed_mail(n)).await;
        assert_eq!(answer.status, 204, "{n} {}", answer.text());
    }
    // An unsigned one is charged like any other write, and refused after that.
    let unsigned = || {
        let request = request(Method::POST, "/v1/sites/desk/hooks/there").header("x-forwarded-for", "203.0.113.7");
        request.body(Body::from("{}")).unwrap()
    };
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(gateway.send(unsigned()).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 429]);
    assert_eq!(gateway.send(signed_mail(100)).await.status, 204);
}
