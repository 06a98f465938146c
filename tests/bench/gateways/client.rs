//! Requests of customers and agents, which are repeated as the panel does: under the same key, until there is an answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use ring::hmac;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Outcome;

/// The secret of the site's signer.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// How long the panel waits for a response.
const REQUEST_MAX: Duration = Duration::from_secs(20);
/// The pause before the first repetition, doubled up to the longest.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// After this long without an answer something is wrong.
const GIVE_UP_AFTER: Duration = Duration::from_secs(600);

/// How often which response was repeated.
pub type Repeated = Arc<Mutex<BTreeMap<String, usize>>>;

/// Sends requests through the proxy.
#[derive(Clone)]
pub struct Sender {
    client: Client,
    proxy: String,
    agent_token: String,
    /// What was repeated.
    pub repeated: Repeated,
}

impl Sender {
    /// A sender that opens a connection for each request, so that each may reach another gateway.
    pub fn new(proxy: &str, agent_token: &str) -> Outcome<Sender> {
        let client = Client::builder().pool_max_idle_per_host(0).redirect(Policy::none()).build()?;
        Ok(Sender { client, proxy: proxy.into(), agent_token: agent_token.into(), repeated: Repeated::default() })
    }

    /// A request of a customer, with a new token.
    pub fn by_customer(&self, person: usize, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/v1/sites/acme{path}", self.proxy));
        request.header("x-forwarded-for", address(198, person)).bearer_auth(token(person))
    }

    /// An answer of the agent under a key.
    pub fn answer(&self, reference: &str, key: &str, text: &str) -> RequestBuilder {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("action", "answer"), ("key", key), ("text", text)])
            .finish();
        // The inbox limits what comes from one address.
        let spread = text.bytes().map(usize::from).sum::<usize>() % 200;
        self.client
            .post(format!("{}/inbox/tickets/{reference}", self.proxy))
            .header("x-forwarded-for", address(203, spread))
            .header("x-forwarded-proto", "https")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .bearer_auth(&self.agent_token)
            .body(form)
    }

    /// Sends a request once. The error names what the client saw instead of a response.
    pub async fn once(&self, request: RequestBuilder) -> Result<(StatusCode, String, u64), String> {
        let seen = async {
            let response = request.timeout(REQUEST_MAX).send().await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let wait = headers.get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
            Ok((status, response.text().await?, wait.unwrap_or_default()))
        };
        seen.await.map_err(|error: reqwest::Error| match error.is_timeout() {
            true => "no response in time".to_string(),
            false => "connection broken".to_string(),
        })
    }

    /// Repeats a request until a response settles it; returns the response and the time from the first attempt to it.
    pub async fn until_answered(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<(StatusCode, String, Duration), String> {
        let (begin, mut pause) = (Instant::now(), PAUSE);
        loop {
            let (reason, wait) = match self.once(request()).await {
                Ok((status, text, wait)) if is_temporary(status, &text) => {
                    (status.as_u16().to_string(), Duration::from_secs(wait))
                }
                Ok((status, text, _)) => return Ok((status, text, begin.elapsed())),
                Err(reason) => (reason, Duration::ZERO),
            };
            if begin.elapsed() > GIVE_UP_AFTER {
                return Err(format!("no answer for {} s, at last: {reason}", begin.elapsed().as_secs()));
            }
            *self.repeated.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
            sleep(pause.max(wait.min(PAUSE_MAX))).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// Whether the panel sends the request again: the gateway could not handle it, or the token has to be replaced.
fn is_temporary(status: StatusCode, text: &str) -> bool {
    matches!(status.as_u16(), 401 | 429 | 500..) || text.contains("\"in_progress\"")
}

/// An address of a client, as the proxy reports it.
fn address(network: u8, number: usize) -> String {
    format!("{network}.51.{}.{}", number / 250, number % 250 + 1)
}

/// A new token for a customer, with an address that the host has signed.
fn token(person: usize) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let claims = json!({
        "sub": format!("u-{person}"), "aud": "acme", "exp": now + 300, "name": format!("Customer {person}"),
        "email": format!("customer{person}@example.com"), "plan": "enterprise",
    });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(json!({"alg": "HS256"})), part(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}
