//! The pass over a text, which checks at every offset what could begin there.

use super::base64;
use super::bytes::{
    FAR, byte_at, byte_before, count, end_of_run, has_word_at, is_credential, is_digit, is_listed, is_lowercase,
    is_token, is_word, slice,
};
use super::finding::Finding;
use super::names::{Manner, classify, name_before};
use super::values::{ValueContext, secret_in};
use super::view::View;
use super::{Kind, Origin, Rules, Secret, mail, numbers, shapes};

/// How often an encoding is undone: an address in an address in an address.
const ROUNDS: usize = 3;
/// How deep base64 is decoded within base64.
const DEPTH: usize = 2;

/// What is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Values after names. While something is encoded, words have no reliable start.
    Names,
    /// Everything.
    All,
    /// Shapes, whatever is around them.
    Shapes,
}

struct Scan<'a> {
    view: &'a View,
    scope: Scope,
    depth: usize,
    addresses: bool,
    rules: &'a Rules,
    /// Nothing before it is examined again.
    floor: usize,
    /// The end of decoded base64, so that none is decoded twice.
    decoded: usize,
    /// The end of something that looks random and is no secret.
    content: usize,
}

/// All secrets in a text, as offsets in the text, in no order.
pub fn find_secrets(view: View, origin: Origin, rules: &Rules) -> Vec<Secret> {
    scan(view, origin == Origin::Collected, 0, rules)
}

/// The secret in a value, if the name says that there is one.
pub fn secret_in_value(name: &[u8], value: &[u8], rules: &Rules) -> Option<Secret> {
    let (kind, manner) = classify(name, rules)?;
    let place = ValueContext { tight: true, parameter: true, is_whole_text: true, ..ValueContext::default() };
    let Finding { start, end, kind } = secret_in(value, 0, kind, manner, place, rules)?;
    Some(Secret { start, end, kind })
}

fn scan(mut view: View, addresses: bool, depth: usize, rules: &Rules) -> Vec<Secret> {
    let mut out = Vec::new();
    let mut pass = |view: &View, scope| {
        Scan { view, scope, depth, addresses, rules, floor: 0, decoded: 0, content: 0 }.run(&mut out);
    };
    for _ in 0..ROUNDS {
        let Some(undone) = view.undone() else { break };
        pass(&view, Scope::Names);
        view = undone;
    }
    pass(&view, Scope::All);
    if let Some(joined) = view.joined() {
        pass(&joined, Scope::Shapes);
    }
    out
}

impl Scan<'_> {
    fn run(&mut self, out: &mut Vec<Secret>) {
        let mut index = 0;
        while index < self.view.bytes.len() {
            index = match self.secret_at(index) {
                Some(Finding { start, end, kind }) => {
                    let (secret_start, secret_end) = self.view.span(start, end);
                    out.push(Secret { start: secret_start, end: secret_end, kind });
                    self.floor = end;
                    end.max(index + 1)
                }
                None => index + 1,
            };
        }
    }

    fn secret_at(&mut self, index: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let (byte, next) = (byte_at(text, index), byte_at(text, index + 1));
        match byte {
            b':' if next == b'/' => mail::userinfo(text, index),
            b':' if self.scope == Scope::All && next == b':' => numbers::ip(text, index, self.addresses, self.rules),
            b':' if self.scope != Scope::Names && is_digit(self.byte_before(index)) => {
                shapes::owned_token(text, index).or_else(|| self.value_after_sign(index))
            }
            b'=' | b':' if self.scope != Scope::Shapes => self.value_after_sign(index),
            b'@' if self.scope == Scope::All && self.addresses => mail::email(text, index, self.floor, self.rules),
            b'-' if self.scope == Scope::All && self.byte_before(index) != b'-' => {
                shapes::private_key(text, index).or_else(|| self.value_of_option(index))
            }
            _ if self.scope == Scope::Names || !byte.is_ascii_alphanumeric() => None,
            _ if self.byte_before(index).is_ascii_alphanumeric() && !self.view.gap(index) => None,
            _ => {
                if index >= self.content {
                    self.content = shapes::content_end(text, index).unwrap_or(0);
                }
                let secret =
                    shapes::token_at(text, index, index < self.content).or_else(|| self.secret_in_base64(index));
                if self.scope == Scope::Shapes {
                    return secret;
                }
                secret
                    .or_else(|| numbers::number(text, index, self.rules))
                    .or_else(|| numbers::ip(text, index, self.addresses, self.rules))
                    .or_else(|| self.value_in_sentence(index))
            }
        }
    }

    /// The byte before an offset, or the bracket of its placeholder.
    fn byte_before(&self, index: usize) -> u8 {
        if index == self.floor && index > 0 { b']' } else { byte_before(&self.view.bytes, index) }
    }

    /// The value after `=` or `:`.
    fn value_after_sign(&self, sign: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let (byte, previous, next) = (byte_at(text, sign), self.byte_before(sign), byte_at(text, sign + 1));
        let comparison = match byte {
            b'=' => matches!(previous, b'=' | b'!' | b'<' | b'>' | b':') || next == b'=',
            b':' => previous == b':' || next == b':',
            _ => false,
        };
        if comparison {
            return None;
        }
        let (mut start, end, quote) = name_before(text, sign, self.floor);
        if byte == b'=' && end == sign {
            start =
                slice(text, start, end).iter().rposition(|byte| *byte == b' ').map_or(start, |space| start + space + 1);
        }
        let opened = self.byte_before(start);
        if start == end {
            return None;
        }
        let arrow = byte == b'=' && next == b'>';
        let value_start = sign + 1 + usize::from(arrow || byte == b':' && next == b'=');
        let parameter = byte == b'=' && matches!(opened, b'?' | b'&' | b'#');
        let name = slice(text, start, end);
        let close = end == sign && next > b' ';
        let header = byte == b':' && quote == 0 && has_word_at(name, 0, b"x-");
        let place = ValueContext {
            tight: quote != 0 || parameter || byte == b'=' && close || header,
            parameter,
            header,
            variable: byte == b'=' && close && count(name, is_lowercase) == 0,
            quoted: arrow,
            opened,
            json: byte == b':' && (quote != 0 || close),
            prose: quote == 0 && name.contains(&b' '),
            is_whole_text: false,
        };
        let class = classify(name, self.rules).filter(|(_, manner)| parameter || *manner != Manner::Parameter);
        class.and_then(|(kind, manner)| secret_in(text, value_start, kind, manner, place, self.rules)).or_else(|| {
            shapes::token_at(text, value_start, false)
                .or_else(|| random_parameter(text, value_start))
                .filter(|_| parameter)
        })
    }

    /// The value of a command-line option, `--password value`.
    fn value_of_option(&self, index: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let end = end_of_run(text, index + 2, 48, is_token);
        if byte_at(text, index + 1) != b'-' || byte_at(text, end) != b' ' || byte_at(text, end + 1) == b'-' {
            return None;
        }
        let (kind, manner) = classify(slice(text, index + 2, end), self.rules)?;
        let place = ValueContext { tight: true, ..ValueContext::default() };
        secret_in(text, end, kind, manner, place, self.rules).filter(|_| manner != Manner::Parameter)
    }

    /// A value given in a sentence: `my password is …`.
    fn value_in_sentence(&self, index: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let end = end_of_run(text, index, 8, is_word);
        if byte_before(text, index) != b' '
            || byte_at(text, end) != b' '
            || !is_listed("is ist est es", slice(text, index, end))
        {
            return None;
        }
        let (start, stop, _) = name_before(text, index, self.floor);
        let (kind, manner) = classify(slice(text, start, stop), self.rules)?;
        let word = end_of_run(text, end + 1, 40, |byte| byte > b' ');
        let is_expected = matches!(manner, Manner::Chosen | Manner::Generated | Manner::Short);
        if !is_expected || count(slice(text, end, word), is_digit) == 0 {
            return None;
        }
        secret_in(text, end, kind, manner, ValueContext::default(), self.rules)
    }

    /// Base64 that contains a secret; redacted as a whole.
    fn secret_in_base64(&mut self, start: usize) -> Option<Finding> {
        if start < self.decoded || self.depth == DEPTH {
            return None;
        }
        let encoded = &self.view.bytes;
        let (text, end) = base64::text(encoded, start);
        if text.len() < 12 {
            return None;
        }
        self.decoded = end;
        if scan(View::from_text(&text), self.addresses, self.depth + 1, self.rules).is_empty() {
            return None;
        }
        let end = end_of_run(encoded, end, FAR, |byte| base64::is_base64(byte) || byte == b'=');
        Some(Finding { start, end, kind: Kind::Hidden })
    }
}

/// The value of a parameter that looks random, whatever its name.
fn random_parameter(text: &[u8], start: usize) -> Option<Finding> {
    let random = shapes::is_random_value(slice(text, start, end_of_run(text, start, 256, is_credential)));
    (random && !has_word_at(text, start, b"http")).then(|| Finding {
        start,
        end: end_of_run(text, start, FAR, is_credential),
        kind: Kind::Token,
    })
}
