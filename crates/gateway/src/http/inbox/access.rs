//! Authentication of the inbox.
//! Agents log in with the gateway's token and a name, which customers see, and then have a session for as long as the gateway has that token.
//! Scripts send the token itself. Requests that change anything must come from the inbox's own pages. Sessions require HTTPS, except on this
//! computer or if the configuration allows HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use deskbell_core::random;

use super::login::{self, login_address};
use super::page;
use super::render::{Failed, message};
use crate::config::Token;
use crate::guard::{Guard, Guess};
use crate::http::body::read_body;
use crate::http::client::{Client, is_forwarded};
use deskbell_core::ports::RetryAfter;
use deskbell_core::ports::{Sessions, StoreError};
use deskbell_core::use_cases::tickets::UNNAMED_AGENT;

/// The lifetime of a session: a working day and some more.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);
/// The cookie of a session that requires HTTPS: no other host can set it (RFC 6265bis, section 4.1.3.2).
const SECURE_COOKIE: &str = "__Host-deskbell_inbox";
/// The cookie of a session that may use HTTP.
const PLAIN_COOKIE: &str = "deskbell_inbox";
/// The length of a session's secret, in bytes.
const SECRET_LENGTH: usize = 32;
/// The largest form, in bytes: ten thousand characters of four bytes each, three times as long when escaped.
pub const FORM_MAX: usize = 192 * 1024;

/// The agent who uses the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The name that customers and other agents see.
    pub name: String,
    /// Whether they have logged in, and so can log out.
    pub logged_in: bool,
}

/// How a request is authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credential {
    /// By the token itself, which no page elsewhere can send.
    Bearer,
    /// By a session, whose cookie browsers add to requests of other pages too; or as a request to the demo from this computer.
    Browser,
}

/// Who may log in, and how.
pub struct InboxAccess {
    /// The token of the inbox; without it the inbox is closed.
    pub token: Option<Token>,
    /// Whether the demo is served, whose inbox is open to this computer.
    pub is_demo: bool,
    /// Whether sessions may use HTTP from other computers.
    pub allows_http: bool,
    /// The sessions of agents who have logged in.
    pub sessions: Arc<dyn Sessions>,
    /// Limits guesses of the token.
    pub guard: Arc<Guard>,
}

/// Admits authenticated requests. Their bodies are read only afterwards.
pub async fn guard(State(access): State<Arc<InboxAccess>>, client: Client, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let authenticated = match authenticate(&access, &client, &parts.extensions, &parts.headers).await {
        Ok(authenticated) => authenticated,
        Err(refused) => return refused,
    };
    let Some((agent, credential)) = authenticated else {
        return match (&access.token, &parts.method) {
            (None, _) => message(StatusCode::FORBIDDEN, page::closed(access.is_demo)),
            (Some(_), &Method::GET) => Redirect::to(&login_address(&parts.uri)).into_response(),
            (Some(_), _) => login::return_text(body).await,
        };
    };
    let changes = !matches!(parts.method, Method::GET | Method::HEAD);
    if changes && credential == Credential::Browser && !is_own(&client, &parts.headers) {
        return message(StatusCode::FORBIDDEN, page::foreign());
    }
    let body = match read_body(body, FORM_MAX).await {
        Ok(bytes) => Body::from(bytes),
        Err(refusal) => return message(refusal.status(), page::unreadable(&refusal.to_string())),
    };
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(agent);
    next.run(request).await
}

/// Opens a session, and returns its cookie.
pub async fn open(access: &InboxAccess, token: &Token, name: &str, is_plain: bool) -> Result<HeaderValue, Failed> {
    let secret: [u8; SECRET_LENGTH] = random::bytes().map_err(|_| Failed(None))?;
    let secret = BASE64_URL_SAFE_NO_PAD.encode(secret);
    access.sessions.log_in(&token.session_digest(&secret), name, SESSION).await?;
    Ok(cookie(&secret, SESSION.as_secs(), is_plain))
}

/// Ends the session of a request, and returns the cookie that deletes it.
pub async fn close(access: &InboxAccess, headers: &HeaderMap, is_plain: bool) -> Result<HeaderValue, StoreError> {
    if let (Some(token), Some(secret)) = (&access.token, secret(headers, is_plain)) {
        access.sessions.log_out(&token.session_digest(secret)).await?;
    }
    Ok(cookie("", 0, is_plain))
}

/// Whether a session may use HTTP: on this computer, or if the configuration allows it.
pub fn is_plain(access: &InboxAccess, client: &Client, extensions: &Extensions, headers: &HeaderMap) -> bool {
    !client.is_https && (access.allows_http || is_local(extensions, headers))
}

/// Whether a request comes from a page of this address, and not from another site that makes use of the visitor's session. Browsers report it
/// (Fetch Metadata); older ones send the origin.
pub fn is_own(client: &Client, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            !client.host.is_empty() && origin.split_once("://").is_some_and(|(_, host)| host == client.host)
        }
        // Every browser sends one of the headers with a form, so a request without either is not from one of our pages.
        (None, None) => false,
    }
}

/// The agent of a request and how it is authenticated; or the response if it is not.
async fn authenticate(
    access: &InboxAccess,
    client: &Client,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<Option<(Agent, Credential)>, Response> {
    let nobody = || Agent { name: UNNAMED_AGENT.into(), logged_in: false };
    let Some(token) = &access.token else {
        let local = access.is_demo && is_local(extensions, headers);
        return Ok(local.then(|| (nobody(), Credential::Browser)));
    };
    let is_plain = is_plain(access, client, extensions, headers);
    // Sessions first: a proxy may add an authorization header of its own to the requests of a browser.
    if let Some(secret) = secret(headers, is_plain) {
        let name = access.sessions.agent(&token.session_digest(secret)).await;
        if let Some(name) = name.map_err(|error| Failed::from(error).into_response())? {
            return Ok(Some((Agent { name, logged_in: true }, Credential::Browser)));
        }
    }
    let Some(bearer) = bearer(headers).filter(|bearer| !access.guard.was_wrong(client.address, bearer)) else {
        return Ok(None);
    };
    let attempt = access.guard.guess(client.address, bearer, || token.equals(bearer));
    let Guess { is_right, delay } = attempt.map_err(|RetryAfter(wait)| login::too_many(wait, "", ""))?;
    // Even a sleep of zero takes a millisecond.
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if !is_right {
        tracing::warn!(address = ?client.address, with = "bearer token", "inbox login failed");
    }
    Ok(is_right.then(|| (nobody(), Credential::Bearer)))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    Some(credentials.trim()).filter(|credentials| scheme.eq_ignore_ascii_case("bearer") && !credentials.is_empty())
}

fn cookie_name(is_plain: bool) -> &'static str {
    if is_plain { PLAIN_COOKIE } else { SECURE_COOKIE }
}

fn secret(headers: &HeaderMap, is_plain: bool) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(cookie_name(is_plain))?.strip_prefix('='))
}

fn cookie(secret: &str, seconds: u64, is_plain: bool) -> HeaderValue {
    let name = cookie_name(is_plain);
    let scope = if is_plain { "Path=/inbox" } else { "Path=/; Secure" };
    let text = format!("{name}={secret}; {scope}; Max-Age={seconds}; HttpOnly; SameSite=Strict");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether a request comes from this computer and was addressed to it. A page elsewhere can point its own name at our address (DNS rebinding),
/// so the requested name counts too; and a proxy on this computer forwards the requests of others.
fn is_local(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let proxied = is_forwarded(headers).is_some() || headers.contains_key("x-forwarded-host");
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && matches!(name.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "[::1]")
        && !proxied
}
