//! One ticket, laid out for the person who answers it.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::super::app::App;
use super::super::store::StoredTicket;
use super::list::{severity, unverified};
use super::{page, words};
use crate::domain::context::{Context, ErrorRecord};
use crate::domain::pairs::Pairs;
use crate::domain::ticket::{NewTicket, Status};

/// How many errors are open; the older ones are folded.
const OPEN_ERRORS: usize = 3;

/// The page.
pub fn page(app: &App, ticket: &StoredTicket) -> Markup {
    let sent = &ticket.ticket;
    page::page(
        &ticket.reference,
        html! {
            nav aria-label="Breadcrumb" { a.back href="/inbox" { "All tickets" } }
            div.head {
                h1 { (ticket.reference) }
                p.marks {
                    span.mark { (words::kind(sent.kind)) }
                    (severity(ticket))
                    span.mark { @match ticket.status { Status::Open => "Open", Status::Solved => "Solved" } }
                }
            }
            div.columns {
                div.column {
                    section.card aria-labelledby="message" {
                        h2 #message { "Message" }
                        div.message dir="auto" lang=[(!sent.locale.is_empty()).then_some(&sent.locale)] { (sent.message) }
                    }
                    (errors(&sent.context))
                    (questions(sent))
                    (values("page_values", "Values of the page", &sent.context.page_values))
                    @if let Some(user) = &sent.context.user {
                        (values("attributes", "More about the person", &user.attributes))
                    }
                    (cut(&sent.context))
                    (raw(ticket))
                }
                aside.column aria-label="About this ticket" {
                    (person(ticket))
                    (handling(app, ticket))
                    (place(&sent.context))
                    (device(&sent.context))
                }
            }
        },
    )
}

fn person(ticket: &StoredTicket) -> Markup {
    let sent = &ticket.ticket;
    let user = sent.context.user.clone().unwrap_or_default();
    let named = |name: &str, id: &str| match (name.is_empty(), id.is_empty()) {
        (true, _) => id.to_string(),
        (_, true) => name.to_string(),
        _ => format!("{name} ({id})"),
    };
    let claims = [
        ("User", named(&user.name, &user.id)),
        ("E-mail", user.email),
        ("Plan", user.plan),
        ("Role", user.role),
        ("Organization", named(&user.organization.name, &user.organization.id)),
    ];
    html! {
        section.card aria-labelledby="person" {
            h2 #person { "Person" }
            @if claims.iter().all(|(_, value)| value.is_empty()) {
                p.muted { "The page did not say who it was." }
            } @else {
                p.muted { "What the page says, " (unverified(ticket)) }
                (facts(&claims.map(|(name, value)| (name, text(&value)))))
            }
            @if *sent.contact.name != *"" || *sent.contact.email != *"" {
                h3 { "Given in the form" }
                (facts(&[("Name", text(&sent.contact.name)), ("E-mail", text(&sent.contact.email))]))
            }
        }
    }
}

fn handling(app: &App, ticket: &StoredTicket) -> Markup {
    let sent = &ticket.ticket;
    let priority = ticket.priority.map_or("Not known", |priority| priority.word());
    html! {
        section.card aria-labelledby="handling" {
            h2 #handling { "Handling" }
            (facts(&[
                ("First answer", text(&words::target(ticket.target))),
                ("Due", ticket.due_at.as_deref().map(words::time).unwrap_or_default()),
                ("Priority", text(priority)),
                ("Topic", text(words::topic(app, ticket))),
                ("Team", text(words::team(app, ticket))),
                ("Received", words::time(&ticket.received_at)),
                ("Sent", words::time(&sent.created_at)),
                ("Came from", text(&sent.via)),
                ("Site", text(&ticket.site)),
                ("Language", text(&sent.locale)),
                ("Sent by", text(format!("{} {}", sent.client.name, sent.client.version).trim())),
            ]))
        }
    }
}

fn place(context: &Context) -> Markup {
    let Some(page) = &context.page else { return html! {} };
    let address = |url: &str| {
        if url.is_empty() {
            html! {}
        } else {
            words::address(url)
        }
    };
    html! {
        section.card aria-labelledby="page" {
            h2 #page { "Page" }
            (facts(&[
                ("Address", address(&page.url)),
                ("Title", text(&page.title)),
                ("Came from", address(&page.referrer)),
                ("Recorded", words::time(&context.frozen_at)),
            ]))
        }
    }
}

fn device(context: &Context) -> Markup {
    let Some(device) = &context.device else { return html! {} };
    html! {
        section.card aria-labelledby="device" {
            h2 #device { "Device" }
            (facts(&[
                ("Browser", text(&device.browser)),
                ("Viewport", text(&device.viewport)),
                ("Pixel ratio", text(&device.pixel_ratio)),
                ("Language", text(&device.language)),
                ("Time zone", text(&device.time_zone)),
                ("Theme", text(&device.theme)),
                ("Network", text(if device.online { "Online" } else { "Offline" })),
            ]))
        }
    }
}

fn errors(context: &Context) -> Markup {
    let newest: Vec<&ErrorRecord> = context.errors.iter().rev().collect();
    let (open, older) = newest.split_at(newest.len().min(OPEN_ERRORS));
    html! {
        section.card aria-labelledby="errors" {
            h2 #errors { "Errors on the page" }
            @if newest.is_empty() { p.muted { "None was recorded before the ticket was begun." } }
            @for (index, error) in open.iter().enumerate() { (error_record(error, index == 0)) }
            @if !older.is_empty() {
                details {
                    summary { (older.len()) " older" }
                    @for error in older { (error_record(error, false)) }
                }
            }
        }
    }
}

fn error_record(error: &ErrorRecord, unfolded: bool) -> Markup {
    let name = [error.name.as_str(), "Error"].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    html! {
        article.error dir="auto" {
            h3 { bdi { (name) } @if !error.message.is_empty() { ": " bdi { (error.message) } } }
            p.muted {
                (words::time(&error.at))
                @if error.count > 1 { " · " (error.count) " times" }
                @if !error.source.is_empty() { " · " (error.source) }
            }
            @if !error.location.is_empty() { p.muted.location dir="ltr" { (error.location) } }
            @if !error.stack.is_empty() {
                details open[unfolded] {
                    summary { "Stack" }
                    pre dir="ltr" tabindex="0" { code { (error.stack) } }
                }
            }
        }
    }
}

fn questions(sent: &NewTicket) -> Markup {
    let mut seen: Vec<_> = sent.questions.iter().collect();
    seen.sort_by_key(|question| Reverse(question.outcome));
    html! {
        section.card aria-labelledby="questions" {
            h2 #questions { "Community questions" }
            @if seen.is_empty() { p.muted { "None was shown before the ticket was sent." } }
            @else {
                table.plain {
                    thead { tr { th scope="col" { "Outcome" } th scope="col" { "Question" } } }
                    tbody {
                        @for question in seen {
                            tr {
                                td.outcome { (words::outcome(question.outcome)) }
                                td {
                                    bdi { (question.title) }
                                    @if !question.url.is_empty() { p.small { (words::address(&question.url)) } }
                                    p.muted { (question.source) " · " (question.id) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn values(id: &str, title: &str, values: &Pairs<String>) -> Markup {
    html! {
        @if !values.is_empty() {
            section.card aria-labelledby=(id) {
                h2 id=(id) { (title) }
                dl.facts {
                    @for (name, value) in &values.0 { dt { bdi { (name) } } dd { bdi { (value) } } }
                }
            }
        }
    }
}

fn cut(context: &Context) -> Markup {
    html! {
        @if !context.cut.is_empty() {
            section.card aria-labelledby="cut" {
                h2 #cut { "Left out" }
                p.muted { "There was more than a ticket carries. Shortened or left out:" }
                ul { @for place in &context.cut { li { code { (place) } } } }
            }
        }
    }
}

fn raw(ticket: &StoredTicket) -> Markup {
    html! {
        details.card.raw {
            summary { h2 { "Everything, as it was sent" } }
            pre dir="ltr" tabindex="0" { code { (serde_json::to_string_pretty(&ticket.ticket).unwrap_or_default()) } }
        }
    }
}

/// Names and values; those without a value are left out.
fn facts(facts: &[(&str, Markup)]) -> Markup {
    html! {
        dl.facts {
            @for (name, value) in facts.iter().filter(|(_, value)| !value.0.is_empty()) {
                dt { (name) }
                dd { (value) }
            }
        }
    }
}

fn text(text: &str) -> Markup {
    html! { @if !text.is_empty() { bdi { (text) } } }
}
