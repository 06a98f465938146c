//! Signatures and footers: text below a message that is the same in every mail.

use super::line::{Line, Mark};
use super::phrases::{BEHIND_DEVICES, DEVICE_ENDS, DEVICES, DISCLAIMER, SENT_FROM, SENT_FROM_ENDS, SHORT_DEVICES};

/// The most lines of a signature below its mark; more lines are text below a rule.
const LINES_MAX: usize = 20;
/// The longest line that a phone adds, in characters.
const SENT_FROM_MAX: usize = 120;

/// Which of the written lines are a signature or a footer. `own` tells for each line whether it was written.
pub fn find(lines: &[Line], own: &[bool]) -> Vec<bool> {
    let mut folded = vec![false; lines.len()];
    in_elements(lines, &mut folded);
    let is_own =
        |at: usize, folded: &[bool]| own.get(at).copied().unwrap_or(false) && !folded.get(at).copied().unwrap_or(true);
    // Each run of written lines before a quotation or the end may end with one.
    let mut end = lines.len();
    while end > 0 {
        let Some(last) = (0..end).rev().find(|at| is_own(*at, &folded)) else { break };
        let first = (0..=last).rev().take_while(|at| is_own(*at, &folded)).last().unwrap_or(last);
        for at in in_run(lines, first, last) {
            if let Some(flag) = folded.get_mut(at) {
                *flag = true;
            }
        }
        end = first;
    }
    folded
}

fn in_elements(lines: &[Line], folded: &mut [bool]) {
    let mut inside = false;
    for (line, flag) in lines.iter().zip(folded.iter_mut()) {
        match line.mark {
            Some(Mark::SignatureStart) => inside = true,
            Some(Mark::SignatureEnd | Mark::Quotation) => inside = false,
            None => *flag = inside && line.depth == 0,
        }
    }
}

fn in_run(lines: &[Line], first: usize, last: usize) -> std::ops::RangeInclusive<usize> {
    let mut start = last + 1;
    while let Some(at) = (first..start).rev().find(|at| lines.get(*at).is_some_and(|line| !line.is_blank())) {
        let paragraph = (first..=at)
            .rev()
            .take_while(|at| lines.get(*at).is_some_and(|line| !line.is_blank()))
            .last()
            .unwrap_or(at);
        let text: Vec<&str> =
            lines.get(paragraph..=at).unwrap_or_default().iter().map(|line| line.bare.as_str()).collect();
        // Text announced by a colon is no signature.
        let above = (first..at).rev().find_map(|at| lines.get(at).filter(|line| !line.is_blank()));
        let is_announced = above.is_some_and(|above| above.bare.ends_with([':', '：']));
        if !is_announced && lines.get(at).is_some_and(|line| is_sent_from(&line.bare)) {
            start = at;
        } else if is_disclaimer(&text.join(" ")) {
            start = paragraph;
        } else {
            break;
        }
    }
    let mark = (first..start).rev().take(LINES_MAX).find(|at| lines.get(*at).is_some_and(|line| is_mark(&line.shown)));
    if let Some(mark) = mark.filter(|mark| start - mark <= LINES_MAX) {
        start = mark;
    }
    start..=last
}

/// `-- ` (RFC 3676, 4.3), whose space many programs omit.
fn is_mark(shown: &str) -> bool {
    matches!(shown.trim_end(), "--" | "\\--" | "—" | "\\-\\-" | "__")
}

/// `Sent from my iPhone`: a whole line with a program's beginning and the name of a device or a program at its end. A line that continues is a
/// sentence of the author.
fn is_sent_from(bare: &str) -> bool {
    let small = without_addresses(bare).to_lowercase().replace('’', "'");
    let line = small.trim_matches(['(', '<', '[', ')', '>', ']', '-', '—', '.', ' ']);
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
fn without_addresses(bare: &str) -> String {
    let bare = bare.replace(['<', '('], " <");
    let is_address = |word: &&str| word.trim_matches(['<', '(', '[', ')', ']', '>']).starts_with("http");
    bare.split(' ').filter(|word| !word.is_empty() && !is_address(word)).collect::<Vec<_>>().join(" ")
}

/// Whether a text is about a device or a program, and ends with it.
fn names_device(text: &str) -> bool {
    let continues = ["! ", "? ", "; ", "。", "，", ", so ", ", please "].iter().any(|mark| text.contains(mark));
    let words: Vec<&str> = text.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).collect();
    let mut others = 0;
    let mut last = None;
    for (at, word) in words.iter().enumerate() {
        if is_device(word) {
            (others, last) = (0, Some(at));
        } else if !is_model(word) {
            others += 1;
        }
        // A name has few other words in it: `the all new AOL app for Android`.
        if others > 3 || last == Some(at) && word.ends_with('.') && at + 1 < words.len() {
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
pub fn is_sentence(bare: &str) -> bool {
    let small = bare.to_lowercase();
    bare.ends_with(['.', '!', '?', '。', '！', '？', '؟'])
        && (bare.split(' ').count() >= 4 || !bare.is_ascii() && bare.chars().count() >= 8)
        && !is_sent_from(bare)
        && !DISCLAIMER.iter().any(|word| small.contains(*word))
}

fn is_disclaimer(text: &str) -> bool {
    let small = text.to_lowercase();
    text.chars().count() >= 60 && DISCLAIMER.iter().filter(|word| small.contains(*word)).count() >= 2
}
