//! Who may see the inbox.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::super::app::App;
use super::super::settings::Token;
use super::{message, page};

/// Lets a request pass that may see the inbox.
pub async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match &app.settings.inbox_token {
        Some(token) if knows(request.headers(), token) => next.run(request).await,
        Some(_) => {
            let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"Deskbell inbox\", charset=\"UTF-8\"")];
            (ask, message(StatusCode::UNAUTHORIZED, page::token_needed())).into_response()
        }
        None if app.settings.demo && is_local(&request) => next.run(request).await,
        None => message(StatusCode::FORBIDDEN, page::closed(app.settings.demo)),
    }
}

/// Whether a request carries the token, as a bearer token or as the password of any user.
fn knows(headers: &HeaderMap, token: &Token) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((scheme, credentials)) = value.split_once(' ') else { return false };
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => token.is(credentials.trim()),
        "basic" => password(credentials.trim()).is_some_and(|password| token.is(&password)),
        _ => false,
    }
}

fn password(credentials: &str) -> Option<String> {
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_string())
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
