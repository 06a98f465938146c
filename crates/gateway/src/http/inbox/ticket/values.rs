//! The values that the host has set.

use maud::{Markup, html};

use super::super::{labels, notes};
use super::section::row as section;
use domain::context::{Context, Group};
use wire::Pairs;

/// The row.
pub fn row(context: &Context) -> Markup {
    let values = &context.page_values;
    let mut notes = notes::notes_for(context, Group::PageValues);
    notes.extend(notes::unanswered(context));
    let (summary, content) = match values.0.len() {
        0 => (String::new(), html! {}),
        count => (labels::count(count, "value"), pairs(values)),
    };
    section("Custom data", &summary, &notes, content)
}

/// Names and values set by the host.
pub fn pairs(values: &Pairs<String>) -> Markup {
    html! { dl.facts { @for (name, value) in &values.0 { dt { bdi { (name) } } dd { bdi { (value) } } } } }
}
