//! Recognises the gateway's own text for agents, which no customer may read: by its wording, whatever has wrapped, quoted, marked or translated
//! it, and by what is known about the ticket.

use super::attribution;
use super::header_block::{has_reference, is_date, label};
use super::line::{Line, letters, plain_text};
use super::quotation::is_rule;

/// The line above which agents write: the first of each mail to a desk.
pub const MARKER: &str = "##- Please write your answer above this line -##";
/// The same as letters only.
const MARKER_LETTERS: &str = "writeyouranswerabovethisline";
/// The fewest dashes of the rule between the customer's message and the part for agents.
const RULE_MIN: usize = 30;
/// The labels of lines for agents, in lower case, with those of earlier versions.
const LABELS: &[&str] = &[
    "reference",
    "kind",
    "severity",
    "topic",
    "team",
    "person",
    "in the form",
    "organization",
    "plan",
    "page",
    "build",
    "tenant",
    "browser",
    "error",
    "request",
    "question read",
    "read before",
    "field",
    "link",
    "sent from",
    "came by",
    "account access allowed",
    "may look into the account",
];
/// Parts of notices for agents, as letters only.
const NOTICES: &[&str] = &[
    "nobodyhasconfirmedwhosentthis",
    "butnobodyhasconfirmedit",
    "donotshareaccountdetails",
    "youranswersmaybereadbysomebodyelse",
    "nothingelseaboutthemisverified",
    "filesthatarenotattachedhere",
];
/// How far around a line the lines that belong to it are searched for.
const RUN_MAX: usize = 60;
/// How much of a conversation is compared, in bytes.
const CONVERSATION_MAX: usize = 64 << 10;
/// The shortest run of letters that identifies a line without a label on its own.
const TELLING: usize = 12;
/// The shortest line with its label that identifies itself inside of any text.
const FACT: usize = 20;

/// The shortest label with its value that counts if nothing is between them.
const SHORT_FACT: usize = 6;

/// What is known about the ticket that a mail replies to.
#[derive(Clone, Debug, Default)]
pub struct KnownTexts {
    /// The segments of mails that only agents may read, as letters only.
    private: Vec<String>,
    /// The same as written.
    texts: Vec<String>,
    /// The lines `Label: value` that only agents may read, except the reference, as letters only.
    facts: Vec<String>,
    /// The addresses of links for agents, as letters only.
    secrets: Vec<String>,
    /// The messages of the conversation, as letters only.
    conversation: Vec<String>,
}

impl KnownTexts {
    /// `private` are texts that only agents may read, with lines `Label: value` together; `conversation` is what the customer knows, most
    /// important first: only a part of it is compared.
    pub fn new<'a>(private: &[String], conversation: impl IntoIterator<Item = &'a str>) -> KnownTexts {
        let secrets =
            private.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("Link:")).flat_map(|line| {
                line.split([' ', ',']).filter_map(|word| word.split_once("://")).map(|(_, address)| letters(address))
            });
        let lines = private.iter().flat_map(|text| text.lines());
        let is_fact = |line: &&str| has_own_label(line) && !is_reference(line);
        let facts = lines.filter(is_fact).map(letters).filter(|fact| fact.len() >= SHORT_FACT);
        KnownTexts {
            facts: facts.collect::<std::collections::BTreeSet<_>>().into_iter().collect(),
            private: private.iter().map(|text| letters(text)).collect(),
            texts: private.to_vec(),
            secrets: secrets.filter(|secret| secret.len() >= TELLING).collect(),
            conversation: conversation
                .into_iter()
                .map(letters)
                .scan(0, |length, message| {
                    *length += message.len();
                    (*length <= CONVERSATION_MAX).then_some(message)
                })
                .collect(),
        }
    }

    /// Whether the customer knows a line already.
    pub fn is_in_conversation(&self, line: &Line) -> bool {
        let text = letters(&line.plain);
        text.len() >= 3 && self.conversation.iter().any(|message| message.contains(&text))
    }

    fn is_private(&self, text: &str) -> bool {
        !text.is_empty() && self.private.iter().any(|private| private.contains(text))
    }

    fn has_secret(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.as_str()))
    }
}

/// The lines that only agents may read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private {
    /// For each line, whether it is one.
    pub lines: Vec<bool>,
    /// The first line of a mail that is not marked as quoted: nothing from there on is for the customer.
    pub cut_line: Option<usize>,
}

/// Finds what only agents may read.
pub fn find(lines: &[Line], known_texts: &KnownTexts) -> Private {
    let texts: Vec<String> = lines.iter().map(|line| letters(&line.plain)).collect();
    let mut private: Vec<bool> =
        (0..lines.len()).map(|index| is_letter_line(lines, &texts, index, known_texts)).collect();
    spread(lines, &texts, known_texts, &mut private);
    let cut_line = cut_line_of(lines, &texts, &private).map(|index| with_announcement(lines, index, known_texts));
    Private { lines: private, cut_line }
}

/// Whether a text for the customer still contains anything that only agents may read.
pub fn is_leaked(text: &str, known_texts: &KnownTexts) -> bool {
    let all_letters = letters(&plain_text(text));
    let facts = |line: &str| {
        let Some((name, value)) = label(line) else { return false };
        let (name, value) = (name.to_lowercase(), letters(value));
        LABELS.contains(&name.as_str()) && value.len() >= 4 && known_texts.is_private(&[letters(&name), value].concat())
    };
    let is_fact = |private: &String| {
        let mut lines = private.lines().map(letters);
        lines.any(|line| line.len() >= FACT && all_letters.contains(&line))
    };
    known_texts.has_secret(&all_letters)
        || known_texts.texts.iter().any(is_fact)
        || all_letters.contains(MARKER_LETTERS)
        || lists_facts(text, &all_letters, known_texts)
        || NOTICES.iter().any(|notice| all_letters.contains(notice))
        || text.lines().any(|line| {
            let line = plain_text(line.trim_start_matches(['>', ' ']));
            facts(&line) || has_own_label(&line) && is_reference(&line) || holds_facts(&line)
        })
}

/// Whether a text lists facts of the ticket with nothing between a label and its value, as in tables: two on their own in a line or in a part
/// of one or two lines, or three anywhere.
fn lists_facts(text: &str, all_letters: &str, known_texts: &KnownTexts) -> bool {
    let facts_found: Vec<&String> =
        known_texts.facts.iter().filter(|fact| all_letters.contains(fact.as_str())).collect();
    if facts_found.len() >= 3 || facts_found.len() < 2 {
        return facts_found.len() >= 3;
    }
    let lines: Vec<String> =
        text.lines().map(|line| letters(&plain_text(line))).filter(|line| !line.is_empty()).collect();
    let pairs = lines.windows(2).map(|pair| pair.concat());
    let parts = text.split(['\n', ',', ';', '.', '|', '\t']).map(|part| letters(&plain_text(part)));
    let fields: std::collections::HashSet<String> = pairs.chain(parts).chain(lines.iter().cloned()).collect();
    facts_found.into_iter().filter(|fact| fields.contains(fact.as_str())).count() >= 2
}

/// Whether one line has the reference and other facts, each with its label; a sentence that only names the reference does not.
fn holds_facts(line: &str) -> bool {
    let lower = line.to_lowercase();
    let labels = LABELS.iter().filter(|label| lower.contains(&format!("{label}:")));
    lower.contains("reference:") && has_reference(line) && labels.count() >= 3
}

/// Splits lines in which such a text follows something else, from programs that join everything to one line.
pub fn split(lines: Vec<Line>, make_line: impl Fn(&str) -> Line) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        let start = begins_inside(&line.display).filter(|_| line.mark.is_none());
        match start.and_then(|start| line.display.split_at_checked(start)) {
            Some((before, rest)) if !make_line(before).plain.is_empty() => {
                let part = |text: &str| Line { depth: line.depth, ..make_line(text) };
                out.extend([part(before.trim_end()), part(rest)]);
            }
            _ => out.push(line),
        }
    }
    out
}

fn begins_inside(text: &str) -> Option<usize> {
    let dashes = text.find(&"-".repeat(RULE_MIN));
    let word = |word: &str, follows: &str| {
        text.match_indices(word).map(|(offset, _)| offset).find(|offset| {
            let rest = text.get(*offset..).unwrap_or_default();
            let start: String = rest.chars().take(60).collect();
            letters(&start).starts_with(follows)
        })
    };
    let starts = [
        dashes,
        word("Reference", "referencedb"),
        word("[Not verified]", "notverified"),
        word("##-", "pleasewriteyour"),
    ];
    starts.into_iter().flatten().min()
}

fn is_letter_line(lines: &[Line], texts: &[String], index: usize, known_texts: &KnownTexts) -> bool {
    let (Some(line), Some(text)) = (lines.get(index), texts.get(index)) else { return false };
    if line.is_blank() {
        return false;
    }
    let window: String = texts.iter().skip(index).take(4).map(String::as_str).collect();
    let begins = |label_text: &str| {
        let found_at = window.find(label_text);
        found_at.is_some_and(|found_at| found_at < text.len() && !text.is_empty())
    };
    if begins(MARKER_LETTERS) || known_texts.has_secret(text) || NOTICES.iter().any(|notice| begins(notice)) {
        return true;
    }
    if known_texts.secrets.iter().any(|secret| begins(secret)) || is_warning(line, text) {
        return true;
    }
    // The rule and the text below it in one line.
    if line.plain.starts_with(&"-".repeat(RULE_MIN)) && has_reference(&line.plain) {
        return true;
    }
    if is_long_rule(&line.plain) {
        let next = lines.iter().skip(index + 1).find(|line| !line.is_blank());
        return next.is_some_and(|next| has_own_label(&next.plain) || is_reference(&next.plain));
    }
    if is_reference(&line.plain) && is_among_labels(lines, index) {
        return true;
    }
    if !has_own_label(&line.plain) {
        return false;
    }
    line.depth > 0 || known_texts.is_private(text) || is_stale(lines, index)
}

/// `[Not verified] …` and `[Address confirmed] …`, with which mails begin.
fn is_warning(line: &Line, text: &str) -> bool {
    line.plain.starts_with('[') && (text.starts_with("notverified") || text.starts_with("addressconfirmed"))
}

/// A line of a mail with outdated facts: it is among others of its kind, one of which is the reference, or three in all.
fn is_stale(lines: &[Line], index: usize) -> bool {
    let run = run(lines, index);
    run.iter().any(|line| is_reference(&line.plain))
        || run.iter().filter(|line| has_own_label(&line.plain)).count() >= 3
}

/// A reference in a line of its own counts with its own label, or among lines with labels.
fn is_among_labels(lines: &[Line], index: usize) -> bool {
    let is_own_label = lines.get(index).is_some_and(|line| has_own_label(&line.plain));
    is_own_label || run(lines, index).iter().filter(|line| label(&line.plain).is_some()).count() >= 3
}

/// The lines around one up to the next empty lines.
fn run(lines: &[Line], index: usize) -> &[Line] {
    let before =
        lines.get(..index).unwrap_or_default().iter().rev().take(RUN_MAX).take_while(|line| !line.is_blank()).count();
    let after = lines.get(index..).unwrap_or_default().iter().take(RUN_MAX).take_while(|line| !line.is_blank()).count();
    lines.get(index - before..index + after).unwrap_or_default()
}

fn is_long_rule(text: &str) -> bool {
    is_rule(text) && text.chars().filter(|c| *c != ' ').count() >= RULE_MIN
}

fn has_own_label(text: &str) -> bool {
    label(text).is_some_and(|(name, _)| LABELS.contains(&name.to_lowercase().as_str()))
}

/// `Reference: DB-4K7Q9`, whatever the label.
fn is_reference(text: &str) -> bool {
    let value = label(text).map(|(_, value)| value.split(' ').next().unwrap_or_default());
    value.is_some_and(|value| value.starts_with("DB-") && has_reference(value))
        && label(text).is_some_and(|(name, _)| name.eq_ignore_ascii_case("reference") || letters(text).len() < 40)
}

/// A wrapped rest of such a line is directly beside it, with or without marks.
fn spread(lines: &[Line], texts: &[String], known_texts: &KnownTexts, private: &mut [bool]) {
    let is_part = |index: usize, gap: usize| {
        let text = texts.get(index).map(String::as_str).unwrap_or_default();
        known_texts.is_private(text) && (gap == 0 || text.len() >= TELLING)
    };
    let translated = |index: usize, private: &[bool]| {
        // Below the reference each line with a label is one, whatever language it was translated to.
        let line = lines.get(index);
        line.is_some_and(|line| label(&line.plain).is_some())
            && run(lines, index).iter().any(|line| is_reference(&line.plain))
            && private.get(index.wrapping_sub(1)).copied().unwrap_or(false)
    };
    for forward in [true, false] {
        let mut last: Option<usize> = None;
        let order: Vec<usize> = if forward { (0..lines.len()).collect() } else { (0..lines.len()).rev().collect() };
        for index in order {
            if lines.get(index).is_none_or(|line| line.is_blank() && line.depth == 0)
                && !private.get(index).copied().unwrap_or(false)
            {
                continue;
            }
            let is_private = private.get(index).copied().unwrap_or(false);
            let gap = last.map_or(usize::MAX, |last| index.abs_diff(last) - 1);
            let joins = gap <= 1 && is_part(index, gap) || forward && translated(index, private);
            if is_private || joins {
                if let Some(flag) = private.get_mut(index) {
                    *flag = true;
                }
                last = Some(index);
            }
        }
    }
}

/// The first line of a mail that is not marked as quoted. A line that only lost its mark on the way does not count, nor one that an agent
/// typed, such as `Plan: scale`.
fn cut_line_of(lines: &[Line], texts: &[String], private: &[bool]) -> Option<usize> {
    let is_private = |index: usize| private.get(index).copied().unwrap_or(false);
    (0..lines.len()).find(|index| {
        let (Some(line), Some(text)) = (lines.get(*index), texts.get(*index)) else { return false };
        if !is_private(*index) || line.depth > 0 {
            return false;
        }
        let before = lines.get(..*index).unwrap_or_default().iter().rposition(|line| !line.is_blank());
        if before.is_some_and(|before| is_private(before) && lines.get(before).is_some_and(|line| line.depth > 0)) {
            return false;
        }
        let run = run(lines, *index);
        let labels = run.iter().filter(|line| has_own_label(&line.plain)).count();
        is_long_rule(&line.plain)
            || is_warning(line, text)
            || is_reference(&line.plain) && run.len() > 1
            || labels >= 3
            || !has_own_label(&line.plain)
    })
}

/// Extends the cut to the announcement above the mail, in any form: a rule, lines with labels, an attribution, and the customer's message.
fn with_announcement(lines: &[Line], cut_line: usize, known_texts: &KnownTexts) -> usize {
    let mut start = cut_line;
    loop {
        let lines_above = lines.get(..start).unwrap_or_default();
        let Some(last) = lines_above.iter().rposition(|line| !line.is_blank()) else { return start };
        let first =
            lines_above.get(..last).unwrap_or_default().iter().rposition(Line::is_blank).map_or(0, |blank| blank + 1);
        let first = first.max(last.saturating_sub(RUN_MAX));
        let block = lines.get(first..=last).unwrap_or_default();
        let says_from_where =
            |line: &Line| line.plain.contains('@') || is_date(&line.plain) || has_reference(&line.plain);
        let labelled =
            block.iter().rev().take_while(|line| label(&line.plain).is_some() || is_rule(&line.plain)).count();
        let labels = block.get(block.len() - labelled..).unwrap_or_default();
        let repeated = block
            .iter()
            .rev()
            .take_while(|line| known_texts.is_in_conversation(line) && letters(&line.plain).len() >= 8)
            .count();
        let announced = (0..block.len()).find(|index| {
            attribution::read(block.get(*index..).unwrap_or_default())
                .is_some_and(|(count, _)| index + count == block.len())
        });
        start = if labelled >= 2 && labels.iter().any(says_from_where)
            || labelled == 1 && labels.iter().all(|line| is_rule(&line.plain))
        {
            last + 1 - labelled
        } else if repeated > 0 {
            last + 1 - repeated
        } else if let Some(index) = announced {
            first + index
        } else {
            return start;
        };
    }
}
