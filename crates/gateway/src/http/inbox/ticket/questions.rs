//! The community questions that the customer saw before.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::super::words;
use super::section;
use domain::ticket::{NewTicket, Outcome};

const TITLE: &str = "Community questions";

/// The row.
pub fn row(sent: &NewTicket) -> Markup {
    let mut seen: Vec<_> = sent.questions.iter().collect();
    seen.sort_by_key(|question| Reverse(question.outcome));
    let read = seen.iter().filter(|question| question.outcome != Outcome::Shown).count();
    if seen.is_empty() {
        return section::row(TITLE, "None shown before the ticket was sent.", &[], html! {});
    }
    let content = html! {
        table.plain {
            thead { tr { th scope="col" { "Outcome" } th scope="col" { "Question" } } }
            tbody {
                @for question in &seen {
                    tr {
                        td.outcome { (words::outcome(question.outcome)) }
                        td {
                            bdi { (question.title) }
                            @if !question.url.is_empty() { p.small { (words::address(&question.url)) } }
                            p.muted { bdi { (question.source) } " · " bdi { (question.id) } }
                        }
                    }
                }
            }
        }
    };
    let says = format!("{} shown, {read} read", seen.len());
    // A question that was read and did not help need not be suggested again.
    if read > 0 { section::open_row(TITLE, &says, content) } else { section::row(TITLE, &says, &[], content) }
}
