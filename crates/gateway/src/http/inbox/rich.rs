//! Renders Markdown in the inbox.

use maud::{Markup, html};

use markdown::{Block, Inline, parse};

/// A text in Markdown.
pub fn text(text: &str) -> Markup {
    html! { div.rich dir="auto" { (blocks(&parse(text))) } }
}

fn blocks(blocks: &[Block]) -> Markup {
    html! {
        @for block in blocks {
            @match block {
                Block::Paragraph(inlines) => p { (line(inlines)) },
                Block::Heading(inlines) => p { strong { (line(inlines)) } },
                Block::Code(code) => pre tabindex="0" dir="ltr" { code { (code) } },
                Block::Quote(quoted) => blockquote { (self::blocks(quoted)) },
                Block::List { ordered: true, items: parts } => ol { (items(parts)) },
                Block::List { ordered: false, items: parts } => ul { (items(parts)) },
            }
        }
    }
}

fn items(items: &[Vec<Block>]) -> Markup {
    html! { @for item in items { li { (blocks(item)) } } }
}

fn line(inlines: &[Inline]) -> Markup {
    html! {
        @for inline in inlines {
            @match inline {
                Inline::Text(text) => (text),
                Inline::Code(code) => code { (code) },
                Inline::Strong(inner) => strong { (line(inner)) },
                Inline::Emphasis(inner) => em { (line(inner)) },
                Inline::Break => br;,
                Inline::Link { url, text } => a href=(url) target="_blank" rel="noopener noreferrer" { (line(text)) },
                // Nothing is loaded from elsewhere because a text refers to it.
                Inline::Picture { url, alt } => a href=(url) target="_blank" rel="noopener noreferrer" {
                    "Picture" @if !alt.is_empty() { ": " (alt) }
                },
            }
        }
    }
}
