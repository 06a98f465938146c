//! The destinations of the ticket, and its undelivered parts.

use maud::{Markup, html};

use super::super::{labels, send_again, times};
use super::TicketView;
use super::section::{card as section, marked_facts, text};
use deskbell_core::clock;
use deskbell_core::ids::DestinationName;
use deskbell_core::ports::{Delivery, DeliveryKind, DeliveryState, ExternalTicketRef};
use domain::conversation::Author;

/// The deliveries of a ticket to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationDeliveries {
    /// The name of the destination in its site.
    pub destination: DestinationName,
    /// The deliveries, oldest first.
    pub deliveries: Vec<Delivery>,
    /// The external ticket, if there is one.
    pub external: Option<ExternalTicketRef>,
    /// The address of the external ticket for agents.
    pub page: Option<String>,
    /// Why the destination is unreachable, if it is.
    pub unreachable_reason: Option<String>,
    /// Whether it was removed from the configuration.
    pub is_gone: bool,
}

/// The card; empty if the ticket has no destination.
pub fn card(view: &TicketView<'_>) -> Markup {
    let content = html! { @for group in view.deliveries { (destination(view, group)) } };
    section("delivery", "Delivery", &[], content)
}

fn destination(view: &TicketView<'_>, group: &DestinationDeliveries) -> Markup {
    let open: Vec<&Delivery> =
        group.deliveries.iter().filter(|candidate| candidate.state != DeliveryState::Delivered).collect();
    let lines = group
        .deliveries
        .iter()
        .filter(|candidate| candidate.state == DeliveryState::Delivered)
        .flat_map(|candidate| candidate.reason.lines());
    let left_out: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    html! {
        div.group {
            div.to { h3 { bdi { (group.destination) } } (mark(group, &open)) }
            (delivered_entry(group))
            @if let Some(page) = group.page.as_deref().and_then(labels::web) { p.small { (labels::outward(page, "Open there")) } }
            @if !open.is_empty() {
                ol.open { @for (index, delivery) in open.iter().enumerate() { li { (missing(view, group, delivery, index > 0)) } } }
            }
            @if !left_out.is_empty() {
                h4 { "Not transferred" }
                ul.left-out { @for line in left_out { li { bdi { (line) } } } }
            }
        }
    }
}

fn mark(group: &DestinationDeliveries, open: &[&Delivery]) -> Markup {
    html! {
        @if open.iter().any(|delivery| delivery.state == DeliveryState::DeadLetter) { span.mark.critical { "Given up" } }
        @else if !open.is_empty() && group.is_gone { span.mark.critical { "Stuck" } }
        @else if !open.is_empty() { span.mark.soon { "On its way" } }
        @else if !group.deliveries.is_empty() { span.mark { "Delivered" } }
        @else if group.external.is_some() { span.mark { "Created there" } }
        @else { span.mark.low { "Not delivered there" } }
    }
}

/// The delivered parts: the ticket, and a summary of everything after it.
fn delivered_entry(group: &DestinationDeliveries) -> Markup {
    let delivered = group.deliveries.iter().filter(|delivery| delivery.state == DeliveryState::Delivered);
    let (ticket, after): (Vec<&Delivery>, Vec<&Delivery>) =
        delivered.partition(|delivery| delivery.kind == DeliveryKind::Ticket);
    let ticket = ticket.first().map(|ticket| settled_text(ticket));
    let (label, more) = if ticket.is_some() { ("Since then", " more") } else { ("Delivered", "") };
    let last = after
        .last()
        .map(|last| html! { (after.len()) (more) ", " @if after.len() > 1 { "the last " } "on " (settled_text(last)) });
    marked_facts(&[("Delivered", ticket.unwrap_or_default()), (label, last.unwrap_or_default())])
}

/// An undelivered part, with the time and the reason.
fn missing(view: &TicketView<'_>, group: &DestinationDeliveries, delivery: &Delivery, is_behind: bool) -> Markup {
    html! {
        h4 { (delivery_content(view, delivery)) }
        @if delivery.state == DeliveryState::DeadLetter { (dead_letters(view, group, delivery)) }
        // A delivery behind another one has not been attempted, and is not until that one is delivered.
        @else if is_behind { p.muted { "Queued since " (times::minute(delivery.created_at)) ", behind an earlier item" } }
        @else { (waiting_text(group, delivery)) }
    }
}

fn dead_letters(view: &TicketView<'_>, group: &DestinationDeliveries, delivery: &Delivery) -> Markup {
    html! {
        (marked_facts(&[("Given up", settled_text(delivery)), ("Tried", attempts_text(delivery)), ("Reason", text(&delivery.reason))]))
        @if group.is_gone { p.muted { "This destination was removed from the configuration. Queued items are sent when a destination with this name returns." } }
        @else if view.may_resend { (send_again::button_for(delivery, &view.ticket.reference, true)) }
    }
}

fn waiting_text(group: &DestinationDeliveries, delivery: &Delivery) -> Markup {
    let unreachable_reason = group.unreachable_reason.as_deref().unwrap_or_default();
    let reason = if delivery.reason.is_empty() { unreachable_reason } else { &delivery.reason };
    let is_due = delivery.due_at <= clock::now();
    let next = html! {
        @if group.is_gone { "None: the destination was removed from the configuration" }
        @else if group.unreachable_reason.is_some() { "As soon as the destination is reachable" }
        // A delivery without a failure is being attempted while it is due.
        @else if is_due || delivery.reason.is_empty() { "Now" }
        @else { (times::second(delivery.due_at)) }
    };
    marked_facts(&[
        ("Queued since", times::minute(delivery.created_at)),
        ("Tried", attempts_text(delivery)),
        ("Reason", text(reason)),
        ("Next attempt", next),
    ])
}

fn attempts_text(delivery: &Delivery) -> Markup {
    if delivery.attempts == 0 { text("Not yet") } else { text(&labels::count(delivery.attempts as usize, "time")) }
}

/// When it was delivered or became a dead letter.
fn settled_text(delivery: &Delivery) -> Markup {
    times::minute(delivery.settled_at.unwrap_or(delivery.created_at))
}

fn delivery_content(view: &TicketView<'_>, delivery: &Delivery) -> Markup {
    let message = view
        .messages
        .iter()
        .find(|message| delivery.kind == DeliveryKind::Message && message.number == delivery.number);
    let Some(message) = message else { return html! { (labels::delivery_kind(delivery.kind)) } };
    let author = match message.author {
        Author::Customer => "Customer's message",
        Author::Support => "Answer",
        Author::Automatic => "Automatic reply",
    };
    html! { (author) " of " (times::minute(&message.at)) }
}
