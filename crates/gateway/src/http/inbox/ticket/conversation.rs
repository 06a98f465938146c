//! The conversation and the activities of a ticket, by time, and the forms to continue it.

use maud::{Markup, html};
use uuid::Uuid;

use super::super::{paste, rich, times};
use super::{Known, files};
use deskbell_core::ports::{Activity, ActivityKind};
use domain::conversation::{Author, Message};
use domain::ticket::{MESSAGE_MAX, Status};

/// The longest note that is shown unfolded, in lines and in characters after its first line.
const NOTE_LINES: usize = 8;
const NOTE_CHARS: usize = 600;

/// The messages and activities after the ticket; empty if there are none.
pub fn card(known: &Known<'_>) -> Markup {
    let mut told: Vec<(&str, Markup)> =
        known.messages.iter().map(|message| (message.at.as_str(), said(known, message))).collect();
    told.extend(known.deeds.iter().map(|deed| (deed.at.as_str(), done(deed))));
    told.sort_by(|one, other| one.0.cmp(other.0));
    html! {
        @if !told.is_empty() || !known.is_latest {
            section.card #conversation aria-labelledby="conversation-title" {
                h2 #conversation-title { "Conversation" }
                @if let Some(first) = known.earlier {
                    p { a href={ "/inbox/tickets/" (known.ticket.reference) "?before=" (first) "#conversation" } { "Earlier messages" } }
                }
                @if known.has_more_deeds {
                    p.muted { "Only the last " (known.deeds.len()) " activities are shown." }
                }
                ol.told { @for (_, entry) in told { (entry) } }
                @if !known.is_latest {
                    p { a href={ "/inbox/tickets/" (known.ticket.reference) "#conversation" } { "The latest messages" } }
                }
            }
        }
    }
}

/// The forms for answers and notes.
pub fn forms(known: &Known<'_>) -> Markup {
    let action = format!("/inbox/tickets/{}", known.ticket.reference);
    let solved = known.ticket.status == Status::Solved;
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
            @if !known.has_conversation() { span #conversation {} }
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
                @for (_, place) in paste::PLACES { button.button.small type="submit" name="place" value=(place) { (place) } }
            }
            form.buttons method="post" action=(action) {
                @if solved { button.button type="submit" name="action" value="reopen" { "Reopen" } }
                @else { button.button type="submit" name="action" value="solve" { "Mark as solved" } }
            }
        }
    }
}

fn said(known: &Known<'_>, message: &Message) -> Markup {
    let (class, who) = match message.author {
        Author::Customer => ("theirs", "Customer"),
        Author::Support => ("ours", "Support"),
        Author::Automatic => ("automatic", "Automatic"),
    };
    html! {
        li.said.(class) {
            p.by {
                strong { @if message.name.is_empty() { (who) } @else { bdi { (message.name) } } }
                @if !message.name.is_empty() { span.muted { (who) } }
                span.muted { (times::minute(&message.at)) }
            }
            @if message.author == Author::Customer { div.message dir="auto" { (message.body) } }
            @else { (rich::text(&message.body)) }
            (files::list(known, message.number))
        }
    }
}

fn done(deed: &Activity) -> Markup {
    let who = if deed.operator.is_empty() { "The customer" } else { &deed.operator };
    let (what, about) = match deed.act {
        ActivityKind::Noted => ("added a note", ""),
        ActivityKind::Contacted => ("contacted the customer on", deed.text.as_str()),
        ActivityKind::Triaged => ("changed", deed.text.as_str()),
        ActivityKind::Assigned if deed.text.is_empty() => ("unassigned it", ""),
        ActivityKind::Assigned => ("assigned it to", deed.text.as_str()),
        ActivityKind::HandedOver => ("handed it over to", deed.text.as_str()),
        ActivityKind::Solved => ("marked it as solved", ""),
        ActivityKind::Reopened => ("reopened it", ""),
        ActivityKind::Confirmed => ("confirmed the address", deed.text.as_str()),
        ActivityKind::Bounced => ("could not be delivered", ""),
    };
    html! {
        li.done {
            p.by {
                bdi { (who) } " " (what) @if !about.is_empty() { " " bdi { (about.replace('_', " ")) } }
                span.muted { (times::minute(&deed.at)) }
            }
            @if matches!(deed.act, ActivityKind::Noted | ActivityKind::Bounced) { (note(&deed.text)) }
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
