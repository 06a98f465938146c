//! Recognises the gateway's own text for agents, which no customer may read: by its wording, whatever has wrapped, quoted, marked or translated
//! it, and by what is known about the ticket.

use super::attribution;
use super::header_block::{has_reference, is_date, label};
use super::line::{Line, bare, letters};
use super::quotation::is_rule;

/// The line above which agents write: the first of each mail to a desk.
pub const MARKER: &str = "##- Please write your answer above this line -##";
/// The same as letters only.
const MARKER_LETTERS: &str = "writeyouranswerabovethisline";
/// The fewest dashes of the rule between the customer's message and the part for agents.
const RULE_MIN: usize = 30;
/// The labels of lines for agents, in lower case.
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
    "read before",
    "field",
    "link",
    "came by",
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
pub struct Known {
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

impl Known {
    /// `private` are texts that only agents may read, with lines `Label: value` together; `conversation` is what the customer knows, most
    /// important first: only a part of it is compared.
    pub fn new<'a>(private: &[String], conversation: impl IntoIterator<Item = &'a str>) -> Known {
        let secrets =
            private.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("Link:")).flat_map(|line| {
                line.split([' ', ',']).filter_map(|word| word.split_once("://")).map(|(_, address)| letters(address))
            });
        let lines = private.iter().flat_map(|text| text.lines());
        let is_fact = |line: &&str| has_own_label(line) && !is_reference(line);
        let facts = lines.filter(is_fact).map(letters).filter(|fact| fact.len() >= SHORT_FACT);
        Known {
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
        let text = letters(&line.bare);
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
    pub cut: Option<usize>,
}

/// Finds what only agents may read.
pub fn find(lines: &[Line], known: &Known) -> Private {
    let texts: Vec<String> = lines.iter().map(|line| letters(&line.bare)).collect();
    let mut private: Vec<bool> = (0..lines.len()).map(|at| is_letter_line(lines, &texts, at, known)).collect();
    spread(lines, &texts, known, &mut private);
    let cut = cut(lines, &texts, &private).map(|at| with_announcement(lines, at, known));
    Private { lines: private, cut }
}

/// Whether a text for the customer still contains anything that only agents may read.
pub fn is_leaked(text: &str, known: &Known) -> bool {
    let all = letters(&bare(text));
    let facts = |line: &str| {
        let Some((name, value)) = label(line) else { return false };
        let (name, value) = (name.to_lowercase(), letters(value));
        LABELS.contains(&name.as_str()) && value.len() >= 4 && known.is_private(&[letters(&name), value].concat())
    };
    let is_fact = |private: &String| {
        let mut lines = private.lines().map(letters);
        lines.any(|line| line.len() >= FACT && all.contains(&line))
    };
    known.has_secret(&all)
        || known.texts.iter().any(is_fact)
        || all.contains(MARKER_LETTERS)
        || lists_facts(text, &all, known)
        || NOTICES.iter().any(|notice| all.contains(notice))
        || text.lines().any(|line| {
            let line = bare(line.trim_start_matches(['>', ' ']));
            facts(&line) || has_own_label(&line) && is_reference(&line) || holds_facts(&line)
        })
}

/// Whether a text lists facts of the ticket with nothing between a label and its value, as in tables: two on their own in a line or in a part
/// of one or two lines, or three anywhere.
fn lists_facts(text: &str, all: &str, known: &Known) -> bool {
    let found: Vec<&String> = known.facts.iter().filter(|fact| all.contains(fact.as_str())).collect();
    if found.len() >= 3 || found.len() < 2 {
        return found.len() >= 3;
    }
    let lines: Vec<String> = text.lines().map(|line| letters(&bare(line))).filter(|line| !line.is_empty()).collect();
    let pairs = lines.windows(2).map(|pair| pair.concat());
    let parts = text.split(['\n', ',', ';', '.', '|', '\t']).map(|part| letters(&bare(part)));
    let alone: std::collections::HashSet<String> = pairs.chain(parts).chain(lines.iter().cloned()).collect();
    found.into_iter().filter(|fact| alone.contains(fact.as_str())).count() >= 2
}

/// Whether one line has the reference and other facts, each with its label; a sentence that only names the reference does not.
fn holds_facts(line: &str) -> bool {
    let small = line.to_lowercase();
    let labels = LABELS.iter().filter(|label| small.contains(&format!("{label}:")));
    small.contains("reference:") && has_reference(line) && labels.count() >= 3
}

/// Splits lines in which such a text follows something else, from programs that join everything to one line.
pub fn split(lines: Vec<Line>, of: impl Fn(&str) -> Line) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        let at = begins_inside(&line.shown).filter(|_| line.mark.is_none());
        match at.and_then(|at| line.shown.split_at_checked(at)) {
            Some((before, rest)) if !of(before).bare.is_empty() => {
                let part = |text: &str| Line { depth: line.depth, ..of(text) };
                out.extend([part(before.trim_end()), part(rest)]);
            }
            _ => out.push(line),
        }
    }
    out
}

fn begins_inside(shown: &str) -> Option<usize> {
    let dashes = shown.find(&"-".repeat(RULE_MIN));
    let word = |word: &str, follows: &str| {
        shown.match_indices(word).map(|(at, _)| at).find(|at| {
            let rest = shown.get(*at..).unwrap_or_default();
            let start: String = rest.chars().take(60).collect();
            letters(&start).starts_with(follows)
        })
    };
    let found = [
        dashes,
        word("Reference", "referencedb"),
        word("[Not verified]", "notverified"),
        word("##-", "pleasewriteyour"),
    ];
    found.into_iter().flatten().min()
}

fn is_letter_line(lines: &[Line], texts: &[String], at: usize, known: &Known) -> bool {
    let (Some(line), Some(text)) = (lines.get(at), texts.get(at)) else { return false };
    if line.is_blank() {
        return false;
    }
    let window: String = texts.iter().skip(at).take(4).map(String::as_str).collect();
    let begins = |whole: &str| {
        let found = window.find(whole);
        found.is_some_and(|found| found < text.len() && !text.is_empty())
    };
    if begins(MARKER_LETTERS) || known.has_secret(text) || NOTICES.iter().any(|notice| begins(notice)) {
        return true;
    }
    if known.secrets.iter().any(|secret| begins(secret)) || is_warning(line, text) {
        return true;
    }
    // The rule and the text below it in one line.
    if line.bare.starts_with(&"-".repeat(RULE_MIN)) && has_reference(&line.bare) {
        return true;
    }
    if is_long_rule(&line.bare) {
        let next = lines.iter().skip(at + 1).find(|line| !line.is_blank());
        return next.is_some_and(|next| has_own_label(&next.bare) || is_reference(&next.bare));
    }
    if is_reference(&line.bare) && is_among_labels(lines, at) {
        return true;
    }
    if !has_own_label(&line.bare) {
        return false;
    }
    line.depth > 0 || known.is_private(text) || is_stale(lines, at)
}

/// `[Not verified] …` and `[Address confirmed] …`, with which mails begin.
fn is_warning(line: &Line, text: &str) -> bool {
    line.bare.starts_with('[') && (text.starts_with("notverified") || text.starts_with("addressconfirmed"))
}

/// A line of a mail with outdated facts: it is among others of its kind, one of which is the reference, or three in all.
fn is_stale(lines: &[Line], at: usize) -> bool {
    let run = run(lines, at);
    run.iter().any(|line| is_reference(&line.bare)) || run.iter().filter(|line| has_own_label(&line.bare)).count() >= 3
}

/// A reference in a line of its own counts with its own label, or among lines with labels.
fn is_among_labels(lines: &[Line], at: usize) -> bool {
    let own = lines.get(at).is_some_and(|line| has_own_label(&line.bare));
    own || run(lines, at).iter().filter(|line| label(&line.bare).is_some()).count() >= 3
}

/// The lines around one up to the next empty lines.
fn run(lines: &[Line], at: usize) -> &[Line] {
    let before =
        lines.get(..at).unwrap_or_default().iter().rev().take(RUN_MAX).take_while(|line| !line.is_blank()).count();
    let after = lines.get(at..).unwrap_or_default().iter().take(RUN_MAX).take_while(|line| !line.is_blank()).count();
    lines.get(at - before..at + after).unwrap_or_default()
}

fn is_long_rule(bare: &str) -> bool {
    is_rule(bare) && bare.chars().filter(|c| *c != ' ').count() >= RULE_MIN
}

fn has_own_label(bare: &str) -> bool {
    label(bare).is_some_and(|(name, _)| LABELS.contains(&name.to_lowercase().as_str()))
}

/// `Reference: DB-4K7Q9`, whatever the label.
fn is_reference(bare: &str) -> bool {
    let value = label(bare).map(|(_, value)| value.split(' ').next().unwrap_or_default());
    value.is_some_and(|value| value.starts_with("DB-") && has_reference(value))
        && label(bare).is_some_and(|(name, _)| name.eq_ignore_ascii_case("reference") || letters(bare).len() < 40)
}

/// A wrapped rest of such a line is directly beside it, with or without marks.
fn spread(lines: &[Line], texts: &[String], known: &Known, private: &mut [bool]) {
    let is_part = |at: usize, gap: usize| {
        let text = texts.get(at).map(String::as_str).unwrap_or_default();
        known.is_private(text) && (gap == 0 || text.len() >= TELLING)
    };
    let translated = |at: usize, private: &[bool]| {
        // Below the reference each line with a label is one, whatever language it was translated to.
        let line = lines.get(at);
        line.is_some_and(|line| label(&line.bare).is_some())
            && run(lines, at).iter().any(|line| is_reference(&line.bare))
            && private.get(at.wrapping_sub(1)).copied().unwrap_or(false)
    };
    for forward in [true, false] {
        let mut last: Option<usize> = None;
        let order: Vec<usize> = if forward { (0..lines.len()).collect() } else { (0..lines.len()).rev().collect() };
        for at in order {
            if lines.get(at).is_none_or(|line| line.is_blank() && line.depth == 0)
                && !private.get(at).copied().unwrap_or(false)
            {
                continue;
            }
            let is_private = private.get(at).copied().unwrap_or(false);
            let gap = last.map_or(usize::MAX, |last| at.abs_diff(last) - 1);
            let joins = gap <= 1 && is_part(at, gap) || forward && translated(at, private);
            if is_private || joins {
                if let Some(flag) = private.get_mut(at) {
                    *flag = true;
                }
                last = Some(at);
            }
        }
    }
}

/// The first line of a mail that is not marked as quoted. A line that only lost its mark on the way does not count, nor one that an agent
/// typed, such as `Plan: scale`.
fn cut(lines: &[Line], texts: &[String], private: &[bool]) -> Option<usize> {
    let is_private = |at: usize| private.get(at).copied().unwrap_or(false);
    (0..lines.len()).find(|at| {
        let (Some(line), Some(text)) = (lines.get(*at), texts.get(*at)) else { return false };
        if !is_private(*at) || line.depth > 0 {
            return false;
        }
        let before = lines.get(..*at).unwrap_or_default().iter().rposition(|line| !line.is_blank());
        if before.is_some_and(|before| is_private(before) && lines.get(before).is_some_and(|line| line.depth > 0)) {
            return false;
        }
        let run = run(lines, *at);
        let labels = run.iter().filter(|line| has_own_label(&line.bare)).count();
        is_long_rule(&line.bare)
            || is_warning(line, text)
            || is_reference(&line.bare) && run.len() > 1
            || labels >= 3
            || !has_own_label(&line.bare)
    })
}

/// Extends the cut to the announcement above the mail, in any form: a rule, lines with labels, an attribution, and the customer's message.
fn with_announcement(lines: &[Line], cut: usize, known: &Known) -> usize {
    let mut start = cut;
    loop {
        let above = lines.get(..start).unwrap_or_default();
        let Some(last) = above.iter().rposition(|line| !line.is_blank()) else { return start };
        let first = above.get(..last).unwrap_or_default().iter().rposition(Line::is_blank).map_or(0, |blank| blank + 1);
        let first = first.max(last.saturating_sub(RUN_MAX));
        let block = lines.get(first..=last).unwrap_or_default();
        let says_from_where = |line: &Line| line.bare.contains('@') || is_date(&line.bare) || has_reference(&line.bare);
        let labelled = block.iter().rev().take_while(|line| label(&line.bare).is_some() || is_rule(&line.bare)).count();
        let labels = block.get(block.len() - labelled..).unwrap_or_default();
        let repeated = block
            .iter()
            .rev()
            .take_while(|line| known.is_in_conversation(line) && letters(&line.bare).len() >= 8)
            .count();
        let announced = (0..block.len()).find(|at| {
            attribution::read(block.get(*at..).unwrap_or_default()).is_some_and(|(count, _)| at + count == block.len())
        });
        start = if labelled >= 2 && labels.iter().any(says_from_where)
            || labelled == 1 && labels.iter().all(|line| is_rule(&line.bare))
        {
            last + 1 - labelled
        } else if repeated > 0 {
            last + 1 - repeated
        } else if let Some(at) = announced {
            first + at
        } else {
            return start;
        };
    }
}
