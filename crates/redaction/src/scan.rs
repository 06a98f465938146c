//! The pass over a text, which checks at every offset what could begin there.

use super::base64;
use super::bytes::{
    FAR, at, before, count, is_credential, is_digit, is_small, is_token, is_word, listed, run, slice, stands,
};
use super::finding::Finding;
use super::names::{Manner, classify, name_before};
use super::values::{Place, read};
use super::view::View;
use super::{Kind, Origin, Rules, Secret, mail, numbers, shapes};

/// How often an encoding is undone: an address in an address in an address.
const ROUNDS: usize = 3;
/// How deep base64 is decoded within base64.
const DEPTH: usize = 2;

/// What is searched for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Values after names. While something is encoded, words have no reliable start.
    Names,
    /// Everything.
    All,
    /// Shapes, whatever is around them.
    Shapes,
}

struct Scan<'a> {
    view: &'a View,
    look: Look,
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
pub fn all(view: View, origin: Origin, rules: &Rules) -> Vec<Secret> {
    deep(view, origin == Origin::Collected, 0, rules)
}

/// The secret in a value, if the name says that there is one.
pub fn value_of(name: &[u8], value: &[u8], rules: &Rules) -> Option<Secret> {
    let (kind, manner) = classify(name, rules)?;
    let place = Place { tight: true, parameter: true, whole: true, ..Place::default() };
    let Finding { start, end, kind } = read(value, 0, kind, manner, place, rules)?;
    Some(Secret { start, end, kind })
}

fn deep(mut view: View, addresses: bool, depth: usize, rules: &Rules) -> Vec<Secret> {
    let mut out = Vec::new();
    let mut pass = |view: &View, look| {
        Scan { view, look, depth, addresses, rules, floor: 0, decoded: 0, content: 0 }.run(&mut out);
    };
    for _ in 0..ROUNDS {
        let Some(undone) = view.undone() else { break };
        pass(&view, Look::Names);
        view = undone;
    }
    pass(&view, Look::All);
    if let Some(joined) = view.joined() {
        pass(&joined, Look::Shapes);
    }
    out
}

impl Scan<'_> {
    fn run(&mut self, out: &mut Vec<Secret>) {
        let mut index = 0;
        while index < self.view.bytes.len() {
            index = match self.found(index) {
                Some(Finding { start, end, kind }) => {
                    let (from, to) = self.view.span(start, end);
                    out.push(Secret { start: from, end: to, kind });
                    self.floor = end;
                    end.max(index + 1)
                }
                None => index + 1,
            };
        }
    }

    fn found(&mut self, index: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let (byte, next) = (at(text, index), at(text, index + 1));
        match byte {
            b':' if next == b'/' => mail::userinfo(text, index),
            b':' if self.look == Look::All && next == b':' => numbers::ip(text, index, self.addresses, self.rules),
            b':' if self.look != Look::Names && is_digit(self.before(index)) => {
                shapes::owned(text, index).or_else(|| self.named(index))
            }
            b'=' | b':' if self.look != Look::Shapes => self.named(index),
            b'@' if self.look == Look::All && self.addresses => mail::email(text, index, self.floor, self.rules),
            b'-' if self.look == Look::All && self.before(index) != b'-' => {
                shapes::private_key(text, index).or_else(|| self.option(index))
            }
            _ if self.look == Look::Names || !byte.is_ascii_alphanumeric() => None,
            _ if self.before(index).is_ascii_alphanumeric() && !self.view.gap(index) => None,
            _ => {
                if index >= self.content {
                    self.content = shapes::content(text, index).unwrap_or(0);
                }
                let shape = shapes::shape(text, index, index < self.content).or_else(|| self.encoded(index));
                if self.look == Look::Shapes {
                    return shape;
                }
                shape
                    .or_else(|| numbers::number(text, index, self.rules))
                    .or_else(|| numbers::ip(text, index, self.addresses, self.rules))
                    .or_else(|| self.told(index))
            }
        }
    }

    /// The byte before an offset, or the bracket of its placeholder.
    fn before(&self, index: usize) -> u8 {
        if index == self.floor && index > 0 { b']' } else { before(&self.view.bytes, index) }
    }

    /// The value after `=` or `:`.
    fn named(&self, sign: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let (byte, previous, next) = (at(text, sign), self.before(sign), at(text, sign + 1));
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
        let opened = self.before(start);
        if start == end {
            return None;
        }
        let arrow = byte == b'=' && next == b'>';
        let from = sign + 1 + usize::from(arrow || byte == b':' && next == b'=');
        let parameter = byte == b'=' && matches!(opened, b'?' | b'&' | b'#');
        let name = slice(text, start, end);
        let close = end == sign && next > b' ';
        let header = byte == b':' && quote == 0 && stands(name, 0, b"x-");
        let place = Place {
            tight: quote != 0 || parameter || byte == b'=' && close || header,
            parameter,
            header,
            variable: byte == b'=' && close && count(name, is_small) == 0,
            quoted: arrow,
            opened,
            json: byte == b':' && (quote != 0 || close),
            prose: quote == 0 && name.contains(&b' '),
            whole: false,
        };
        let told = classify(name, self.rules).filter(|(_, manner)| parameter || *manner != Manner::Parameter);
        told.and_then(|(kind, manner)| read(text, from, kind, manner, place, self.rules))
            .or_else(|| shapes::shape(text, from, false).or_else(|| drawn(text, from)).filter(|_| parameter))
    }

    /// The value of a command-line option, `--password value`.
    fn option(&self, index: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let end = run(text, index + 2, 48, is_token);
        if at(text, index + 1) != b'-' || at(text, end) != b' ' || at(text, end + 1) == b'-' {
            return None;
        }
        let (kind, manner) = classify(slice(text, index + 2, end), self.rules)?;
        let place = Place { tight: true, ..Place::default() };
        read(text, end, kind, manner, place, self.rules).filter(|_| manner != Manner::Parameter)
    }

    /// A value given in a sentence: `my password is …`.
    fn told(&self, index: usize) -> Option<Finding> {
        let text = &self.view.bytes;
        let end = run(text, index, 8, is_word);
        if before(text, index) != b' ' || at(text, end) != b' ' || !listed("is ist est es", slice(text, index, end)) {
            return None;
        }
        let (start, stop, _) = name_before(text, index, self.floor);
        let (kind, manner) = classify(slice(text, start, stop), self.rules)?;
        let word = run(text, end + 1, 40, |byte| byte > b' ');
        let told = matches!(manner, Manner::Chosen | Manner::Made | Manner::Short);
        if !told || count(slice(text, end, word), is_digit) == 0 {
            return None;
        }
        read(text, end, kind, manner, Place::default(), self.rules)
    }

    /// Base64 that contains a secret; redacted as a whole.
    fn encoded(&mut self, start: usize) -> Option<Finding> {
        if start < self.decoded || self.depth == DEPTH {
            return None;
        }
        let encoded = &self.view.bytes;
        let (text, end) = base64::text(encoded, start);
        if text.len() < 12 {
            return None;
        }
        self.decoded = end;
        if deep(View::of(&text), self.addresses, self.depth + 1, self.rules).is_empty() {
            return None;
        }
        let end = run(encoded, end, FAR, |byte| base64::is_base64(byte) || byte == b'=');
        Some(Finding { start, end, kind: Kind::Hidden })
    }
}

/// The value of a parameter that looks random, whatever its name.
fn drawn(text: &[u8], start: usize) -> Option<Finding> {
    let random = shapes::is_drawn(slice(text, start, run(text, start, 256, is_credential)));
    (random && !stands(text, start, b"http")).then(|| Finding {
        start,
        end: run(text, start, FAR, is_credential),
        kind: Kind::Token,
    })
}
