//! Who may see the inbox, and as whom.
//!
//! Operators log in with the gateway's token and the name under which customers read their answers, and have a session from
//! then on. Scripts send the token itself. What changes anything has to come from the inbox's own pages.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::super::app::App;
use super::super::clock;
use super::super::settings::Token;
use super::super::store::StoreError;
use super::super::tickets::handling::NOBODY_IN_PARTICULAR;
use super::login::login_address;
use super::{Failed, message, page};

/// How long a session lasts: a working day and some.
const SESSION: SignedDuration = SignedDuration::from_hours(12);
const COOKIE: &str = "deskbell_inbox";

/// Who is at the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// What customers and other operators read.
    pub name: String,
    /// Whether they have logged in, and can log out.
    pub logged_in: bool,
}

/// Lets a request pass that may see the inbox.
pub async fn guard(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let local = is_local(&request);
    let operator = match operator(&app, request.headers().clone(), local).await {
        Ok(operator) => operator,
        Err(error) => return Failed::from(error).into_response(),
    };
    let Some(operator) = operator else {
        return match (&app.settings.inbox_token, request.method()) {
            (None, _) => message(StatusCode::FORBIDDEN, page::closed(app.settings.demo)),
            (Some(_), &Method::GET) => Redirect::to(&login_address(request.uri())).into_response(),
            (Some(_), _) => super::login::lost(request).await,
        };
    };
    if changes(&request) && !is_own(request.headers()) {
        return message(StatusCode::FORBIDDEN, page::foreign());
    }
    request.extensions_mut().insert(operator);
    next.run(request).await
}

/// Opens a session, and gives the cookie that carries it.
pub async fn open(app: &App, name: &str, headers: &HeaderMap) -> Result<HeaderValue, StoreError> {
    // Two of them, because each has but 122 random bits.
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let now = clock::timestamp();
    let until = clock::written(now + SESSION);
    app.store.log_in(&digest(&secret), name, &clock::written(now), &until).await?;
    let seconds = SESSION.as_secs();
    Ok(cookie(&secret, seconds, headers))
}

/// Ends the session of a request, and gives the cookie that says so.
pub async fn close(app: &App, headers: &HeaderMap) -> Result<HeaderValue, StoreError> {
    if let Some(secret) = secret(headers) {
        app.store.log_out(&digest(secret)).await?;
    }
    Ok(cookie("", 0, headers))
}

/// Whether a request comes from a page of this address, and not from one elsewhere that sends what its visitor may do.
/// Browsers say so by themselves (Fetch Metadata); older ones name the origin.
pub fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin.split_once("://").map(|(_, host)| host) == text("host"),
        // No browser sends a form without either, so nobody's cookie comes along by itself.
        (None, None) => false,
    }
}

async fn operator(app: &App, headers: HeaderMap, local: bool) -> Result<Option<Operator>, StoreError> {
    let nobody = || Operator { name: NOBODY_IN_PARTICULAR.into(), logged_in: false };
    let Some(token) = &app.settings.inbox_token else {
        return Ok((app.settings.demo && local).then(nobody));
    };
    if bears(&headers, token) {
        return Ok(Some(nobody()));
    }
    let Some(secret) = secret(&headers) else { return Ok(None) };
    let name = app.store.operator(&digest(secret), &clock::now()).await?;
    Ok(name.map(|name| Operator { name, logged_in: true }))
}

/// A header that a page elsewhere cannot send proves as much as the page's own origin.
fn changes(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD) && !request.headers().contains_key(header::AUTHORIZATION)
}

fn bears(headers: &HeaderMap, token: &Token) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let credentials = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    credentials.is_some_and(|(_, credentials)| token.is(credentials.trim()))
}

fn secret(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn cookie(secret: &str, seconds: i64, headers: &HeaderMap) -> HeaderValue {
    let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={secret}; Path=/inbox; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// Whether a request comes from this computer and was meant for it. A page elsewhere can give its own name our address
/// (DNS rebinding), so the name that was asked for counts too; and a proxy on this computer speaks for others.
fn is_local(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(host, |(name, _)| name);
    let proxied = ["forwarded", "x-forwarded-for", "x-forwarded-host"].iter().any(|name| headers.contains_key(*name));
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
        && matches!(name.to_ascii_lowercase().as_str(), "localhost" | "127.0.0.1" | "[::1]")
        && !proxied
}
