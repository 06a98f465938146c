//! The HTTP client of the benchmark, which measures how long each response takes.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::{Client, Method, Response, StatusCode};
use ring::hmac;
use serde_json::{Value, json};

use super::Outcome;

/// The secret of the site's signer.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// The inbox token.
pub const INBOX_TOKEN: &str = "a long token for the inbox of the bench";

/// A client: a verified customer, an anonymous session or an agent, behind a proxy on this computer that reports their address.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    gateway: String,
    headers: Vec<(&'static str, String)>,
}

impl Caller {
    /// An anonymous client with an address.
    pub fn new(gateway: &str, address: &str) -> Caller {
        let headers = vec![("x-forwarded-for", address.to_string())];
        Caller { client: Client::new(), gateway: gateway.trim_end_matches('/').into(), headers }
    }

    /// Adds or replaces a header.
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Caller {
        let mut other = self.clone();
        other.headers.retain(|(held, _)| *held != name);
        other.headers.push((name, value.into()));
        other
    }

    /// The client as a verified customer.
    pub fn signed(&self, person: &str) -> Caller {
        self.with("authorization", format!("Bearer {}", token(person)))
    }

    /// Sends a request, and returns the whole response with its time.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Outcome<(StatusCode, String, Duration)> {
        let start = Instant::now();
        let answer = self.send(method, path, body).await?;
        let status = answer.status();
        let text = answer.text().await?;
        Ok((status, text, start.elapsed()))
    }

    /// Sends a request, and returns the response when it begins.
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<Response> {
        let mut request = self.client.request(method, format!("{}{path}", self.gateway));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await
    }

    /// Uploads bytes.
    pub async fn put(&self, path: &str, bytes: Vec<u8>) -> reqwest::Result<StatusCode> {
        let mut request = self.client.put(format!("{}{path}", self.gateway));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        Ok(request.body(bytes).send().await?.status())
    }
}

/// A token for the site `acme` that outlasts the benchmark.
fn token(person: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // A token may be valid for at most a quarter of an hour.
    let claims = json!({"sub": person, "aud": "acme", "exp": now + 890, "name": "Ada", "plan": "enterprise"});
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(json!({"alg": "HS256"})), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

/// A ticket with a message, as the widget sends it.
pub fn ticket(message: &str) -> Value {
    json!({
        "kind": "bug", "severity": "high", "message": message,
        "contact": { "name": "Ada", "email": "ada@example.com" },
        "client": { "name": "bench", "version": "1" },
    })
}

/// Seven hundred unused words, different for every number.
pub fn new_words(number: usize) -> String {
    (0..700).map(|word| format!("w{:08x} ", (number as u32 * 700 + word).wrapping_mul(2_654_435_761))).collect()
}
