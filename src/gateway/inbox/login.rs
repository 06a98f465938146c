//! Logging in and out.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use http_body_util::{BodyExt, Limited};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::app::App;
use super::super::guard::{self, Wait};
use super::access;
use super::{Failed, message, page};

/// The longest name of an operator, in characters.
const NAME_MAX: usize = 80;
/// How much of a form is read to give it back, in bytes.
const FORM_MAX: usize = 192 * 1024;

/// Where one goes after logging in.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    next: String,
}

/// The form.
#[derive(Deserialize)]
pub struct LoginForm {
    name: String,
    token: String,
    #[serde(default)]
    next: String,
}

/// The page.
pub async fn ask(State(app): State<Arc<App>>, Query(asked): Query<Asked>) -> Response {
    match &app.settings.inbox_token {
        Some(_) => message(StatusCode::OK, form("", &asked.next, None)),
        None => message(StatusCode::FORBIDDEN, page::closed(app.settings.demo)),
    }
}

/// Takes the form.
pub async fn log_in(
    State(app): State<Arc<App>>,
    extensions: Extensions,
    headers: HeaderMap,
    Form(LoginForm { name, token, next }): Form<LoginForm>,
) -> Result<Response, Failed> {
    let wrong = |status, says| Ok(message(status, form(&name, &next, Some(says))));
    if !access::is_own(&headers) {
        return Ok(message(StatusCode::FORBIDDEN, page::foreign()));
    }
    let Some(known) = &app.settings.inbox_token else {
        return Ok(message(StatusCode::FORBIDDEN, page::closed(app.settings.demo)));
    };
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return wrong(StatusCode::UNPROCESSABLE_ENTITY, "Please say who you are, in 1 to 80 characters.");
    }
    if let Err(Wait(wait)) = app.guard.login(guard::address(&extensions, &headers)) {
        let seconds = HeaderValue::from(wait.as_secs() + 1);
        let page = form(name, &next, Some("These were too many attempts from one address. Please wait a minute."));
        return Ok(([(header::RETRY_AFTER, seconds)], message(StatusCode::TOO_MANY_REQUESTS, page)).into_response());
    }
    if !known.is(token.trim()) {
        tracing::warn!("somebody tried to log in to the inbox with a wrong token");
        return wrong(StatusCode::FORBIDDEN, "This is not the inbox token of this gateway.");
    }
    let cookie = access::open(&app, name, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(own_page(&next))).into_response())
}

/// Ends the session.
pub async fn log_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failed> {
    let cookie = access::close(&app, &headers).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/inbox/login")).into_response())
}

/// The address of the page that leads back to another after logging in. Without the mount point, which axum takes off.
pub fn login_address(wanted: &Uri) -> String {
    let wanted = wanted.path_and_query().map_or("/", |path| path.as_str());
    let next = format!("/inbox{}", if wanted == "/" { "" } else { wanted });
    let next: String = next.bytes().map(escaped).collect();
    format!("/inbox/login?next={next}")
}

/// The session ended while somebody wrote: what they wrote is not lost.
pub async fn lost(request: Request) -> Response {
    let body = Limited::new(request.into_body(), FORM_MAX);
    let bytes = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let text = form_urlencoded::parse(&bytes).find(|(name, _)| name == "text");
    let text = text.map(|(_, text)| text.into_owned()).unwrap_or_default();
    message(StatusCode::UNAUTHORIZED, logged_out(&text))
}

fn escaped(byte: u8) -> String {
    let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
}

/// A page of the inbox; its first where another was named.
fn own_page(next: &str) -> &str {
    let own = next == "/inbox" || next.starts_with("/inbox/") || next.starts_with("/inbox?");
    if own && next.bytes().all(|byte| byte.is_ascii_graphic()) { next } else { "/inbox" }
}

fn form(name: &str, next: &str, wrong: Option<&str>) -> Markup {
    page::notice(
        "Log in to the inbox",
        html! {
            form.login method="post" action="/inbox/login" {
                @if let Some(wrong) = wrong { p.wrong role="alert" { (wrong) } }
                label for="name" { "Your name, as customers read it under your answers" }
                input #name name="name" required maxlength=(NAME_MAX) autocomplete="nickname" value=(name);
                label for="token" { "The inbox token of this gateway" }
                input #token name="token" type="password" required autocomplete="current-password";
                input type="hidden" name="next" value=(next);
                button.button.main type="submit" { "Log in" }
            }
        },
    )
}

fn logged_out(text: &str) -> Markup {
    page::notice(
        "You were logged out",
        html! {
            p { "A session ends after twelve hours. Nothing was sent." }
            @if !text.is_empty() {
                label for="kept" { "What you wrote, to copy:" }
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
    fn one_comes_back_to_the_inbox_and_nowhere_else() {
        for good in ["/inbox", "/inbox/tickets/DB-4K7Q9", "/inbox?status=solved"] {
            assert_eq!(own_page(good), good);
        }
        for bad in ["", "/", "//evil.example", "https://evil.example", "/inboxes", "/inbox/\r\nx", "/inbox/ä"] {
            assert_eq!(own_page(bad), "/inbox", "{bad}");
        }
        assert_eq!(
            login_address(&"/tickets/DB-1?a=b&c".parse().unwrap()),
            "/inbox/login?next=/inbox/tickets/DB-1%3Fa%3Db%26c"
        );
        assert_eq!(login_address(&"/".parse().unwrap()), "/inbox/login?next=/inbox");
    }
}
