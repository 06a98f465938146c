//! What happened after the ticket was begun.

use maud::{Markup, html};

use super::super::{labels, notes};
use super::section::row as section;
use super::{errors, page, requests, timeline};
use domain::context::Context;

const TITLE: &str = "After the ticket was started";

/// The row.
pub fn row(context: &Context) -> Markup {
    let notes: Vec<String> = notes::note_for_cut(context, "/since").map(str::to_string).into_iter().collect();
    let Some(later) = &context.since else { return section(TITLE, "", &notes, html! {}) };
    let frozen_at = &context.frozen_at;
    let (page_url, routes) = later.page.as_ref().map_or(("", &[][..]), |page| (&page.url, &page.routes));
    let page_url = if page_url.is_empty() { errors::page_url(context) } else { page_url };
    let content = html! {
        @if !later.errors.is_empty() { h3 { "Errors" } (errors::list(later, page_url, frozen_at)) }
        @if !later.requests.is_empty() { h3 { "Requests" } (requests::table(later, frozen_at, "Requests after the ticket was started")) }
        @if !later.breadcrumbs.is_empty() { h3 { "What happened" } (timeline::list(later, frozen_at)) }
        @if !routes.is_empty() { h3 { "Views" } (page::routes(routes, frozen_at)) }
    };
    let counts = [(later.errors.len(), "error"), (later.requests.len(), "request"), (later.breadcrumbs.len(), "step")];
    let counts: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, noun)| labels::count(*count, noun)).collect();
    section(TITLE, &counts.join(", "), &notes, content)
}
