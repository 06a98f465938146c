//! The conversation and the activities of a ticket, by time, and the forms to continue it.

use maud::{Markup, html};
use uuid::Uuid;

use super::super::{paste, rich, times};
use super::{TicketView, files};
use deskbell_core::ports::{Activity, ActivityKind};
use deskbell_core::timestamp::Timestamp;
use domain::conversation::{Author, Message};
use domain::ticket::{MESSAGE_MAX, Status};

/// The longest note that is shown unfolded, in lines and in characters after its first line.
const NOTE_LINES: usize = 8;
const NOTE_CHARS: usize = 600;

/// The messages and activities after the ticket; empty if there are none.
pub fn card(view: &TicketView<'_>) -> Markup {
    let mut entries: Vec<(Option<Timestamp>, Markup)> =
        view.messages.iter().map(|message| (message.at.parse().ok(), message_entry(view, message))).collect();
    entries.extend(view.activities.iter().map(|activity| (Some(activity.at), activity_entry(activity))));
    entries.sort_by_key(|(at, _)| *at);
    html! {
        @if !entries.is_empty() || !view.is_latest {
            section.card #conversation aria-labelledby="conversation-title" {
                h2 #conversation-title { "Conversation" }
                @if let Some(first) = view.earlier {
                    p { a href={ "/inbox/tickets/" (view.ticket.reference) "?before=" (first) "#conversation" } { "Earlier messages" } }
                }
                @if view.has_more_activities {
                    p.muted { "Only the last " (view.activities.len()) " activities are shown." }
                }
                ol.told { @for (_, entry) in entries { (entry) } }
                @if !view.is_latest {
                    p { a href={ "/inbox/tickets/" (view.ticket.reference) "#conversation" } { "The latest messages" } }
                }
            }
        }
    }
}

/// The forms for answers and notes.
pub fn forms(view: &TicketView<'_>) -> Markup {
    let action = format!("/inbox/tickets/{}", view.ticket.reference);
    let solved = view.ticket.status == Status::Solved;
    html! {
        section.card #answer aria-labelledby="answer-title" {
            h2 #answer-title { "Answer" }
            form method="post" action=(action) {
                // A form that is submitted twice answers once.
                input type="hidden" name="key" value=(Uuid::new_v4());
                label.unseen for="text" { "Your answer to the customer" }
                textarea.prose #text name="text" rows="6" maxlength=(MESSAGE_MAX) required dir="auto"
                    placeholder="Markdown. The customer sees this in the help menu." {}
                div.buttons {
                    button.button.main type="submit" name="action" value="answer" { "Answer" }
                    button.button type="submit" name="action" value="answer-solved" { "Answer and solve" }
                }
            }
            @if !view.has_conversation() { span #conversation {} }
            details.fold {
                summary { "Internal note" }
                form method="post" action=(action) {
                    label.unseen for="note" { "Note for agents only" }
                    textarea.prose #note name="text" rows="3" maxlength=(MESSAGE_MAX) required dir="auto" {}
                    button.button type="submit" name="action" value="note" { "Add note" }
                }
            }
            form.contacted method="post" action=(action) {
                input type="hidden" name="action" value="contacted";
                span.muted { "Contacted on" }
                @for (_, channel_name) in paste::PLACES { button.button.small type="submit" name="place" value=(channel_name) { (channel_name) } }
            }
            form.buttons method="post" action=(action) {
                @if solved { button.button type="submit" name="action" value="reopen" { "Reopen" } }
                @else { button.button type="submit" name="action" value="solve" { "Mark as solved" } }
            }
        }
    }
}

fn message_entry(view: &TicketView<'_>, message: &Message) -> Markup {
    let (class, author) = match message.author {
        Author::Customer => ("theirs", "Customer"),
        Author::Support => ("ours", "Support"),
        Author::Automatic => ("automatic", "Automatic"),
    };
    html! {
        li.said.(class) {
            p.by {
                strong { @if message.name.is_empty() { (author) } @else { bdi { (message.name) } } }
                @if !message.name.is_empty() { span.muted { (author) } }
                span.muted { (times::minute(&message.at)) }
            }
            @if message.author == Author::Customer { div.message dir="auto" { (message.body) } }
            @else { (rich::text(&message.body)) }
            (files::list(view, message.number))
        }
    }
}

fn activity_entry(activity: &Activity) -> Markup {
    let actor = if activity.actor.is_empty() { "The customer" } else { &activity.actor };
    let (action, detail) = match activity.kind {
        ActivityKind::Noted => ("added a note", ""),
        ActivityKind::Contacted => ("contacted the customer on", activity.text.as_str()),
        ActivityKind::Triaged => ("changed", activity.text.as_str()),
        ActivityKind::Assigned if activity.text.is_empty() => ("unassigned it", ""),
        ActivityKind::Assigned => ("assigned it to", activity.text.as_str()),
        ActivityKind::HandedOver => ("handed it over to", activity.text.as_str()),
        ActivityKind::Solved => ("marked it as solved", ""),
        ActivityKind::Reopened => ("reopened it", ""),
        ActivityKind::Confirmed => ("confirmed the address", activity.text.as_str()),
        ActivityKind::Bounced => ("could not be delivered", ""),
    };
    html! {
        li.done {
            p.by {
                bdi { (actor) } " " (action) @if !detail.is_empty() { " " bdi { (detail.replace('_', " ")) } }
                span.muted { (times::minute(activity.at)) }
            }
            @if matches!(activity.kind, ActivityKind::Noted | ActivityKind::Bounced) { (note(&activity.text)) }
        }
    }
}

/// A note; of a long one the first line, with the rest folded.
fn note(text: &str) -> Markup {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let is_long = rest.lines().count() > NOTE_LINES || rest.chars().count() > NOTE_CHARS;
    html! {
        @if is_long {
            details.noted {
                summary dir="auto" { (first) }
                div dir="auto" { (rest.trim_start_matches('\n')) }
            }
        } @else {
            div.noted dir="auto" { (text) }
        }
    }
}
