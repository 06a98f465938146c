//! The sender of the ticket.

use maud::{Markup, html};

use super::super::list::unverified;
use super::super::{facts, labels, notes};
use super::section::{card as section, facts as listed, fold, marked_facts, text};
use super::values::pairs;
use deskbell_core::ports::StoredTicket;
use domain::context::Group;

/// The card.
pub fn card(ticket: &StoredTicket) -> Markup {
    let submitted = &ticket.ticket;
    let notes = notes::notes_for(&submitted.context, Group::User);
    let claims = facts::person(ticket);
    let silent = claims.iter().all(|(_, value)| value.is_empty());
    let claimed: Vec<(&str, Markup)> =
        claims.iter().map(|(name, value)| (*name, claimed_value(ticket, name, value))).collect();
    let form = listed(&facts::form(ticket));
    let attributes = submitted.context.user.as_ref().map(|user| &user.attributes).filter(|more| !more.is_empty());
    let content = html! {
        @if !silent {
            p.muted { @if labels::verified(ticket) { "Signed by the site" } @else { "Claimed by the page, " (unverified(labels::verified(ticket))) } }
        } @else if notes.is_empty() {
            p.muted { "The page did not identify the customer." }
        }
        (marked_facts(&claimed))
        @if let Some(attributes) = attributes { (fold("Other details", pairs(attributes))) }
        @if !form.0.is_empty() { h3 { "From the form" } (form) }
    };
    section("person", "Customer", &notes, content)
}

/// A claim of the page; the plan determines the response target, so an unverified one is marked again.
fn claimed_value(ticket: &StoredTicket, name: &str, value: &str) -> Markup {
    html! { (text(value)) @if name == "Plan" && !value.is_empty() { " " (unverified(labels::verified(ticket))) } }
}
