//! The HTTP client for Zendesk, and what its responses mean for every request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode, Url};
use serde_json::Value;

use crate::login::Login;
use crate::pace::{Priority, RateLimiter, RateLimiters};
use deskbell_core::ports::destination::{ClaimHold, Failure};
use deskbell_core::timestamp::Timestamp;
use outbound_http::SharedClients;

/// The timeout of a response, from sending the request to reading the last byte.
const ANSWER: Duration = Duration::from_secs(60);
/// The timeout of a file.
const UPLOAD: Duration = Duration::from_secs(180);
const CONNECT: Duration = Duration::from_secs(10);
/// The largest response, in bytes.
const BODY_MAX: usize = 8 << 20;
/// The longest pause that Zendesk can demand.
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// A client for an account, with the priority of its requests.
#[derive(Clone, Debug)]
pub struct Client {
    connection: Arc<Connection>,
    admission: Admission,
}

/// The parts that all clients of an account share.
#[derive(Debug)]
struct Connection {
    api: reqwest::Client,
    /// For files, which are on another host: it follows redirects.
    files: reqwest::Client,
    base: Url,
    login: Login,
    limiter: Arc<RateLimiter>,
}

/// How the rate limiter of the account admits a request.
#[derive(Clone, Copy, Debug)]
enum Admission {
    /// It waits for its turn.
    Waits(Priority),
    /// It was admitted before.
    Admitted,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The path with its query.
    pub path: &'a str,
    /// The idempotency key.
    pub key: Option<&'a str>,
    /// The body.
    pub body: Body<'a>,
    /// The claim without which it must not be sent, because it has no key.
    pub hold: Option<&'a ClaimHold>,
}

/// A body.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// None.
    Empty,
    /// JSON.
    Json(&'a Value),
    /// A file with its content type.
    File(Bytes, &'a str),
}

/// A response to a request that Zendesk has processed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status: one of 200 to 299, or 400, 401, 403, 404, 409, 413, 415, 422.
    pub status: StatusCode,
    /// The JSON; null if it is none.
    pub body: Value,
    /// The time, by the account's clock.
    pub at: Option<Timestamp>,
}

impl<'a> Request<'a> {
    /// A GET request.
    pub fn get(path: &'a str) -> Request<'a> {
        Request { method: Method::GET, path, key: None, body: Body::Empty, hold: None }
    }

    /// A POST request.
    pub fn post(path: &'a str) -> Request<'a> {
        Request { method: Method::POST, ..Request::get(path) }
    }

    /// A PUT request.
    pub fn put(path: &'a str) -> Request<'a> {
        Request { method: Method::PUT, ..Request::get(path) }
    }
}

impl Client {
    /// A client for the account at an address.
    pub fn new(base: Url, login: Login, clients: &SharedClients, limiters: &RateLimiters) -> Result<Client, String> {
        let settings = || reqwest::Client::builder().user_agent(outbound_http::USER_AGENT).connect_timeout(CONNECT);
        let api = clients.get("Zendesk", || settings().redirect(Policy::none()))?;
        let files = clients.get("files of Zendesk", || outbound_http::guard_redirects(settings(), false))?;
        let limiter = limiters.get(&base);
        let connection = Arc::new(Connection { api, files, base, login, limiter });
        Ok(Client { connection, admission: Admission::Waits(Priority::Delivery) })
    }

    /// The same client with another priority.
    pub fn with_priority(&self, priority: Priority) -> Client {
        Client { connection: self.connection.clone(), admission: Admission::Waits(priority) }
    }

    /// A client for an optional look-up of this many requests; none if they are not free now.
    pub async fn for_look_up(&self, requests: u32) -> Option<Client> {
        let admitted = self.connection.limiter.try_take(requests).await;
        admitted.then(|| Client { connection: self.connection.clone(), admission: Admission::Admitted })
    }

    /// Returns unused requests of a look-up.
    pub async fn give_back(&self, requests: u32) {
        self.connection.limiter.give_back(requests).await;
    }

    async fn admit(&self) {
        if let Admission::Waits(priority) = self.admission {
            self.connection.limiter.admit(priority).await;
        }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> Result<Url, Failure> {
        self.connection.base.join(path).map_err(|error| Failure::Never(format!("{path}: {error}")))
    }

    /// The JSON at a path; a status other than success is a failure.
    pub async fn read(&self, path: &str) -> Result<Value, Failure> {
        Ok(self.get(path).await?.body)
    }

    /// The response at a path; a status other than success is a failure.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        let answer = self.send(&Request::get(path)).await?;
        match answer.status {
            status if status.is_success() => Ok(answer),
            StatusCode::FORBIDDEN => Err(answer.forbidden()),
            _ => Err(Failure::Never(format!("Zendesk replied {} to {path}: {}", answer.status, answer.message()))),
        }
    }

    /// Sends a request as the account's client. If the token was revoked, fetches a new one, once.
    pub async fn send(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let login = self.connection.login.header(self).await?;
        let answer = self.send_once(request, Some(&login)).await?;
        if answer.status != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        if self.connection.login.forget(&login).await {
            let login = self.connection.login.header(self).await?;
            let answer = self.send_once(request, Some(&login)).await?;
            if answer.status != StatusCode::UNAUTHORIZED {
                return Ok(answer);
            }
        }
        Err(Failure::away(format!("Zendesk rejects the login: {}", answer.message())))
    }

    /// The bytes of a file of the account, at most `max`. Credentials are sent to the account only, not to redirects. If attachments are
    /// private, unauthorized clients are redirected to a login page, which is an error unless the file itself is a page.
    pub async fn file(&self, url: &str, is_page: bool, max: usize) -> Result<Vec<u8>, Failure> {
        let failure = |problem: &str| Failure::Never(format!("a file of Zendesk {problem}"));
        let url = Url::parse(url).ok().and_then(|url| download_address(&self.connection.base, &url));
        let url = url.ok_or_else(|| failure("is not on the account's host"))?;
        let mut response = self.request_file(&url).await?;
        if is_login(&response, is_page) {
            // The token may have been revoked.
            let login = self.connection.login.header(self).await?;
            if self.connection.login.forget(&login).await {
                response = self.request_file(&url).await?;
            }
        }
        if is_login(&response, is_page) {
            return Err(failure("requires a login; the client needs the right to read tickets"));
        }
        if !response.status().is_success() {
            return Err(failure(&format!("cannot be downloaded ({})", response.status())));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > max {
                return Err(failure("is too large"));
            }
        }
        Ok(bytes)
    }

    async fn request_file(&self, url: &Url) -> Result<Response, Failure> {
        let login = self.connection.login.header(self).await?;
        self.admit().await;
        let request = self.connection.files.get(url.clone()).timeout(UPLOAD).header(AUTHORIZATION, login);
        request.send().await.map_err(|error| unreachable(&error))
    }

    /// Sends one request, with or without credentials.
    pub async fn send_once(&self, request: &Request<'_>, login: Option<&HeaderValue>) -> Result<Answer, Failure> {
        self.admit().await;
        if let Some(hold) = request.hold {
            hold.check()?;
        }
        let mut builder = self.connection.api.request(request.method.clone(), self.url(request.path)?);
        builder = match &request.body {
            Body::Empty => builder.timeout(ANSWER),
            Body::Json(json) => builder.timeout(ANSWER).json(json),
            Body::File(bytes, media) => builder.timeout(UPLOAD).header(CONTENT_TYPE, *media).body(bytes.clone()),
        };
        if let Some(key) = request.key {
            builder = builder.header("Idempotency-Key", key);
        }
        if let Some(login) = login {
            builder = builder.header(AUTHORIZATION, login);
        }
        let mut response = builder.send().await.map_err(|error| unreachable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > BODY_MAX {
                let reason = format!("Zendesk sent more than {BODY_MAX} bytes for {}", request.path);
                return Err(Failure::TooLarge(reason));
            }
        }
        let limiter = &self.connection.limiter;
        if let Some(allowed) = number(&headers, "x-rate-limit").or_else(|| number(&headers, "ratelimit-limit")) {
            limiter.set_limit(allowed).await;
        }
        let outcome = interpret(status, &headers, &bytes);
        if let Err(Failure::Away { after: Some(after), .. }) = &outcome
            && concerns_account(&headers)
        {
            limiter.pause(*after).await;
        }
        outcome
    }
}

impl Answer {
    /// Zendesk's error message, in any of its formats.
    pub fn message(&self) -> String {
        let message = outbound_http::error_message(&self.body, b"");
        let details: Vec<&str> = self.details().map(|(_, message)| message).take(5).collect();
        let texts = [vec![message.as_str()], details].concat();
        texts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("; ")
    }

    /// The failure for a missing permission: the account can be configured to grant it.
    pub fn forbidden(&self) -> Failure {
        Failure::later(format!(
            "Zendesk does not allow this: {}; `deskbell check` shows the missing permission",
            self.message()
        ))
    }

    /// The errors by field: its name, or its id if it is a custom field.
    pub fn details(&self) -> impl Iterator<Item = (String, &str)> {
        let fields = self.body.get("details").and_then(Value::as_object).into_iter().flatten();
        fields.flat_map(|(field, errors)| {
            errors.as_array().into_iter().flatten().map(move |error| {
                let custom = error.get("ticket_field_id").and_then(Value::as_u64).map(|id| id.to_string());
                let key = error.get("field_key").and_then(Value::as_str).map(str::to_string);
                let name = custom.or(key).unwrap_or_else(|| field.clone());
                (name, error.get("description").and_then(Value::as_str).unwrap_or_default())
            })
        })
    }
}

/// The address for downloading a file: on the account itself, also if its address names another brand of the account.
pub fn download_address(base: &Url, url: &Url) -> Option<Url> {
    if url.origin() == base.origin() {
        return Some(url.clone());
    }
    let is_brand = url.scheme() == "https" && url.host_str().is_some_and(|host| host.ends_with(".zendesk.com"));
    if !is_brand || !url.path().starts_with("/attachments/") {
        return None;
    }
    let mut address = base.join(url.path()).ok()?;
    address.set_query(url.query());
    Some(address)
}

fn is_login(response: &Response, is_page: bool) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    response.status() == StatusCode::UNAUTHORIZED || !is_page && kind.starts_with("text/html")
}

/// Interprets a response. Those that remain are about the request itself.
fn interpret(status: StatusCode, headers: &HeaderMap, bytes: &[u8]) -> Result<Answer, Failure> {
    let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let server_time =
        headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(outbound_http::http_date).map(Timestamp::from);
    let answer = Answer { status, body, at: server_time };
    let retry_after =
        headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(outbound_http::retry_after);
    let retry_after = retry_after.map(|retry_after| retry_after.min(WAIT_MAX));
    let message = if answer.body.is_null() { String::new() } else { answer.message() };
    let reason = |problem: &str| {
        let colon = if message.is_empty() { "" } else { ": " };
        format!("{problem}{colon}{message}")
    };
    match status.as_u16() {
        // A truncated or foreign body proves nothing; the outcome is looked up.
        200..=299 if status != StatusCode::NO_CONTENT && answer.body.is_null() => {
            Err(Failure::later("Zendesk's response cannot be parsed"))
        }
        200..=299 | 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 => Ok(answer),
        429 => Err(Failure::Away {
            reason: reason("rate limit of Zendesk reached"),
            after: retry_after.or(Some(Duration::from_secs(60))),
        }),
        503 => Err(Failure::Away { reason: reason("Zendesk is unavailable (503)"), after: retry_after }),
        300..=399 => Err(Failure::away(format!("Zendesk redirects ({status}); is url the address of the account?"))),
        _ => Err(Failure::Later { reason: reason(&format!("Zendesk failed ({status})")), after: retry_after }),
    }
}

/// The failure without a complete response: before the request was sent it is the destination's, after that the outcome is unknown.
fn unreachable(error: &reqwest::Error) -> Failure {
    let cause = outbound_http::cause(error);
    match error.is_connect() {
        true => Failure::away(format!("Zendesk is unreachable: {cause}")),
        false => Failure::later(format!("no response from Zendesk: {cause}")),
    }
}

/// Whether a rate limit refusal is about the whole account: endpoints have limits of their own, which leave some of the account's.
fn concerns_account(headers: &HeaderMap) -> bool {
    let remaining = number(headers, "x-rate-limit-remaining").or_else(|| number(headers, "ratelimit-remaining"));
    remaining.is_none_or(|remaining| remaining == 0)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, after: &str, body: &str) -> Result<StatusCode, Failure> {
        let mut headers = HeaderMap::new();
        if !after.is_empty() {
            headers.insert(RETRY_AFTER, after.parse().unwrap());
        }
        interpret(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes()).map(|answer| answer.status)
    }

    #[test]
    fn retry_after_pauses_the_queue_and_other_failures_only_their_delivery() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (status, after, body, waits) in [
            (429, "30", "Number of allowed API requests per minute exceeded", seconds(30)),
            (429, "", "", seconds(60)),
            (503, "90", "<html>", seconds(90)),
            (503, "", "", None),
            (429, "999999999", "", Some(WAIT_MAX)),
        ] {
            assert!(
                matches!(judged(status, after, body), Err(Failure::Away { after, .. }) if after == waits),
                "{status}"
            );
        }
        for (status, body) in [(500, ""), (502, "<html>"), (504, ""), (200, "{\"tick"), (201, "")] {
            assert!(matches!(judged(status, "", body), Err(Failure::Later { .. })), "{status}");
        }
        for (status, body) in
            [(200, "{}"), (204, ""), (404, ""), (422, "{}"), (400, "{}"), (409, "x"), (401, ""), (403, "{}")]
        {
            assert_eq!(judged(status, "", body).unwrap().as_u16(), status);
        }
    }

    #[tokio::test]
    async fn all_requests_to_an_account_share_its_rate_limit() {
        let limiters = RateLimiters::default();
        let client = |url: &str| {
            let login = Login::ApiToken { email: "a@b.example".into(), token: "t".into() };
            Client::new(Url::parse(url).unwrap(), login, &SharedClients::default(), &limiters).unwrap()
        };
        let (client_a, same_account) =
            (client("https://shared.zendesk.example/"), client("https://shared.zendesk.example"));
        let other_brand = client("https://other.zendesk.example/");
        client_a.connection.limiter.pause(Duration::from_secs(3_600)).await;
        assert!(same_account.for_look_up(1).await.is_none() && other_brand.for_look_up(1).await.is_some());
    }

    #[test]
    fn only_account_wide_refusals_pause_all_requests() {
        for (remaining, concerns) in [(None, true), (Some("0"), true), (Some("12"), false)] {
            let mut headers = HeaderMap::new();
            if let Some(remaining) = remaining {
                headers.insert("x-rate-limit-remaining", remaining.parse().unwrap());
            }
            assert_eq!(concerns_account(&headers), concerns, "{remaining:?}");
        }
    }

    #[test]
    fn errors_are_parsed_in_every_format() {
        for (body, expected) in [
            (
                r#"{"error":"RecordInvalid","description":"Record validation errors","details":{"base":[{"description":"Requester: Name: is too short"}]}}"#,
                "Record validation errors; Requester: Name: is too short",
            ),
            (r#"{"error":{"title":"Forbidden","message":"Invalid authenticity token"}}"#, "Invalid authenticity token"),
            (r#"{"error":"Couldn't authenticate you"}"#, "Couldn't authenticate you"),
            (r#"{"error":"invalid_scope","error_description":"The scope is invalid"}"#, "The scope is invalid"),
            (r#"{"errors":[{"code":"BadRequest","title":"No","detail":"Not so"}]}"#, "Not so"),
            ("null", ""),
        ] {
            let answer =
                Answer { status: StatusCode::BAD_REQUEST, body: serde_json::from_str(body).unwrap(), at: None };
            assert_eq!(answer.message(), expected);
        }
    }

    #[test]
    fn refusals_name_their_field() {
        let body = r#"{"details":{"base":[{"ticket_field_id":7,"description":"a"},{"field_key":"group_id","description":"b"}],"priority":[{"description":"c"}]}}"#;
        let answer =
            Answer { status: StatusCode::UNPROCESSABLE_ENTITY, body: serde_json::from_str(body).unwrap(), at: None };
        let details: Vec<(String, &str)> = answer.details().collect();
        assert_eq!(details, [("7".into(), "a"), ("group_id".into(), "b"), ("priority".into(), "c")]);
    }
}
