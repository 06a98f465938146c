use proptest::prelude::*;

use super::*;
use markdown::{self, Block, Inline, parse, safe_url};

fn convert(html: &str) -> String {
    super::markdown(html, &Url::parse("https://forum.example/t/topic/7").unwrap())
}

/// The parsed Markdown, with its marks counted.
#[derive(Debug, Default, PartialEq)]
struct Read {
    text: String,
    marks: usize,
    links: Vec<String>,
}

fn parse_markdown(text: &str) -> Read {
    fn of_line(parts: &[Inline], parsed: &mut Read) {
        for part in parts {
            match part {
                Inline::Text(text) => parsed.text.push_str(text),
                Inline::Break => parsed.text.push(' '),
                Inline::Picture { url, alt } => {
                    parsed.links.push(url.clone());
                    parsed.text.push_str(alt);
                }
                Inline::Code(code) => {
                    parsed.text.push_str(code);
                    parsed.marks += 1;
                }
                Inline::Strong(inner) | Inline::Emphasis(inner) => {
                    parsed.marks += 1;
                    of_line(inner, parsed);
                }
                Inline::Link { url, text } => {
                    parsed.links.push(url.clone());
                    of_line(text, parsed);
                }
            }
        }
    }
    fn of_blocks(blocks: &[Block], parsed: &mut Read) {
        for block in blocks {
            match block {
                Block::Paragraph(parts) => of_line(parts, parsed),
                Block::Heading(parts) => {
                    parsed.marks += 1;
                    of_line(parts, parsed);
                }
                Block::Code(code) => {
                    parsed.marks += 1;
                    parsed.text.push_str(code);
                }
                Block::Quote(inner) => {
                    parsed.marks += 1;
                    of_blocks(inner, parsed);
                }
                Block::List { items, .. } => {
                    parsed.marks += 1;
                    items.iter().for_each(|item| of_blocks(item, parsed));
                }
            }
            parsed.text.push(' ');
        }
    }
    let mut out = Read::default();
    of_blocks(&parse(text), &mut out);
    out.text = words(&out.text);
    out
}

fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && inline::is_seen(*c)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\u{0}', "")
}

#[test]
fn the_subset_is_written() {
    for (html, markdown) in [
        ("<p>one\n two</p><p>three</p>", "one two\n\nthree"),
        ("<p>one<p>two", "one\n\ntwo"),
        ("one<br>two<br><br>three", "one\\\ntwo\n\nthree"),
        ("<h2>Title</h2><p>text", "## Title\n\ntext"),
        ("<p>a <strong>b <em>c</em> d</strong> <code>e*f</code></p>", "a **b *c* d** `e*f`"),
        ("<p>a<b> b </b>c</p>", "a **b** c"),
        ("<ul><li>a<li><p>b</p><p>c</p><ol><li>d</ol></ul>", "- a\n- b\n\n  c\n\n  1. d"),
        ("<blockquote><p>said</p><p>so</p></blockquote>me", "> said\n>\n> so\n\nme"),
        ("<pre><code class=\"lang-js\">let a = 1;\n\n  b &lt; c\n</code></pre>", "```\nlet a = 1;\n\n  b < c\n```"),
        ("<pre>```\nx\n```</pre>", "~~~\n```\nx\n```\n~~~"),
        ("<a href=\"https://d.example/a\">the docs</a>", "[the docs](https://d.example/a)"),
        ("<a href=\"/t/x_(y)\">x</a>", "[x](https://forum.example/t/x_%28y%29)"),
        ("<a href=\"#top\"></a>text", "text"),
        ("<img src=\"/a/b.png\" alt=\"The [chart]\">", "![The \\[chart]](https://forum.example/a/b.png)"),
        ("<img src=\"/a/b.png?w=1\">", "![b.png](https://forum.example/a/b.png?w=1)"),
        (
            "<a class=\"lightbox\" href=\"/full.png\"><img alt=\"chart\" src=\"/small.png\"><div class=\"meta\"><svg><use/></svg><span>chart.png 6 kB</span></div></a> seen",
            "[chart](https://forum.example/full.png) seen",
        ),
        ("fine <img class=\"emoji\" alt=\":smile:\" src=\"/s.png\">", "fine :smile:"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><p>2</p></td></tr></table>", "a | b\\\n1 | 2"),
        ("<table><tr><td><ul><li>a</ul></td><td>b</td></tr></table>", "- a\n\nb"),
        ("<b><p>one</p><p>two</p></b>", "one\n\ntwo"),
        ("<div>one</div><div>two<div>three</div></div>", "one\n\ntwo\n\nthree"),
        ("<h3>C#</h3>", "**C#**"),
        ("<details><summary>More</summary><p>hidden</p></details>", "More\n\nhidden"),
    ] {
        assert_eq!(convert(html), markdown, "{html}");
    }
}

#[test]
fn plain_text_stays_text() {
    for (html, markdown) in [
        ("# a", "\\# a"),
        ("1. a", "1\\. a"),
        ("- a<br>+ b<br>&gt; c<br>~~~", "\\- a\\\n\\+ b\\\n\\> c\\\n\\~~~"),
        ("**a** `b` [c](https://d.example)", "\\*\\*a\\*\\* \\`b\\` \\[c]\\(https\\://d.example)"),
        ("snake_case _this_ C:\\dir", "snake_case \\_this_ C:\\\\dir"),
        ("see https://a.example and mailto:x@y.example", "see https\\://a.example and mailto\\:x@y.example"),
        ("hey!<a href=\"https://a.example\">x</a>", "hey\\![x](https://a.example/)"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "<script>alert(1)</script>"),
        ("a\u{202e}b\u{0}c", "abc"),
        ("é<i><b>*</b> b</i>", "é\\* b"),
    ] {
        assert_eq!(convert(html), markdown, "{html}");
        let parsed = parse_markdown(&convert(html));
        assert_eq!(parsed.marks, 0, "{html}");
    }
}

#[test]
fn hostile_html_is_dropped() {
    for (html, markdown) in [
        ("<script>alert(1)</script>a", "a"),
        ("<style>p{}</style>a<template><p>b</p></template>", "a"),
        ("<svg/><svg><svg>b</svg></svg>a<script src=x /><b>c</b></script>", "a"),
        ("<svg><a href=\"https://x.example\">b</a><script/>c</svg>a", "a"),
        ("<a href=\"javascript:alert(1)\">a</a>", "a"),
        ("<a href=\" java\nscript:alert(1)\">a</a>", "a"),
        ("<a href=\"data:text/html,x\">a</a><img src=\"data:image/png;base64,x\" alt=\"b\">", "ab"),
        (
            "<img src=x onerror=alert(1) alt=\"](javascript:1)\">",
            "![]\\(javascript:1)](https://forum.example/t/topic/x)",
        ),
        ("<iframe src=\"https://x.example\">b</iframe>a", "a"),
        ("<p title=\"<b>\">a</p", "a"),
        ("<!-- <b>x</b> -->a<![CDATA[b]]>", "a"),
        ("<a href=\"https://a.example\"><a href=\"https://b.example\">x</a></a>", "[x](https://b.example/)"),
    ] {
        assert_eq!(convert(html), markdown, "{html}");
    }
}

#[test]
fn deep_and_long_html_is_cut_without_stack_overflow() {
    for unit in [
        "<b>",
        "<ul><li>",
        "<blockquote>",
        "<a href=x>",
        "<table><tr><td>",
        "<svg>",
        "<svg></x>",
        "</p>",
        "<p>x",
        "<i>*",
        "[a](",
    ] {
        let text = convert(&unit.repeat(60_000));
        assert!(text.len() <= TEXT_MAX, "{unit}: {}", text.len());
        parse(&text);
    }
    assert!(convert(&"<p>some words</p>".repeat(20_000)).len() <= TEXT_MAX);
}

proptest! {
    #[test]
    fn any_text_round_trips_as_text(
        text in "([a-zA-Z0-9]|[-*_`>#!\\[\\]()\\\\:/.~+|&<\"' \n]|https://|mailto:|\\]\\(|é|1\\. |```|~~~|  ){0,60}",
    ) {
        let parsed = parse_markdown(&convert(&escaped(&text)));
        prop_assert_eq!(&parsed.text, &words(&text), "{}", convert(&escaped(&text)));
        prop_assert_eq!((parsed.marks, parsed.links), (0, vec![]), "{}", convert(&escaped(&text)));
    }

    #[test]
    fn emphasis_keeps_words_and_adds_no_marks(
        parts in proptest::collection::vec(
            (
                0_usize..11,
                "([a-zA-Z]|[-*_`>#!\\[\\]()\\\\:/.~ \n]|https://|1\\. |\\]\\(|é){0,12}",
            ),
            0..14,
        ),
    ) {
        let mut html = String::new();
        let mut expected = String::new();
        let mut marks = 0;
        let mut links = 0;
        for (kind, text) in &parts {
            let content = escaped(text);
            expected.push_str(text);
            match kind {
                0 => html.push_str(&format!("<b>{content}</b>")),
                1 => html.push_str(&format!("<i>{content}</i>")),
                2 => html.push_str(&format!("<b>a<i>{content}</i></b>")),
                3 => html.push_str(&format!("<i><b>{content}</b> b</i>")),
                4 => html.push_str(&format!("<code>{content}</code>")),
                5 => html.push_str(&format!("<a href='https://a.example/b_*c'>{content}</a>")),
                6 => html.push_str(&format!("<p>{content}</p>")),
                7 => html.push_str(&format!("<ul><li>{content}</li></ul>")),
                8 => html.push_str(&format!("<blockquote>{content}</blockquote>")),
                9 => html.push_str(&format!("<h2>{content}</h2>")),
                _ => html.push_str(&content),
            }
            match kind {
                2 => expected.insert(expected.len() - text.len(), 'a'),
                3 => expected.push('b'),
                5 => links += 1,
                _ => {}
            }
            marks += match kind { 0 | 1 | 4 | 7 | 8 | 9 => 1, 2 | 3 => 2, _ => 0 };
        }
        let parsed = parse_markdown(&convert(&html));
        prop_assert_eq!(&parsed.text, &words(&expected), "{}\n{}", html, convert(&html));
        prop_assert!(parsed.marks <= marks, "{}\n{}", html, convert(&html));
        prop_assert!(parsed.links.len() <= links, "{}\n{}", html, convert(&html));
    }

    #[test]
    fn any_html_is_converted_with_safe_links(
        html in "(<(/)?(a|b|i|p|ul|ol|li|pre|code|table|tr|td|h1|blockquote|img|br|div|svg|script|q)( (href|src|alt|class)=\"?(https://a.example/|javascript:|/x|[^>]{0,6})\"?)?>|[a-z*_`\\[\\]() \n>#-]|&lt;|&#10;|.){0,60}",
    ) {
        for url in parse_markdown(&convert(&html)).links {
            prop_assert!(safe_url(&url).is_some(), "{}", url);
        }
    }

    #[test]
    fn any_string_is_read(html: String) {
        markdown::parse(&convert(&html));
    }
}
