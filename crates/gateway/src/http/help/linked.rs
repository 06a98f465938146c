//! Shows a ticket to whoever follows the link of a mail, and so reads the mail of its address. Opening the page changes and shows nothing,
//! because programs that scan links open it before people do; the button shows the ticket. It confirms no address: whoever presses the button
//! may not be the sender of the ticket.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use super::HelpState;
use crate::body_limits::BODY_MAX;
use crate::http::body::read_body;
use crate::http::inbox::rich;
use crate::http::language::accepted_language;
use crate::http::problem::Refusal;
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::StoredTicket;
use domain::conversation::{Author, Message};
use domain::texts::{self, GatewayText, Language, TicketsText, fill};

/// Allows only the gateway's own resources, and a form to itself.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The parameters of the link.
#[derive(Default, Deserialize)]
pub struct Linked {
    #[serde(default)]
    /// What shows that the gateway made it.
    pub key: String,
}

/// The page with the button.
pub async fn show_form(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    Query(Linked { key }): Query<Linked>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let ticket = help.open_link.open(&site, &id, &key).await?;
    let language = language(&headers, ticket.as_ref());
    let Some(ticket) = ticket else { return Ok(not_valid(language, GatewayText::LinkNotValid)) };
    let t = |text| texts::text_in(tag(language), text);
    let content = html! {
        h1 { (fill(&t(GatewayText::LinkTitle), "{reference}", ticket.reference.as_str())) }
        p { (t(GatewayText::LinkAsk)) }
        form method="post" action={ "/help/" (site) "/tickets/" (id) } {
            input type="hidden" name="key" value=(key);
            button type="submit" { (t(GatewayText::LinkOpen)) }
        }
    };
    Ok(answer(StatusCode::OK, language, ticket.reference.as_str(), &content))
}

/// The ticket.
pub async fn show_ticket(
    State(help): State<HelpState>,
    Path((site, id)): Path<(SiteKey, TicketId)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let body = read_body(body, BODY_MAX).await?;
    let key = form_urlencoded::parse(&body).find_map(|(name, value)| (name == "key").then(|| value.into_owned()));
    let ticket = help.open_link.open(&site, &id, &key.unwrap_or_default()).await?;
    let language = language(&headers, ticket.as_ref());
    let Some(ticket) = ticket else { return Ok(not_valid(language, GatewayText::LinkNotValid)) };
    let t = |text| texts::text_in(tag(language), text);
    let messages = help.read_tickets.all(&ticket).await?;
    let content = html! {
        h1 { (fill(&t(GatewayText::LinkTitle), "{reference}", ticket.reference.as_str())) }
        @for message in &messages { (render_message(language, message)) }
        p { (t(GatewayText::LinkReadOnly)) }
    };
    Ok(answer(StatusCode::OK, language, ticket.reference.as_str(), &content))
}

fn render_message(language: Option<Language>, message: &Message) -> Markup {
    let table = language.and_then(|language| texts::table(language).ok());
    let label = |text: TicketsText| {
        let translated = table.as_ref().and_then(|table| table.labels.get(text.key()).cloned());
        translated.unwrap_or_else(|| text.english().to_string())
    };
    let author = match message.author {
        Author::Customer => label(TicketsText::You),
        Author::Support if !message.name.is_empty() => message.name.clone(),
        Author::Support => label(TicketsText::Support),
        Author::Automatic => label(TicketsText::Automatic),
    };
    html! {
        article {
            p { strong { bdi { (author) } } " " time datetime=(message.at) { (message.at) } }
            @if message.author == Author::Customer { div.written dir="auto" { (message.body) } }
            @else { div dir="auto" { (rich::text(&message.body)) } }
        }
    }
}

/// The page of a link that is not valid, which says so.
pub fn not_valid(language: Option<Language>, text: GatewayText) -> Response {
    let content = html! { p { (texts::text_in(tag(language), text)) } };
    answer(StatusCode::NOT_FOUND, language, "", &content)
}

/// A page with a title and content.
pub fn answer(status: StatusCode, language: Option<Language>, title: &str, content: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang=(tag(language)) dir=(if language.is_some_and(|language| language.rtl) { "rtl" } else { "ltr" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/help/-/help.css";
            }
            body { main.ticket { (content) } }
        }
    };
    let guard = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, guard, Html(page.into_string())).into_response()
}

/// The language of the ticket, or else of the browser.
pub fn language(headers: &HeaderMap, ticket: Option<&StoredTicket>) -> Option<Language> {
    let of_ticket = ticket.map(|ticket| ticket.ticket.locale.as_str()).filter(|locale| !locale.is_empty());
    of_ticket.map_or_else(|| accepted_language(headers), texts::language)
}

/// The tag of a language.
pub fn tag(language: Option<Language>) -> &'static str {
    language.map_or("en", |language| language.tag)
}
