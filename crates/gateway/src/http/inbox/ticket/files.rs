//! The attachments of a message: pictures inline, and a download link for each.

use maud::{Markup, html};

use super::super::labels;
use super::TicketView;
use domain::attachment::Attachment;

/// The attachments of a message of a ticket; empty if it has none.
pub fn list(view: &TicketView<'_>, number: u32) -> Markup {
    let files: Vec<&Attachment> =
        view.attachments.iter().filter(|(message, _)| *message == number).map(|(_, attachment)| attachment).collect();
    html! {
        @if !files.is_empty() {
            ul.files aria-label="Files" {
                @for file in files { li { (entry(file)) } }
            }
        }
    }
}

fn entry(file: &Attachment) -> Markup {
    html! {
        a href=(file.url) download {
            @if file.media.starts_with("image/") { img src=(file.url) alt="" loading="lazy"; }
            bdi { (file.name) }
        }
        span.muted { (file.media) ", " (labels::bytes(file.size)) }
    }
}
