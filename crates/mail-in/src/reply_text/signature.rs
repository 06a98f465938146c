//! Signatures and footers: text below a message that is the same in every mail.

use super::line::{Line, Mark};
use super::phrases::{BEHIND_DEVICES, DEVICE_ENDS, DEVICES, DISCLAIMER, SENT_FROM, SENT_FROM_ENDS, SHORT_DEVICES};

/// The most lines of a signature below its mark; more lines are text below a rule.
const LINES_MAX: usize = 20;
/// The longest line that a phone adds, in characters.
const SENT_FROM_MAX: usize = 120;

/// Which of the written lines are a signature or a footer. `own` tells for each line whether it was written.
pub fn find(lines: &[Line], is_own_line: &[bool]) -> Vec<bool> {
    let mut folded = vec![false; lines.len()];
    in_elements(lines, &mut folded);
    let is_own = |index: usize, folded: &[bool]| {
        is_own_line.get(index).copied().unwrap_or(false) && !folded.get(index).copied().unwrap_or(true)
    };
    // Each run of written lines before a quotation or the end may end with one.
    let mut end = lines.len();
    while end > 0 {
        let Some(last) = (0..end).rev().find(|index| is_own(*index, &folded)) else { break };
        let first = (0..=last).rev().take_while(|index| is_own(*index, &folded)).last().unwrap_or(last);
        for index in in_run(lines, first, last) {
            if let Some(flag) = folded.get_mut(index) {
                *flag = true;
            }
        }
        end = first;
    }
    folded
}

fn in_elements(lines: &[Line], folded: &mut [bool]) {
    let mut is_inside = false;
    for (line, flag) in lines.iter().zip(folded.iter_mut()) {
        match line.mark {
            Some(Mark::SignatureStart) => is_inside = true,
            Some(Mark::SignatureEnd | Mark::Quotation) => is_inside = false,
            None => *flag = is_inside && line.depth == 0,
        }
    }
}

fn in_run(lines: &[Line], first: usize, last: usize) -> std::ops::RangeInclusive<usize> {
    let mut start = last + 1;
    while let Some(index) = (first..start).rev().find(|index| lines.get(*index).is_some_and(|line| !line.is_blank())) {
        let paragraph = (first..=index)
            .rev()
            .take_while(|index| lines.get(*index).is_some_and(|line| !line.is_blank()))
            .last()
            .unwrap_or(index);
        let text: Vec<&str> =
            lines.get(paragraph..=index).unwrap_or_default().iter().map(|line| line.plain.as_str()).collect();
        // Text announced by a colon is no signature.
        let line_above = (first..index).rev().find_map(|index| lines.get(index).filter(|line| !line.is_blank()));
        let is_announced = line_above.is_some_and(|line_above| line_above.plain.ends_with([':', '：']));
        if !is_announced && lines.get(index).is_some_and(|line| is_sent_from(&line.plain)) {
            start = index;
        } else if is_disclaimer(&text.join(" ")) {
            start = paragraph;
        } else {
            break;
        }
    }
    let mark =
        (first..start).rev().take(LINES_MAX).find(|index| lines.get(*index).is_some_and(|line| is_mark(&line.display)));
    if let Some(mark) = mark.filter(|mark| start - mark <= LINES_MAX) {
        start = mark;
    }
    start..=last
}

/// `-- ` (RFC 3676, 4.3), whose space many programs omit.
fn is_mark(text: &str) -> bool {
    matches!(text.trim_end(), "--" | "\\--" | "—" | "\\-\\-" | "__")
}

/// `Sent from my iPhone`: a whole line with a program's beginning and the name of a device or a program at its end. A line that continues is a
/// sentence of the author.
fn is_sent_from(text: &str) -> bool {
    let lower = without_addresses(text).to_lowercase().replace('’', "'");
    let line = lower.trim_matches(['(', '<', '[', ')', '>', ']', '-', '—', '.', ' ']);
    if line.chars().count() > SENT_FROM_MAX {
        return false;
    }
    SENT_FROM.iter().any(|start| {
        let rest = line.strip_prefix(start);
        // The device is part of the beginning itself, such as `iphoneから送信`.
        rest.is_some_and(|rest| {
            let holds_device = DEVICES.iter().any(|device| start.contains(device));
            names_device(if holds_device { line } else { rest })
                && (!start.starts_with("von mein") || ends_as_sent(line))
        })
    }) || SENT_FROM_ENDS.iter().any(|end| line.strip_suffix(end).is_some_and(names_device))
}

/// `Von meinem iPhone gesendet`: without the verb a sentence begins with the same words.
fn ends_as_sent(line: &str) -> bool {
    ["gesendet", "geschickt", "verschickt", "versendet", "verfasst"].iter().any(|verb| line.ends_with(verb))
}

/// A line without the addresses of its links: `Get Outlook for iOS<https://aka.ms/o0ukef>`.
fn without_addresses(text: &str) -> String {
    let text = text.replace(['<', '('], " <");
    let is_address = |word: &&str| word.trim_matches(['<', '(', '[', ')', ']', '>']).starts_with("http");
    text.split(' ').filter(|word| !word.is_empty() && !is_address(word)).collect::<Vec<_>>().join(" ")
}

/// Whether a text is about a device or a program, and ends with it.
fn names_device(text: &str) -> bool {
    let continues = ["! ", "? ", "; ", "。", "，", ", so ", ", please "].iter().any(|mark| text.contains(mark));
    let words: Vec<&str> = text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let mut other_words = 0;
    let mut last = None;
    for (index, word) in words.iter().enumerate() {
        if is_device(word) {
            (other_words, last) = (0, Some(index));
        } else if !is_model(word) {
            other_words += 1;
        }
        // A name has few other words in it: `the all new AOL app for Android`.
        if other_words > 3 || last == Some(index) && word.ends_with('.') && index + 1 < words.len() {
            return false;
        }
    }
    let Some(last) = last.filter(|_| !continues) else { return false };
    words.iter().skip(last + 1).all(|word| is_model(word))
}

/// Whether a word is that of a device or a program, including inflected ones and ones at the end of words without spaces.
fn is_device(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let word = DEVICE_ENDS.iter().fold(word, |word, end| word.strip_suffix(end).unwrap_or(word));
    let has_spaces = word.chars().all(|c| (c as u32) < 0x2e80);
    DEVICES.iter().any(|device| if has_spaces { word.contains(device) } else { word.ends_with(device) })
        || SHORT_DEVICES.contains(&word.split([':', '-', '\'']).next().unwrap_or_default())
}

/// Whether a word may follow a device, as a part of its name or as a verb.
fn is_model(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.chars().any(|c| c.is_ascii_digit()) && word.chars().count() <= 6 || BEHIND_DEVICES.contains(&word)
}

/// Whether a line below the mark of a signature is a sentence, and no footer.
pub fn is_sentence(text: &str) -> bool {
    let lower = text.to_lowercase();
    text.ends_with(['.', '!', '?', '。', '！', '？', '؟'])
        && (text.split(' ').count() >= 4 || !text.is_ascii() && text.chars().count() >= 8)
        && !is_sent_from(text)
        && !DISCLAIMER.iter().any(|word| lower.contains(*word))
}

fn is_disclaimer(text: &str) -> bool {
    let lower = text.to_lowercase();
    text.chars().count() >= 60 && DISCLAIMER.iter().filter(|word| lower.contains(*word)).count() >= 2
}
