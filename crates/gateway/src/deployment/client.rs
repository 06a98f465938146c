//! An HTTP client that sends requests as a browser does.

use std::error::Error;
use std::time::Instant;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Url};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::probe::ProbeReceipt;

/// The longest response that is read, in bytes.
const ANSWER_MAX: usize = 4 * 1024 * 1024;
/// How much of a foreign response is quoted, in characters.
const SAID_MAX: usize = 80;

/// A client for one gateway.
pub struct GatewayClient {
    client: Client,
    url: Url,
}

/// A response.
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl GatewayClient {
    /// A client for an address. It ignores proxies of the environment, because browsers elsewhere do not use them either.
    pub fn new(url: &Url) -> Result<GatewayClient, String> {
        outbound_http::install_crypto();
        let client = Client::builder().redirect(Policy::none()).no_proxy().timeout(super::PATIENCE).build();
        Ok(GatewayClient { client: client.map_err(|error| chain(&error))?, url: url.clone() })
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
        self.send(Method::GET, path, headers).await
    }

    /// Sends a request with a method.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Result<Answer, String> {
        answer(with_headers(self.request(method, path)?, headers)).await
    }

    /// Sends a POST request with a body.
    pub async fn post(
        &self,
        path: &str,
        kind: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Result<Answer, String> {
        let request = self.request(Method::POST, path)?.header(CONTENT_TYPE, kind).body(body);
        answer(with_headers(request, headers)).await
    }

    /// The arrival times of the chunks of a response.
    pub async fn chunks(&self, path: &str) -> Result<Vec<Instant>, String> {
        let request = self.request(Method::GET, path)?.header("accept", "text/event-stream");
        let mut response = request.send().await.map_err(|error| chain(&error))?;
        if !response.status().is_success() {
            return Err(format!("status {}", response.status().as_u16()));
        }
        let mut times = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| chain(&error))? {
            if !part.is_empty() {
                times.push(Instant::now());
            }
        }
        Ok(times)
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, String> {
        let url = self.url.join(path).map_err(|error| error.to_string())?;
        Ok(self.client.request(method, url).header("user-agent", outbound_http::USER_AGENT))
    }
}

impl Answer {
    /// A header; empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// How many times a header is present.
    pub fn count(&self, name: &str) -> usize {
        self.headers.get_all(name).iter().count()
    }

    /// Whether the response comes from a gateway, and not from a proxy.
    pub fn is_ours(&self) -> bool {
        self.headers.contains_key("deskbell-version")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The part of the request that arrived at the gateway.
    pub fn receipt(&self) -> Option<ProbeReceipt> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The sender of the response and its content, in a few words.
    pub fn describe(&self) -> String {
        let title = self.text();
        let title = title.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or(&title);
        let title: String = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SAID_MAX).collect();
        let server = Some(self.header("server")).filter(|server| !server.is_empty());
        let server = server.map(|server| format!(" of {server}")).unwrap_or_default();
        let title = if title.is_empty() { title } else { format!(", {title:?}") };
        format!("status {}{server}{title}", self.status)
    }
}

/// The host of an address in the form that browsers send: with the port if it is not the scheme's default.
pub fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}"))
}

/// The build that a loader refers to.
pub fn build(loader: &str) -> Option<String> {
    let quoted = loader.split(['"', '\'', '`', '/', '-']);
    let is_build = |part: &&str| part.len() == 16 && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    quoted.filter(is_build).map(str::to_string).next()
}

/// A digest in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn with_headers(request: RequestBuilder, headers: &[(&str, &str)]) -> RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

async fn answer(request: RequestBuilder) -> Result<Answer, String> {
    let mut response = request.send().await.map_err(|error| chain(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| chain(&error))? {
        body.extend_from_slice(&part);
        if body.len() > ANSWER_MAX {
            break;
        }
    }
    Ok(Answer { status, headers, body })
}

/// The message of an error with its causes.
fn chain(error: &reqwest::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = error.to_string();
        cause = error.source();
    }
    message
}
