//! Large bodies for inbound events: how much memory they can hold, and for how long.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deskbell_core::clock;
use gateway::config::Overrides;
use http_body_util::channel::{Channel, Sender};
use ring::hmac;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::several_gateways::database_an_hour_ahead;
use crate::support::{Answer, Gateway, gateway_at, gateway_with, request, send};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const CHUNK: usize = 64 * 1024;

async fn gateway(limits: &str) -> Gateway {
    gateway_with(&site(limits), Overrides::default()).await
}

fn site(limits: &str) -> String {
    let secret = format!("whsec_{}", BASE64_STANDARD.encode(SECRET));
    format!(
        "[limits]\n{limits}\n[sites.desk]\norigins = [\"*\"]\n[sites.desk.destinations.there]\nto = \"email\"\n\
         mailbox = \"desk@desk.example\"\nfrom = \"help@acme.example\"\nsmtp = \"smtp://127.0.0.1:1\"\n\
         reply_address = \"reply@in.acme.example\"\nwebhook_secret = \"{secret}\"\n"
    )
}

/// A mail of about this many bytes, to no reply address.
fn mail(bytes: usize) -> String {
    let text = "x".repeat(bytes);
    json!({ "to": "reply+0123@in.acme.example", "from": "a@b.example", "text": text, "message_id": "<1@x>" })
        .to_string()
}

fn hook(address: &str, signed: Option<&str>, body: Body) -> Request<Body> {
    hook_at(clock::now().as_seconds(), address, signed, body)
}

fn hook_at(time: i64, address: &str, signed: Option<&str>, body: Body) -> Request<Body> {
    let tag =
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), format!("m.{time}.{}", signed.unwrap_or("")).as_bytes());
    let mut request = request(Method::POST, "/v1/sites/desk/hooks/there").header("x-forwarded-for", address);
    if signed.is_some() {
        let signature = format!("v1,{}", BASE64_STANDARD.encode(tag));
        request =
            request.header("webhook-id", "m").header("webhook-timestamp", time).header("webhook-signature", signature);
    }
    request.body(body).unwrap()
}

/// A body that arrives as it is sent, the beginning of which has been read.
async fn begun(gateway: &Gateway, address: &str, signed: &str) -> (Sender<Bytes>, JoinHandle<Answer>) {
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let answer = tokio::spawn(send(gateway.router.clone(), hook(address, Some(signed), Body::new(body))));
    for _ in 0..3 {
        sender.send_data(Bytes::new()).await.unwrap();
    }
    (sender, answer)
}

#[tokio::test]
async fn large_webhook_bodies_get_more_time() {
    let gateway = gateway("").await;
    let whole = mail(16 * CHUNK);
    let (mut sender, answer) = begun(&gateway, "203.0.113.7", &whole).await;
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    for chunk in whole.as_bytes().chunks(CHUNK) {
        sender.send_data(Bytes::copy_from_slice(chunk)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    drop(sender);
    let answer = answer.await.unwrap();
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert!(started.elapsed() > Duration::from_secs(30));
}

#[tokio::test]
async fn large_webhook_bodies_that_trickle_are_ended() {
    let gateway = gateway("").await;
    let (mut sender, answer) = begun(&gateway, "203.0.113.7", "forged").await;
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let trickle = tokio::spawn(async move {
        while sender.send_data(Bytes::from_static(b"x")).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(answer.await.unwrap().problem(), (408, "timeout".into()));
    assert!(started.elapsed() <= Duration::from_secs(6), "{:?}", started.elapsed());
    trickle.abort();
}

#[tokio::test]
async fn unknown_webhook_senders_do_not_block_known_ones() {
    let gateway = gateway("address = 20").await;
    let large = mail(5 * CHUNK);
    let from_mailer = async |body: &String| gateway.send(hook("192.0.2.1", Some(body), Body::from(body.clone()))).await;
    let small_mail = mail(10);
    assert_eq!(from_mailer(&small_mail).await.status, 204);
    let _held = [begun(&gateway, "203.0.113.7", "forged").await, begun(&gateway, "203.0.113.8", "forged").await];
    // A refused request is charged, and refused early after that.
    for expected in [(503, "busy"), (503, "busy"), (429, "too_much")] {
        let refused = gateway.send(hook("203.0.113.9", Some(&large), Body::from(large.clone()))).await;
        assert_eq!(refused.problem(), (expected.0, expected.1.into()));
    }
    for _ in 0..3 {
        assert_eq!(from_mailer(&large).await.status, 204);
    }
}

#[tokio::test]
async fn webhooks_without_signature_headers_are_refused_before_reading() {
    let gateway = gateway("").await;
    let large = mail(5 * CHUNK);
    let unsigned = gateway.send(hook("203.0.113.7", None, Body::from(large.clone()))).await;
    assert_eq!(unsigned.problem(), (401, "unsigned".into()));
    let mut old = hook("203.0.113.7", Some(&large), Body::from(large.clone()));
    old.headers_mut().insert("webhook-timestamp", (clock::now().as_seconds() - 600).into());
    assert_eq!(gateway.send(old).await.problem(), (401, "unsigned".into()));
}

#[tokio::test]
async fn the_clock_of_the_database_decides_whether_a_webhook_is_recent() {
    let gateway = gateway_at(&database_an_hour_ahead().await, &site(""), Overrides::default()).await;
    let now = clock::now().as_seconds();
    // Of a large one, the header is checked before the body is read.
    for bytes in [10, 2_000_000] {
        for (sent_at, status) in [(now, 401), (now + 3600, 204)] {
            let mail = mail(bytes);
            let answer = gateway.send(hook_at(sent_at, "203.0.113.7", Some(&mail), Body::from(mail.clone()))).await;
            assert_eq!(answer.status, status, "{bytes} {sent_at}: {}", answer.text());
        }
    }
}
