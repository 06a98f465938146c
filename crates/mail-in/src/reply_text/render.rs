//! Renders the remaining lines as Markdown and as plain text.

use super::compose::Part;
use super::flowed;
use super::line::{Line, is_hidden};
use markdown::escape;

/// The wanted parts of a mail as plain text, with marks on quoted lines.
pub fn render_text(lines: &[Line], parts: &[Part], parts_shown: &[Part]) -> String {
    let lines = lines.iter().zip(parts).filter(|(line, part)| parts_shown.contains(part) && line.mark.is_none());
    let text: Vec<String> = lines
        .map(|(line, part)| {
            let display: String = line.display.chars().filter(|c| !is_hidden(*c) || *c == '\u{200d}').collect();
            let mark =
                if *part == Part::Quoted { [">".repeat(line.depth).as_str(), " "].concat() } else { String::new() };
            [mark, display].concat().trim_end().to_string()
        })
        .collect();
    without_gaps(&text)
}

/// Text of a mail as Markdown that renders the same: paragraphs are joined, intended line breaks stay, code stays code.
pub fn of_text(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<String> = Vec::new();
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let rest = lines.get(index..).unwrap_or_default();
        let code = code_lines(rest);
        if code > 0 {
            out.push(code_block(rest.get(..code).unwrap_or_default()));
            index += code;
        } else if let Some(quoted) = line.strip_prefix("> ") {
            out.push(format!("> {}", words(quoted)));
            index += 1;
            if lines.get(index).is_some_and(|next| !next.starts_with("> ") && !next.is_empty()) {
                out.push(String::new());
            }
        } else {
            out.push(words(line));
            index += 1;
        }
    }
    with_breaks(&out)
}

/// How many lines from the first on are code: indented ones, or a key between its delimiters.
fn code_lines(lines: &[&str]) -> usize {
    let Some(first) = lines.first() else { return 0 };
    if first.starts_with("-----BEGIN ") && first.trim_end().ends_with("-----") {
        let end = lines.iter().take(400).position(|line| line.starts_with("-----END "));
        return end.map_or(0, |end| end + 1);
    }
    let is_code = |line: &&&str| flowed::is_code(line) && !flowed::is_item(line.trim_start());
    lines.iter().take_while(is_code).count()
}

fn code_block(lines: &[&str]) -> String {
    let fence = if lines.iter().any(|line| line.contains("```")) { "~~~" } else { "```" };
    let indented = lines.iter().all(|line| flowed::is_code(line));
    let strip = |line: &str| {
        let line =
            if indented { line.strip_prefix("    ").or_else(|| line.strip_prefix('\t')).unwrap_or(line) } else { line };
        line.trim_end().to_string()
    };
    let content: Vec<String> = lines.iter().map(|line| strip(line)).collect();
    format!("{fence}\n{}\n{fence}", content.join("\n"))
}

fn words(line: &str) -> String {
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// A word escaped for Markdown; web addresses become links unchanged.
fn word(word: &str) -> String {
    if word.starts_with("https://") || word.starts_with("http://") { word.into() } else { escape(word) }
}

/// Two spaces at the end of a line keep it apart from the next.
fn with_breaks(lines: &[String]) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1);
        let is_alone = |line: &str| line.is_empty() || line.starts_with("```") || line.starts_with("~~~");
        let breaks = next.is_some_and(|next| !is_alone(next)) && !is_alone(line);
        out.push_str(line);
        out.push_str(if breaks { "  \n" } else { "\n" });
    }
    out.trim_matches(['\n', ' ']).into()
}

/// The wanted parts of Markdown converted from HTML, with breaks and fences closed again.
pub fn of_markdown(lines: &[Line], parts: &[Part], parts_shown: &[Part]) -> String {
    let mut out: Vec<String> = Vec::new();
    for (line, part) in lines.iter().zip(parts) {
        if parts_shown.contains(part) && line.mark.is_none() {
            let mark = ">".repeat(line.depth);
            out.push(if line.depth > 0 {
                format!("{mark} {}", line.display).trim_end().into()
            } else {
                line.display.clone()
            });
        } else if out.last().is_some_and(|last| !last.is_empty()) {
            out.push(String::new());
        }
    }
    for fence in ["```", "~~~"] {
        if out.iter().filter(|line| line.trim_start_matches(['>', ' ']) == fence).count() % 2 == 1 {
            out.retain(|line| line.trim_start_matches(['>', ' ']) != fence);
        }
    }
    let last_of_paragraph =
        |index: usize| out.get(index + 1).is_none_or(|next| next.trim_matches(['>', ' ']).is_empty());
    let closed: Vec<String> = (0..out.len())
        .filter_map(|index| {
            let line = out.get(index)?;
            let odd = line.len() - line.trim_end_matches('\\').len();
            Some(if odd % 2 == 1 && last_of_paragraph(index) {
                line.get(..line.len() - 1)?.trim_end().into()
            } else {
                line.clone()
            })
        })
        .collect();
    without_gaps(&closed)
}

/// Lines with at most one empty line between two, and none at the ends.
fn without_gaps(lines: &[String]) -> String {
    let mut out: Vec<&str> = Vec::new();
    for line in lines {
        if !line.trim().is_empty() || out.last().is_some_and(|last| !last.is_empty()) {
            out.push(if line.trim().is_empty() { "" } else { line });
        }
    }
    let text = out.join("\n");
    let text = text.trim_matches('\n').trim_end();
    let is_indented = flowed::is_code(text);
    (if is_indented { text } else { text.trim_start() }).to_string()
}
