//! The links to other tools about this page and customer.

use maud::{Markup, html};

use super::super::{notes, words};
use super::section::{card as section, id, text};
use domain::context::{Context, FoundLink, Group};

/// The card.
pub fn card(context: &Context) -> Markup {
    let content = html! {
        @if !context.links.is_empty() {
            ul.links { @for link in &context.links { li { (entry(link)) } } }
        }
    };
    section("links", "Replays, traces and links", &notes::of(context, Group::Links), content)
}

fn entry(link: &FoundLink) -> Markup {
    let says = words::link(link);
    html! {
        @match words::web(&link.url) {
            // The page has provided the address, so its host is shown beside the link.
            Some(url) => { (words::outward(url, &says)) " " span.muted { bdi { (words::host(url)) } } }
            None => { (text(&says)) @if !link.url.is_empty() { " " (id(&link.url)) } }
        }
        @if !link.text.is_empty() { " " (id(&link.text)) }
    }
}
