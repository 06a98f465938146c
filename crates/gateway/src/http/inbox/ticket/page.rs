//! The page that the ticket was sent from.

use maud::{Markup, html};

use super::super::{facts, labels, notes, times};
use super::section::{card as section, facts as listed, fold, marked_facts, text};
use domain::context::{Context, Group, Route};

/// The card.
pub fn card(context: &Context) -> Markup {
    let notes = notes::notes_for(context, Group::Page);
    let Some(page) = &context.page else { return section("page", "Page", &notes, html! {}) };
    let canonical = if page.canonical == page.url { "" } else { &page.canonical };
    let recorded = if context.frozen_at.is_empty() { text("") } else { times::second(&context.frozen_at) };
    let mut facts = vec![("Address", labels::address(&page.url))];
    facts.extend(facts::page(page).iter().map(|(name, value)| (*name, text(value))));
    facts.extend([
        ("Previous page", labels::address(&page.referrer)),
        ("Canonical", labels::address(canonical)),
        ("Recorded", recorded),
    ]);
    let timings = listed(&facts::timings(&page.timings));
    let content = html! {
        (marked_facts(&facts))
        @if !page.routes.is_empty() {
            (fold(&labels::count(page.routes.len(), "view"), routes(&page.routes, &context.frozen_at)))
        }
        @if !timings.0.is_empty() { (fold("Load times", timings)) }
    };
    section("page", "Page", &notes, content)
}

/// The views of a single-page application with their times.
pub fn routes(routes: &[Route], frozen_at: &str) -> Markup {
    html! {
        ol.routes {
            @for route in routes {
                li { span.muted { (times::relative(&route.at, frozen_at)) } " " (labels::address(&route.url)) }
            }
        }
    }
}
