//! The page with the state of the destinations and the dead letters.

use std::time::Duration;

use maud::{Markup, html};

use super::destination_status::{DestinationStatus, DestinationStatuses};
use super::page::{self, Frame};
use super::{labels, send_again, times};
use deskbell_core::clock;
use deskbell_core::ids::Reference;
use deskbell_core::ports::{Delivery, QUEUE_COUNT_MAX, StoreError};
use deskbell_core::rules::permissions::Permission;
use deskbell_core::timestamp::Timestamp;

/// How many dead letters are listed.
const LISTED: u32 = 100;
const MINUTE: Duration = Duration::from_secs(60);

/// The page.
pub async fn page(
    queues: &DestinationStatuses,
    frame: &Frame<'_>,
    destinations: &[DestinationStatus],
) -> Result<Markup, StoreError> {
    let sites = frame.agent.sites(Permission::ReadDeliveries);
    let dead_letters = queues.queue.dead_letters(&sites, LISTED).await?;
    let resendable =
        destinations.iter().filter(|status| frame.agent.may_on(Permission::ResendDeliveries, &status.queue.name.site));
    let resendable: u32 = resendable.map(|status| status.queue.dead_letters).sum();
    let count: u32 = destinations.iter().map(|status| status.queue.dead_letters).sum();
    let content = html! {
        div.head {
            h1 { "Deliveries" }
            p.muted { "Destinations and undelivered items" }
        }
        @if destinations.is_empty() { (no_destinations()) }
        @else {
            (destination_table(destinations))
            section.given-up aria-labelledby="given-up" {
                div.head {
                    h2 #given-up { "Given up" }
                    @if count > LISTED { p.muted { "The oldest " (LISTED) " of " (count) } }
                }
                @if dead_letters.is_empty() { p.card.empty { "No deliveries have been given up." } }
                @else {
                    @if frame.dead_letters > 0 && resendable > 0 { (send_again::button_for_all(resendable)) }
                    (refused(frame, destinations, &dead_letters))
                }
            }
        }
    };
    Ok(page::page("Deliveries", frame, content))
}

/// A notice on the list of tickets if a destination needs attention; otherwise empty.
pub fn notice(destinations: &[DestinationStatus]) -> Markup {
    let needing_attention: Vec<&DestinationStatus> =
        destinations.iter().filter(|status| status.needs_somebody()).collect();
    html! {
        @if !needing_attention.is_empty() {
            section.card.undelivered aria-label="Undelivered items" {
                @for DestinationStatus { queue, unreachable_reason, .. } in needing_attention {
                    p {
                        @if queue.dead_letters > 0 { span.mark.critical { (count_text(queue.dead_letters)) " given up" } " " }
                        @if queue.waiting > 0 { span.mark.soon { (count_text(queue.waiting)) " queued" } " " }
                        bdi { (queue.name.destination) } " " span.muted {
                            "for " bdi { (queue.name.site) }
                            @if let Some(time) = queue.since.and_then(waited) { " · the oldest for " (time) }
                            @if let Some(reason) = unreachable_reason { " · unreachable: " bdi { (reason) } }
                        }
                    }
                }
                p { a href="/inbox/deliveries" { "See the deliveries" } }
            }
        }
    }
}

/// A count of a queue's deliveries, which may be larger than the counted maximum.
fn count_text(count: u32) -> String {
    if count < QUEUE_COUNT_MAX { count.to_string() } else { format!("{QUEUE_COUNT_MAX}+") }
}

fn no_destinations() -> Markup {
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
fn destination_table(destinations: &[DestinationStatus]) -> Markup {
    html! {
        table.card.tickets.deliveries role="table" aria-label="Destinations" {
            (head(&["Destination", "Queued", "Oldest since", "Given up", "Status"]))
            tbody role="rowgroup" {
                @for status in destinations {
                    @let queue = &status.queue;
                    tr role="row" {
                        td.what role="cell" { strong { bdi { (queue.name.destination) } } p.muted { bdi { (queue.name.site) } } }
                        td role="cell" data-label="Queued" { (count_text(queue.waiting)) }
                        td role="cell" data-label="Oldest since" {
                            @match queue.since {
                                None => "–",
                                Some(since) => {
                                    span.when { (times::minute(since)) }
                                    @if let Some(time) = waited(since) { p.muted { (time) " ago" } }
                                }
                            }
                        }
                        td role="cell" data-label="Given up" {
                            @if queue.dead_letters > 0 { span.mark.critical { (count_text(queue.dead_letters)) } } @else { "0" }
                        }
                        td.why role="cell" data-label="Status" { (state(status)) }
                    }
                }
            }
        }
    }
}

fn state(status: &DestinationStatus) -> Markup {
    html! {
        @if status.is_gone { span.muted { "Removed from the configuration. Queued items are sent when a destination with this name returns." } }
        @else if let Some(reason) = &status.unreachable_reason { span.mark.critical { "Unreachable" } p { bdi { (reason) } } }
        @else if status.queue.waiting > 0 { "On its way" }
        @else { span.muted { "Nothing queued" } }
    }
}

fn refused(frame: &Frame<'_>, destinations: &[DestinationStatus], dead_letters: &[(Delivery, Reference)]) -> Markup {
    let is_gone = |delivery: &Delivery| {
        let removed = destinations.iter().filter(|status| status.is_gone).map(|status| &status.queue);
        removed
            .into_iter()
            .any(|queue| queue.name.site == delivery.site && queue.name.destination == delivery.destination)
    };
    html! {
        table.card.tickets.deliveries role="table" aria-labelledby="given-up" {
            (head(&["Ticket", "Item", "Destination", "Given up", "Reason", "Send again"]))
            tbody role="rowgroup" {
                @for (delivery, reference) in dead_letters {
                    tr role="row" {
                        td role="cell" { a.reference href={ "/inbox/tickets/" (reference) "#delivery" } { (reference) } }
                        td role="cell" { (labels::delivery_kind(delivery.kind)) }
                        td role="cell" data-label="Destination" { bdi { (delivery.destination) } p.muted { bdi { (delivery.site) } } }
                        td role="cell" data-label="Given up" {
                            span.when { (times::minute(delivery.settled_at.unwrap_or(delivery.created_at))) }
                        }
                        td.why role="cell" data-label="Reason" { bdi { (delivery.reason) } }
                        td role="cell" {
                            @if is_gone(delivery) { span.muted { "Destination removed" } }
                            @else if frame.agent.may_on(Permission::ResendDeliveries, &delivery.site) {
                                (send_again::button_for(delivery, reference, false))
                            }
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
fn waited(since: Timestamp) -> Option<String> {
    let now = clock::now();
    (now.since(since) >= MINUTE).then(|| times::duration_until(since, now).1)
}
