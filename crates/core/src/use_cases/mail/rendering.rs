//! Renders Markdown for mails: as plain text and as HTML.

use markdown::{Block, Inline, parse};

/// The prefix of lines in a quote.
const QUOTE: &str = "> ";

/// A text in Markdown as plain text, with the address of each link beside it.
pub fn plain(text: &str) -> String {
    plain_blocks(&parse(text))
}

/// A text in Markdown as HTML. Whatever it says, only the marks of our Markdown become elements, and nothing is loaded from elsewhere. Every block has
/// the direction of its own first letter, because the language of the text is not known.
pub fn html(text: &str) -> String {
    let mut out = String::new();
    html_blocks(&mut out, &parse(text), " dir=\"auto\"");
    out
}

/// A text as HTML, with its marks escaped.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn plain_blocks(blocks: &[Block]) -> String {
    let blocks: Vec<String> = blocks.iter().map(plain_block).collect();
    blocks.join("\n\n")
}

fn plain_block(block: &Block) -> String {
    match block {
        Block::Paragraph(inlines) | Block::Heading(inlines) => plain_line(inlines),
        Block::Code(code) => code.trim_end().to_string(),
        Block::Quote(quoted) => prefixed(&plain_blocks(quoted), QUOTE, QUOTE),
        Block::List { ordered, items } => {
            let item = |(index, item): (usize, &Vec<Block>)| {
                let mark = if *ordered { format!("{}. ", index + 1) } else { "- ".into() };
                prefixed(&plain_blocks(item), &mark, &" ".repeat(mark.len()))
            };
            items.iter().enumerate().map(item).collect::<Vec<_>>().join("\n")
        }
    }
}

/// A text with one prefix before its first line and another before all others.
fn prefixed(text: &str, first: &str, others: &str) -> String {
    let line =
        |(index, line): (usize, &str)| [if index == 0 { first } else { others }, line].concat().trim_end().to_string();
    text.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\n")
}

fn plain_line(inlines: &[Inline]) -> String {
    let part = |inline: &Inline| match inline {
        Inline::Text(text) | Inline::Code(text) => without_controls(text),
        Inline::Strong(inner) | Inline::Emphasis(inner) => plain_line(inner),
        Inline::Break => "\n".into(),
        Inline::Link { url, text } => with_address(&plain_line(text), url),
        Inline::Picture { url, alt } => with_address(&without_controls(alt), url),
    };
    inlines.iter().map(part).collect()
}

fn with_address(text: &str, url: &str) -> String {
    let is_same = text.is_empty() || text == url || url.strip_prefix("mailto:") == Some(text);
    if is_same { url.strip_prefix("mailto:").unwrap_or(url).to_string() } else { format!("{text} <{url}>") }
}

fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && !matches!(c, '\n' | '\t') { ' ' } else { c }).collect()
}

/// Blocks, of which each has the direction of its first letter. Blocks within one have none of their own: a browser would skip them when it looks for
/// the direction of the outer one.
fn html_blocks(out: &mut String, blocks: &[Block], direction: &str) {
    for block in blocks {
        match block {
            Block::Paragraph(inlines) => element(out, "p", direction, |out| html_line(out, inlines)),
            Block::Heading(inlines) => {
                element(out, "p", direction, |out| element(out, "strong", "", |out| html_line(out, inlines)));
            }
            Block::Code(code) => {
                element(out, "pre", " dir=\"ltr\"", |out| element(out, "code", "", |out| out.push_str(&escaped(code))));
            }
            Block::Quote(quoted) => element(out, "blockquote", direction, |out| html_blocks(out, quoted, "")),
            Block::List { ordered, items } => {
                element(out, if *ordered { "ol" } else { "ul" }, direction, |out| {
                    for item in items {
                        element(out, "li", "", |out| html_blocks(out, item, ""));
                    }
                });
            }
        }
    }
}

fn html_line(out: &mut String, inlines: &[Inline]) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.push_str(&escaped(text)),
            Inline::Code(text) => element(out, "code", "", |out| out.push_str(&escaped(text))),
            Inline::Strong(inner) => element(out, "strong", "", |out| html_line(out, inner)),
            Inline::Emphasis(inner) => element(out, "em", "", |out| html_line(out, inner)),
            Inline::Break => out.push_str("<br>"),
            Inline::Link { url, text } => link(out, url, |out| html_line(out, text)),
            Inline::Picture { url, alt } => {
                link(out, url, |out| out.push_str(&escaped(if alt.is_empty() { url } else { alt })));
            }
        }
    }
}

/// An element with attributes, each of which begins with a space.
fn element(out: &mut String, name: &str, attributes: &str, content: impl FnOnce(&mut String)) {
    out.push_str(&["<", name, attributes, ">"].concat());
    content(out);
    out.push_str(&["</", name, ">"].concat());
}

fn link(out: &mut String, url: &str, content: impl FnOnce(&mut String)) {
    out.push_str(&["<a href=\"", &escaped(url), "\">"].concat());
    content(out);
    out.push_str("</a>");
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Hi **Ada**,  \nsee [the docs](https://a.example/?a=1&b=2) or https://b.example:\n\n- `one`\n- two\n\n\
        > quoted\n\n```\nlet x = \"<b>\";\n```\n\n<script>alert('1')</script> ![pic](https://c.example/x.png)";

    #[test]
    fn plain_text_keeps_the_addresses_of_links() {
        assert_eq!(
            plain(TEXT),
            "Hi Ada,\nsee the docs <https://a.example/?a=1&b=2> or https://b.example:\n\n- one\n- two\n\n> quoted\n\n\
             let x = \"<b>\";\n\n<script>alert('1')</script> pic <https://c.example/x.png>"
        );
        assert_eq!(plain("1. a\n2. b\n\n[](mailto:a@b.example)").lines().next(), Some("1. a"));
    }

    #[test]
    fn html_has_only_our_elements() {
        assert_eq!(
            html(TEXT),
            "<p dir=\"auto\">Hi <strong>Ada</strong>,<br>see <a href=\"https://a.example/?a=1&amp;b=2\">the docs</a> or \
             <a href=\"https://b.example\">https://b.example</a>:</p>\
             <ul dir=\"auto\"><li><p><code>one</code></p></li><li><p>two</p></li></ul>\
             <blockquote dir=\"auto\"><p>quoted</p></blockquote><pre dir=\"ltr\"><code>let x = &quot;&lt;b&gt;&quot;;</code></pre>\
             <p dir=\"auto\">&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; <a href=\"https://c.example/x.png\">pic</a></p>"
        );
        for hostile in [
            "[a](javascript:alert(1))",
            "![a](javascript:alert(1))",
            "<javascript:alert(1)>",
            "\" onload=\"x",
            "<img src=x>",
            "[x](https://a.example/\"><img>)",
        ] {
            let html = html(hostile);
            let html = html.to_lowercase();
            assert!(!html.contains("href=\"javascript") && !html.contains("<img"), "{html}");
        }
    }
}
