//! Decoded texts: with percent-encoding, escapes and wrapped lines undone, and with the offsets in the original.

use super::bytes::{byte_at, end_of_run, is_blank, is_random, is_token, slice};
use super::shapes;

/// The bytes of a text after decoding, and for each its place in the text.
#[derive(Clone)]
pub struct View {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The start and end of each byte in the text.
    pub places: Vec<(usize, usize)>,
}

/// Entities and their bytes; zero for invisible ones.
const ENTITIES: [(&str, u8); 8] = [
    ("&amp;", b'&'),
    ("&quot;", b'"'),
    ("&#34;", b'"'),
    ("&#39;", b'\''),
    ("\u{200b}", 0),
    ("\u{200c}", 0),
    ("\u{2060}", 0),
    ("\u{feff}", 0),
];

impl View {
    /// A text as it is.
    pub fn from_text(text: &[u8]) -> View {
        View { bytes: text.to_vec(), places: (0..text.len()).map(|index| (index, index + 1)).collect() }
    }

    /// Undoes one round of percent-encoding (RFC 3986), escapes of JSON (RFC 8259) and JavaScript and the commonest entities of HTML; `None` if
    /// there are none.
    pub fn undone(&self) -> Option<View> {
        let text = &self.bytes;
        let mut out = View { bytes: Vec::new(), places: Vec::new() };
        let mut index = 0;
        while index < text.len() {
            let (byte, length) = escape(text, index).unwrap_or((byte_at(text, index), 1));
            if byte != 0 {
                self.copy(&mut out, byte, index, index + length);
            }
            index += length;
        }
        (out.bytes.len() < text.len()).then_some(out)
    }

    /// The text without the line breaks within what may be one token.
    ///
    /// The part after such a break has the line for itself, or looks random, so lines of prose are not joined.
    pub fn joined(&self) -> Option<View> {
        let text = &self.bytes;
        let mut out = View { bytes: Vec::new(), places: Vec::new() };
        let mut index = 0;
        while index < text.len() {
            let after = line_break(text, index);
            let is_joined = after > index && out.bytes.last().is_some_and(|last| part_of_token(*last)) && {
                let end = end_of_run(text, after, 100, part_of_token);
                let part = slice(text, after, end);
                let continues_token = end > after && shapes::begins_token(&out.bytes, part);
                let fills_line =
                    end > after && matches!(byte_at(text, end), 0 | b'\n' | b'\r' | b'"' | b'\'' | b'\\' | b'`');
                continues_token || fills_line || part.len() >= 8 && (is_random(part) || shapes::changes_often(part, 4))
            };
            if is_joined {
                index = after;
            } else {
                self.copy(&mut out, byte_at(text, index), index, index + 1);
                index += 1;
            }
        }
        (out.bytes.len() < text.len()).then_some(out)
    }

    /// Whether something was removed before a byte.
    pub fn gap(&self, index: usize) -> bool {
        let end = index.checked_sub(1).and_then(|before| self.places.get(before)).map(|(_, end)| *end);
        end.is_some() && end != self.places.get(index).map(|(start, _)| *start)
    }

    /// A span in offsets of the original text.
    pub fn span(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.places.get(start).map_or(0, |place| place.0);
        let last = self.places.get(end.wrapping_sub(1)).map_or(first, |place| place.1);
        (first, last)
    }

    fn copy(&self, out: &mut View, byte: u8, start: usize, end: usize) {
        out.bytes.push(byte);
        out.places.push(self.span(start, end));
    }
}

/// The byte that an escape stands for, and the length of the escape.
fn escape(text: &[u8], index: usize) -> Option<(u8, usize)> {
    match byte_at(text, index) {
        b'%' => hex(slice(text, index + 1, index + 3)).filter(|byte| *byte > 0).map(|byte| (byte, 3)),
        b'\\' => match byte_at(text, index + 1) {
            b'u' => {
                let high = hex(slice(text, index + 2, index + 4))?;
                let low = hex(slice(text, index + 4, index + 6))?;
                (high == 0 && low > 0 && low < 0x80).then_some((low, 6))
            }
            b'x' => hex(slice(text, index + 2, index + 4)).filter(|byte| *byte > 0 && *byte < 0x80).map(|b| (b, 4)),
            b'n' => Some((b'\n', 2)),
            b'r' => Some((b'\r', 2)),
            b't' => Some((b'\t', 2)),
            byte @ (b'"' | b'\'' | b'/' | b'\\') => Some((byte, 2)),
            _ => None,
        },
        b'&' | 0xe2 | 0xef => ENTITIES
            .iter()
            .find(|(entity, _)| slice(text, index, index + entity.len()) == entity.as_bytes())
            .map(|(entity, byte)| (*byte, entity.len())),
        _ => None,
    }
}

/// The byte of two hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    match digits {
        [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
        _ => None,
    }
}

/// Where the next line's text begins, if a line ends here; otherwise the offset itself. A backslash may precede the break, and blanks may
/// follow it.
pub fn line_break(text: &[u8], index: usize) -> usize {
    let mut end = index + usize::from(byte_at(text, index) == b'\\');
    end += usize::from(byte_at(text, end) == b'\r');
    if byte_at(text, end) != b'\n' {
        return index;
    }
    end_of_run(text, end + 1, 16, is_blank)
}

fn part_of_token(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'.' | b'+' | b'/')
}
