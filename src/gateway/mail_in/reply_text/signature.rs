//! Signatures and footers: what stands below what somebody wrote, in every mail the same.

use super::line::{Line, Mark, letters};
use super::phrases::{DISCLAIMER, SENT_FROM};

/// How many lines a signature below its mark has at most; more is a text below a rule.
const LINES_MAX: usize = 20;
/// The longest line that a phone adds, in characters.
const SENT_FROM_MAX: usize = 120;

/// Which of the lines that somebody wrote are a signature or a footer. `own` says for each line whether it was written.
pub fn find(lines: &[Line], own: &[bool]) -> Vec<bool> {
    let mut folded = vec![false; lines.len()];
    in_elements(lines, &mut folded);
    let is_own =
        |at: usize, folded: &[bool]| own.get(at).copied().unwrap_or(false) && !folded.get(at).copied().unwrap_or(true);
    // Each run of written lines that a quotation or the end follows may end with one.
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
        if lines.get(at).is_some_and(|line| is_sent_from(&line.bare)) {
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

/// `-- ` (RFC 3676, 4.3), of which many programs drop the space.
fn is_mark(shown: &str) -> bool {
    matches!(shown.trim_end(), "--" | "\\--" | "—" | "\\-\\-" | "__")
}

/// `Sent from my iPhone`.
fn is_sent_from(bare: &str) -> bool {
    let small = bare.trim_matches(['(', '<', '[', ')', '>', ']', '-', '—', '.', ' ']).to_lowercase().replace('’', "'");
    small.chars().count() <= SENT_FROM_MAX && SENT_FROM.iter().any(|start| small.starts_with(start))
        || small.ends_with("から送信") && small.chars().count() <= 40
        || small.ends_with("gönderildi") && small.chars().count() <= 60
        || small.ends_with("gesendet") && small.starts_with("von mein")
        || letters(&small).starts_with("sentfrommy")
}

fn is_disclaimer(text: &str) -> bool {
    let small = text.to_lowercase();
    text.chars().count() >= 60 && DISCLAIMER.iter().filter(|word| small.contains(*word)).count() >= 2
}
