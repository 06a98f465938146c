//! Logins of agents at an identity provider, which a stand-in plays.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Method;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gateway::config::Overrides;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::several_gateways::database_an_hour_ahead;
use crate::support::{Answer, Gateway, gateway_at, gateway_with, request};

/// An identity provider, whose person has these claims.
struct Provider {
    issuer: String,
    /// Claims of the ID token beyond those that every token has.
    claims: Arc<Mutex<Value>>,
    user_info: Arc<Mutex<Value>>,
}

impl Provider {
    async fn start() -> Provider {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let encoded = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let (x, y) = key.public_key().as_ref()[1..].split_at(32);
        let jwk = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "1", "x": encoded(x), "y": encoded(y) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/keys"),
        });
        let claims = Arc::new(Mutex::new(json!({})));
        let user_info = Arc::new(Mutex::new(json!({})));
        let (token_claims, info, token_issuer) = (claims.clone(), user_info.clone(), issuer.clone());
        let key = Arc::new(key);
        let token = async move || {
            let now = deskbell_core::clock::now().as_seconds();
            let mut all = json!({ "iss": token_issuer, "aud": "deskbell", "iat": now, "exp": now + 300 });
            all.as_object_mut().unwrap().extend(token_claims.lock().unwrap().as_object().unwrap().clone());
            let head = json!({ "alg": "ES256", "kid": "1" });
            let message = format!("{}.{}", encoded(head.to_string().as_bytes()), encoded(all.to_string().as_bytes()));
            let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            let id_token = format!("{message}.{}", encoded(signature.as_ref()));
            Json(json!({ "id_token": id_token, "access_token": "x", "token_type": "Bearer" }))
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
            .route("/keys", get(async move || Json(json!({ "keys": [jwk] }))))
            .route("/token", post(token))
            .route("/userinfo", get(async move || Json(info.lock().unwrap().clone())));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Provider { issuer, claims, user_info }
    }

    /// A gateway whose agents log in here, with additional lines in the table of the inbox.
    async fn gateway(&self, lines: &str) -> Gateway {
        gateway_with(&format!("{lines}\n{}", self.tables()), Overrides::default()).await
    }

    /// The tables of a gateway whose agents log in here.
    fn tables(&self) -> String {
        format!(
            "[inbox.oidc]\nissuer = \"{}\"\nclient_id = \"deskbell\"\nname = \"Example\"\n\
             [[inbox.oidc.roles]]\ngroup = \"support\"\nrole = \"administrator\"\n",
            self.issuer
        )
    }
}

/// The query parameter of an address.
fn parameter(address: &str, name: &str) -> String {
    let url = url::Url::parse(address).unwrap();
    url.query_pairs().find(|(key, _)| key == name).unwrap_or_else(|| panic!("{name} in {address}")).1.into_owned()
}

fn cookies(answer: &Answer) -> Vec<String> {
    let all = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    all.map(|cookie| cookie.split(';').next().unwrap().to_string()).collect()
}

async fn get_with(gateway: &Gateway, path: &str, cookie: &str) -> Answer {
    gateway.send(request(Method::GET, path).header("cookie", cookie).body(Body::empty()).unwrap()).await
}

/// Logs somebody in, in a browser that has a cookie. Its strict cookie is not sent when the provider sends it back.
async fn log_in(gateway: &Gateway, provider: &Provider, claims: Value, cookie: &str) -> Answer {
    let start = get_with(gateway, "/inbox/login/oidc?next=/inbox", cookie).await;
    let address = start.header("location").to_string();
    let (state, nonce) = (parameter(&address, "state"), parameter(&address, "nonce"));
    let mut claims = claims;
    claims["nonce"] = json!(nonce);
    *provider.claims.lock().unwrap() = claims;
    get_with(gateway, &format!("/inbox/login/oidc/callback?code=c&state={state}"), &cookies(&start)[0]).await
}

#[tokio::test]
async fn a_login_at_the_provider_ends_the_session_that_the_browser_had() {
    let provider = Provider::start().await;
    let gateway = provider.gateway("").await;
    let ana = json!({ "sub": "1", "name": "Ana Lima", "groups": ["support"] });
    let first = log_in(&gateway, &provider, ana.clone(), "").await;
    assert_eq!(first.status, 200, "{}", first.text());
    let first = cookies(&first)[0].clone();
    assert_eq!(get_with(&gateway, "/inbox", &first).await.status, 200);
    let second = cookies(&log_in(&gateway, &provider, ana, &first).await)[0].clone();
    assert_eq!(get_with(&gateway, "/inbox", &second).await.status, 200);
    assert_eq!(get_with(&gateway, "/inbox", &first).await.status, 303, "the one before has ended");
}

#[tokio::test]
async fn user_info_about_somebody_else_is_refused() {
    let provider = Provider::start().await;
    let gateway = provider.gateway("").await;
    for (subject, status) in [("2", 403), ("1", 200)] {
        *provider.user_info.lock().unwrap() = json!({ "sub": subject, "name": "Ana Lima", "groups": ["support"] });
        let answer = log_in(&gateway, &provider, json!({ "sub": "1" }), "").await;
        assert_eq!(answer.status, status, "{subject}: {}", answer.text());
        assert_eq!(cookies(&answer)[0].len() > 30, status == 200, "{:?}", cookies(&answer));
    }
}

#[tokio::test]
async fn id_tokens_may_be_valid_for_longer_than_a_day() {
    let provider = Provider::start().await;
    let gateway = provider.gateway("").await;
    let end = deskbell_core::clock::now().as_seconds() + 7 * 24 * 3600;
    let claims = json!({ "sub": "1", "name": "Ana Lima", "groups": ["support"], "exp": end });
    assert_eq!(log_in(&gateway, &provider, claims, "").await.status, 200);
}

#[tokio::test]
async fn a_login_works_below_a_path() {
    let provider = Provider::start().await;
    let gateway = provider.gateway("[proxy]\npath = \"/support\"").await;
    for below in ["/support", ""] {
        let start = gateway.get(&format!("{below}/inbox/login/oidc?next=/inbox")).await;
        let address = start.header("location").to_string();
        let callback = parameter(&address, "redirect_uri");
        assert_eq!(callback, "http://localhost:8383/support/inbox/login/oidc/callback", "{below}");
        let cookie = start.header("set-cookie");
        assert!(cookie.contains("Path=/support/inbox;"), "{cookie}");
        let claims = json!({
            "sub": "1", "name": "Ana", "groups": ["support"], "nonce": parameter(&address, "nonce")
        });
        *provider.claims.lock().unwrap() = claims;
        let path = format!("{below}/inbox/login/oidc/callback?code=c&state={}", parameter(&address, "state"));
        let answer = get_with(&gateway, &path, &cookies(&start)[0]).await;
        assert!(answer.status == 200 && answer.text().contains("/support/inbox"), "{}", answer.text());
        assert!(answer.header("set-cookie").contains("Path=/support/inbox;"));
    }
}

#[tokio::test]
async fn a_login_begins_at_the_configured_address_over_https() {
    let provider = Provider::start().await;
    let gateway = provider.gateway("[inbox]\nurl = \"https://support.example.com/inbox\"").await;
    let start = async |query: &str, host: &str, proto: &str| {
        let request = request(Method::GET, &format!("/inbox/login/oidc?next=/inbox/audit{query}"));
        let request = request.header("x-forwarded-host", host).header("x-forwarded-proto", proto);
        gateway.send(request.body(Body::empty()).unwrap()).await
    };
    let moved = "https://support.example.com/inbox/login/oidc?next=%2Finbox%2Faudit&moved=yes";
    for (host, proto) in [("other.example.com", "https"), ("support.example.com", "http")] {
        let answer = start("", host, proto).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, moved), "{host} {proto}");
        assert!(cookies(&answer).is_empty(), "nothing has begun");
    }
    let begun = start("", "support.example.com", "https").await;
    assert!(begun.header("location").starts_with(&provider.issuer), "{:?}", begun.headers);
    let behind_proxy = start("&moved=yes", "gateway.internal", "https").await;
    assert!(behind_proxy.header("location").starts_with(&provider.issuer), "{:?}", behind_proxy.headers);
    let still_http = start("&moved=yes", "support.example.com", "http").await;
    assert!(still_http.status == 403 && still_http.text().contains("without HTTPS"), "{}", still_http.text());
}

#[tokio::test]
async fn the_clock_of_the_database_decides_whether_an_id_token_is_valid() {
    let provider = Provider::start().await;
    let gateway = gateway_at(&database_an_hour_ahead().await, &provider.tables(), Overrides::default()).await;
    let now = deskbell_core::clock::now().as_seconds();
    for (expires_in, status) in [(300, 403), (3600 + 300, 200)] {
        let claims = json!({ "sub": "1", "name": "Ana Lima", "groups": ["support"], "exp": now + expires_in });
        assert_eq!(log_in(&gateway, &provider, claims, "").await.status, status, "{expires_in}");
    }
}
