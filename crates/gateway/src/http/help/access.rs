//! Brings the tickets of an anonymous sender to another device: a form asks for a link by e-mail, and the link shows the tickets once. Opening the
//! link changes nothing, because programs that scan links open it before people do; its button uses it up. The answer to the form is always the
//! same, so that nobody learns from it who has written to a site. With scripts, whoever presses the button may choose that the panel on the site's help
//! page reads and answers the tickets from then on, for [`GRANT_DAYS`] days, and may end that. The link confirms no address, like that of a single
//! ticket (`linked`).

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};

use super::HelpState;
use super::linked::{Linked, field_value, form_fields};
use super::page::PageTexts;
use crate::guard::Charge;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::Reader;
use deskbell_core::rules::access_link::{GRANT_DAYS, LIFE_MINUTES};
use deskbell_core::use_cases::access::RequestLinkError;
use deskbell_core::use_cases::tickets::OpenedTickets;
use domain::texts::{GatewayText, fill};
use domain::ticket::Status;

/// The form.
pub async fn show_form(State(help): State<HelpState>, Path(site): Path<SiteKey>, headers: HeaderMap) -> Response {
    let texts = PageTexts::of_browser(&headers);
    if !help.request_access.is_offered(&site) {
        return render_unknown_site(texts);
    }
    let lead = html! { p { (texts.text(GatewayText::AccessAsk)) } };
    render_form(StatusCode::OK, texts, &site, &lead)
}

/// Requests a link.
pub async fn request(
    State(help): State<HelpState>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    help.guard.admit(Charge::Ticket, client.address, None).await?;
    let texts = PageTexts::of_browser(&headers);
    let form = form_fields(body).await?;
    let address = field_value(&form, "email");
    match help.request_access.request(&site, address, texts.tag(), client.address).await {
        Ok(()) => {
            let content = html! { p role="status" { (fill_minutes(texts, GatewayText::AccessRequested)) } };
            Ok(render_page(StatusCode::OK, texts, &content))
        }
        Err(RequestLinkError::NoAddress) => {
            let problem = html! { p role="alert" { (texts.text(GatewayText::AccessNoAddress)) } };
            Ok(render_form(StatusCode::UNPROCESSABLE_ENTITY, texts, &site, &problem))
        }
        Err(RequestLinkError::NotOffered) => Ok(render_unknown_site(texts)),
        Err(RequestLinkError::Store(error)) => Err(error.into()),
    }
}

/// The page with the button.
pub async fn show_link(
    State(help): State<HelpState>,
    Path(site): Path<SiteKey>,
    Query(Linked { key }): Query<Linked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let texts = PageTexts::of_browser(&headers);
    if !help.open_access.is_valid(&site, &key).await? {
        return Ok(render_invalid_link(&help, texts, &site));
    }
    let content = html! {
        p { (texts.text(GatewayText::AccessOpenAsk)) }
        // To an address without the key.
        form method="post" action={ "/help/" (site) "/access/open" } {
            input type="hidden" name="key" value=(key);
            // Shown by the script, without which the browser has no session.
            div.choice hidden {
                label {
                    input type="checkbox" name="session" data-site=(site) aria-describedby="keep-hint";
                    span { (texts.text(GatewayText::AccessKeep)) }
                }
                p #keep-hint { (fill_days(texts, GatewayText::AccessKeepHint)) }
            }
            button type="submit" { (texts.text(GatewayText::AccessOpen)) }
        }
        (script())
    };
    Ok(render_page(StatusCode::OK, texts, &content))
}

/// Uses up the link, and shows the tickets.
pub async fn open(
    State(help): State<HelpState>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    help.guard.admit(Charge::Ticket, client.address, None).await?;
    let texts = PageTexts::of_browser(&headers);
    let form = form_fields(body).await?;
    let session = identity::session_digest(field_value(&form, "session"));
    let opened = help.open_access.open(&site, field_value(&form, "key"), session.as_ref()).await?;
    let Some(OpenedTickets { tickets, has_more }) = opened else {
        return Ok(render_invalid_link(&help, texts, &site));
    };
    if let Some(session) = &session {
        help.live.end_reader(&site, Reader::Session(session));
    }
    let content = html! {
        @if tickets.is_empty() { p { (texts.text(GatewayText::AccessNone)) } }
        @if has_more { p { (fill(&texts.text(GatewayText::AccessSome), "{n}", &tickets.len().to_string())) } }
        @for (ticket, messages) in &tickets {
            details open[ticket.status == Status::Open] {
                summary { (texts.heading(ticket)) " · " bdi { (domain::conversation::title(&ticket.ticket.message)) } }
                @for message in messages { (texts.message(message)) }
            }
        }
        @if session.is_some() {
            p { (fill_days(texts, GatewayText::AccessKept)) }
            p { a href={ "/help/" (site) "?deskbell=tickets" } { (texts.text(GatewayText::AccessContinue)) } }
            (forget_form(texts, &site, None))
        } @else {
            p { (texts.text(GatewayText::AccessReadOnly)) }
        }
    };
    Ok(render_page(StatusCode::OK, texts, &content))
}

/// Ends what links have opened for the browser.
pub async fn forget(
    State(help): State<HelpState>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    help.guard.admit(Charge::Ticket, client.address, None).await?;
    let form = form_fields(body).await?;
    let Some(session) = identity::session_digest(field_value(&form, "session")) else {
        return Ok(show_form(State(help), Path(site), headers).await);
    };
    help.open_access.forget(&session).await?;
    help.live.end_reader(&site, Reader::Session(&session));
    let texts = PageTexts::of_browser(&headers);
    let content = html! { p role="status" { (texts.text(GatewayText::AccessForgotten)) } };
    Ok(render_page(StatusCode::OK, texts, &content))
}

/// A page with its heading.
fn render_page(status: StatusCode, texts: PageTexts, content: &Markup) -> Response {
    let title = texts.text(GatewayText::AccessTitle);
    let content = html! {
        h1 { (title) }
        (content)
    };
    texts.page(status, &title, &content)
}

/// The page with the form that asks for a link, below what leads to it.
fn render_form(status: StatusCode, texts: PageTexts, site: &SiteKey, lead: &Markup) -> Response {
    let content = html! {
        (lead)
        form method="post" action={ "/help/" (site) "/access" } {
            label for="email" { (texts.text(GatewayText::AccessAddress)) }
            input #email type="email" name="email" autocomplete="email" dir="ltr" maxlength="320" required;
            button type="submit" { (texts.text(GatewayText::AccessSend)) }
        }
        (forget_form(texts, site, Some(GatewayText::AccessForgetAsk)))
    };
    render_page(status, texts, &content)
}

/// The button that ends what links have opened for the browser. The script shows it where a link was opened.
fn forget_form(texts: PageTexts, site: &SiteKey, lead: Option<GatewayText>) -> Markup {
    html! {
        form hidden method="post" action={ "/help/" (site) "/access/forget" } {
            @if let Some(lead) = lead { p { (texts.text(lead)) } }
            input type="hidden" name="session" data-site=(site);
            button type="submit" { (texts.text(GatewayText::AccessForget)) }
        }
        (script())
    }
}

fn script() -> Markup {
    html! { script type="module" src="/help/-/access.js" {} }
}

/// The page of a link that is used up or has expired, with the form that asks for another.
fn render_invalid_link(help: &HelpState, texts: PageTexts, site: &SiteKey) -> Response {
    if !help.request_access.is_offered(site) {
        return render_unknown_site(texts);
    }
    let lead = html! { p { (fill_minutes(texts, GatewayText::AccessNotValid)) } };
    render_form(StatusCode::NOT_FOUND, texts, site, &lead)
}

fn render_unknown_site(texts: PageTexts) -> Response {
    let text = texts.text(GatewayText::NoHelpHere);
    texts.page(StatusCode::NOT_FOUND, &text, &html! { p { (text) } })
}

fn fill_minutes(texts: PageTexts, text: GatewayText) -> String {
    fill(&texts.text(text), "{minutes}", &LIFE_MINUTES.to_string())
}

fn fill_days(texts: PageTexts, text: GatewayText) -> String {
    fill(&texts.text(text), "{days}", &GRANT_DAYS.to_string())
}
