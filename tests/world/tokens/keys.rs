//! Signing keys, and a server that publishes keys like identity providers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use serde_json::{Value, json};

use crate::support::SECRET;

/// An RSA key with 1024 bits.
const SHORT_MODULUS: &str = "vQ3vwlAo4N7V-_HJSu0hOA1945v87eAfZrE-GHgkBMNEZeW0jKLfkOJOoRcMVkay4FMl7r_58NjN-J-F2DAeNCpTi2JKCrN71S1paSP3inhF7njX5DYkZdZcrxQjObOxR7UodpuFnQx4q2n6A2-bOSjev3Ws2utkIuzEWf4YBM0";

fn rsa(name: &str) -> RsaKeyPair {
    let pem = match name {
        "first" => include_str!("keys/first.pem"),
        _ => include_str!("keys/second.pem"),
    };
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(body).unwrap()).unwrap()
}

fn ec() -> EcdsaKeyPair {
    // The private key and the point of RFC 7515, A.3.1.
    let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
    let [x, y] = EC_POINT.map(bytes);
    let private = bytes("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    let public = [&[4], x.as_slice(), &y].concat();
    let random = SystemRandom::new();
    EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &private, &public, &random).unwrap()
}

const EC_POINT: [&str; 2] =
    ["f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"];

fn ed25519() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

/// The public half of the Ed25519 key.
pub fn ed25519_pem() -> String {
    let begin = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let der = [&begin, ed25519().public_key().as_ref()].concat();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
}

/// A public RSA key, `first` or `second`, as published by a provider, with additional members.
pub fn rsa_jwk(name: &str, more: Value) -> Value {
    let components = RsaPublicKeyComponents::<Vec<u8>>::from(rsa(name).public_key());
    let mut jwk = json!({
        "kty": "RSA",
        "n": BASE64_URL_SAFE_NO_PAD.encode(components.n),
        "e": BASE64_URL_SAFE_NO_PAD.encode(components.e),
    });
    jwk.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    jwk
}

/// The keys of a provider: of all kinds, including ones for other uses.
pub fn key_set() -> Value {
    let [x, y] = EC_POINT;
    let okp = BASE64_URL_SAFE_NO_PAD.encode(ed25519().public_key());
    json!({"keys": [
        // As published by Azure: no alg.
        rsa_jwk("first", json!({"kid": "rsa", "use": "sig", "x5t": "rsa", "x5c": ["MIIC"]})),
        rsa_jwk("first", json!({"kid": "ps", "alg": "PS256"})),
        rsa_jwk("first", json!({"kid": "rs512", "alg": "RS512", "key_ops": ["verify"]})),
        // As published by Keycloak for encryption.
        rsa_jwk("second", json!({"kid": "enc", "use": "enc", "alg": "RSA-OAEP"})),
        rsa_jwk("second", json!({"kid": "wrap", "key_ops": ["wrapKey"]})),
        {"kty": "RSA", "kid": "short", "n": SHORT_MODULUS, "e": "AQAB"},
        {"kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "use": "sig", "x": x, "y": y},
        {"kty": "EC", "crv": "secp256k1", "kid": "k1", "x": x, "y": y},
        {"kty": "OKP", "crv": "Ed25519", "kid": "ed", "alg": "EdDSA", "x": okp},
        {"kty": "OKP", "crv": "Ed25519", "kid": "ed9864", "alg": "Ed25519", "x": okp},
        {"kty": "oct", "kid": "shared", "alg": "HS256", "k": BASE64_URL_SAFE_NO_PAD.encode(SECRET)},
        {"kty": "unheard-of", "kid": "other"},
        "no key at all",
    ]})
}

/// Signs a token. `header` replaces the header of the key.
///
/// `secret`, `other` sign with HS256; `rsa`, `second`, `ps`, `rs512`, `ec`, `ed` with their algorithm; `public` with HS256 and the public RSA
/// key as the secret; `none` not at all; `torn` wrongly; `raw` uses the claims as the whole token.
pub fn sign(key: &str, header: Option<&str>, claims: &str) -> String {
    if key == "raw" {
        return claims.into();
    }
    let usual = match key {
        "rsa" | "second" => r#"{"alg":"RS256","kid":"rsa","typ":"JWT"}"#,
        "ps" => r#"{"alg":"PS256","kid":"ps"}"#,
        "rs512" => r#"{"alg":"RS512","kid":"rs512"}"#,
        "ec" => r#"{"alg":"ES256","kid":"ec","typ":"JWT"}"#,
        "ed" => r#"{"alg":"EdDSA","kid":"ed"}"#,
        "public" => r#"{"alg":"HS256","kid":"rsa"}"#,
        "none" => r#"{"alg":"none"}"#,
        _ => r#"{"alg":"HS256","typ":"JWT"}"#,
    };
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(header.unwrap_or(usual)), part(claims));
    let hs256 =
        |secret: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes()).as_ref().to_vec();
    let rs = |name: &str, how: &'static dyn RsaEncoding| {
        let key = rsa(name);
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(how, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
        signature
    };
    let signature = match key {
        "secret" => hs256(SECRET.as_bytes()),
        "other" => hs256(&[b'o'; 32]),
        "rsa" => rs("first", &RSA_PKCS1_SHA256),
        "second" => rs("second", &RSA_PKCS1_SHA256),
        "ps" => rs("first", &RSA_PSS_SHA256),
        "rs512" => rs("first", &RSA_PKCS1_SHA512),
        "ec" => ec().sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
        "ed" => ed25519().sign(message.as_bytes()).as_ref().to_vec(),
        "public" => hs256(rsa("first").public_key().as_ref()),
        "torn" => b"torn".to_vec(),
        "none" => Vec::new(),
        other => panic!("no key {other:?}"),
    };
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A server that publishes keys under `/keys`.
pub struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    status: StatusCode,
    body: String,
    requests: usize,
}

impl Provider {
    pub async fn start(keys: Value) -> Provider {
        let state = Arc::new(Mutex::new(State { status: StatusCode::OK, body: keys.to_string(), requests: 0 }));
        let served = state.clone();
        let answer = async move || {
            let mut state = served.lock().unwrap();
            state.requests += 1;
            let headers = [(header::CACHE_CONTROL, "public, max-age=3600"), (header::CONTENT_TYPE, "application/json")];
            (state.status, headers, state.body.clone()).into_response()
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/keys", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Provider { address, state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Replaces the published keys.
    pub fn publish(&self, keys: &Value) {
        self.answer(StatusCode::OK, &keys.to_string());
    }

    /// Replaces the response.
    pub fn answer(&self, status: StatusCode, body: &str) {
        let mut state = self.state.lock().unwrap();
        (state.status, state.body) = (status, body.into());
    }

    /// How many requests it got.
    pub fn requests(&self) -> usize {
        self.state.lock().unwrap().requests
    }
}
