//! Converts the HTML of a mail to lines of Markdown, with marks where a program inserts the quoted mail and the signature.

use url::Url;

use super::line::{Line, Mark};
use html_to_markdown::{HiddenText, markdown_within};

/// Placeholders for marks until the HTML is converted.
const QUOTATION: char = '\u{f8f0}';
const SIGNATURE_START: char = '\u{f8f1}';
const SIGNATURE_END: char = '\u{f8f2}';

/// Classes and ids of elements that contain or precede a quoted mail, in lower case. Outlook adds `x_` before those of others.
const QUOTATIONS: &[&str] = &[
    "gmail_quote",
    "gmail_quote_container",
    "gmail_attr",
    "gmail_extra",
    "divrplyfwdmsg",
    "appendonsend",
    "olk_src_body_section",
    "mail-editor-reference-message-container",
    "moz-cite-prefix",
    "moz-forward-container",
    "yahoo_quoted",
    "yqt",
    "yiv-quoted",
    "protonmail_quote",
    "tutanota_quote",
    "zmail_extra",
    "zmail_extra_hr",
    "replyforwardheader",
    "quoted-mail",
    "composer_quote",
    "quote-header",
    "aol_quote",
    "ntes_not_fresh_quote",
    "isreplycontent",
    "qt_mail_quote",
    "front-blockquote",
    "hs_reply",
    "mailbird-quote",
    "ms-outlook-ios-reference-expand",
    "samsung_quote",
    "ms-outlook-mobile-reference-message",
];

/// The same for signatures.
const SIGNATURES: &[&str] = &[
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "signature",
    "ms-outlook-mobile-signature",
    "protonmail_signature_block",
    "applemailsignature",
    "yahoo-signature",
    "yahoo_signature",
    "ymail_android_signature",
    "tutanota_signature",
    "bloop_sign",
    "zmail_signature",
    "mobile-signature",
    "composer-popup-wrap-signature",
    "samsung_signature",
];

/// The lines of an HTML mail, as a mail program shows it: at most this many bytes and lines, and whether there are more.
pub fn lines(html: &str, bytes_max: usize, lines_max: usize) -> (Vec<Line>, bool) {
    lines_of(html, HiddenText::Dropped, bytes_max, lines_max)
}

/// The same with text that no mail program shows, such as a preheader.
pub fn all_lines(html: &str, bytes_max: usize, lines_max: usize) -> (Vec<Line>, bool) {
    lines_of(html, HiddenText::Kept, bytes_max, lines_max)
}

fn lines_of(html: &str, hidden: HiddenText, bytes_max: usize, lines_max: usize) -> (Vec<Line>, bool) {
    let marked = with_marks(html);
    let Ok(page) = Url::parse("https://mail.invalid/") else { return (Vec::new(), true) };
    let (text, is_cut) = markdown_within(&marked, &page, hidden, bytes_max);
    // Relative links have no base in a mail.
    let text = text.replace("](https://mail.invalid/", "](#");
    let is_cut = is_cut || text.split('\n').nth(lines_max).is_some();
    let mut lines = Vec::new();
    for line in text.split('\n').take(lines_max) {
        let marks = [QUOTATION, SIGNATURE_START, SIGNATURE_END];
        match line.chars().find(|c| marks.contains(c)) {
            Some(mark) => {
                lines.push(Line::of_mark(match mark {
                    QUOTATION => Mark::Quotation,
                    SIGNATURE_START => Mark::SignatureStart,
                    _ => Mark::SignatureEnd,
                }));
                let rest: String = line.chars().filter(|c| !marks.contains(c)).collect();
                if !rest.trim_matches(['>', ' ', '\\']).is_empty() {
                    lines.push(Line::of_markdown(&rest));
                }
            }
            None => lines.push(Line::of_markdown(line)),
        }
    }
    (lines, is_cut)
}

/// The same HTML, with a paragraph containing a mark before each such element, and after each signature.
fn with_marks(html: &str) -> String {
    let html: String = html.chars().filter(|c| !matches!(*c, QUOTATION..=SIGNATURE_END)).collect();
    let mut out = String::with_capacity(html.len() + 64);
    // The element of the signature, and how many of its name are open in it.
    let mut signature: Option<(String, usize)> = None;
    let mut rest = html.as_str();
    let mut in_style = false;
    while let Some((text, from_tag)) = rest.split_once('<') {
        out.push_str(text);
        // Old programs put a style sheet into a comment, which does not count as one there.
        if let (true, Some(sheet)) = (in_style, from_tag.strip_prefix("!--")) {
            rest = sheet;
            continue;
        }
        if let Some(comment) = from_tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, tail)| tail);
            continue;
        }
        let Some(end) = tag_end(from_tag) else {
            out.push_str("&lt;");
            rest = from_tag;
            continue;
        };
        let (tag, tail) = from_tag.split_at_checked(end).unwrap_or((from_tag, ""));
        rest = tail.strip_prefix('>').unwrap_or(tail);
        let name = tag_name(tag);
        let closes = tag.starts_with('/');
        in_style = name == "style" && !closes;
        let mut ended = false;
        if let Some((open, depth)) = &mut signature
            && *open == name
            && !tag.ends_with('/')
        {
            if closes {
                *depth -= 1
            } else {
                *depth += 1
            }
            ended = *depth == 0;
        }
        if !closes {
            let class_and_id_names = class_and_id_names(tag);
            if is_any(&class_and_id_names, QUOTATIONS) || has_border_line(&name, tag) {
                paragraph(&mut out, QUOTATION);
            } else if signature.is_none()
                && is_any(&class_and_id_names, SIGNATURES)
                && !matches!(name.as_str(), "br" | "hr" | "img" | "input")
            {
                paragraph(&mut out, SIGNATURE_START);
                signature = Some((name.clone(), 1));
            }
        }
        out.push('<');
        out.push_str(tag);
        out.push('>');
        if ended {
            signature = None;
            paragraph(&mut out, SIGNATURE_END);
        }
    }
    out.push_str(rest);
    out
}

fn paragraph(out: &mut String, mark: char) {
    out.push_str("<div>");
    out.push(mark);
    out.push_str("</div>");
}

/// The end of a tag: the first `>` outside of quotation marks. None if `<` begins no tag.
fn tag_end(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if !(first.is_ascii_alphabetic() || matches!(first, '/' | '!' | '?')) {
        return None;
    }
    let mut quote = None;
    for (start, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(start),
            // A tag that does not end before the next one is none; searching further would cost too much.
            (None, '<') => return None,
            // A quotation mark counts only after an equals sign.
            (None, '"' | '\'') if text.get(..start).is_some_and(|before| before.trim_end().ends_with('=')) => {
                quote = Some(c)
            }
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    text.find('>')
}

fn tag_name(tag: &str) -> String {
    let name = tag.trim_start_matches('/').split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
    name.to_ascii_lowercase()
}

/// The classes and the id of a tag, in lower case.
fn class_and_id_names(tag: &str) -> Vec<String> {
    let values = ["class", "id", "name"].into_iter().filter_map(|name| attribute(tag, name));
    values.flat_map(|value| value.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>()).collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut search_start = 0;
    loop {
        let index = search_start + lower.get(search_start..)?.find(name)?;
        search_start = index + name.len();
        let is_separate = lower.get(..index)?.ends_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
        let Some(value) = tag.get(search_start..)?.trim_start().strip_prefix('=').filter(|_| is_separate) else {
            continue;
        };
        let value = value.trim_start();
        return Some(match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?.into(),
            _ => value.split(|c: char| c.is_whitespace() || c == '>').next()?.into(),
        });
    }
}

fn is_any(class_and_id_names: &[String], names: &[&str]) -> bool {
    class_and_id_names.iter().any(|name| {
        let mut name = name.as_str();
        while let Some(rest) = name.strip_prefix("x_") {
            name = rest;
        }
        names.contains(&name)
            || names == QUOTATIONS && (name.starts_with("yqt") || name.starts_with("yahoo_quoted"))
            || names == SIGNATURES && name.starts_with("ydp") && name.ends_with("signature")
    })
}

/// The rule above a header block in Outlook: a border with three points of padding, or a horizontal rule that cannot be focused.
fn has_border_line(name: &str, tag: &str) -> bool {
    let style: String = attribute(tag, "style")
        .unwrap_or_default()
        .to_ascii_lowercase()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect();
    let ruled =
        style.contains("border-top:solid") && (style.contains("padding:3.0pt") || style.contains("padding:3pt"));
    let mail_app = style.contains("border-top-style:solid") && style.contains("border-top-color:rgb(229,229,229)");
    let line = name == "hr" && attribute(tag, "tabindex").is_some_and(|value| value == "-1");
    name == "div" && (ruled || mail_app) || line
}
