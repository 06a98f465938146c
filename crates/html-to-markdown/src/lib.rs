//! Converts HTML to the subset of Markdown that [`markdown`] parses. The output contains no HTML, and no text becomes a mark.
//!
//! Scripts, styles, hidden elements and other unreadable content are dropped; a picture becomes a link to it; table rows become lines; elements
//! without a mark in the subset keep their text.

mod inline;
mod tree;
mod visibility;

use url::Url;

use inline::{is_seen, line, strong};
use markdown::TEXT_MAX;
pub use tree::HiddenText;
use tree::{Element, Node, is_block, text_of};

/// The deepest nesting of lists and quotes, equal to the Markdown parser's.
const DEPTH_MAX: usize = 4;

/// The page that a piece of HTML belongs to.
struct Page<'a> {
    /// Its address, for relative links.
    url: &'a Url,
    /// The name of the attachment at an address, if readers should not follow the link.
    file: &'a dyn Fn(&Url) -> Option<String>,
}

/// HTML as Markdown; `page` is its address, for relative links.
pub fn markdown(html: &str, page: &Url) -> String {
    markdown_with_files(html, page, &|_| None)
}

/// The same with at most `max` bytes, and whether there is more.
pub fn markdown_within(html: &str, page: &Url, hidden: HiddenText, max: usize) -> (String, bool) {
    render(&tree::parse(html, hidden), &Page { url: page, file: &|_| None }, max)
}

/// Like [`markdown()`], but pictures and links at some addresses are attachments: `file` returns the name that replaces them.
pub fn markdown_with_files(html: &str, page: &Url, file: &dyn Fn(&Url) -> Option<String>) -> String {
    render(&tree::parse(html, HiddenText::Dropped), &Page { url: page, file }, TEXT_MAX).0
}

fn render(nodes: &[Node], page: &Page<'_>, max: usize) -> (String, bool) {
    let (mut out, mut is_cut) = (String::new(), false);
    for block in blocks(nodes, page, 0) {
        if !out.is_empty() && out.len() + block.len() > max {
            is_cut = true;
            break;
        }
        out.push_str(if out.is_empty() { "" } else { "\n\n" });
        out.push_str(&block);
    }
    is_cut |= out.len() > max;
    out.truncate(out.floor_char_boundary(max));
    (out, is_cut)
}

/// The blocks of nodes; `depth` counts the lists and quotes around them.
fn blocks(nodes: &[Node], page: &Page<'_>, depth: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut running: Vec<&Node> = Vec::new();
    for node in nodes {
        match node {
            Node::Element(element) if stands_alone(element) => {
                paragraphs(&std::mem::take(&mut running), page, &mut out);
                out.extend(block(element, page, depth));
            }
            node => running.push(node),
        }
    }
    paragraphs(&running, page, &mut out);
    out
}

/// Whether an element is a block, or a mark around blocks, which editors create from pasted text.
fn stands_alone(element: &Element) -> bool {
    let holds_block = |node: &Node| matches!(node, Node::Element(element) if stands_alone(element));
    is_block(&element.name) || element.name != "a" && element.children.iter().any(holds_block)
}

fn block(element: &Element, page: &Page<'_>, depth: usize) -> Vec<String> {
    match element.name.as_str() {
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => heading(element, page).into_iter().collect(),
        "pre" => code(&text_of(&element.children), depth).into_iter().collect(),
        "blockquote" if depth < DEPTH_MAX => quote(&blocks(&element.children, page, depth + 1)).into_iter().collect(),
        "ul" | "ol" if depth < DEPTH_MAX => list(element, page, depth).into_iter().collect(),
        "table" if is_plain_table(element) => {
            let rows: Vec<String> = rows(element, page);
            if rows.is_empty() { vec![] } else { vec![paragraph(&rows)] }
        }
        _ => blocks(&element.children, page, depth),
    }
}

/// A run of nodes as paragraphs, separated by two line breaks.
fn paragraphs(nodes: &[&Node], page: &Page<'_>, out: &mut Vec<String>) {
    let text = line(nodes, page);
    let lines: Vec<String> = text.split('\n').map(|line| line.trim().to_string()).collect();
    let parts = lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
    out.extend(parts.map(paragraph));
}

/// Lines as a paragraph with hard breaks.
fn paragraph(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| at_start(line)).collect();
    lines.join("\\\n")
}

fn heading(element: &Element, page: &Page<'_>) -> Option<String> {
    let children: Vec<&Node> = element.children.iter().collect();
    let text = line(&children, page).replace('\n', " ");
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    // Trailing `#` would be parsed as the end of the heading.
    if text.ends_with('#') {
        return Some(at_start(&strong(text)));
    }
    let level = element.name.get(1..).and_then(|level| level.parse().ok()).unwrap_or(2);
    Some(format!("{} {}", "#".repeat(level), at_start(text)))
}

fn code(text: &str, depth: usize) -> Option<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || is_seen(*c)).collect();
    let mut lines: Vec<&str> = text.trim_matches('\n').lines().map(str::trim_end).collect();
    if depth > 0 {
        // Two empty lines would end the surrounding list.
        lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    }
    let ends = |fence: &str| lines.iter().any(|line| line.trim() == fence);
    let fence = if ends("```") { "~~~" } else { "```" };
    let code_lines: Vec<String> =
        lines.iter().map(|line| if line.trim() == fence { format!("\\{line}") } else { line.to_string() }).collect();
    let filled = code_lines.iter().any(|line| !line.is_empty());
    filled.then(|| format!("{fence}\n{}\n{fence}", code_lines.join("\n")))
}

fn quote(blocks: &[String]) -> Option<String> {
    let quoted = |line: &str| if line.is_empty() { ">".to_string() } else { format!("> {line}") };
    let lines: Vec<String> = blocks.join("\n\n").split('\n').map(quoted).collect();
    (!blocks.is_empty()).then(|| lines.join("\n"))
}

fn list(element: &Element, page: &Page<'_>, depth: usize) -> Option<String> {
    let mut items: Vec<String> = Vec::new();
    for child in &element.children {
        let blocks = match child {
            Node::Element(item) if item.name == "li" => blocks(&item.children, page, depth + 1),
            // A list directly inside of a list.
            child => blocks(std::slice::from_ref(child), page, depth + 1),
        };
        if blocks.is_empty() {
            continue;
        }
        let marker = if element.name == "ol" { format!("{}. ", items.len() + 1) } else { "- ".into() };
        let indent = " ".repeat(marker.len());
        let indented = |line: &str| if line.is_empty() { String::new() } else { format!("{indent}{line}") };
        let lines: Vec<String> = blocks.join("\n\n").split('\n').map(indented).collect();
        let text = lines.join("\n");
        items.push(format!("{marker}{}", text.get(indent.len()..).unwrap_or_default()));
    }
    (!items.is_empty()).then(|| items.join("\n"))
}

/// Whether a table's cells can be joined to lines; otherwise the table is for layout.
fn is_plain_table(table: &Element) -> bool {
    table.children.iter().all(|node| match node {
        Node::Text(_) => true,
        Node::Element(element) => match element.name.as_str() {
            "table" | "ul" | "ol" | "pre" | "blockquote" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => false,
            _ => is_plain_table(element),
        },
    })
}

/// The rows of a table, with bars between the cells.
fn rows(table: &Element, page: &Page<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for node in &table.children {
        let Node::Element(element) = node else { continue };
        if element.name != "tr" {
            let caption: Vec<&Node> =
                if element.name == "caption" { element.children.iter().collect() } else { vec![] };
            out.extend(cell(&caption, page));
            out.extend(rows(element, page));
            continue;
        }
        let cells = element.children.iter().filter(|node| matches!(node, Node::Element(_)));
        let cells: Vec<String> = cells.filter_map(|node| cell(&[node], page)).collect();
        if !cells.is_empty() {
            out.push(cells.join(" | "));
        }
    }
    out
}

fn cell(nodes: &[&Node], page: &Page<'_>) -> Option<String> {
    let text = line(nodes, page).replace('\n', " ");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_string())
}

/// Escapes characters that would begin a list, a heading, a quote or code at the start of a line.
fn at_start(line: &str) -> String {
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = line.split_at_checked(digits).unwrap_or_default();
    let numbered = [". ", ") "].iter().any(|mark| rest.starts_with(mark));
    match (number, rest.chars().next()) {
        ("", Some('#' | '>' | '-' | '+' | '~')) => format!("\\{line}"),
        (number, _) if !number.is_empty() && numbered => format!("{number}\\{rest}"),
        _ => line.to_string(),
    }
}

#[cfg(test)]
mod tests;
