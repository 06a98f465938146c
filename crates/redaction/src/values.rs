//! The value after a name: where it ends, and whether it is a secret.

use super::bytes::{
    FAR, byte_at, byte_before, class_changes, count, end_of_run, is_blank, is_credential, is_digit, is_listed,
    is_lowercase, is_uppercase, is_word, slice,
};
use super::finding::{Finding, is_placeholder};
use super::names::{Manner, classify};
use super::view::line_break;
use super::{Kind, Rules};

/// The context of a value.
#[derive(Clone, Copy, Default)]
pub struct ValueContext {
    /// The name is in quotes, or directly before its value: data, and not prose.
    pub tight: bool,
    /// A parameter of an address.
    pub parameter: bool,
    /// An HTTP header: only blanks and quotes end it.
    pub header: bool,
    /// An environment variable, in capitals: no code.
    pub variable: bool,
    /// Only a quoted value counts, because an unquoted one is code.
    pub quoted: bool,
    /// The byte before the name; a quote ends a value that is a line.
    pub opened: u8,
    /// The name was in quotes: a bracket ends the value.
    pub json: bool,
    /// The name is a word in a sentence, or follows one in code.
    pub prose: bool,
    /// The whole text is the value.
    pub is_whole_text: bool,
}

/// Values that are no secret.
const HARMLESS: &str = "true false null none nil undefined nan yes no on off required optional invalid missing expired \
    empty wrong incorrect string text hidden redacted masked filtered removed basic bearer digest negotiate ntlm default \
    unknown anonymous unset active inactive enabled disabled valid open closed number boolean object array function \
    const let var return await new this self int str bool char varchar any include omit same-origin oauth \
    oauth2 saml sso ldap";

/// How a message about a field begins.
const MESSAGE: &str = "is must can cannot should has have does do too the please at may needs need not your enter ist muss \
    darf est doit ne es debe no";

/// Schemes of `Authorization` (the IANA registry, and what is in use) after which the next word is secret,
const SCHEMES: &str = "bearer basic token apikey negotiate ntlm jwt key bot ssws geniekey splunk";
/// and those after which the rest of the line is.
const LINES: &str = "digest aws4-hmac-sha256 hawk oauth signature";

/// How much of a value is examined.
const HEAD: usize = 96;

/// The secret in the value that begins at an offset, or after blanks there.
pub fn secret_in(
    text: &[u8],
    offset: usize,
    kind: Kind,
    mut manner: Manner,
    mut place: ValueContext,
    rules: &Rules,
) -> Option<Finding> {
    let mut start = blanks(text, offset);
    if byte_at(text, start) == b'[' && !is_placeholder(text, start) {
        start = blanks(text, start + 1);
    }
    let slashes = end_of_run(text, start, 8, |byte| byte == b'\\') - start;
    let mut quote = byte_at(text, start + slashes);
    if !place.is_whole_text && matches!(quote, b'"' | b'\'' | b'`') {
        start += slashes + 1;
    } else if place.quoted {
        return None;
    } else {
        quote = 0;
    }
    let word = end_of_run(text, start, 20, |byte| is_word(byte) || byte == b'-');
    let scheme = slice(text, start, word);
    let next = blanks(text, word);
    if next > word
        && !matches!(byte_at(text, next), 0 | b'\n' | b'\r')
        && manner == Manner::Generated
        && kind == Kind::Token
    {
        if is_listed(SCHEMES, scheme) {
            start = next;
            place.parameter = true;
            place.tight = true;
        } else if is_listed(LINES, scheme) {
            start = next;
            manner = Manner::Line;
        }
    }
    if is_placeholder(text, start) {
        return None;
    }
    let line = manner == Manner::Line;
    let ending = Ending { kind, place, quote: if line && quote == 0 { place.opened } else { quote }, slashes, line };
    let head = slice(text, start, end_of(text, start, HEAD, &ending));
    let quoted = quote != 0 || place.is_whole_text;
    if !is_secret(head, kind, manner, place, quoted, rules) {
        return None;
    }
    let mut end = end_of(text, start, FAR, &ending);
    // `123 456`
    let rest = end_of_run(text, end + 1, 5, |byte| byte.is_ascii_digit());
    if manner == Manner::Short && !quoted && byte_at(text, end) == b' ' && rest - end == 4 && end - start == 3 {
        end = rest;
    }
    Some(Finding { start, end, kind })
}

fn is_secret(value: &[u8], kind: Kind, manner: Manner, place: ValueContext, quoted: bool, rules: &Rules) -> bool {
    let length = value.len();
    let digits = count(value, is_digit);
    let letters = count(value, is_word) - digits;
    if manner == Manner::Anything {
        return length > 0;
    }
    let is_masked = count(value, |byte| matches!(byte, b'x' | b'X' | b'*' | b'.')) == length;
    if letters + digits == 0
        || is_masked
        || is_listed(HARMLESS, value)
        || !place.header && is_code(value, quoted, digits)
    {
        return false;
    }
    let numeric = letters == 0 && count(value, |byte| is_digit(byte) || b".:-/,+_ ".contains(&byte)) == length;
    let is_plain = digits == 0 && count(value, |byte| is_word(byte) || b"._-/:".contains(&byte)) == length;
    let capital = count(value, is_uppercase) > 0;
    let is_secret_name = is_plain && classify(value, rules).is_some();
    let is_telling = match manner {
        Manner::Short => {
            return digits > 0
                && (3..=12).contains(&length)
                && count(value, |byte| is_word(byte) || byte == b'-') == length;
        }
        Manner::Line => return slice(value, 0, end_of_run(value, 0, HEAD, |byte| byte > b' ')).contains(&b'='),
        Manner::Long | Manner::Parameter => {
            let minimum = if place.parameter { 8 } else { 16 };
            let is_generated = letters > 0
                && digits > 0
                && count(value, is_lowercase) > 0
                && count(value, |byte| is_credential(byte) || matches!(byte, b'%' | b':' | 0x80..)) == length;
            return length >= minimum && is_generated && place.tight;
        }
        _ if is_secret_name
            || numeric && digits < if manner == Manner::Chosen { 4 } else { 6 }
            || numeric && digits < length =>
        {
            false
        }
        Manner::Generated
            if kind != Kind::Secret && (value.contains(&b' ') || quoted && place.prose && digits == 0) =>
        {
            false
        }
        // A path: `pwd` is also the working directory.
        Manner::Chosen if is_plain && byte_at(value, 0) == b'/' => false,
        _ if quoted => !is_message(value, digits),
        Manner::Chosen if place.tight => !is_plain || count(value, |byte| byte == b'.' || byte == b'/') == 0,
        // `correct-horse-battery`
        Manner::Chosen => !is_plain || length >= 14 && count(value, |byte| byte == b'-') > 1,
        _ if place.parameter || place.variable => true,
        _ if count(value, |byte| b"()[]{},;!".contains(&byte)) > 0 => false,
        // Longer than any word, or alternating as no name does.
        _ if is_plain => letters == length && length >= 16 && (!capital || class_changes(value) * 4 >= length),
        _ if place.tight => digits > 0,
        _ => has_number(value, 8),
    };
    let is_address = value.windows(3).any(|window| window == b"://");
    is_telling && !is_address && length >= 3
}

/// Whether a value has a word of at least this many bytes with a digit in it.
fn has_number(value: &[u8], minimum: usize) -> bool {
    value.split(|byte| !is_word(*byte)).any(|part| part.len() >= minimum && count(part, is_digit) > 0)
}

/// Whether a value is a sentence about the field rather than its content.
fn is_message(value: &[u8], digits: usize) -> bool {
    let first = end_of_run(value, 0, 20, |byte| is_word(byte) || byte == b'\'');
    let word = slice(value, 0, end_of_run(value, 0, 20, is_word));
    let words = value.contains(&b' ') && first > 0;
    words && (is_listed(MESSAGE, word) || digits == 0 && !byte_at(value, 0).is_ascii_lowercase())
}

/// Whether a value stands for another: a variable, a template, a call.
fn is_code(value: &[u8], quoted: bool, digits: usize) -> bool {
    let (first, next) = (byte_at(value, 0), byte_at(value, 1));
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'?' | b',');
    let after = end_of_run(value, 1, HEAD, name);
    let end = byte_at(value, after);
    match first {
        b'$' => matches!(next, b'{' | b'(') || end == 0 && digits == 0 || !quoted && matches!(end, b'[' | b'-'),
        b'{' => next == b'{' || !quoted,
        b'%' | b'#' => matches!(next, b's' | b'd' | b'(' | b'{'),
        b'<' => value.last() == Some(&b'>') || !quoted,
        b'!' => value.len() == 2,
        b'&' | b'*' => !quoted && (next.is_ascii_alphabetic() || next == b'\''),
        b'(' | b':' | b'[' => !quoted,
        b' ' => quoted,
        // A call or an index that contains only names.
        _ => {
            !quoted
                && name(first)
                && matches!(end, b'(' | b'[' | b'{')
                && end_of_run(value, after + 1, HEAD, name) == value.len()
        }
    }
}

/// What ends a value.
struct Ending {
    kind: Kind,
    place: ValueContext,
    quote: u8,
    /// How many backslashes preceded the quote.
    slashes: usize,
    line: bool,
}

/// The end of a value, examining at most `most` bytes.
///
/// In JSON inside a JSON string, a quote has as many backslashes as the one that opened the value, and one within the value has more.
fn end_of(text: &[u8], start: usize, maximum: usize, ending: &Ending) -> usize {
    let place = ending.place;
    let last = text.len().min(start + maximum);
    if place.is_whole_text {
        return last;
    }
    let quoted = matches!(ending.quote, b'"' | b'\'' | b'`');
    let mut escapes = 0;
    let mut end = start;
    while end < last {
        let byte = byte_at(text, end);
        let broken = matches!(byte, b'\n' | b'\r');
        let closes = quoted && byte == ending.quote && escapes & (2 * ending.slashes + 1) == ending.slashes;
        if closes && !ending.line {
            return end - ending.slashes;
        }
        if quoted && broken && !ending.line && goes_on(text, end, ending.quote) {
            end = line_break(text, end);
            continue;
        }
        let stops = if ending.line {
            closes || broken || escaped_break(text, end)
        } else if quoted {
            broken
        } else {
            byte <= b' '
                || b"\"'`".contains(&byte)
                || escaped_break(text, end)
                || !place.header && b"<>".contains(&byte)
                || !place.header && place.tight && b"&;,".contains(&byte)
                || place.json && b",]}".contains(&byte)
                || place.parameter && byte == b'#'
                // `/a;jsessionid=…?b=c`
                || ending.kind == Kind::Session && byte == b'?'
        };
        if stops {
            break;
        }
        escapes = if byte == b'\\' { escapes + 1 } else { 0 };
        end += 1;
    }
    // The end of a sentence and a bracket around it are no part of it.
    while !quoted && !ending.line && !place.header && end > start && b".,;:)]}".contains(&byte_before(text, end)) {
        end -= 1;
    }
    end
}

/// Whether a quoted value only continues on the next line here: a word, and then the quote.
fn goes_on(text: &[u8], index: usize, quote: u8) -> bool {
    let next = line_break(text, index);
    let end = end_of_run(text, next, 200, |byte| byte > b' ' && !b"\"'`".contains(&byte));
    end > next && byte_at(text, end) == quote
}

/// Whether an escaped line break or quote is at an offset, which ends the text around the value.
fn escaped_break(text: &[u8], index: usize) -> bool {
    byte_at(text, index) == b'\\'
        && matches!(byte_at(text, index + 1), b'n' | b'r' | b't' | b'"' | b'\'' | b'\\' | b'u' | b'\n')
}

/// The end of blanks, including a line break in a folded header (RFC 9110, 5.5).
fn blanks(text: &[u8], start: usize) -> usize {
    let end = end_of_run(text, start, 16, is_blank);
    let folded = end_of_run(text, end, 2, |byte| matches!(byte, b'\r' | b'\n'));
    if folded > end && is_blank(byte_at(text, folded)) { end_of_run(text, folded, 16, is_blank) } else { end }
}
