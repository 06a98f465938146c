//! The handling of a ticket: its response target and assignee with the forms to correct them, and how it arrived.

use maud::{Markup, html};

use super::super::{erase, labels, paste, times};
use super::TicketView;
use super::section::{card as section, fold, marked_facts, text};
use crate::http::inbox::access::CurrentAgent;
use deskbell_core::ports::StoredTicket;
use deskbell_core::site::Sites;
use domain::targets::Owner;
use domain::ticket::Severity;

/// The card.
pub fn card(sites: &Sites, agent: &CurrentAgent, view: &TicketView<'_>) -> Markup {
    let ticket = view.ticket;
    let handling = &ticket.handling;
    let priority = ticket.priority.map_or("Unknown", |priority| priority.word());
    let facts = [
        ("First answer", text(&labels::target(ticket.target))),
        ("Due", labels::due(ticket.status, ticket.due_at, handling)),
        ("Priority", text(priority)),
        ("Topic", text(labels::topic(sites, &ticket.site, &handling.topic))),
        ("Severity", text(corrected(ticket))),
        ("Owner", text(handling.owner.map(labels::owner).unwrap_or_default())),
        ("Team", text(&handling.team)),
        ("Assignee", text(&handling.assignee)),
    ];
    let content = html! {
        (marked_facts(&facts))
        (assign(agent, ticket))
        (fold("Edit topic and severity", triage(sites, ticket)))
        (fold("Hand over", hand_over(sites, ticket)))
        (fold("Replies for other channels", html! {
            (paste::we_have_it(&ticket.reference, &ticket.ticket.locale))
            (paste::send_here(view.base, ticket.site.as_str(), &ticket.ticket.locale))
        }))
    };
    section("handling", "Handling", &[], content)
}

/// How it arrived.
pub fn arrival(ticket: &StoredTicket, may_erase: bool) -> Markup {
    let submitted = &ticket.ticket;
    let client = format!("{} {}", submitted.client.name, submitted.client.version);
    let sent_at = if submitted.created_at.is_empty() { text("") } else { times::minute(&submitted.created_at) };
    let facts = [
        ("Received", times::minute(ticket.received_at)),
        ("Sent", sent_at),
        ("Channel", text(&submitted.via)),
        ("Site", text(ticket.site.as_str())),
        ("Language", text(&submitted.locale)),
        ("Sent with", text(client.trim())),
    ];
    let content = html! { (marked_facts(&facts)) @if may_erase { (erase::link(ticket)) } };
    section("arrival", "Source", &[], content)
}

/// The corrected severity in words; empty if it was not corrected.
fn corrected(ticket: &StoredTicket) -> &'static str {
    let severity = ticket.handling.severity;
    if severity == ticket.ticket.severity { "" } else { labels::severity(severity) }
}

fn assign(agent: &CurrentAgent, ticket: &StoredTicket) -> Markup {
    let is_mine = ticket.handling.assignee == agent.name();
    html! {
        form.inline method="post" action=(action(ticket)) {
            input type="hidden" name="action" value="assign";
            @if !is_mine { button.button.small type="submit" name="assignee" value=(agent.name()) { "Assign to me" } }
            @else { button.button.small type="submit" name="assignee" value="" { "Unassign" } }
        }
        form.inline method="post" action=(action(ticket)) {
            input type="hidden" name="action" value="assign";
            label.unseen for="assignee" { "Assign to" }
            input #assignee name="assignee" maxlength="80" required placeholder="Agent's name" autocomplete="off";
            button.button.small type="submit" { "Assign" }
        }
    }
}

fn triage(sites: &Sites, ticket: &StoredTicket) -> Markup {
    let topics = sites.get(&ticket.site).map(|site| site.config.topics.as_slice()).unwrap_or_default();
    let now = &ticket.handling;
    let is_known_topic = now.topic.is_empty() || topics.iter().any(|topic| topic.id == now.topic);
    html! {
        form.fields method="post" action=(action(ticket)) {
            label for="topic" { "Topic" }
            select #topic name="topic" {
                option value="" selected[now.topic.is_empty()] { "None" }
                @if !is_known_topic { option value=(now.topic) selected { (now.topic) } }
                @for topic in topics { option value=(topic.id) selected[topic.id == now.topic] { (topic.label) } }
            }
            label for="severity" { "Severity" }
            select #severity name="severity" {
                @for severity in Severity::ALL {
                    option value=(severity.word()) selected[*severity == now.severity] { (labels::severity(*severity)) }
                }
            }
            button.button.small type="submit" name="action" value="triage" { "Save" }
            p.muted { "This recalculates the due time from when the ticket arrived." }
        }
    }
}

fn hand_over(sites: &Sites, ticket: &StoredTicket) -> Markup {
    let teams = labels::teams(sites, |site| *site == ticket.site);
    html! {
        form.fields method="post" action=(action(ticket)) {
            label for="owner" { "Owner" }
            select #owner name="owner" {
                @for owner in Owner::ALL.iter().filter(|owner| **owner != Owner::Automated) {
                    option value=(owner.word()) selected[Some(*owner) == ticket.handling.owner] { (labels::owner(*owner)) }
                }
            }
            label for="team" { "Team" }
            select #team name="team" {
                option value="" selected[ticket.handling.team.is_empty()] { "None" }
                @for team in teams { option value=(team) selected[team == ticket.handling.team] { (team) } }
            }
            button.button.small type="submit" name="action" value="hand-over" { "Hand over" }
        }
    }
}

fn action(ticket: &StoredTicket) -> String {
    format!("/inbox/tickets/{}", ticket.reference)
}
