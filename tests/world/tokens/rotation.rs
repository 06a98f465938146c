//! Keys of identity providers that appear, disappear, and cannot be fetched.

use std::sync::Arc;

use axum::http::StatusCode;
use gateway::config::Overrides;
use serde_json::{Value, json};

use super::keys::{Provider, rsa_jwk, sign};
use super::{now, provider_site, refused};
use crate::support::{Gateway, gateway_with};

fn set(keys: &[(&str, &str)]) -> Value {
    let keys: Vec<Value> = keys.iter().map(|(kid, key)| rsa_jwk(key, json!({"kid": kid, "alg": "RS256"}))).collect();
    json!({ "keys": keys })
}

fn token(key: &str, kid: Option<&str>) -> String {
    let claims = json!({"sub": "u-7", "aud": "bare", "exp": now() + 300});
    let key = if key == "first" { "rsa" } else { "second" };
    sign(key, Some(&json!({"alg": "RS256", "kid": kid}).to_string()), &claims.to_string())
}

async fn gateway(provider: &Provider) -> Gateway {
    gateway_with(&provider_site(provider, ""), Overrides::default()).await
}

#[tokio::test]
async fn keys_are_valid_while_they_are_published() {
    let provider = Provider::start(set(&[("old", "first")])).await;
    let gateway = gateway(&provider).await;
    let (old, new) = (token("first", Some("old")), token("second", Some("new")));
    assert_eq!((refused(&gateway, "bare", &old).await, provider.requests()), (String::new(), 1));
    provider.publish(&set(&[("old", "first"), ("new", "second")]));
    assert_eq!((refused(&gateway, "bare", &new).await, provider.requests()), (String::new(), 2));
    assert_eq!((refused(&gateway, "bare", &old).await, provider.requests()), (String::new(), 2));
    provider.publish(&set(&[("new", "second"), ("newer", "first")]));
    assert_eq!(refused(&gateway, "bare", &token("first", Some("newer"))).await, "");
    assert_eq!(refused(&gateway, "bare", &old).await, "token_key");
    assert_eq!(refused(&gateway, "bare", &new).await, "");
}

#[tokio::test]
async fn invented_kids_cause_few_fetches() {
    let provider = Provider::start(set(&[("a", "first")])).await;
    let gateway = Arc::new(gateway(&provider).await);
    let attempts = (0..60).map(|number| {
        let gateway = gateway.clone();
        tokio::spawn(
            async move { refused(&gateway, "bare", &token("first", Some(&format!("made-up-{number}")))).await },
        )
    });
    for refused in attempts.collect::<Vec<_>>() {
        assert_eq!(refused.await.unwrap(), "token_key");
    }
    assert!(provider.requests() <= 3, "{}", provider.requests());
    assert_eq!(refused(&gateway, "bare", &token("first", Some("a"))).await, "");
}

#[tokio::test]
async fn concurrent_requests_cause_one_fetch() {
    let provider = Provider::start(set(&[("a", "first")])).await;
    let gateway = Arc::new(gateway(&provider).await);
    let attempts = (0..20).map(|_| {
        let gateway = gateway.clone();
        tokio::spawn(async move { refused(&gateway, "bare", &token("first", Some("a"))).await })
    });
    for refused in attempts.collect::<Vec<_>>() {
        assert_eq!(refused.await.unwrap(), "");
    }
    assert_eq!(provider.requests(), 1);
}

#[tokio::test]
async fn known_keys_stay_valid_while_the_provider_is_down() {
    let provider = Provider::start(set(&[("a", "first")])).await;
    let gateway = gateway(&provider).await;
    assert_eq!(refused(&gateway, "bare", &token("first", Some("a"))).await, "");
    for (status, body) in [
        (StatusCode::BAD_GATEWAY, "no upstream"),
        (StatusCode::OK, "<!doctype html>"),
        (StatusCode::OK, "{\"keys\": []}"),
    ] {
        provider.answer(status, body);
        assert_eq!(refused(&gateway, "bare", &token("second", Some("b"))).await, "token_key");
        assert_eq!(refused(&gateway, "bare", &token("first", Some("a"))).await, "");
    }
}

#[tokio::test]
async fn missing_key_sets_differ_from_unknown_keys() {
    let provider = Provider::start(json!({})).await;
    let gateway = gateway(&provider).await;
    for body in [
        r#"{"issuer": "https://acme.example", "jwks_uri": "https://acme.example/keys"}"#,
        r#"{"0a1b": "-----BEGIN CERTIFICATE-----\nMIIC"}"#,
    ] {
        provider.answer(StatusCode::OK, body);
        assert_eq!(refused(&gateway, "bare", &token("first", Some("a"))).await, "token_keys_unavailable");
    }
    // As soon as the provider responds, its keys are valid.
    provider.publish(&set(&[("a", "first")]));
    assert_eq!(refused(&gateway, "bare", &token("first", Some("a"))).await, "");
}

#[tokio::test]
async fn tokens_without_a_kid_are_accepted_if_there_is_one_key() {
    let only = |key: &str| json!({"keys": [rsa_jwk(key, json!({}))]});
    let provider = Provider::start(only("first")).await;
    let gateway = gateway(&provider).await;
    assert_eq!(refused(&gateway, "bare", &token("first", None)).await, "");
    assert_eq!(refused(&gateway, "bare", &token("second", None)).await, "token_signature");
    provider.publish(&only("second"));
    assert_eq!(refused(&gateway, "bare", &token("second", None)).await, "");
    assert_eq!(refused(&gateway, "bare", &token("first", None)).await, "token_signature");
}
