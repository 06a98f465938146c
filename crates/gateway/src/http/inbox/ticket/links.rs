//! The links to other tools about this page and customer.

use maud::{Markup, html};

use super::super::{labels, notes};
use super::section::{card as section, id, text};
use domain::context::{Context, FoundLink, Group};

/// The card.
pub fn card(context: &Context) -> Markup {
    let content = html! {
        @if !context.links.is_empty() {
            ul.links { @for link in &context.links { li { (entry(link)) } } }
        }
    };
    section("links", "Replays, traces and links", &notes::notes_for(context, Group::Links), content)
}

fn entry(link: &FoundLink) -> Markup {
    let link_text = labels::link(link);
    html! {
        @match labels::web(&link.url) {
            // The page has provided the address, so its host is shown beside the link.
            Some(url) => { (labels::outward(url, &link_text)) " " span.muted { bdi { (labels::host(url)) } } }
            None => { (text(&link_text)) @if !link.url.is_empty() { " " (id(&link.url)) } }
        }
        @if !link.text.is_empty() { " " (id(&link.text)) }
    }
}
