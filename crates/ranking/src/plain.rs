//! Markdown as plain text.

use markdown::{self, Block, Inline};

/// A Markdown text as plain text, with spaces between its blocks.
pub fn plain_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    blocks(&markdown::parse(text), &mut out);
    out.truncate(out.trim_end().len());
    out
}

fn blocks(list: &[Block], out: &mut String) {
    for block in list {
        match block {
            Block::Paragraph(parts) | Block::Heading(parts) => line(parts, out),
            Block::Code(code) => out.push_str(code),
            Block::Quote(inner) => blocks(inner, out),
            Block::List { items, .. } => items.iter().for_each(|item| blocks(item, out)),
        }
        if !out.ends_with(' ') {
            out.push(' ');
        }
    }
}

fn line(parts: &[Inline], out: &mut String) {
    for part in parts {
        match part {
            Inline::Text(text) | Inline::Code(text) => out.push_str(text),
            Inline::Break => out.push(' '),
            Inline::Picture { alt, .. } => out.push_str(alt),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Link { text: inner, .. } => line(inner, out),
        }
    }
}
