//! PDF: objects, some of them streams (ISO 32000). Nothing is moved, because a table holds the offsets of the objects: removed content is
//! overwritten in place. Metadata that cannot be found without decoding stays, and the result says so.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{contains, find};

/// The most objects that are examined.
const OBJECTS_MAX: usize = 1_000_000;
/// An empty stream in deflate format (RFC 1950).
const NOTHING: &[u8; 8] = b"\x78\x9c\x03\0\0\0\0\x01";

/// An object with a dictionary.
struct Object {
    number: u32,
    dictionary: Range<usize>,
    stream: Option<Range<usize>>,
}

/// Strips a PDF in place; `true` if metadata may remain.
pub fn strip(bytes: &mut [u8]) -> bool {
    // Any change breaks a signature, and encrypted content cannot be parsed.
    if contains(bytes, b"/Encrypt") || contains(bytes, b"/ByteRange") {
        return true;
    }
    let Some(objects) = objects(bytes) else { return true };
    let (information, is_direct) = information(bytes);
    let mut may_remain = is_direct;
    let mut offsets = BTreeSet::new();
    for object in &objects {
        if information.contains(&object.number) {
            may_remain |= !clear_strings(bytes, object.dictionary.clone());
            offsets.insert(object.number);
        }
        if let Some(stream) = &object.stream {
            may_remain |= !clear_stream(bytes, &object.dictionary, stream.clone());
        }
    }
    clear_packets(bytes);
    // If objects are packed into streams, an information dictionary may be among them.
    let is_packed = contains(bytes, b"/ObjStm");
    let has_revisions =
        find(bytes, b"startxref", 0).is_some_and(|first| find(bytes, b"startxref", first + 9).is_some());
    may_remain || offsets != information || (is_packed && has_revisions)
}

/// The objects with dictionaries; `None` if the file cannot be parsed.
fn objects(bytes: &[u8]) -> Option<Vec<Object>> {
    let mut objects = Vec::new();
    let mut position = 0;
    while let Some(word) = find(bytes, b"obj", position) {
        position = word + 3;
        let Some(number) = number_before(bytes, word) else { continue };
        let start = skip_space(bytes, position);
        if bytes.get(start..start + 2) != Some(b"<<".as_slice()) {
            continue;
        }
        let end = dictionary_end(bytes, start)?;
        position = skip_space(bytes, end);
        let mut stream = None;
        if bytes.get(position..).is_some_and(|rest| rest.starts_with(b"stream")) {
            let line = position + 6;
            let begin = match bytes.get(line..line + 2) {
                Some(b"\r\n") => line + 2,
                _ => line + 1,
            };
            let stop = find(bytes, b"endstream", begin)?;
            position = stop + 9;
            stream = Some(begin..stop);
        }
        objects.push(Object { number, dictionary: start..end, stream });
        if objects.len() > OBJECTS_MAX {
            return None;
        }
    }
    Some(objects)
}

/// The object number before the keyword `obj` at an offset: `12 0 obj`.
fn number_before(bytes: &[u8], word: usize) -> Option<u32> {
    let before = |end: usize, matches: fn(u8) -> bool| {
        let head = bytes.get(..end)?;
        let rest = head.iter().rev().take(24).take_while(|byte| matches(**byte)).count();
        (rest > 0).then_some(end - rest)
    };
    let generation = before(before(word, is_space)?, |byte| byte.is_ascii_digit())?;
    let end = before(generation, is_space)?;
    let start = before(end, |byte| byte.is_ascii_digit())?;
    std::str::from_utf8(bytes.get(start..end)?).ok()?.parse().ok()
}

/// The numbers of information dictionaries, and whether one is in a place where its number cannot be told.
fn information(bytes: &[u8]) -> (BTreeSet<u32>, bool) {
    let (mut numbers, mut is_direct, mut position) = (BTreeSet::new(), false, 0);
    while let Some(name) = find(bytes, b"/Info", position) {
        position = name + 5;
        let start = skip_space(bytes, position);
        if bytes.get(start..start + 2) == Some(b"<<".as_slice()) {
            is_direct = true;
        } else if let Some(number) = reference(bytes, start) {
            numbers.insert(number);
        }
    }
    (numbers, is_direct)
}

/// The object number of a reference at an offset: `12 0 R`.
fn reference(bytes: &[u8], position: usize) -> Option<u32> {
    let digits = |position: usize| {
        let length = bytes.get(position..)?.iter().take(12).take_while(|byte| byte.is_ascii_digit()).count();
        (length > 0).then_some(position + length)
    };
    let end = digits(position)?;
    let generation = skip_space(bytes, end);
    let letter = skip_space(bytes, digits(generation).filter(|_| generation > end)?);
    let number = std::str::from_utf8(bytes.get(position..end)?).ok()?.parse().ok()?;
    (bytes.get(letter) == Some(&b'R')).then_some(number)
}

/// A token of a dictionary that matters here.
enum Token {
    Open,
    Close,
    /// A literal string, without its delimiters.
    Text(Range<usize>),
    /// A hexadecimal string, without its delimiters.
    Digits(Range<usize>),
    Reference,
    Other,
}

/// The next token, and the offset of its end.
fn token(bytes: &[u8], position: usize) -> Option<(Token, usize)> {
    match (bytes.get(position)?, bytes.get(position + 1)) {
        (b'<', Some(b'<')) => Some((Token::Open, position + 2)),
        (b'>', Some(b'>')) => Some((Token::Close, position + 2)),
        (b'<', _) => {
            let end = find(bytes, b">", position)?;
            Some((Token::Digits(position + 1..end), end + 1))
        }
        (b'(', _) => {
            let (mut depth, mut end) = (1_usize, position + 1);
            loop {
                match bytes.get(end)? {
                    b'\\' => end += 1,
                    b'(' => depth += 1,
                    b')' if depth == 1 => return Some((Token::Text(position + 1..end), end + 1)),
                    b')' => depth -= 1,
                    _ => {}
                }
                end += 1;
            }
        }
        (b'%', _) => {
            let line = bytes.get(position..)?.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
            Some((Token::Other, position + line))
        }
        (b'R', next) if next.is_none_or(|byte| !byte.is_ascii_alphanumeric()) => Some((Token::Reference, position + 1)),
        (b'/', _) => {
            let name = bytes.get(position + 1..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            Some((Token::Other, position + 1 + name))
        }
        _ => Some((Token::Other, position + 1)),
    }
}

/// The end of the dictionary that begins at an offset.
fn dictionary_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut depth, mut position) = (0_usize, start);
    loop {
        let (token, end) = token(bytes, position)?;
        position = end;
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(position);
        }
    }
}

/// Overwrites the strings of a dictionary; `false` if one of them is in another object.
fn clear_strings(bytes: &mut [u8], dictionary: Range<usize>) -> bool {
    let (mut position, mut is_complete) = (dictionary.start, true);
    while position < dictionary.end {
        let Some((token, end)) = token(bytes, position) else { return false };
        position = end;
        match token {
            Token::Text(range) => fill(bytes, range, b' '),
            Token::Digits(range) => {
                let digits = bytes.get_mut(range).into_iter().flatten().filter(|byte| byte.is_ascii_hexdigit());
                digits.zip([b'2', b'0'].into_iter().cycle()).for_each(|(byte, digit)| *byte = digit);
            }
            Token::Reference => is_complete = false,
            _ => {}
        }
    }
    is_complete
}

/// Overwrites a metadata stream, or the metadata in a JPEG stream; `false` if that is not possible.
fn clear_stream(bytes: &mut [u8], dictionary: &Range<usize>, stream: Range<usize>) -> bool {
    let head = bytes.get(dictionary.clone()).unwrap_or_default();
    let has_name = |name: &[u8]| contains(head, name);
    let is_filtered = has_name(b"/Filter");
    if has_name(b"/Metadata") && has_name(b"/XML") {
        if !is_filtered {
            fill(bytes, stream, b' ');
            return true;
        }
        let is_plain_deflate = has_name(b"/FlateDecode")
            && !has_name(b"/DecodeParms")
            && head.windows(6).filter(|word| *word == b"Decode").count() == 1;
        if !is_plain_deflate || stream.len() < NOTHING.len() {
            return false;
        }
        fill(bytes, stream.clone(), b' ');
        if let Some(begin) = bytes.get_mut(stream.start..stream.start + NOTHING.len()) {
            begin.copy_from_slice(NOTHING);
        }
        return true;
    }
    if has_name(b"/DCTDecode") && head.windows(6).filter(|word| *word == b"Decode").count() == 1 {
        clear_jpeg(bytes, stream);
    }
    true
}

/// Overwrites the segments of a JPEG that no decoder needs: EXIF, XMP, comments and those of applications.
fn clear_jpeg(bytes: &mut [u8], stream: Range<usize>) {
    let mut position = stream.start + 2;
    while position + 4 <= stream.end {
        let Some([0xff, marker, high, low]) = bytes.get(position..position + 4) else { return };
        let (marker, length) = (*marker, usize::from(*high) << 8 | usize::from(*low));
        let end = position + 2 + length;
        if length < 2 || end > stream.end || marker == 0xda {
            return;
        }
        if matches!(marker, 0xe1 | 0xe3..=0xed | 0xef | 0xfe) {
            fill(bytes, position + 4..end, 0);
        }
        position = end;
    }
}

/// Overwrites uncompressed XMP packets anywhere in the file.
fn clear_packets(bytes: &mut [u8]) {
    let mut position = 0;
    while let Some(begin) = find(bytes, b"<?xpacket begin", position) {
        let Some(end) = find(bytes, b"<?xpacket end", begin) else { return };
        fill(bytes, begin..end, b' ');
        position = end;
    }
}

fn fill(bytes: &mut [u8], range: Range<usize>, filler: u8) {
    if let Some(bytes) = bytes.get_mut(range) {
        bytes.fill(filler);
    }
}

fn skip_space(bytes: &[u8], position: usize) -> usize {
    position + bytes.get(position..).unwrap_or_default().iter().take_while(|byte| is_space(**byte)).count()
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}
