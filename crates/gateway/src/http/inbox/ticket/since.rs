//! What happened after the ticket was begun.

use maud::{Markup, html};

use super::super::{notes, words};
use super::section::row as section;
use super::{errors, page, requests, timeline};
use domain::context::Context;

const TITLE: &str = "After the ticket was started";

/// The row.
pub fn row(context: &Context) -> Markup {
    let notes: Vec<String> = notes::cut(context, "/since").map(str::to_string).into_iter().collect();
    let Some(since) = &context.since else { return section(TITLE, "", &notes, html! {}) };
    let begun = &context.frozen_at;
    let (page_url, routes) = since.page.as_ref().map_or(("", &[][..]), |page| (&page.url, &page.routes));
    let page_url = if page_url.is_empty() { errors::page_url(context) } else { page_url };
    let content = html! {
        @if !since.errors.is_empty() { h3 { "Errors" } (errors::list(since, page_url, begun)) }
        @if !since.requests.is_empty() { h3 { "Requests" } (requests::table(since, begun, "Requests after the ticket was started")) }
        @if !since.breadcrumbs.is_empty() { h3 { "What happened" } (timeline::list(since, begun)) }
        @if !routes.is_empty() { h3 { "Views" } (page::routes(routes, begun)) }
    };
    let says = [(since.errors.len(), "error"), (since.requests.len(), "request"), (since.breadcrumbs.len(), "step")];
    let says: Vec<String> =
        says.iter().filter(|(count, _)| *count > 0).map(|(count, what)| words::count(*count, what)).collect();
    section(TITLE, &says.join(", "), &notes, content)
}
