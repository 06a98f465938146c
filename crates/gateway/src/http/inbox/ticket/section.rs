//! The elements of a ticket's page: cards, which are open, and rows, which unfold.

use maud::{Markup, html};

use super::super::facts::Facts;

/// A card; nothing if it would be empty.
pub fn card(id: &str, title: &str, notes: &[String], content: Markup) -> Markup {
    html! {
        @if !content.0.is_empty() || !notes.is_empty() {
            section.card aria-labelledby=(id) {
                h2 id=(id) { (title) }
                @if !notes.is_empty() { p.muted.notes { (notes.join(" ")) } }
                (content)
            }
        }
    }
}

/// A row with a summary, which unfolds its content. Without content it does not unfold, and without a summary as well it is nothing.
pub fn row(title: &str, summary: &str, notes: &[String], content: Markup) -> Markup {
    row_that(false, title, summary, notes, content)
}

/// A row that is unfolded initially.
pub fn open_row(title: &str, summary: &str, content: Markup) -> Markup {
    row_that(true, title, summary, &[], content)
}

fn row_that(open: bool, title: &str, summary_text: &str, notes: &[String], content: Markup) -> Markup {
    let words: Vec<&str> = [summary_text].into_iter().chain(notes.iter().map(String::as_str)).collect();
    let words = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" · ");
    html! {
        @if !content.0.is_empty() {
            section.row aria-label=(title) {
                details open[open] {
                    summary { h2 { (title) } span.muted { (words) } }
                    div.folded { (content) }
                }
            }
        } @else if !words.is_empty() {
            section.row.flat aria-label=(title) { h2 { (title) } p.muted { (words) } }
        }
    }
}

/// A smaller part that unfolds within another.
pub fn fold(summary_text: &str, content: Markup) -> Markup {
    html! { details.fold { summary { (summary_text) } (content) } }
}

/// Names with values; nothing if no value is known.
pub fn facts(facts: &Facts) -> Markup {
    let facts: Vec<(&str, Markup)> = facts.iter().map(|(name, value)| (*name, text(value))).collect();
    marked_facts(&facts)
}

/// The same with markup as values.
pub fn marked_facts(facts: &[(&str, Markup)]) -> Markup {
    let filled: Vec<_> = facts.iter().filter(|(_, value)| !value.0.is_empty()).collect();
    html! {
        @if !filled.is_empty() {
            dl.facts { @for (name, value) in filled { dt { (name) } dd { (value) } } }
        }
    }
}

/// Arbitrary text, whose writing direction does not affect the text around it.
pub fn text(text: &str) -> Markup {
    html! { @if !text.is_empty() { bdi { (text) } } }
}

/// An id, which one click selects completely.
pub fn id(text: &str) -> Markup {
    html! { @if !text.is_empty() { code.id dir="ltr" { (text) } } }
}
