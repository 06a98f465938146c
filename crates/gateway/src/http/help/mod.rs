//! `/help/{site}/access`: brings the tickets of an anonymous sender to another device, by a link that is mailed (`access`).
//! `/help/{site}/tickets/{id}`: a ticket for whoever follows the link of a mail (`linked`).
//! `/help/{site}/tickets/{id}/unsubscribe`: ends the mails about a ticket (`unsubscribe`).
//! `/help/{site}`: the panel on a page of its own, for customers who are logged out or whose product is down. It accepts the same links as any
//! other page (`?deskbell=ticket&kind=bug`).

mod access;
mod linked;
mod page;
mod unsubscribe;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};

use deskbell_core::ids::SiteKey;
use deskbell_core::site::Sites;
use deskbell_core::use_cases::access::RequestAccessLink;
use deskbell_core::use_cases::mail::Unsubscribe;
use deskbell_core::use_cases::tickets::{OpenAccessLink, OpenLink, ReadTickets};
use domain::texts::{self, GatewayText, Language, Text};

use crate::guard::Guard;
use crate::http::language::accepted_language;
use crate::live::Live;

pub use page::show_problems;

/// Allows only the gateway's own resources, and requests to the site's search engines.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self' https:; \
    img-src https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";
const STYLE: &str = include_str!("help.css");
const SCRIPT: &str = include_str!("help.js");
const ACCESS_SCRIPT: &str = include_str!("access.js");

/// The state of the pages.
#[derive(Clone)]
pub struct HelpState {
    /// The sites that have a page.
    pub sites: Arc<Sites>,
    /// Opens tickets by links.
    pub open_link: Arc<OpenLink>,
    /// Ends the mails about tickets.
    pub unsubscribe: Arc<Unsubscribe>,
    /// Requests links for other devices.
    pub request_access: Arc<RequestAccessLink>,
    /// Opens these links.
    pub open_access: Arc<OpenAccessLink>,
    /// The open streams.
    pub live: Live,
    /// Limits what changes something.
    pub guard: Arc<Guard>,
    /// Reads their messages.
    pub read_tickets: Arc<ReadTickets>,
}

/// The routes below `/help`.
pub fn router(state: HelpState) -> Router {
    Router::new()
        .route("/{site}", get(answer))
        .route("/{site}/access", get(access::show_form).post(access::request))
        .route("/{site}/access/open", get(access::show_link).post(access::open))
        .route("/{site}/access/forget", get(access::show_form).post(access::forget))
        .route("/{site}/tickets/{id}", get(linked::show_form).post(linked::show_ticket))
        .route("/{site}/tickets/{id}/unsubscribe", get(unsubscribe::show_form).post(unsubscribe::end))
        .route("/-/help.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/-/help.js", get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)))
        .route(
            "/-/access.js",
            get(async || ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], ACCESS_SCRIPT)),
        )
        .with_state(state)
}

async fn answer(State(help): State<HelpState>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let language = accepted_language(&headers);
    let guard = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::VARY, "accept-language"),
    ];
    let is_known = help.sites.get(&name).is_some();
    let status = if is_known { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let offers_access = help.request_access.is_offered(&SiteKey::new(&name));
    (status, guard, Html(page(language, &name, is_known, offers_access).into_string())).into_response()
}

fn page(language: Option<Language>, site: &str, is_known: bool, offers_access: bool) -> Markup {
    let (tag, rtl) = language.map_or(("en", false), |language| (language.tag, language.rtl));
    let table = language.and_then(|language| texts::table(language).ok());
    let help = table.and_then(|table| table.panel.into_iter().nth(Text::Help as usize)).unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang=(tag) dir=(if rtl { "rtl" } else { "ltr" }) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (help) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/help/-/help.css";
                @if is_known {
                    script type="module" src="/help/-/help.js" {}
                    script async src="/deskbell.js" data-site=(site) data-mount="#help" data-lang=(tag) {}
                }
            }
            body {
                main {
                    @if is_known {
                        button type="button" data-deskbell-open { (help) }
                        noscript { p { (texts::text_in(tag, GatewayText::NeedsScript)) } }
                        div #help {}
                        @if offers_access {
                            p { a href={ "/help/" (site) "/access" } { (texts::text_in(tag, GatewayText::AccessOther)) } }
                        }
                    } @else {
                        p { (texts::text_in(tag, GatewayText::NoHelpHere)) }
                    }
                }
            }
        }
    }
}
