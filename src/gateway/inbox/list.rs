//! The list of tickets, newest first.

use maud::{Markup, html};

use super::super::app::App;
use super::super::store::StoredTicket;
use super::{page, times, words};
use crate::domain::conversation;

/// The page; `next` is the page on which the list goes on.
pub fn page(app: &App, tickets: &[StoredTicket], paged: bool, next: Option<&str>) -> Markup {
    page::page(
        "Tickets",
        html! {
            div.head {
                h1 { "Tickets" }
                p.muted { @if paged { "The next ones" } @else { "What is due first" } }
            }
            @if tickets.is_empty() && !paged { (nothing_yet(app)) }
            @else if tickets.is_empty() { p.card.empty { "There are no more tickets." } }
            @else { (table(app, tickets)) }
            @if paged || next.is_some() {
                nav.pages aria-label="Pages" {
                    @if paged { a.button href="/inbox" { "First page" } }
                    @if let Some(next) = next { a.button href={ "/inbox?page=" (next) } { "Next page" } }
                }
            }
        },
    )
}

fn nothing_yet(app: &App) -> Markup {
    html! {
        div.card.empty {
            h2 { "Nothing here yet" }
            p { "Tickets appear here as soon as somebody sends one. Reload the page to look again." }
            @if app.settings.demo {
                p { "Send one yourself: open " a href="/" { "the demo" } ", choose Help, then Get help, and write something." }
            } @else {
                p { "To try it, open a page that embeds Deskbell with the " code { "data-site" } " of a configured site." }
            }
        }
    }
}

// The roles are written out because the small layout turns rows into blocks, and some browsers then forget the table.
fn table(app: &App, tickets: &[StoredTicket]) -> Markup {
    let sites = app.settings.sites.len() > 1;
    html! {
        table.card.tickets role="table" aria-label="Tickets" {
            thead role="rowgroup" {
                tr role="row" {
                    @for column in ["Ticket", "Kind", "Severity", "Topic", "From", "First answer", "Received"] {
                        th scope="col" role="columnheader" { (column) }
                    }
                }
            }
            tbody role="rowgroup" {
                @for ticket in tickets { (row(app, ticket, sites)) }
            }
        }
    }
}

fn row(app: &App, ticket: &StoredTicket, sites: bool) -> Markup {
    let (topic, plan) = (words::topic(app, ticket), words::plan(ticket));
    html! {
        tr role="row" {
            td.what role="cell" {
                a.reference href={ "/inbox/tickets/" (ticket.reference) } { (ticket.reference) }
                p.line dir="auto" { (conversation::title(&ticket.ticket.message)) }
            }
            td.kind role="cell" { (words::kind(ticket.ticket.kind)) }
            td role="cell" { (severity(ticket)) }
            td.topic role="cell" {
                @if topic.is_empty() { span.muted { "No topic" } } @else { bdi { (topic) } }
                @if sites { p.muted { (ticket.site) } }
            }
            td.from role="cell" {
                bdi { (words::person(ticket)) }
                @if !plan.is_empty() { p.muted { bdi { (plan) } " " (unverified(ticket)) } }
            }
            td.target role="cell" { (words::target(ticket.target)) }
            td.received role="cell" { (times::minute(&ticket.received_at)) }
        }
    }
}

/// The severity as a mark.
pub fn severity(ticket: &StoredTicket) -> Markup {
    let severity = ticket.ticket.severity;
    html! { span.mark.(severity.word()) { (words::severity(severity)) } }
}

/// Says that nobody signed what the page claims, unless somebody did.
pub fn unverified(ticket: &StoredTicket) -> Markup {
    html! { @if !words::verified(ticket) { span.claim { "unverified" } } }
}
