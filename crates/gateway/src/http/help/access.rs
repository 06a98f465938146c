//! Brings the tickets of an anonymous sender to another device: a form asks for a link by e-mail, and the link shows the tickets once. Opening the
//! link changes nothing, because programs that scan links open it before people do; its button uses it up. The answer to the form is always the
//! same, so that nobody learns from it who has written to a site. With scripts, the panel on the site's help page can read and answer the tickets from
//! then on, until it is reset. The link confirms no address, like that of a single ticket (`linked`).

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};

use super::HelpState;
use super::linked::{Linked, field, form_fields};
use super::page::PageTexts;
use crate::guard::Charge;
use crate::http::client::Client;
use crate::http::problem::Refusal;
use deskbell_core::ids::SiteKey;
use deskbell_core::rules::access_link::{LIFE_MINUTES, TICKETS_MAX};
use deskbell_core::use_cases::access::RequestLinkError;
use domain::texts::{GatewayText, fill};
use domain::ticket::Status;

/// The most bytes of messages on a page, unless the newest ticket alone has more.
const PAGE_BYTES: usize = 2_000_000;

/// The form.
pub async fn show_form(State(help): State<HelpState>, Path(site): Path<SiteKey>, headers: HeaderMap) -> Response {
    let texts = PageTexts::of_browser(&headers);
    if !help.request_access.is_offered(&site) {
        return no_help_here(texts);
    }
    let ask = html! { p { (texts.text(GatewayText::AccessAsk)) } };
    form_page(StatusCode::OK, texts, &site, &ask)
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
    let address = field(&form, "email");
    match help.request_access.request(&site, address, texts.tag(), client.address).await {
        Ok(()) => {
            let content = html! {
                h1 { (texts.text(GatewayText::AccessTitle)) }
                p role="status" { (minutes(texts, GatewayText::AccessRequested)) }
            };
            Ok(texts.page(StatusCode::OK, &texts.text(GatewayText::AccessTitle), &content))
        }
        Err(RequestLinkError::NoAddress) => {
            let problem = html! { p role="alert" { (texts.text(GatewayText::AccessNoAddress)) } };
            Ok(form_page(StatusCode::UNPROCESSABLE_ENTITY, texts, &site, &problem))
        }
        Err(RequestLinkError::NotOffered) => Ok(no_help_here(texts)),
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
        return Ok(not_valid(&help, texts, &site));
    }
    let title = texts.text(GatewayText::AccessTitle);
    let content = html! {
        h1 { (title) }
        p { (texts.text(GatewayText::AccessOpenAsk)) }
        // To an address without the key.
        form method="post" action={ "/help/" (site) "/access/open" } {
            input type="hidden" name="key" value=(key);
            input type="hidden" name="session" data-site=(site);
            button type="submit" { (texts.text(GatewayText::AccessOpen)) }
        }
        script type="module" src="/help/-/access.js" {}
    };
    Ok(texts.page(StatusCode::OK, &title, &content))
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
    let session = identity::session_digest(field(&form, "session"));
    let opened = help.open_access.open(&site, field(&form, "key"), session.as_ref()).await?;
    let Some(tickets) = opened else { return Ok(not_valid(&help, texts, &site)) };
    let (mut shown, mut bytes) = (Vec::new(), 0);
    for ticket in &tickets {
        let messages = help.read_tickets.all(ticket).await?;
        bytes += messages.iter().map(|message| message.body.len()).sum::<usize>();
        if bytes > PAGE_BYTES && !shown.is_empty() {
            break;
        }
        shown.push((ticket, messages));
    }
    let is_cut = shown.len() < tickets.len() || tickets.len() >= TICKETS_MAX as usize;
    let title = texts.text(GatewayText::AccessTitle);
    let content = html! {
        h1 { (title) }
        @if shown.is_empty() { p { (texts.text(GatewayText::AccessNone)) } }
        @if is_cut { p { (fill(&texts.text(GatewayText::AccessNewest), "{n}", &shown.len().to_string())) } }
        @for (ticket, messages) in &shown {
            details open[ticket.status == Status::Open] {
                summary { (texts.heading(ticket)) " · " bdi { (domain::conversation::title(&ticket.ticket.message)) } }
                @for message in messages { (texts.message(message)) }
            }
        }
        @if session.is_some() {
            p { a href={ "/help/" (site) "?deskbell=tickets" } { (texts.text(GatewayText::AccessContinue)) } }
        } @else {
            p { (texts.text(GatewayText::AccessReadOnly)) }
        }
    };
    Ok(texts.page(StatusCode::OK, &title, &content))
}

fn form_page(status: StatusCode, texts: PageTexts, site: &SiteKey, lead: &Markup) -> Response {
    let title = texts.text(GatewayText::AccessTitle);
    let content = html! {
        h1 { (title) }
        (lead)
        form method="post" action={ "/help/" (site) "/access" } {
            label for="email" { (texts.text(GatewayText::AccessAddress)) }
            input #email type="email" name="email" autocomplete="email" dir="ltr" maxlength="320" required;
            button type="submit" { (texts.text(GatewayText::AccessSend)) }
        }
    };
    texts.page(status, &title, &content)
}

/// The page of a link that is used up or has expired, with the form that asks for another.
fn not_valid(help: &HelpState, texts: PageTexts, site: &SiteKey) -> Response {
    if !help.request_access.is_offered(site) {
        return no_help_here(texts);
    }
    form_page(StatusCode::NOT_FOUND, texts, site, &html! { p { (minutes(texts, GatewayText::AccessNotValid)) } })
}

fn no_help_here(texts: PageTexts) -> Response {
    texts.page(StatusCode::NOT_FOUND, "", &html! { p { (texts.text(GatewayText::NoHelpHere)) } })
}

fn minutes(texts: PageTexts, text: GatewayText) -> String {
    fill(&texts.text(text), "{minutes}", &LIFE_MINUTES.to_string())
}
