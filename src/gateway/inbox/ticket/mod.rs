//! One ticket, laid out for the person who answers it: what they look at first is open, the rest is folded.

mod application;
mod copy;
mod device;
mod errors;
mod handling;
mod left_out;
mod links;
mod page;
mod person;
mod questions;
mod requests;
mod section;
mod since;
mod timeline;
mod values;

use maud::{Markup, html};

use super::super::app::App;
use super::super::store::StoredTicket;
use super::list::severity;
use super::words;
use crate::domain::ticket::Status;

/// The page.
pub fn page(app: &App, ticket: &StoredTicket) -> Markup {
    let sent = &ticket.ticket;
    let context = &sent.context;
    super::page::page(
        &ticket.reference,
        html! {
            nav aria-label="Breadcrumb" { a.back href="/inbox" { "All tickets" } }
            div.head {
                h1.id { (ticket.reference) }
                p.marks {
                    span.mark { (words::kind(sent.kind)) }
                    (severity(ticket))
                    span.mark { @match ticket.status { Status::Open => "Open", Status::Solved => "Solved" } }
                }
                (copy::button())
            }
            div.columns {
                div.column.first {
                    section.card aria-labelledby="message" {
                        h2 #message { "Message" }
                        div.message dir="auto" lang=[(!sent.locale.is_empty()).then_some(&sent.locale)] { (sent.message) }
                    }
                    (errors::card(context))
                }
                aside.column aria-label="About this ticket" {
                    (page::card(context))
                    (person::card(ticket))
                    (application::card(context))
                    (links::card(context))
                    (handling::card(app, ticket))
                }
                div.column.rest {
                    div.card.rows {
                        (since::row(context))
                        (requests::row(context))
                        (timeline::row(context))
                        (values::row(context))
                        (questions::row(sent))
                        (device::row(context))
                        (left_out::row(context))
                        (copy::row(ticket))
                        (raw(ticket))
                    }
                }
            }
        },
    )
}

fn raw(ticket: &StoredTicket) -> Markup {
    let json = serde_json::to_string_pretty(&ticket.ticket).unwrap_or_default();
    let content = html! { pre.raw dir="ltr" tabindex="0" { code { (json) } } };
    section::row("Everything, as it was sent", "JSON", &[], content)
}
