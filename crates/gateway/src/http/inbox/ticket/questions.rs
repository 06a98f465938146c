//! The community questions that the customer saw before.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::super::labels;
use super::section;
use domain::ticket::{NewTicket, Outcome};

const TITLE: &str = "Community questions";

/// The row.
pub fn row(submitted: &NewTicket) -> Markup {
    let mut questions: Vec<_> = submitted.questions.iter().collect();
    questions.sort_by_key(|question| Reverse(question.outcome));
    let opened = questions.iter().filter(|question| question.outcome != Outcome::Shown).count();
    if questions.is_empty() {
        return section::row(TITLE, "None shown before the ticket was sent.", &[], html! {});
    }
    let content = html! {
        table.plain {
            thead { tr { th scope="col" { "Outcome" } th scope="col" { "Question" } } }
            tbody {
                @for question in &questions {
                    tr {
                        td.outcome { (labels::outcome(question.outcome)) }
                        td {
                            bdi { (question.title) }
                            @if !question.url.is_empty() { p.small { (labels::address(&question.url)) } }
                            p.muted { bdi { (question.source) } " · " bdi { (question.id) } }
                        }
                    }
                }
            }
        }
    };
    let summary = format!("{} shown, {opened} read", questions.len());
    // A question that was read and did not help need not be suggested again.
    if opened > 0 { section::open_row(TITLE, &summary, content) } else { section::row(TITLE, &summary, &[], content) }
}
