//! Links to other people's pages.

use leptos::prelude::*;

use super::el::el;
use markdown::safe_url;

/// A link that opens outside of the page; only text if a link may not have the address.
pub fn outside(class: &'static str, url: &str, text: String) -> AnyView {
    let Some(url) = safe_url(url) else { return el("span").attr("class", class).text(text) };
    let link = el("a").attr("class", class).attr("href", url).attr("target", "_blank");
    link.attr("rel", "noopener noreferrer nofollow ugc").text(text)
}
