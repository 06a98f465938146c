//! Reads from a source politely: one request at a time, at the rate that the source wants, with bounded responses.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, RETRY_AFTER,
};
use reqwest::{Client, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::is_local;
use crate::client::{USER_AGENT, cause, guard_redirects, install_crypto};
use crate::error_message::error_message;
use crate::public::{is_public, literal, not_public};
use crate::times::retry_after;

/// The limits for a source.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest response, in bytes.
    pub body: usize,
    /// The timeout of a response, from sending the request to reading the last byte.
    pub answer: Duration,
    /// The most attempts for one address.
    pub attempts: u32,
    /// The pause before the second attempt if the source does not name one; doubled for each later one.
    pub pause: Duration,
    /// The longest pause that a source may demand.
    pub wait: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body: 16 << 20,
            answer: Duration::from_secs(60),
            attempts: 4,
            pause: Duration::from_secs(1),
            wait: Duration::from_secs(120),
        }
    }
}

/// The client cannot be created, and why.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot connect: {0}")]
pub struct ClientError(pub String);

/// Why an address returned nothing readable.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There was no response, or not all of it.
    #[error("no response: {0}")]
    Unreachable(String),
    /// An error response.
    #[error("status {status}{message}")]
    Refused {
        /// The status.
        status: u16,
        /// Its message, with a colon before it; may be empty.
        message: String,
    },
    /// It demands a longer pause than the limit.
    #[error("status {status}, retry after {seconds} seconds")]
    Later {
        /// The status.
        status: u16,
        /// The demanded pause.
        seconds: u64,
    },
    /// It is in a private network.
    #[error("not allowed: {0}; set private = true, or pass --private, if this is intended")]
    Private(String),
    /// The response is too large.
    #[error("the response is larger than {0} bytes")]
    TooLong(usize),
    /// The response is an HTML page.
    #[error("the response is HTML instead of JSON; check the address, and whether it is public")]
    Html,
    /// The response has another format.
    #[error("unexpected response: {0}")]
    Shape(String),
}

impl FetchError {
    /// Whether further requests to this source would fail as well for now.
    pub fn is_final(&self) -> bool {
        match self {
            FetchError::Unreachable(_) | FetchError::Later { .. } | FetchError::Private(_) => true,
            FetchError::Refused { status, .. } => *status == 429 || *status >= 500,
            FetchError::TooLong(_) | FetchError::Html | FetchError::Shape(_) => false,
        }
    }
}

/// A client for one source, with one request at a time.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    limits: Limits,
    private: bool,
}

/// Validators, by which a server knows whether a response has changed (RFC 9110, 8.8); empty if it sent none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Validators {
    /// `ETag`.
    pub etag: String,
    /// `Last-Modified`.
    pub last_modified: String,
}

/// A response.
#[derive(Debug)]
pub struct Fetched {
    /// The bytes; none if nothing has changed.
    pub bytes: Option<Vec<u8>>,
    /// The validators for the next request.
    pub validators: Validators,
    /// How long it is fresh (`Cache-Control`); `None` if the server does not say.
    pub fresh_for: Option<Duration>,
}

impl Fetcher {
    /// A client with limits. With `private` the source may be in a private network, and may redirect there.
    pub fn new(limits: Limits, private: bool) -> Result<Fetcher, ClientError> {
        install_crypto();
        let client =
            Client::builder().user_agent(USER_AGENT).connect_timeout(Duration::from_secs(10)).timeout(limits.answer);
        let client = guard_redirects(client, private).build().map_err(|error| ClientError(cause(&error)))?;
        Ok(Fetcher { client, limits, private })
    }

    /// Fetches JSON.
    pub async fn json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, FetchError> {
        let text = self.text(url).await?;
        serde_json::from_slice(&text).map_err(|error| {
            let html = text.trim_ascii_start().starts_with(b"<");
            if html { FetchError::Html } else { FetchError::Shape(error.to_string()) }
        })
    }

    /// Fetches bytes; temporary errors are retried.
    pub async fn text(&self, url: &Url) -> Result<Vec<u8>, FetchError> {
        let fetched = self.text_if_changed(url, &Validators::default()).await?;
        // A request without validators cannot get this response.
        fetched.bytes.ok_or(FetchError::Refused { status: StatusCode::NOT_MODIFIED.as_u16(), message: String::new() })
    }

    /// Fetches bytes, unless they have not changed.
    pub async fn text_if_changed(&self, url: &Url, validators: &Validators) -> Result<Fetched, FetchError> {
        if let Some(address) = literal(url).filter(|address| !self.private && !is_local(url) && !is_public(*address)) {
            return Err(FetchError::Private(not_public(&address.to_string())));
        }
        let mut pause = self.limits.pause;
        let mut attempts = 1;
        loop {
            let (error, after) = match self.once(url, validators).await {
                Ok(fetched) => return Ok(fetched),
                Err(failure) => failure,
            };
            if !error.is_final() || attempts >= self.limits.attempts {
                return Err(error);
            }
            let wait = after.unwrap_or(pause);
            if wait > self.limits.wait {
                let status = if let FetchError::Refused { status, .. } = error { status } else { 0 };
                return Err(FetchError::Later { status, seconds: wait.as_secs() });
            }
            tracing::debug!(%url, %error, ?wait, "retrying the source");
            tokio::time::sleep(wait).await;
            pause *= 2;
            attempts += 1;
        }
    }

    /// One attempt; an error comes with the pause that the source demands.
    async fn once(&self, url: &Url, known: &Validators) -> Result<Fetched, (FetchError, Option<Duration>)> {
        let unreachable = |error: reqwest::Error| (FetchError::Unreachable(cause(&error)), None);
        let mut request = self.client.get(url.clone()).header(ACCEPT, "application/json");
        for (name, value) in [(IF_NONE_MATCH, &known.etag), (IF_MODIFIED_SINCE, &known.last_modified)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let mut response = request.send().await.map_err(|error| match error.is_redirect() {
            true => (FetchError::Shape(cause(&error)), None),
            false => unreachable(error),
        })?;
        let status = response.status();
        let html = is_html(response.headers());
        let header = |name: HeaderName| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_string()
        };
        let validators = Validators { etag: header(ETAG), last_modified: header(LAST_MODIFIED) };
        let fresh_for = fresh_for(response.headers());
        if status == StatusCode::NOT_MODIFIED && *known != Validators::default() {
            return Ok(Fetched { bytes: None, validators: known.clone(), fresh_for });
        }
        let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(retry_after);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > self.limits.body {
                return Err((FetchError::TooLong(self.limits.body), None));
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            return Ok(Fetched { bytes: Some(body), validators, fresh_for });
        }
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        let after =
            after.or_else(|| problem.pointer("/extras/wait_seconds").and_then(Value::as_u64).map(Duration::from_secs));
        let message = if html { String::new() } else { error_message(&problem, &body) };
        let message = if message.is_empty() { message } else { format!(": {message}") };
        Err((FetchError::Refused { status: status.as_u16(), message }, after.filter(|_| is_later(status))))
    }
}

/// Statuses that demand a pause.
fn is_later(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::SERVICE_UNAVAILABLE
}

/// How long a response is fresh (RFC 9111, 4.2.1), without its age in caches.
fn fresh_for(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get(CACHE_CONTROL)?.to_str().ok()?.to_ascii_lowercase();
    let mut directives = directives.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-store" | "no-cache")) {
        return Some(Duration::ZERO);
    }
    let seconds: u64 =
        directives.find_map(|directive| directive.strip_prefix("max-age=")?.trim_matches('"').parse().ok())?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
    Some(Duration::from_secs(seconds.saturating_sub(age)))
}

fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| kind.starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::Router;
    use axum::body::Body;
    use axum::http::{HeaderValue, Request, header};
    use axum::response::{IntoResponse, Redirect, Response};
    use axum::routing::get;
    use http_body_util::channel::Channel;
    use serde_json::json;

    use super::*;
    use crate::error_message::MESSAGE_MAX;

    const SHORT: Limits = Limits {
        body: 10_000,
        answer: Duration::from_millis(500),
        attempts: 3,
        pause: Duration::from_millis(1),
        wait: Duration::from_secs(5),
    };

    async fn stand_in(router: Router) -> Url {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Url::parse(&url).unwrap()
    }

    /// The result of fetching JSON with the same response each time.
    async fn fetch_from(answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> Result<Value, FetchError> {
        let url = stand_in(Router::new().route("/", get(async move || answer()))).await;
        Fetcher::new(SHORT, false).unwrap().json(&url).await
    }

    /// The given responses first, then `{"ok": true}`; and the number of requests.
    async fn fetch_after(
        answers: u32,
        answer: impl Fn() -> Response + Clone + Send + Sync + 'static,
    ) -> (Result<Value, FetchError>, u32) {
        let count = Arc::new(AtomicU32::new(0));
        let counted = count.clone();
        let result = fetch_from(move || match counted.fetch_add(1, Ordering::SeqCst) < answers {
            true => answer(),
            false => axum::Json(json!({ "ok": true })).into_response(),
        })
        .await;
        (result, count.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn retry_after_of_sources_is_respected() {
        let start = std::time::Instant::now();
        let answer = || (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "Slow down").into_response();
        assert_eq!(fetch_after(1, answer).await, (Ok(json!({ "ok": true })), 2));
        assert!(start.elapsed() >= Duration::from_secs(1));

        let answer = || (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "600")], "").into_response();
        assert_eq!(fetch_after(1, answer).await, (Err(FetchError::Later { status: 429, seconds: 600 }), 1));
        let in_body = || {
            let body = json!({ "errors": ["Slow down"], "error_type": "rate_limit", "extras": { "wait_seconds": 23 } });
            (StatusCode::TOO_MANY_REQUESTS, axum::Json(body)).into_response()
        };
        assert_eq!(fetch_after(1, in_body).await, (Err(FetchError::Later { status: 429, seconds: 23 }), 1));
    }

    #[tokio::test]
    async fn temporary_failures_are_retried_a_few_times() {
        let failing = || (StatusCode::BAD_GATEWAY, "no upstream").into_response();
        assert_eq!(fetch_after(2, failing).await, (Ok(json!({ "ok": true })), 3));
        let refused = FetchError::Refused { status: 502, message: ": no upstream".into() };
        assert_eq!(fetch_after(9, failing).await, (Err(refused), 3));
        let missing = || StatusCode::NOT_FOUND.into_response();
        assert_eq!(
            fetch_after(9, missing).await,
            (Err(FetchError::Refused { status: 404, message: String::new() }), 1)
        );
    }

    #[tokio::test]
    async fn error_messages_of_sources_are_repeated() {
        for (body, message) in [
            (
                json!({ "data": null, "error": { "status": 400, "name": "ValidationError", "message": "Invalid key teams" } }),
                "Invalid key teams",
            ),
            (
                json!({ "errors": ["You are not permitted to view it."], "error_type": "invalid_access" }),
                "You are not permitted to view it.",
            ),
            (json!({ "error": "RecordNotFound", "description": "Not found" }), "Not found"),
            (
                json!({ "error": { "title": "Forbidden", "message": "You do not have access\nto this page" } }),
                "You do not have access to this page",
            ),
            (json!({ "error": "Couldn't authenticate you" }), "Couldn't authenticate you"),
            (json!({ "other": 1 }), ""),
        ] {
            let message = if message.is_empty() { String::new() } else { format!(": {message}") };
            let answer = move || (StatusCode::FORBIDDEN, axum::Json(body.clone())).into_response();
            assert_eq!(fetch_from(answer).await, Err(FetchError::Refused { status: 403, message }));
        }
        let long_answer = || (StatusCode::FORBIDDEN, "x".repeat(5000)).into_response();
        let Err(FetchError::Refused { message, .. }) = fetch_from(long_answer).await else { panic!() };
        assert_eq!(message.len(), 2 + MESSAGE_MAX);
    }

    #[tokio::test]
    async fn html_pages_and_truncated_json_are_different_errors() {
        let html = || axum::response::Html("<!doctype html><title>Log in</title>").into_response();
        assert_eq!(fetch_from(html).await, Err(FetchError::Html));
        let truncated = || ([(header::CONTENT_TYPE, "application/json")], "{\"data\": [").into_response();
        assert!(matches!(fetch_from(truncated).await, Err(FetchError::Shape(reason)) if reason.contains("EOF")));
    }

    #[tokio::test]
    async fn long_and_endless_responses_are_cut_off() {
        assert_eq!(fetch_from(|| "[".repeat(20_000).into_response()).await, Err(FetchError::TooLong(10_000)));
        let endless = || {
            let (mut sender, body) = Channel::<axum::body::Bytes>::new(1);
            tokio::spawn(async move { while sender.send_data("[1,".repeat(99).into()).await.is_ok() {} });
            Response::new(Body::new(body))
        };
        assert_eq!(fetch_from(endless).await, Err(FetchError::TooLong(10_000)));
        let stalled = || {
            let (mut sender, body) = Channel::<axum::body::Bytes>::new(1);
            tokio::spawn(async move {
                let _ = sender.send_data("[1".into()).await;
                std::future::pending::<()>().await;
            });
            Response::new(Body::new(body))
        };
        assert_eq!(fetch_from(stalled).await, Err(FetchError::Unreachable("timed out".into())));
    }

    #[tokio::test]
    async fn redirects_are_limited_and_stay_on_https() {
        let round = || Redirect::temporary("/").into_response();
        let Err(FetchError::Shape(reason)) = fetch_from(round).await else { panic!() };
        assert!(reason.contains("too many redirects"), "{reason}");
        let to_http = || Redirect::permanent("http://forum.example/latest.json").into_response();
        let Err(FetchError::Shape(reason)) = fetch_from(to_http).await else { panic!() };
        assert!(reason.contains("without https"), "{reason}");
        let router = Router::new()
            .route("/", get(async || Redirect::permanent("/there")))
            .route("/there", get(async || axum::Json(json!({ "ok": true }))));
        let url = stand_in(router).await;
        assert_eq!(Fetcher::new(SHORT, false).unwrap().json::<Value>(&url).await, Ok(json!({ "ok": true })));
    }

    #[tokio::test]
    async fn requests_identify_the_gateway_and_the_accepted_type() {
        let router = Router::new().fallback(async |request: Request<Body>| {
            let header = |name| request.headers().get(name).map(HeaderValue::to_str).unwrap().unwrap().to_string();
            axum::Json(json!([header(header::USER_AGENT), header(header::ACCEPT)]))
        });
        let url = stand_in(router).await;
        let headers: Vec<String> = Fetcher::new(SHORT, false).unwrap().json(&url).await.unwrap();
        assert!(headers[0].starts_with("deskbell/") && headers[1] == "application/json", "{headers:?}");
    }

    #[tokio::test]
    async fn servers_that_do_not_listen_are_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        drop(listener);
        let error = Fetcher::new(SHORT, false).unwrap().json::<Value>(&url).await.unwrap_err().to_string();
        assert!(error.starts_with("no response: ") && error.contains("refused"), "{error}");
    }

    #[test]
    fn freshness_is_max_age_minus_age() {
        for (cache_control, age, expected) in [
            ("public, max-age=19302, must-revalidate, no-transform", "0", Some(19302)),
            ("max-age=86400, private", "", Some(86400)),
            ("Max-Age=\"60\"", "50", Some(10)),
            ("max-age=60", "90", Some(0)),
            ("no-store", "", Some(0)),
            ("no-cache, max-age=60", "", Some(0)),
            ("public", "", None),
            ("max-age=soon", "", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control));
            headers.insert(AGE, HeaderValue::from_static(age));
            assert_eq!(fresh_for(&headers), expected.map(Duration::from_secs), "{cache_control}");
        }
        assert_eq!(fresh_for(&HeaderMap::new()), None);
    }
}
