//! The attribution of a quoted mail: `On Thu, 26 Nov 2026 at 10:00, Acme <help@acme.example> wrote:`, in any language and broken over several
//! lines.

use super::header_block::{has_time, is_date};
use super::line::Line;
use super::phrases::{ON, WROTE, YOU};

/// The most lines of an attribution.
const LINES_MAX: usize = 5;
/// The longest one, in characters.
const LENGTH_MAX: usize = 400;

/// How certain it is that a line is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Valid only if quoted lines follow.
    Weak,
    /// Valid whatever follows.
    Strong,
}

/// The attribution that begins with the first line: the number of its lines, and its certainty.
pub fn read(lines: &[Line]) -> Option<(usize, Certainty)> {
    let depth = lines.first().filter(|line| !line.is_blank())?.depth;
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate().take(LINES_MAX) {
        if line.is_blank() || line.depth != depth {
            return None;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&line.plain);
        if text.chars().count() > LENGTH_MAX {
            return None;
        }
        let Some(certainty) = certainty(&text) else { continue };
        // Lines above it belong to the author, unless the attribution begins there.
        let begins_below = (1..=index).any(|start| {
            let rest: Vec<&str> =
                lines.get(start..=index).unwrap_or_default().iter().map(|line| line.plain.as_str()).collect();
            let rest = rest.join(" ");
            is_whole(&rest) || names_start(&rest) && self::certainty(&rest).is_some()
        });
        return (!begins_below && (index == 0 || is_whole(&text) || names_start(&text)))
            .then_some((index + 1, certainty));
    }
    None
}

/// Whether a text begins like attributions do.
fn names_start(text: &str) -> bool {
    let lower = text.trim_start_matches(['-', ' ', '—', '>']).to_lowercase();
    ON.iter().any(|start| lower.starts_with(start)) || lower.starts_with(char::is_numeric)
}

/// Whether a text has a day or a named address, and the verb, so that nothing above belongs to it.
fn is_whole(text: &str) -> bool {
    certainty(text).is_some() && (is_date(text) || has_time(text)) && (names_start(text) || starts_with_day(text))
}

/// A short word with a comma or a full stop at the start, as days of the week are: `Do., 26. Nov.`, `чт, 26 нояб.`.
fn starts_with_day(text: &str) -> bool {
    let mut words = text.split(' ');
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    first.chars().count() <= 12 && second.starts_with(char::is_numeric)
}

fn certainty(text: &str) -> Option<Certainty> {
    let trimmed = text.trim_start_matches('>').trim_matches(['-', '—', '_', ' ']).trim();
    let was_between_dashes = text.starts_with("--") && text.ends_with("--");
    let ends_open = trimmed.ends_with([':', '：']);
    let lower = trimmed.trim_end_matches([':', '：', '.', ' ']).to_lowercase();
    let has_mailbox = has_mailbox(trimmed);
    let dated = is_date(trimmed);
    let timed = has_time(trimmed);
    let ends_beyond_ascii = lower.ends_with(|c: char| !c.is_ascii());
    // Most lines are no attribution, which their ends show.
    if !ends_open && !was_between_dashes && !ends_beyond_ascii && !trimmed.ends_with('>') {
        return None;
    }
    let wrote = has_verb(&lower);
    if was_between_dashes && wrote {
        return Some(Certainty::Strong);
    }
    // `2013/10/2 Ada <ada@example.com>`: without verb and colon, and nothing else.
    if dated && has_mailbox && trimmed.ends_with('>') && trimmed.starts_with(|c: char| c.is_numeric()) {
        return Some(Certainty::Weak);
    }
    if !ends_open && !(wrote && ends_beyond_ascii && (dated || has_mailbox)) {
        return None;
    }
    let to_you = YOU.iter().any(|you| lower.contains(you));
    let begins = names_start(trimmed);
    if has_mailbox && wrote && (dated || timed || begins || lower.split(' ').count() <= 8) {
        return Some(if to_you { Certainty::Weak } else { Certainty::Strong });
    }
    if has_mailbox && dated {
        return Some(Certainty::Strong);
    }
    if wrote && dated && !to_you && (begins || timed || lower.split(' ').count() <= 14) {
        return Some(Certainty::Strong);
    }
    let has_digit = trimmed.chars().any(char::is_numeric);
    if wrote && (begins && (trimmed.contains(',') || has_digit) || timed || dated) {
        return Some(Certainty::Weak);
    }
    if wrote
        && lower.split(' ').count() <= 6
        && trimmed.split(' ').next().is_some_and(|word| word.starts_with(char::is_uppercase))
    {
        return Some(Certainty::Weak);
    }
    // In a language that is not in the table.
    (has_mailbox || dated && timed).then_some(Certainty::Weak)
}

/// The verb as a word of its own: at the end, or between the day and the name.
fn has_verb(lower: &str) -> bool {
    WROTE.iter().any(|verb| {
        lower.match_indices(verb).any(|(start, _)| {
            let before = lower.get(..start).and_then(|text| text.chars().next_back());
            let after = lower.get(start + verb.len()..).and_then(|text| text.chars().next());
            let is_apart =
                |c: Option<char>| c.is_none_or(|c| !c.is_alphabetic() || !c.is_ascii() && is_without_spaces(c));
            let opens = verb.starts_with(is_without_spaces);
            opens || is_apart(before) && is_apart(after)
        })
    })
}

/// Scripts that write words without spaces, and Korean, which appends endings.
fn is_without_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// Whether a text has an address in brackets.
fn has_mailbox(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('@') {
        let local = before.rsplit([' ', '<', '(', '[', '"', '“', '«', '„', ':', '＜', '（']).next().unwrap_or_default();
        let opened =
            before.strip_suffix(local).is_some_and(|text| text.ends_with(['<', '(', '[', ':', '＜', '（', '"', ' ']));
        let domain = after.split(['>', ')', ']', ' ', '＞', '）', ',']).next().unwrap_or_default();
        let closed = after.strip_prefix(domain).is_some_and(|text| text.starts_with(['>', ')', ']', '＞', '）']));
        if opened && closed && domain.contains('.') && !local.is_empty() {
            return true;
        }
        rest = after;
    }
    false
}
