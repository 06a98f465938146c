//! The ticket for a bug tracker: a button that copies it if scripts run, and a text to copy by hand.

use maud::{Markup, html};

use super::super::markdown;
use super::section::row as section;
use deskbell_core::ports::StoredTicket;

const LABEL: &str = "Copy for a bug tracker";

/// The button. The script shows it; without scripts a link leads to the text.
pub fn button() -> Markup {
    html! {
        div.copy {
            button.button type="button" data-copy="markdown" hidden { (LABEL) }
            noscript { a.button href="#markdown" { (LABEL) } }
            span.muted role="status" {}
        }
    }
}

/// The text.
pub fn row(ticket: &StoredTicket) -> Markup {
    let text = html! {
        textarea #markdown readonly rows="16" spellcheck="false" aria-label="Ticket as Markdown" {
            (markdown::ticket_as_markdown(ticket))
        }
    };
    section("For a bug tracker", "As Markdown", &[], text)
}
