//! The parts that did not fit into the ticket.

use maud::{Markup, html};

use super::super::labels;
use super::section::{id, row as section};
use domain::context::Context;

/// The row.
pub fn row(context: &Context) -> Markup {
    let cut = &context.cut;
    if cut.is_empty() {
        return html! {};
    }
    let content = html! {
        p.muted { "The data exceeded the size limit of a ticket. Shortened or left out, oldest first:" }
        ul.places { @for path in cut { li { (id(path)) } } }
    };
    section("Left out", &labels::count(cut.len(), "place"), &[], content)
}
