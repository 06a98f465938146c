//! Logs agents in and out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{self, InboxAccess};
use super::page;
use super::render::{Failed, message};
use crate::http::body::read_body;
use crate::http::client::Client;
use deskbell_core::ports::RetryAfter;
use domain::attachment::is_invisible;

/// The longest name of an agent, in characters.
const NAME_MAX: usize = 80;
/// Zero-width joiners and non-joiners: invisible, but needed for names in some scripts.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
/// The longest address to redirect to after a login, in bytes.
const NEXT_MAX: usize = 2000;
/// The largest login form, in bytes. It is read before the agent is authenticated.
const LOGIN_MAX: usize = 16 * 1024;

/// The address to redirect to after a login.
#[derive(Deserialize)]
pub struct LoginQuery {
    #[serde(default)]
    next: String,
}

/// The login form.
#[derive(Default)]
struct LoginForm {
    name: String,
    token: String,
    next: String,
}

/// The login page.
pub async fn show_form(
    State(access): State<Arc<InboxAccess>>,
    client: Client,
    extensions: Extensions,
    headers: HeaderMap,
    Query(query): Query<LoginQuery>,
) -> Response {
    if access.token.is_none() {
        return message(StatusCode::FORBIDDEN, page::closed(access.is_demo));
    }
    // Browsers send Fetch Metadata only over HTTPS and to their own computer.
    let is_safe = client.is_https || headers.contains_key("sec-fetch-site");
    let warns = !is_safe && !access::is_plain(&access, &client, &extensions, &headers);
    message(StatusCode::OK, form("", &query.next, html! { @if warns { (needs_https()) } }))
}

/// Handles the form.
pub async fn log_in(
    State(access): State<Arc<InboxAccess>>,
    client: Client,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failed> {
    if !access::is_own(&client, &headers) {
        return Ok(message(StatusCode::FORBIDDEN, page::foreign()));
    }
    let Some(inbox_token) = &access.token else {
        return Ok(message(StatusCode::FORBIDDEN, page::closed(access.is_demo)));
    };
    let LoginForm { name, token, next } = match read_body(body, LOGIN_MAX).await {
        Ok(bytes) => read(&bytes),
        Err(refusal) => return Ok(message(refusal.status(), page::unreadable(&refusal.to_string()))),
    };
    let refuse = |status, problem| Ok(message(status, form(&name, &next, alert(problem))));
    let is_plain = access::is_plain(&access, &client, &extensions, &headers);
    let from_http = headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"http://"));
    if from_http && !is_plain {
        return Ok(message(StatusCode::FORBIDDEN, form(&name, &next, needs_https())));
    }
    let name = name.trim();
    if name.is_empty()
        || name.chars().count() > NAME_MAX
        || name.chars().any(|c| is_invisible(c) && !JOINERS.contains(&c))
    {
        let problem = "Please enter your name, in 1 to 80 visible characters.";
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, problem);
    }
    let attempt = match access.guard.guess(client.address, token.trim(), || inbox_token.equals(token.trim())) {
        Ok(attempt) => attempt,
        Err(RetryAfter(wait)) => return Ok(too_many(wait, name, &next)),
    };
    // Even a sleep of zero takes a millisecond.
    if !attempt.delay.is_zero() {
        tokio::time::sleep(attempt.delay).await;
    }
    if !attempt.is_right {
        tracing::warn!(address = ?client.address, with = "form", "inbox login failed");
        return refuse(StatusCode::FORBIDDEN, "Wrong inbox token.");
    }
    tracing::info!(agent = name, address = ?client.address, "inbox login");
    let cookie = access::open(&access, inbox_token, name, is_plain).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(own_page(&next))).into_response())
}

/// Ends the session.
pub async fn log_out(
    State(access): State<Arc<InboxAccess>>,
    client: Client,
    extensions: Extensions,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let is_plain = access::is_plain(&access, &client, &extensions, &headers);
    let cookie = access::close(&access, &headers, is_plain).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/inbox/login")).into_response())
}

/// The response to too many guesses: the form keeps its input, to be submitted again later.
pub fn too_many(wait: Duration, name: &str, next: &str) -> Response {
    let problem = "Too many attempts with a wrong token. Try again in a minute.";
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    let page = message(StatusCode::TOO_MANY_REQUESTS, form(name, next, alert(problem)));
    ([(header::RETRY_AFTER, seconds)], page).into_response()
}

/// The address of the login page, which redirects back to `target` afterwards. `target` is without the mount point, which axum strips.
pub fn login_address(target: &Uri) -> String {
    let target = target.path_and_query().map_or("/", |path| path.as_str());
    let next = format!("/inbox{}", if target == "/" { "" } else { target });
    let next: String = next.bytes().map(escaped).collect();
    format!("/inbox/login?next={next}")
}

/// The response to a form whose session has ended, with the text that was written, so that it is not lost.
pub async fn return_text(body: Body) -> Response {
    let bytes = read_body(body, access::FORM_MAX).await.unwrap_or_default();
    let text = form_urlencoded::parse(&bytes).find(|(name, _)| name == "text");
    let text = text.map(|(_, text)| text.into_owned()).unwrap_or_default();
    message(StatusCode::UNAUTHORIZED, logged_out(&text))
}

fn read(bytes: &[u8]) -> LoginForm {
    let mut form = LoginForm::default();
    for (name, value) in form_urlencoded::parse(bytes) {
        match &*name {
            "name" => form.name = value.into_owned(),
            "token" => form.token = value.into_owned(),
            "next" => form.next = value.into_owned(),
            _ => {}
        }
    }
    form
}

fn escaped(byte: u8) -> String {
    let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    if is_unreserved { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// A page of the inbox; its first one if another address was given.
fn own_page(next: &str) -> &str {
    let is_own = next == "/inbox" || next.starts_with("/inbox/") || next.starts_with("/inbox?");
    let is_good = is_own && next.len() <= NEXT_MAX && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good { next } else { "/inbox" }
}

fn alert(text: &str) -> Markup {
    html! { p.wrong role="alert" { (text) } }
}

/// Anybody who can read the network could take over a session over HTTP.
fn needs_https() -> Markup {
    html! {
        div.wrong role="alert" {
            p { "As far as the gateway can tell, this page was loaded without HTTPS. Your browser will not keep the session." }
            p {
                "Open it over HTTPS. If a proxy terminates HTTPS, have it send " code { "X-Forwarded-Proto" } " and list it in the gateway's configuration under "
                code { "[proxy] trusted" } ". On a network where nobody can listen in, " code { "[inbox] insecure_http = true" }
                " allows sessions over HTTP."
            }
        }
    }
}

fn form(name: &str, next: &str, notice: Markup) -> Markup {
    page::notice(
        "Log in to the inbox",
        html! {
            form.login method="post" action="/inbox/login" {
                (notice)
                label for="name" { "Your name, as customers see it with your answers" }
                input #name name="name" required maxlength=(NAME_MAX) autocomplete="nickname" value=(name);
                label for="token" { "Inbox token" }
                input #token name="token" type="password" required autocomplete="current-password";
                input type="hidden" name="next" value=(own_page(next));
                button.button.main type="submit" { "Log in" }
            }
        },
    )
}

fn logged_out(text: &str) -> Markup {
    page::notice(
        "You were logged out",
        html! {
            p { "Sessions end after twelve hours. Nothing was sent." }
            @if !text.is_empty() {
                label for="kept" { "Your text, to copy:" }
                textarea #kept readonly rows="10" { (text) }
            }
            p { a href="/inbox/login" target="_blank" { "Log in in a new tab" } }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_redirects_into_the_inbox_only() {
        for valid in ["/inbox", "/inbox/tickets/DB-4K7Q9", "/inbox?status=solved"] {
            assert_eq!(own_page(valid), valid);
        }
        for invalid in [
            "",
            "/",
            "//evil.example",
            &format!("/inbox?{}", "a".repeat(NEXT_MAX)),
            "https://evil.example",
            "/inboxes",
            "/inbox/\r\nx",
            "/inbox/ä",
        ] {
            assert_eq!(own_page(invalid), "/inbox", "{invalid}");
        }
        assert_eq!(
            login_address(&"/tickets/DB-1?a=b&c".parse().unwrap()),
            "/inbox/login?next=/inbox/tickets/DB-1%3Fa%3Db%26c"
        );
        assert_eq!(login_address(&"/".parse().unwrap()), "/inbox/login?next=/inbox");
    }
}
