//! Markdown as elements, for what others wrote. No HTML is involved.

use leptos::prelude::*;

use super::el::{LANG, button, div, el, live};
use super::link::outside;
use super::shared::Shared;
use crate::screens::{copy, words};
use domain::texts::{Text, fill};
use markdown::{Block, Inline};

/// A Markdown text.
pub fn prose(text: &str) -> AnyView {
    div("prose").in_any_language().children(blocks(&markdown::parse(text)))
}

fn blocks(list: &[Block]) -> Vec<AnyView> {
    list.iter().map(block).collect()
}

fn block(block: &Block) -> AnyView {
    let (tag, inner) = match block {
        Block::Paragraph(parts) => ("p", inlines(parts)),
        Block::Heading(parts) => ("h4", inlines(parts)),
        Block::Code(text) => return code(text),
        Block::Quote(inner) => ("blockquote", blocks(inner)),
        Block::List { ordered, items } => {
            let items = items.iter().map(|item| el("li").children(blocks(item))).collect();
            (if *ordered { "ol" } else { "ul" }, items)
        }
    };
    el(tag).children(inner)
}

fn inlines(parts: &[Inline]) -> Vec<AnyView> {
    parts.iter().map(inline).collect()
}

fn inline(part: &Inline) -> AnyView {
    let (tag, inner) = match part {
        Inline::Text(text) => return text.clone().into_any(),
        Inline::Code(code) => ("code", vec![code.clone().into_any()]),
        Inline::Strong(inner) => ("strong", inlines(inner)),
        Inline::Emphasis(inner) => ("em", inlines(inner)),
        Inline::Break => ("br", Vec::new()),
        Inline::Picture { url, alt } => return picture(url.to_string(), alt.to_string()),
        Inline::Link { url, text } => return outside("", url, text.iter().map(markdown::plain_text).collect()),
    };
    el(tag).children(inner)
}

/// Code wider than the panel scrolls, also by keyboard.
fn code(text: &str) -> AnyView {
    let pre = el("pre").attr("tabindex", "0").children([el("code").text(text.to_string())]);
    let text = text.to_string();
    let name = words::text(Text::CopyCode);
    let button = button("copy", move |_| copy(text.clone())).attr(LANG, words::lang()).attr("aria-label", name);
    div("code").children([pre, button.children([])])
}

/// A button in place of a picture, so that no server learns of a reader who does not want to see it.
fn picture(url: String, alt: String) -> AnyView {
    let is_shown = Shared::new(false);
    live(move || {
        if is_shown.with(|is_shown| *is_shown) {
            return el("img").attr("referrerpolicy", "no-referrer").attr("alt", &alt).attr("src", &url).children([]);
        }
        let name = match alt.is_empty() {
            true => words::text(Text::ShowAPicture),
            false => fill(&words::text(Text::ShowPicture), "{name}", &alt),
        };
        let shown = is_shown.clone();
        button("button", move |_| shown.update(|is_shown| *is_shown = true)).attr(LANG, words::lang()).text(name)
    })
}
