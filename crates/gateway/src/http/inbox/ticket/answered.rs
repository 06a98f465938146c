//! The answers to the site's custom fields.

use maud::{Markup, html};

use super::section::{card as section, text};
use deskbell_core::ports::StoredTicket;
use deskbell_core::site::Sites;
use domain::fields::{Field, FieldAnswer};

/// The card, in the order of the form. Fields that were removed from the site come last, with their id as the name.
pub fn card(sites: &Sites, ticket: &StoredTicket) -> Markup {
    let fields = sites.get(&ticket.site).map(|site| site.config.fields.as_slice()).unwrap_or_default();
    let answers = ticket.ticket.fields.as_ref().map(|fields| fields.0.as_slice()).unwrap_or_default();
    let unknown = answers.iter().filter(|(id, _)| !fields.iter().any(|field| field.id == *id));
    let view = fields.iter().filter_map(|field| {
        let (_, answer) = answers.iter().find(|(id, _)| *id == field.id)?;
        Some((field.label.as_str(), answer_text(answer, Some(field))))
    });
    let rows: Vec<(&str, Markup)> =
        view.chain(unknown.map(|(id, answer)| (id.as_str(), answer_text(answer, None)))).collect();
    let content = html! {
        @if !rows.is_empty() {
            dl.facts { @for (label, answer) in &rows { dt { bdi { (label) } } dd { (answer) } } }
        }
    };
    section("fields", "Fields", &[], content)
}

fn answer_text(answer: &FieldAnswer, field: Option<&Field>) -> Markup {
    match answer {
        FieldAnswer::Yes(true) => html! { "Yes" },
        FieldAnswer::Yes(false) => html! { "No" },
        FieldAnswer::Text(value) => {
            let choice = field.and_then(|field| field.choices.iter().find(|choice| choice.id == *value));
            text(choice.map_or(value, |choice| &choice.label))
        }
    }
}
