//! One ticket, laid out for the agent who answers it: the most important parts are open, the rest is folded.

mod answered;
mod application;
mod conversation;
mod copy;
mod delivery;
mod device;
mod errors;
mod files;
mod handling;
mod later_snapshot;
mod left_out;
mod links;
mod page;
mod person;
mod questions;
mod requests;
mod section;
mod timeline;
mod values;

use maud::{Markup, html};

use super::labels;
use super::list::{severity, test};
use super::page::Frame;
use deskbell_core::ports::{Activity, StoredTicket};
use deskbell_core::site::Sites;
use domain::attachment::Attachment;
use domain::conversation::Message;
use domain::robot;
use domain::ticket::Status;

pub use delivery::DestinationDeliveries;

/// The data of the page of a ticket.
pub struct TicketView<'a> {
    /// The ticket.
    pub ticket: &'a StoredTicket,
    /// Its messages.
    pub messages: &'a [Message],
    /// The attachments of the ticket and its messages, each with the number of its message.
    pub attachments: &'a [(u32, Attachment)],
    /// Its activities.
    pub activities: &'a [Activity],
    /// Whether there are more activities between these messages than are shown.
    pub has_more_activities: bool,
    /// The number of the first message that is shown, if there are earlier ones.
    pub earlier: Option<u32>,
    /// Whether the latest messages are shown.
    pub is_latest: bool,
    /// The address of this gateway.
    pub base: &'a str,
    /// Its deliveries to each destination.
    pub deliveries: &'a [DestinationDeliveries],
    /// Whether the agent may erase it.
    pub may_erase: bool,
    /// Whether the agent may send its deliveries again.
    pub may_resend: bool,
}

impl TicketView<'_> {
    /// Whether it has messages or activities.
    pub fn has_conversation(&self) -> bool {
        !self.messages.is_empty() || !self.activities.is_empty()
    }
}

/// The page.
pub fn page(sites: &Sites, frame: &Frame<'_>, view: &TicketView<'_>) -> Markup {
    let ticket = view.ticket;
    let submitted = &ticket.ticket;
    let context = &submitted.context;
    super::page::page(
        ticket.reference.as_str(),
        frame,
        html! {
            nav aria-label="Breadcrumb" { a.back href="/inbox" { "All tickets" } }
            div.head {
                h1.id { (ticket.reference) }
                p.marks {
                    span.mark { (labels::kind(submitted.kind)) }
                    (severity(ticket.handling.severity))
                    @if submitted.test { (test()) }
                    @for sign in robot::signs(submitted) { span.mark.soon title=(labels::sign(sign)) { "Robot?" } }
                    span.mark { @match ticket.status { Status::Open => "Open", Status::Solved => "Solved" } }
                }
                (copy::button())
            }
            div.columns {
                div.column.first {
                    section.card aria-labelledby="message" {
                        h2 #message { "Message" }
                        div.message dir="auto" lang=[(!submitted.locale.is_empty()).then_some(&submitted.locale)] { (submitted.message) }
                        (files::list(view, 0))
                    }
                    (conversation::card(view))
                    (errors::card(context))
                    (conversation::forms(view))
                }
                aside.column aria-label="About this ticket" {
                    (handling::card(sites, frame.agent, view))
                    (delivery::card(view))
                    (answered::card(sites, ticket))
                    (page::card(context))
                    (person::card(ticket))
                    (application::card(context))
                    (links::card(context))
                    (handling::arrival(ticket, view.may_erase))
                }
                div.column.rest {
                    div.card.rows {
                        (later_snapshot::row(context))
                        (requests::row(context))
                        (timeline::row(context))
                        (values::row(context))
                        (questions::row(submitted))
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
    section::row("Raw ticket", "JSON", &[], content)
}
