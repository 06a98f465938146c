//! The failed and slow requests of the page.

use maud::{Markup, html};

use super::super::{labels, notes, times};
use super::section::{id, row as section};
use domain::context::{Context, Group, RequestRecord};

/// The row.
pub fn row(context: &Context) -> Markup {
    let requests = &context.requests;
    let notes = notes::notes_for(context, Group::Requests);
    let summary = match (requests.len(), notes.is_empty()) {
        (0, true) => "No failed or slow requests.".into(),
        (0, false) => String::new(),
        (count, _) => format!("{count} failed or slow"),
    };
    section("Requests", &summary, &notes, table(context, &context.frozen_at, "List of requests"))
}

/// The requests, oldest first; `frozen_at` is when the ticket was begun.
pub fn table(context: &Context, frozen_at: &str, label: &str) -> Markup {
    html! {
        @if !context.requests.is_empty() {
            div.scroll role="region" aria-label=(label) tabindex="0" {
                table.plain.requests {
                    thead {
                        tr { @for column in ["Time", "Response", "Request", "Duration", "Size"] { th scope="col" { (column) } } }
                    }
                    tbody { @for request in &context.requests { (line(request, frozen_at)) } }
                }
            }
        }
    }
}

fn line(request: &RequestRecord, frozen_at: &str) -> Markup {
    let size = if request.size == 0 { String::new() } else { labels::bytes(request.size) };
    html! {
        tr {
            td.when { (times::clock(&request.at)) p.muted { (times::relative(&request.at, frozen_at)) } }
            td.answer { span.mark.(urgency(request)) { bdi { (labels::answer(request)) } } }
            td.request dir="ltr" {
                @if !request.method.is_empty() { strong { (request.method) } " " }
                span.url { (request.url) }
                @for (name, value) in &request.headers.0 { p.muted { (name) ": " (id(value)) } }
            }
            td.number { (times::duration(request.duration_ms.into())) }
            td.number { (size) }
        }
    }
}

fn urgency(request: &RequestRecord) -> &'static str {
    match request.status {
        0 | 500.. => "critical",
        400..500 => "high",
        _ => "low",
    }
}
