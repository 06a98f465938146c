//! Markdown as nodes. There is no HTML on the way.

use leptos::prelude::*;

use super::el::{div, el};
use super::home::outside;
use crate::domain::markdown::{self, Block, Inline};

/// A markdown text.
pub fn view(text: &str) -> AnyView {
    div("prose").children(blocks(&markdown::parse(text)))
}

fn blocks(list: &[Block]) -> Vec<AnyView> {
    list.iter().map(block).collect()
}

fn block(block: &Block) -> AnyView {
    match block {
        Block::Paragraph(parts) => el("p").children(inlines(parts)),
        Block::Heading(parts) => el("h4").children(inlines(parts)),
        // Code that is wider than the panel is scrolled, by keyboard as well.
        Block::Code(code) => el("pre").attr("tabindex", "0").children([el("code").text(code.clone())]),
        Block::Quote(inner) => el("blockquote").children(blocks(inner)),
        Block::List { ordered, items } => {
            let items: Vec<AnyView> = items.iter().map(|item| el("li").children(blocks(item))).collect();
            el(if *ordered { "ol" } else { "ul" }).children(items)
        }
    }
}

fn inlines(parts: &[Inline]) -> Vec<AnyView> {
    parts.iter().map(inline).collect()
}

fn inline(part: &Inline) -> AnyView {
    match part {
        Inline::Text(text) => text.clone().into_any(),
        Inline::Code(code) => el("code").text(code.clone()),
        Inline::Strong(inner) => el("strong").children(inlines(inner)),
        Inline::Emphasis(inner) => el("em").children(inlines(inner)),
        Inline::Break => el("br").children([]),
        Inline::Link { url, text } => outside("", url, text.iter().map(plain).collect()),
    }
}

/// What a part says, without its looks.
fn plain(part: &Inline) -> String {
    match part {
        Inline::Text(text) | Inline::Code(text) => text.clone(),
        Inline::Break => " ".into(),
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link { text: inner, .. } => {
            inner.iter().map(plain).collect()
        }
    }
}
