//! Pages that work without scripts: what links of mails open, and the form that asks for such a link.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::http::inbox::rich;
use crate::http::language::accepted_language;
use deskbell_core::ports::StoredTicket;
use domain::conversation::{Author, Message};
use domain::texts::{self, GatewayText, Language, TicketsText, fill};

/// Allows only the gateway's own resources, and a form to itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The media type of problems (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// The texts of a page in its language.
#[derive(Clone, Copy, Debug)]
pub struct PageTexts(Option<Language>);

impl PageTexts {
    /// In the language of the browser.
    pub fn of_browser(headers: &HeaderMap) -> PageTexts {
        PageTexts(accepted_language(headers))
    }

    /// In the language of the ticket, or else of the browser.
    fn of_ticket(headers: &HeaderMap, ticket: Option<&StoredTicket>) -> PageTexts {
        let locale = ticket.map(|ticket| ticket.ticket.locale.as_str()).filter(|locale| !locale.is_empty());
        PageTexts(locale.map_or_else(|| accepted_language(headers), texts::language))
    }

    /// The tag of the language.
    pub fn tag(self) -> &'static str {
        self.0.map_or("en", |language| language.tag)
    }

    /// A text.
    pub fn text(self, text: GatewayText) -> String {
        texts::text_in(self.tag(), text)
    }

    /// The heading of a ticket.
    pub fn heading(self, ticket: &StoredTicket) -> String {
        fill(&self.text(GatewayText::LinkTitle), "{reference}", ticket.reference.as_str())
    }

    /// A page with a title and content.
    pub fn page(self, status: StatusCode, title: &str, content: &Markup) -> Response {
        let page = html! {
            (DOCTYPE)
            html lang=(self.tag()) dir=(if self.0.is_some_and(|language| language.rtl) { "rtl" } else { "ltr" }) {
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

    /// A message of a ticket, with its files if it was read with them.
    pub fn message(self, message: &Message) -> Markup {
        let table = self.0.and_then(|language| texts::table(language).ok());
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
                @if !message.attachments.is_empty() {
                    ul {
                        @for file in &message.attachments { li { a href=(file.url) download { bdi { (file.name) } } } }
                    }
                }
            }
        }
    }
}

/// Shows problems as pages in the language of the browser; the documents of the API are for programs.
pub async fn show_problems(request: Request, next: Next) -> Response {
    let texts = PageTexts::of_browser(request.headers());
    let (problem, body) = next.run(request).await.into_parts();
    if problem.headers.get(header::CONTENT_TYPE).is_none_or(|media_type| media_type != PROBLEM) {
        return Response::from_parts(problem, body);
    }
    let title = texts.text(GatewayText::HelpFailed);
    let content = html! {
        h1 { (title) }
        p role="alert" { (texts.text(GatewayText::HelpTryAgain)) }
    };
    let mut page = texts.page(problem.status, &title, &content);
    if let Some(seconds) = problem.headers.get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.clone());
    }
    *page.extensions_mut() = problem.extensions;
    page
}

/// The page about the ticket that a link of a mail has opened, in its language; without a ticket, one that says why there is none.
pub fn ticket_page(
    headers: &HeaderMap,
    ticket: Option<&StoredTicket>,
    not_valid: GatewayText,
    content: impl FnOnce(&StoredTicket, PageTexts) -> Markup,
) -> Response {
    let texts = PageTexts::of_ticket(headers, ticket);
    let Some(ticket) = ticket else {
        return texts.page(StatusCode::NOT_FOUND, "", &html! { p { (texts.text(not_valid)) } });
    };
    let content = html! {
        h1 { (texts.heading(ticket)) }
        (content(ticket, texts))
    };
    texts.page(StatusCode::OK, ticket.reference.as_str(), &content)
}
