//! The errors on the page.

use maud::{Markup, html};

use super::super::{labels, notes, times};
use super::section::{card as section, fold};
use domain::context::{Context, ErrorRecord, Frames, Group, frames};

/// How many errors are unfolded; older ones are folded.
const OPEN: usize = 3;

/// The card.
pub fn card(context: &Context) -> Markup {
    let notes = notes::notes_for(context, Group::Errors);
    let content = html! {
        @if context.errors.is_empty() && notes.is_empty() {
            p.muted { "None recorded before the ticket was started." }
        }
        (list(context, page_url(context), &context.frozen_at))
    };
    section("errors", "Errors on the page", &notes, content)
}

/// The errors, newest first; `frozen_at` is when the ticket was begun.
pub fn list(context: &Context, page_url: &str, frozen_at: &str) -> Markup {
    let newest: Vec<&ErrorRecord> = context.errors.iter().rev().collect();
    let (open, older) = newest.split_at(newest.len().min(OPEN));
    html! {
        @for record in open { (error(record, page_url, frozen_at)) }
        @if !older.is_empty() {
            (fold(&format!("{} older", older.len()), html! {
                @for record in older { (error(record, page_url, frozen_at)) }
            }))
        }
    }
}

/// The address of the page, which distinguishes its own stack frames from others.
pub fn page_url(context: &Context) -> &str {
    context.page.as_ref().map_or("", |page| &page.url)
}

fn error(error: &ErrorRecord, page_url: &str, frozen_at: &str) -> Markup {
    let relative = times::relative(&error.at, frozen_at);
    html! {
        article.error.extension[error.extension] {
            h3 dir="auto" { (labels::error(error)) }
            p.muted {
                @if error.extension { span.mark { "From a browser extension" } " " }
                @if !relative.is_empty() { strong { (relative) } " · " }
                (times::second(&error.at))
                @if error.count > 1 { " · " (error.count) " times" }
                @if error.count > 1 && !error.first_at.is_empty() { " since " (times::second(&error.first_at)) }
                @if !error.source.is_empty() { " · " bdi { (labels::error_source(&error.source)) } }
            }
            @if !error.stack.contains(&error.location) { p.muted.location dir="ltr" { (error.location) } }
            @if !error.stack.is_empty() {
                @if error.extension { (fold("Stack", pre(&error.stack))) } @else { (stack(error, page_url)) }
            }
        }
    }
}

fn stack(error: &ErrorRecord, page_url: &str) -> Markup {
    let Frames { own, foreign, head } = frames(&error.stack, page_url);
    // Without the address every frame would look foreign.
    if page_url.is_empty() || own.is_empty() {
        return pre(&error.stack);
    }
    let repeated = head.join("\n").ends_with(&labels::error(error));
    let shown_frames = if repeated { own } else { [head, own].concat() };
    html! {
        (pre(&lines(&shown_frames)))
        @if !foreign.is_empty() {
            (fold(&format!("{} of other origins", labels::count(foreign.len(), "frame")), pre(&lines(&foreign))))
        }
    }
}

/// The lines without their indentation, which belongs to a message that is not shown.
fn lines(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_start()).collect();
    lines.join("\n")
}

fn pre(text: &str) -> Markup {
    html! { pre.stack dir="ltr" tabindex="0" { code { (text) } } }
}
