//! Classifies the lines of a mail: quotations are removed, inline replies between quoted lines stay, signatures are folded, and nothing passes
//! that only agents may read.

use super::gateway_text::{self, KnownTexts};
use super::line::{Line, Mark};
use super::{quotation, signature};

/// The class of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Written by the author.
    Own,
    /// Quoted, and preserved because a reply to it follows.
    Quoted,
    /// Folded: a signature, a footer.
    Folded,
    /// Removed: an older mail, and its announcement.
    Left,
    /// Only for agents.
    Private,
}

/// How many quoted lines stay above an inline reply.
const CONTEXT_LINES: usize = 3;
/// How many lines beginning with `>` stay at the end of a mail if nothing shows that they are quoted.
const TYPED_LINES: usize = 20;
/// The largest distance between the place where a program inserts an older mail and its first quoted line.
const ANNOUNCEMENT_LINES: usize = 8;

/// The class of each line.
pub fn parts(lines: &[Line], known_texts: &KnownTexts) -> Vec<Part> {
    let private = gateway_text::find(lines, known_texts);
    let mut parts: Vec<Part> = (0..lines.len())
        .map(|index| {
            let is_private = private.lines.get(index).copied().unwrap_or(false)
                || private.cut_line.is_some_and(|cut_line| index >= cut_line);
            if is_private { Part::Private } else { Part::Own }
        })
        .collect();
    let quoted_from = leave_older_mail(lines, &mut parts);
    leave_quoted(lines, known_texts, quoted_from, &mut parts);
    let is_own: Vec<bool> = parts.iter().map(|part| *part == Part::Own).collect();
    for (folded, part) in signature::find(lines, &is_own).iter().zip(parts.iter_mut()) {
        if *folded && *part == Part::Own {
            *part = Part::Folded;
        }
    }
    parts
}

fn set(parts: &mut [Part], range: std::ops::Range<usize>, to: Part) {
    for part in parts.get_mut(range).unwrap_or_default() {
        if *part != Part::Private {
            *part = to;
        }
    }
}

/// Removes older mails and their announcements. Returns the line from which on quoted lines belong to an older mail, if there is one.
fn leave_older_mail(lines: &[Line], parts: &mut [Part]) -> Option<usize> {
    let (mut start_from, mut quoted_from) = (0, None);
    while let Some(start) = quotation::find(lines, start_from) {
        let first = (start.body..lines.len())
            .find(|index| lines.get(*index).is_some_and(|line| !line.is_blank() || line.depth > 0));
        let is_quoted = |index: usize| lines.get(index).is_some_and(|line| line.depth > 0);
        let marked = match first {
            Some(index) if is_quoted(index) => Some(index),
            // The sender's program announced it in unknown words.
            Some(index) if lines.get(start.first_line).is_some_and(|line| line.mark == Some(Mark::Quotation)) => {
                let mut rest = (index..lines.len())
                    .filter(|index| lines.get(*index).is_some_and(|line| !line.is_blank() || line.depth > 0));
                rest.by_ref().take(ANNOUNCEMENT_LINES).find(|index| is_quoted(*index))
            }
            _ => None,
        };
        match marked {
            Some(body) => {
                set(parts, start.first_line..body, Part::Left);
                quoted_from = quoted_from.or(Some(body));
                start_from = body;
            }
            None if start.is_certain => {
                set(parts, start.first_line..lines.len(), Part::Left);
                return quoted_from;
            }
            None => start_from = start.first_line + 1,
        }
    }
    quoted_from
}

/// Removes quoted lines, except for those above an inline reply that the customer knows, and for lines that somebody typed with a `>`.
fn leave_quoted(lines: &[Line], known_texts: &KnownTexts, quoted_from: Option<usize>, parts: &mut [Part]) {
    let is_written = |parts: &[Part], index: usize| {
        parts.get(index) == Some(&Part::Own) && lines.get(index).is_some_and(|line| line.depth == 0 && !line.is_blank())
    };
    let last_written = (0..lines.len()).rev().find(|index| is_written(parts, *index));
    let mut index = 0;
    // The last lines of each block that a reply follows.
    let mut contexts: Vec<Vec<usize>> = Vec::new();
    while index < lines.len() {
        if lines.get(index).is_none_or(|line| line.depth == 0) {
            index += 1;
            continue;
        }
        let end = (index..lines.len())
            .find(|index| lines.get(*index).is_none_or(|line| line.depth == 0))
            .unwrap_or(lines.len());
        let block = index..end;
        let readable: Vec<usize> =
            block.clone().filter(|index| lines.get(*index).is_some_and(|line| !line.is_blank())).collect();
        let known_lines = readable
            .iter()
            .filter(|index| lines.get(**index).is_some_and(|line| known_texts.is_in_conversation(line)))
            .count();
        let has_private = block.clone().any(|index| parts.get(index) == Some(&Part::Private));
        let is_older =
            quoted_from.is_some_and(|line| index >= line) || has_private || known_lines * 2 >= readable.len().max(1);
        let answered = last_written.is_some_and(|last| last >= end);
        let line_above = (0..index).rev().find(|index| lines.get(*index).is_some_and(|line| !line.is_blank()));
        let introduced = line_above.is_some_and(|line_above| {
            is_written(parts, line_above) && lines.get(line_above).is_some_and(|line| line.plain.ends_with([':', '：']))
        });
        let stays = !is_older && line_above.is_some() && (answered || introduced && readable.len() <= TYPED_LINES);
        if stays {
            set(parts, block, Part::Quoted);
        } else {
            set(parts, block, Part::Left);
            let next = (end..lines.len()).find(|index| lines.get(*index).is_some_and(|line| !line.is_blank()));
            if next.is_some_and(|next| is_written(parts, next)) {
                contexts.push(context(lines, known_texts, &readable, parts));
            }
        }
        index = end;
    }
    let first = contexts.iter().flatten().min().copied().unwrap_or(0);
    // A single reply below the whole mail needs no context.
    if contexts.len() > 1 || (0..first).any(|index| is_written(parts, index)) {
        contexts.into_iter().flatten().for_each(|index| set(parts, index..index + 1, Part::Quoted));
    }
}

/// The last lines of a quoted block, if the customer knows them.
fn context(lines: &[Line], known_texts: &KnownTexts, readable: &[usize], parts: &[Part]) -> Vec<usize> {
    let is_known =
        |index: usize| lines.get(index).is_some_and(|line| known_texts.is_in_conversation(line) && line.depth == 1);
    let last =
        readable.iter().rev().copied().take_while(|index| is_known(*index) && parts.get(*index) == Some(&Part::Left));
    last.take(CONTEXT_LINES).collect()
}
