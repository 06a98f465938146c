//! Logs agents in and out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::access::{self, InboxAccess, TokenOwner, shared_agent};
use super::page;
use super::render::{Failed, message};
use super::texts::{PageTexts, Texts, filled, with_code};
use crate::config::PERSONAL_TOKEN_PREFIX;
use crate::http::body::read_body;
use crate::http::client::Client;
use deskbell_core::ports::{LoginMethod, RetryAfter};
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
    texts: PageTexts,
    extensions: Extensions,
    headers: HeaderMap,
    Query(query): Query<LoginQuery>,
) -> Response {
    if access.logins.is_empty() {
        return message(StatusCode::FORBIDDEN, page::closed(access.is_demo));
    }
    // Browsers send Fetch Metadata only over HTTPS and to their own computer.
    let is_safe = client.is_https || headers.contains_key("sec-fetch-site");
    let warns = !is_safe && !access::is_plain(&access, &client, &extensions, &headers);
    let notice = html! { @if warns { (needs_https(texts.0)) } };
    message(StatusCode::OK, form(&access, texts.0, "", &query.next, notice))
}

/// The response to a login that cannot succeed, because the browser keeps no cookie over HTTP: it says so.
pub fn refuse_http(access: &InboxAccess, texts: PageTexts, next: &str) -> Response {
    message(StatusCode::FORBIDDEN, form(access, texts.0, "", next, needs_https(texts.0)))
}

/// Handles the form.
pub async fn log_in(
    State(access): State<Arc<InboxAccess>>,
    client: Client,
    texts: PageTexts,
    extensions: Extensions,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failed> {
    if !access::is_own(&client, &headers) {
        return Ok(message(StatusCode::FORBIDDEN, page::foreign()));
    }
    if access.logins.is_empty() {
        return Ok(message(StatusCode::FORBIDDEN, page::closed(access.is_demo)));
    }
    let LoginForm { name, token, next } = match read_body(body, LOGIN_MAX).await {
        Ok(bytes) => read(&bytes),
        Err(refusal) => return Ok(message(refusal.status(), page::unreadable(&refusal.to_string()))),
    };
    let (name, token) = (name.trim(), token.trim());
    let refuse = |status, problem| Ok(message(status, form(&access, texts.0, name, &next, alert(problem))));
    let is_plain = access::is_plain(&access, &client, &extensions, &headers);
    if is_from_http(&headers) && !is_plain {
        let page = form(&access, texts.0, name, &next, needs_https(texts.0));
        return Ok(message(StatusCode::FORBIDDEN, page));
    }
    // A personal token says who they are; only with a shared one the form asks for the name.
    let has_shared = access.logins.shared_token.is_some();
    if has_shared && !token.starts_with(PERSONAL_TOKEN_PREFIX) && !is_name(name) {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, texts.0.invalid_name);
    }
    let owner = access.owner_of(token);
    let attempt = match access.guard.guess(client.address, token, owner.is_some()).await {
        Ok(attempt) => attempt,
        Err(RetryAfter(wait)) => return Ok(too_many(&access, texts, wait, name, &next)),
    };
    // Even a sleep of zero takes a millisecond.
    if !attempt.delay.is_zero() {
        tokio::time::sleep(attempt.delay).await;
    }
    let login = match owner {
        Some(TokenOwner::Agent(agent, token)) => (agent.clone(), LoginMethod::PersonalToken, token.digest()),
        Some(TokenOwner::Anybody(token)) => (shared_agent(name), LoginMethod::SharedToken, token.digest()),
        None => {
            tracing::warn!(address = client.logged_address(), with = "form", "inbox login failed");
            return refuse(StatusCode::FORBIDDEN, texts.0.wrong_token);
        }
    };
    let replaced = access::sent_session(&headers, is_plain);
    let cookie = access::open(&access, &client, &headers, login, (is_plain, replaced)).await?;
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
    let cookie = access::close(&access, &client, &headers, is_plain).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/inbox/login")).into_response())
}

/// The response to too many guesses: the form keeps its input, to be submitted again later.
pub fn too_many(access: &InboxAccess, texts: PageTexts, wait: Duration, name: &str, next: &str) -> Response {
    let seconds = HeaderValue::from(wait.as_secs() + 1);
    let page = form(access, texts.0, name, next, alert(texts.0.too_many_attempts));
    ([(header::RETRY_AFTER, seconds)], message(StatusCode::TOO_MANY_REQUESTS, page)).into_response()
}

/// The login page with a problem of a login at the identity provider.
pub fn with_problem(access: &InboxAccess, texts: &'static Texts, status: StatusCode, problem: &str) -> Response {
    message(status, form(access, texts, "", "", alert(problem)))
}

/// The address of the login page, which redirects back to `target` afterwards. `target` is without the mount point, which axum strips.
pub fn login_address(target: &Uri) -> String {
    let target = target.path_and_query().map_or("/", |path| path.as_str());
    let next = format!("/inbox{}", if target == "/" { "" } else { target });
    let next: String = next.bytes().map(escaped).collect();
    format!("/inbox/login?next={next}")
}

/// The response to a form whose session has ended, with the text that was written, so that it is not lost.
pub async fn return_text(texts: PageTexts, body: Body) -> Response {
    let bytes = read_body(body, access::FORM_MAX).await.unwrap_or_default();
    let text = form_urlencoded::parse(&bytes).find(|(name, _)| name == "text");
    let text = text.map(|(_, text)| text.into_owned()).unwrap_or_default();
    message(StatusCode::UNAUTHORIZED, logged_out(texts.0, &text))
}

/// Whether a form was submitted by a page that was loaded over HTTP.
fn is_from_http(headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"http://"))
}

/// Whether a text can be the name of an agent.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= NAME_MAX
        && !name.chars().any(|c| is_invisible(c) && !JOINERS.contains(&c))
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
pub fn own_page(next: &str) -> &str {
    let is_own = next == "/inbox" || next.starts_with("/inbox/") || next.starts_with("/inbox?");
    // Browsers resolve dots, which would lead out of the inbox, in each of their forms.
    let path = next.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    let is_below = !path.split(['/', '\\']).any(|segment| segment == "..");
    let is_good = is_own && is_below && next.len() <= NEXT_MAX && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_good { next } else { "/inbox" }
}

fn alert(text: &str) -> Markup {
    html! { p.wrong role="alert" { (text) } }
}

/// Anybody who can read the network could take over a session over HTTP.
fn needs_https(texts: &Texts) -> Markup {
    html! { div.wrong role="alert" { p { (texts.needs_https) } p { (with_code(texts.how_to_get_https)) } } }
}

fn form(access: &InboxAccess, texts: &'static Texts, name: &str, next: &str, notice: Markup) -> Markup {
    let (has_shared, has_personal) = (access.logins.shared_token.is_some(), !access.logins.agents.is_empty());
    let (name_label, token_label) = match (has_shared, has_personal) {
        (true, true) => (texts.your_name_if_shared, texts.any_token),
        (true, false) => (texts.your_name, texts.inbox_token),
        (false, _) => ("", texts.personal_token),
    };
    let provider = access.oidc.as_ref().map(|oidc| (oidc, oidc.start_address(own_page(next))));
    page::notice_in(
        texts,
        texts.login_title,
        html! {
            (notice)
            @if let Some((oidc, start)) = &provider {
                p.provider { a.button.main href=(start) { (filled(texts.log_in_at, oidc.name())) } }
            }
            @if has_shared || has_personal {
                @if provider.is_some() { h2 { (texts.or_with_token) } }
                form.login method="post" action="/inbox/login" {
                    @if has_shared {
                        label for="name" { (name_label) }
                        input #name name="name" required[!has_personal] maxlength=(NAME_MAX) autocomplete="nickname" value=(name);
                    }
                    label for="token" { (token_label) }
                    input #token name="token" type="password" required autocomplete="current-password";
                    input type="hidden" name="next" value=(own_page(next));
                    button.button.main[provider.is_none()] type="submit" { (texts.log_in) }
                }
            }
        },
    )
}

fn logged_out(texts: &'static Texts, text: &str) -> Markup {
    page::notice_in(
        texts,
        texts.logged_out_title,
        html! {
            p { (texts.sessions_end) }
            @if !text.is_empty() {
                label for="kept" { (texts.your_text) }
                textarea #kept readonly rows="10" dir="auto" { (text) }
            }
            p { a href="/inbox/login" target="_blank" { (texts.log_in_in_new_tab) } }
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
            "/inbox/../admin",
            "/inbox/x/%2E./../admin?a",
            "/inbox/..\\admin",
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
