//! Finds the start of a quoted mail.

use super::attribution::{self, Certainty};
use super::header_block;
use super::line::{Line, Mark};
use super::phrases::SEPARATORS;

/// The start of a quoted mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The first line that belongs to it.
    pub at: usize,
    /// The first line after its announcement.
    pub body: usize,
    /// Whether it counts whatever follows; otherwise only if quoted lines follow.
    pub is_certain: bool,
}

/// The first start of a quoted mail at or after a line, among unquoted lines.
pub fn find(lines: &[Line], from: usize) -> Option<Start> {
    (from..lines.len()).find_map(|at| start(lines, at))
}

/// The start of a quoted mail at a line.
pub fn start(lines: &[Line], at: usize) -> Option<Start> {
    let rest = lines.get(at..)?;
    // GroupWise: `>>> Acme <help@acme.example> 27.11.2026 10:00 >>>`, and below it the quoted mail without marks.
    if rest.first().is_some_and(|line| line.depth >= 3 && line.bare.ends_with(">>>")) {
        return Some(Start { at, body: at + 1, is_certain: true });
    }
    let line = rest.first().filter(|line| line.depth == 0)?;
    if line.mark == Some(Mark::Quotation) {
        return Some(announced(lines, at, at + 1, true).unwrap_or(Start { at, body: at + 1, is_certain: true }));
    }
    if line.is_blank() {
        return None;
    }
    if is_separator(&line.bare) {
        return Some(announced(lines, at, at + 1, true).unwrap_or(Start { at, body: at + 1, is_certain: true }));
    }
    if is_rule(&line.bare) || is_named(&line.bare) {
        return announced(lines, at, at + 1, false);
    }
    if is_headline(&line.bare)
        && let Some(start) = announced(lines, at, at + 1, false)
    {
        return Some(start);
    }
    if let Some(block) = header_block::read(rest, false) {
        return Some(Start { at, body: at + block.lines, is_certain: true });
    }
    let (count, certainty) = attribution::read(rest)?;
    Some(Start { at, body: at + count, is_certain: certainty == Certainty::Strong })
}

/// What a rule or a place in the HTML announces: a header block or an attribution, after at most two empty lines.
fn announced(lines: &[Line], at: usize, from: usize, trusted: bool) -> Option<Start> {
    let mut next = from;
    while next < from + 4
        && lines.get(next).is_some_and(|line| line.is_blank() || is_rule(&line.bare) || is_separator(&line.bare))
    {
        next += 1;
    }
    let rest = lines.get(next..)?;
    rest.first().filter(|line| line.depth == 0)?;
    if let Some(block) = header_block::read(rest, trusted) {
        return Some(Start { at, body: next + block.lines, is_certain: true });
    }
    let (count, certainty) = attribution::read(rest)?;
    Some(Start { at, body: next + count, is_certain: trusted || certainty == Certainty::Strong })
}

/// A line of one repeated sign: dashes, underscores, stars, equals signs.
pub fn is_rule(bare: &str) -> bool {
    let mut signs = bare.chars().filter(|c| *c != ' ');
    let Some(first) = signs.next().filter(|c| matches!(c, '-' | '_' | '=' | '—' | '–' | '─' | '━' | '*' | '~' | '#'))
    else {
        return false;
    };
    bare.chars().count() >= 5 && signs.all(|c| c == first)
}

/// `-----Original Message-----` in any of the languages, or `Begin forwarded message:`.
fn is_separator(bare: &str) -> bool {
    let inside =
        bare.trim_matches(is_dash).trim().trim_matches(['[', ']', ':', '：', ' ']).to_lowercase().replace('’', "'");
    let known = SEPARATORS.contains(&inside.as_str());
    let in_dashes = bare.starts_with(is_dash) && bare.ends_with(is_dash);
    let alone = bare.ends_with([':', '：']) && inside.contains(' ') && inside.chars().count() > 12;
    known && (in_dashes || alone)
        // Two languages with dashes between them.
        || in_dashes && inside.split(" --- ").chain(inside.split(" / ")).any(|part| SEPARATORS.contains(&part.trim()))
}

/// The words of such a headline alone, as in BlackBerry.
fn is_named(bare: &str) -> bool {
    SEPARATORS.contains(&bare.trim_matches([':', '：', ' ']).to_lowercase().as_str())
}

/// Words between dashes that may be such a headline in another language; the delimiters of keys and certificates are none.
fn is_headline(bare: &str) -> bool {
    let dashes = |text: &str| text.chars().take_while(|c| is_dash(*c)).count();
    let reversed: String = bare.chars().rev().collect();
    let inside = bare.trim_matches(is_dash).trim();
    dashes(bare) >= 3
        && dashes(&reversed) >= 3
        && inside.chars().any(char::is_alphabetic)
        && inside.chars().count() <= 60
        && !inside.starts_with("BEGIN ")
        && !inside.starts_with("END ")
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '—' | '–' | '─' | '━' | '_' | '=' | ' ')
}
