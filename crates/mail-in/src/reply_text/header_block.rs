//! The block of From, Sent, To and Subject that Outlook and others write above a quoted mail: recognised by labels of many languages, or by its
//! form in other languages.

use std::collections::BTreeSet;

use super::line::Line;
use super::phrases::{Field, field};

/// The most lines of a block: long lists of recipients are broken.
const LINES_MAX: usize = 16;
/// The longest line that may contain a whole block, in bytes.
const ONE_LINE_MAX: usize = 1_000;
/// The largest distance between a label's start and its colon, in bytes.
const LABEL_BYTES_MAX: usize = 4 * LABEL_MAX;
/// The longest label, in characters.
const LABEL_MAX: usize = 30;

/// A header block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of its lines.
    pub lines: usize,
}

/// The block that begins with the first line; none if there is none. `announced` tells that a rule or a headline is above it, so that less
/// evidence is needed.
pub fn read(lines: &[Line], announced: bool) -> Option<Block> {
    let first = lines.first().filter(|line| !line.is_blank())?;
    let depth = first.depth;
    if let Some(block) = in_one_line(first) {
        return Some(block);
    }
    label(&first.plain)?;
    let mut fields = FoundFields::default();
    let (mut end, mut gap, mut continued) = (0, 0, 0);
    for (index, line) in lines.iter().enumerate().take(LINES_MAX) {
        if line.depth != depth || line.mark.is_some() {
            break;
        }
        if line.is_blank() {
            // If each line is a paragraph, an empty one follows each.
            gap += 1;
            if gap > 1 {
                break;
            }
            continue;
        }
        match label(&line.plain) {
            Some((label, value)) => {
                fields.add(label, value);
                (end, continued) = (index + 1, 0);
            }
            // A list of recipients continues, or a long subject.
            _ if gap == 0
                && index > 0
                && continued < 6
                && (line.plain.contains('@') || line.plain.ends_with([';', ',']) || continued == 0) =>
            {
                continued += 1;
                fields.values.push(line.plain.clone());
            }
            _ => break,
        }
        gap = 0;
    }
    fields.is_block(announced).then_some(Block { lines: end })
}

/// `From: Acme <…> Sent: Friday To: Desk Subject: x` in one line, as HTML without blocks becomes.
fn in_one_line(line: &Line) -> Option<Block> {
    let text = &line.plain;
    if text.len() > ONE_LINE_MAX {
        return None;
    }
    let mut fields = BTreeSet::new();
    let mut first_is_label = false;
    for (offset, _) in text.match_indices([':', '：']) {
        let before = text.get(..offset).unwrap_or_default().trim_end();
        // A label is one word, or several known ones; text further ahead does not belong to it.
        let tail_start = before.floor_char_boundary(before.len().saturating_sub(LABEL_BYTES_MAX));
        let last = before.get(tail_start..).unwrap_or_default();
        let words = last.rmatch_indices(' ').map(|(offset, _)| tail_start + offset + 1).take(2);
        for start in words.chain((tail_start == 0).then_some(0)) {
            let label = before.get(start..).filter(|label| !label.is_empty() && !label.contains([':', '：']));
            let Some(label) = label else { continue };
            if let Some(known_field) = field(label) {
                fields.insert(known_field);
                first_is_label |= start == 0 && fields.len() == 1;
                break;
            }
        }
    }
    let is_block = first_is_label
        && fields.len() >= 3
        && text.contains('@')
        && (fields.contains(&Field::Subject) || fields.contains(&Field::Sent));
    is_block.then_some(Block { lines: 1 })
}

#[derive(Default)]
struct FoundFields {
    fields: BTreeSet<Field>,
    labels: usize,
    unknown: usize,
    values: Vec<String>,
}

impl FoundFields {
    fn add(&mut self, label: &str, value: &str) {
        match field(label) {
            Some(field) => {
                self.fields.insert(field);
            }
            None => self.unknown += 1,
        }
        self.labels += 1;
        self.values.push(value.into());
    }

    fn is_block(&self, announced: bool) -> bool {
        let has_field = |field| self.fields.contains(&field);
        let names_address = self.values.iter().any(|value| value.contains('@'));
        let names_time = self.values.iter().any(|value| is_date(value));
        let names_ticket = self.values.iter().any(|value| has_reference(value));
        let field_count = self.fields.len();
        let evidence =
            names_address || names_ticket || has_field(Field::Subject) && (names_time || has_field(Field::Sent));
        let is_known = field_count >= 3 && (evidence || announced && has_field(Field::Subject))
            || field_count == 2
                && (has_field(Field::From) || has_field(Field::Sent))
                && (names_address && names_time || names_ticket)
            || announced && field_count >= 1 && (field_count >= 2 || self.unknown == 0);
        // In a language that is not in the table: labels with an address and a time among their values.
        let is_formed = self.labels >= 3 && names_address && names_time && self.unknown < 8;
        is_known || is_formed
    }
}

/// The label and the value of a line such as `*From:* Acme`, also with a space before the colon.
pub fn label(text: &str) -> Option<(&str, &str)> {
    let start = text.find([':', '：'])?;
    let (label, value) = text.split_at_checked(start)?;
    let label = label.trim().trim_matches(['_', '|', '•', '·', '\u{200f}']).trim();
    let value = value.trim_start_matches([':', '：']).trim().trim_matches('_').trim();
    let is_label = !label.is_empty()
        && label.chars().count() <= LABEL_MAX
        && label.chars().any(char::is_alphabetic)
        && label.split(' ').count() <= 4
        && !label.contains(['@', '<', '>', '/', '"', '.', '=', '{', '}'])
        && !value.starts_with("//");
    is_label.then_some((label, value))
}

/// Whether a value has a day or a time in a mail program's format: a year with other numbers, a date with separators, or a time beside a
/// number.
pub fn is_date(text: &str) -> bool {
    let numbers: Vec<&str> = text.split(|c: char| !c.is_numeric()).filter(|number| !number.is_empty()).collect();
    let is_year = |number: &&str| {
        number.chars().count() == 4
            && ["19", "20", "١٩", "٢٠", "۱۳", "۱۴", "25"].iter().any(|start| number.starts_with(start))
    };
    let has_year = numbers.iter().any(is_year);
    has_year && numbers.len() >= 2 || has_time(text) && numbers.len() >= 3
}

/// `10:00`, `10.00`, `10h00`.
pub fn has_time(text: &str) -> bool {
    let chars: Vec<char> = text.chars().collect();
    let digit = |index: usize| chars.get(index).is_some_and(|c| c.is_numeric());
    (1..chars.len().saturating_sub(1)).any(|index| {
        let colon = chars.get(index).is_some_and(|c| matches!(c, ':' | '：' | '.' | 'h'));
        colon && digit(index - 1) && digit(index + 1) && digit(index + 2) && !digit(index + 3)
    })
}

/// Whether a text contains the reference of a ticket, like the subjects of mails to a desk.
pub fn has_reference(text: &str) -> bool {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("DB-") {
        let code = after.bytes().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).count();
        if code >= 5 {
            return true;
        }
        rest = after;
    }
    false
}
