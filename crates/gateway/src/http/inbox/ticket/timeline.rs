//! What happened on the page, step by step.

use maud::{Markup, html};

use super::super::steps::{StepStyle, steps};
use super::super::{labels, notes, times};
use super::section::row as section;
use domain::context::{Context, Group};

/// The row.
pub fn row(context: &Context) -> Markup {
    let notes = notes::notes_for(context, Group::Breadcrumbs);
    let count = context.breadcrumbs.len();
    let summary = if count == 0 { String::new() } else { labels::count(count, "step") };
    let content = html! { @if count > 0 { (list(context, &context.frozen_at)) } };
    section("What happened", &summary, &notes, content)
}

/// The steps, oldest first; `frozen_at` is when the ticket was begun.
pub fn list(context: &Context, frozen_at: &str) -> Markup {
    html! {
        ol.timeline {
            @for step in steps(context) {
                li.(class(step.style)) {
                    span.when { (times::relative(step.at, frozen_at)) }
                    div {
                        strong { (step.action) } " " bdi { (step.target) }
                        @if !step.path.is_empty() { p.muted.location dir="ltr" { (step.path) } }
                    }
                }
            }
        }
    }
}

fn class(style: StepStyle) -> &'static str {
    match style {
        StepStyle::Plain => "plain-step",
        StepStyle::Quiet => "quiet",
        StepStyle::Error => "wrong",
        StepStyle::Request => "asked",
    }
}
