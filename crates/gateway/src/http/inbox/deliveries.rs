//! The page with the state of the destinations and the dead letters.

use maud::{Markup, html};

use super::page::{self, Frame};
use super::standing::{Standing, Standings};
use super::{send_again, times, words};
use deskbell_core::clock;
use deskbell_core::ports::{Delivery, QUEUE_COUNT_MAX, StoreError};

/// How many dead letters are listed.
const LISTED: u32 = 100;

/// The page.
pub async fn page(queues: &Standings, frame: &Frame<'_>, standings: &[Standing]) -> Result<Markup, StoreError> {
    let dead_letters = queues.queue.dead_letters(LISTED).await?;
    let count: u32 = standings.iter().map(|standing| standing.queue.dead_letters).sum();
    let content = html! {
        div.head {
            h1 { "Deliveries" }
            p.muted { "Destinations and undelivered items" }
        }
        @if standings.is_empty() { (nowhere()) }
        @else {
            (destinations(standings))
            section.given-up aria-labelledby="given-up" {
                div.head {
                    h2 #given-up { "Given up" }
                    @if count > LISTED { p.muted { "The oldest " (LISTED) " of " (count) } }
                }
                @if dead_letters.is_empty() { p.card.empty { "No deliveries have been given up." } }
                @else {
                    @if frame.dead_letters > 0 { (send_again::all(count)) }
                    (refused(standings, &dead_letters))
                }
            }
        }
    };
    Ok(page::page("Deliveries", frame, content))
}

/// A notice on the list of tickets if a destination needs attention; otherwise empty.
pub fn notice(standings: &[Standing]) -> Markup {
    let wrong: Vec<&Standing> = standings.iter().filter(|standing| standing.needs_somebody()).collect();
    html! {
        @if !wrong.is_empty() {
            section.card.undelivered aria-label="Undelivered items" {
                @for Standing { queue, away, .. } in wrong {
                    p {
                        @if queue.dead_letters > 0 { span.mark.critical { (counted(queue.dead_letters)) " given up" } " " }
                        @if queue.waiting > 0 { span.mark.soon { (counted(queue.waiting)) " queued" } " " }
                        bdi { (queue.destination) } " " span.muted {
                            "for " bdi { (queue.site) }
                            @if let Some(time) = queue.since.as_deref().and_then(waited) { " · the oldest for " (time) }
                            @if let Some(reason) = away { " · unreachable: " bdi { (reason) } }
                        }
                    }
                }
                p { a href="/inbox/deliveries" { "See the deliveries" } }
            }
        }
    }
}

/// A count of a queue's deliveries, which may be larger than the counted maximum.
fn counted(count: u32) -> String {
    if count < QUEUE_COUNT_MAX { count.to_string() } else { format!("{QUEUE_COUNT_MAX}+") }
}

fn nowhere() -> Markup {
    html! {
        div.card.empty {
            h2 { "No destinations" }
            p {
                "No site has a destination, so tickets are answered in this inbox. To deliver them to the tool where support works, add a table "
                code { "[sites.NAME.destinations.desk]" } " with " code { "to = \"zendesk\"" }
                " to the configuration."
            }
        }
    }
}

// Roles are explicit because the small layout displays rows as blocks, and some browsers then drop the table semantics.
fn destinations(standings: &[Standing]) -> Markup {
    html! {
        table.card.tickets.deliveries role="table" aria-label="Destinations" {
            (head(&["Destination", "Queued", "Oldest since", "Given up", "Status"]))
            tbody role="rowgroup" {
                @for standing in standings {
                    @let queue = &standing.queue;
                    tr role="row" {
                        td.what role="cell" { strong { bdi { (queue.destination) } } p.muted { bdi { (queue.site) } } }
                        td role="cell" data-label="Queued" { (counted(queue.waiting)) }
                        td role="cell" data-label="Oldest since" {
                            @match queue.since.as_deref() {
                                None => "–",
                                Some(since) => {
                                    span.when { (times::minute(since)) }
                                    @if let Some(time) = waited(since) { p.muted { (time) " ago" } }
                                }
                            }
                        }
                        td role="cell" data-label="Given up" {
                            @if queue.dead_letters > 0 { span.mark.critical { (counted(queue.dead_letters)) } } @else { "0" }
                        }
                        td.why role="cell" data-label="Status" { (now(standing)) }
                    }
                }
            }
        }
    }
}

fn now(standing: &Standing) -> Markup {
    html! {
        @if standing.is_gone { span.muted { "Removed from the configuration. Queued items are sent when a destination with this name returns." } }
        @else if let Some(reason) = &standing.away { span.mark.critical { "Unreachable" } p { bdi { (reason) } } }
        @else if standing.queue.waiting > 0 { "On its way" }
        @else { span.muted { "Nothing queued" } }
    }
}

fn refused(standings: &[Standing], dead_letters: &[(Delivery, String)]) -> Markup {
    let is_gone = |delivery: &Delivery| {
        let of = standings.iter().filter(|standing| standing.is_gone).map(|standing| &standing.queue);
        of.into_iter().any(|queue| queue.site == delivery.site && queue.destination == delivery.destination)
    };
    html! {
        table.card.tickets.deliveries role="table" aria-labelledby="given-up" {
            (head(&["Ticket", "Item", "Destination", "Given up", "Reason", "Send again"]))
            tbody role="rowgroup" {
                @for (delivery, reference) in dead_letters {
                    tr role="row" {
                        td role="cell" { a.reference href={ "/inbox/tickets/" (reference) "#delivery" } { (reference) } }
                        td role="cell" { (words::brought(delivery.what)) }
                        td role="cell" data-label="Destination" { bdi { (delivery.destination) } p.muted { bdi { (delivery.site) } } }
                        td role="cell" data-label="Given up" {
                            span.when { (times::minute(delivery.settled_at.as_deref().unwrap_or(&delivery.created_at))) }
                        }
                        td.why role="cell" data-label="Reason" { bdi { (delivery.reason) } }
                        td role="cell" {
                            @if is_gone(delivery) { span.muted { "Destination removed" } }
                            @else { (send_again::one(delivery, reference, false)) }
                        }
                    }
                }
            }
        }
    }
}

fn head(columns: &[&str]) -> Markup {
    html! {
        thead role="rowgroup" {
            tr role="row" { @for column in columns { th scope="col" role="columnheader" { (column) } } }
        }
    }
}

/// How long a delivery has been pending, if it is a minute or more.
fn waited(since: &str) -> Option<String> {
    let now = clock::now();
    times::left(since, &now).filter(|_| times::is_older(since, &now, 1)).map(|(_, time)| time)
}
