//! Finds the start of a quoted mail.

use super::attribution::{self, Certainty};
use super::header_block;
use super::line::{Line, Mark};
use super::phrases::SEPARATORS;

/// The start of a quoted mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The first line that belongs to it.
    pub first_line: usize,
    /// The first line after its announcement.
    pub body: usize,
    /// Whether it counts whatever follows; otherwise only if quoted lines follow.
    pub is_certain: bool,
}

/// The first start of a quoted mail at or after a line, among unquoted lines.
pub fn find(lines: &[Line], first: usize) -> Option<Start> {
    (first..lines.len()).find_map(|index| start(lines, index))
}

/// The start of a quoted mail at a line.
pub fn start(lines: &[Line], index: usize) -> Option<Start> {
    let rest = lines.get(index..)?;
    // GroupWise: `>>> Acme <help@acme.example> 27.11.2026 10:00 >>>`, and below it the quoted mail without marks.
    if rest.first().is_some_and(|line| line.depth >= 3 && line.plain.ends_with(">>>")) {
        return Some(Start { first_line: index, body: index + 1, is_certain: true });
    }
    let line = rest.first().filter(|line| line.depth == 0)?;
    if line.mark == Some(Mark::Quotation) {
        return Some(announced(lines, index, index + 1, true).unwrap_or(Start {
            first_line: index,
            body: index + 1,
            is_certain: true,
        }));
    }
    if line.is_blank() {
        return None;
    }
    if is_separator(&line.plain) {
        return Some(announced(lines, index, index + 1, true).unwrap_or(Start {
            first_line: index,
            body: index + 1,
            is_certain: true,
        }));
    }
    if is_rule(&line.plain) || is_named(&line.plain) {
        return announced(lines, index, index + 1, false);
    }
    if is_headline(&line.plain)
        && let Some(start) = announced(lines, index, index + 1, false)
    {
        return Some(start);
    }
    if let Some(block) = header_block::read(rest, false) {
        return Some(Start { first_line: index, body: index + block.lines, is_certain: true });
    }
    let (count, certainty) = attribution::read(rest)?;
    Some(Start { first_line: index, body: index + count, is_certain: certainty == Certainty::Strong })
}

/// What a rule or a place in the HTML announces: a header block or an attribution, after at most two empty lines.
fn announced(lines: &[Line], index: usize, first: usize, trusted: bool) -> Option<Start> {
    let mut next = first;
    while next < first + 4
        && lines.get(next).is_some_and(|line| line.is_blank() || is_rule(&line.plain) || is_separator(&line.plain))
    {
        next += 1;
    }
    let rest = lines.get(next..)?;
    rest.first().filter(|line| line.depth == 0)?;
    if let Some(block) = header_block::read(rest, trusted) {
        return Some(Start { first_line: index, body: next + block.lines, is_certain: true });
    }
    let (count, certainty) = attribution::read(rest)?;
    Some(Start { first_line: index, body: next + count, is_certain: trusted || certainty == Certainty::Strong })
}

/// A line of one repeated sign: dashes, underscores, stars, equals signs.
pub fn is_rule(text: &str) -> bool {
    let mut signs = text.chars().filter(|c| *c != ' ');
    let Some(first) = signs.next().filter(|c| matches!(c, '-' | '_' | '=' | '—' | '–' | '─' | '━' | '*' | '~' | '#'))
    else {
        return false;
    };
    text.chars().count() >= 5 && signs.all(|c| c == first)
}

/// `-----Original Message-----` in any of the languages, or `Begin forwarded message:`.
fn is_separator(text: &str) -> bool {
    let inner_text =
        text.trim_matches(is_dash).trim().trim_matches(['[', ']', ':', '：', ' ']).to_lowercase().replace('’', "'");
    let is_known = SEPARATORS.contains(&inner_text.as_str());
    let in_dashes = text.starts_with(is_dash) && text.ends_with(is_dash);
    let is_heading = text.ends_with([':', '：']) && inner_text.contains(' ') && inner_text.chars().count() > 12;
    is_known && (in_dashes || is_heading)
        // Two languages with dashes between them.
        || in_dashes && inner_text.split(" --- ").chain(inner_text.split(" / ")).any(|part| SEPARATORS.contains(&part.trim()))
}

/// The words of such a headline alone, as in BlackBerry.
fn is_named(text: &str) -> bool {
    SEPARATORS.contains(&text.trim_matches([':', '：', ' ']).to_lowercase().as_str())
}

/// Words between dashes that may be such a headline in another language; the delimiters of keys and certificates are none.
fn is_headline(text: &str) -> bool {
    let dashes = |text: &str| text.chars().take_while(|c| is_dash(*c)).count();
    let reversed: String = text.chars().rev().collect();
    let inner_text = text.trim_matches(is_dash).trim();
    dashes(text) >= 3
        && dashes(&reversed) >= 3
        && inner_text.chars().any(char::is_alphabetic)
        && inner_text.chars().count() <= 60
        && !inner_text.starts_with("BEGIN ")
        && !inner_text.starts_with("END ")
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '—' | '–' | '─' | '━' | '_' | '=' | ' ')
}
