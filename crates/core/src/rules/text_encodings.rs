//! Detects text that is not clean UTF-8: logs with colours and progress bars, the output of PowerShell and Windows, files cut in the middle of
//! a character. Binary data bytes (as defined by WHATWG's MIME sniffing) may occur here and there in text; in other files they are everywhere.

/// How many control characters, besides those usual in logs, a text of any length may have.
const STRAY: usize = 16;
/// One more is allowed per this many characters.
const STRAY_EVERY: usize = 50;
/// How much of a file is examined to detect its encoding by its zeros, in bytes.
const SAMPLE: usize = 4_096;
/// The shortest text in UTF-16 without a byte order mark, in bytes.
const WITHOUT_MARK_MIN: usize = 8;

/// Whether bytes are UTF-8 text with the control characters of logs: those of terminals, form feeds, single zeros.
pub fn is_log(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    !text.is_empty() && is_mostly_printed(text.chars())
}

/// Whether bytes are text in another encoding: UTF-16 or UTF-32, detected by a byte order mark or by its zeros, or a code page.
pub fn is_encoded(bytes: &[u8]) -> bool {
    match bytes {
        [] | [_] => false,
        [0xff, 0xfe, 0, 0, rest @ ..] => is_utf32(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => is_utf32(rest, u32::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => is_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => is_utf16(rest, u16::from_be_bytes),
        _ => match zeros(bytes) {
            _ if bytes.len() < WITHOUT_MARK_MIN => is_code_page(bytes),
            (even, odd) if even == 0 && odd > 0 => is_utf16(bytes, u16::from_le_bytes),
            (even, odd) if odd == 0 && even > 0 => is_utf16(bytes, u16::from_be_bytes),
            _ => is_code_page(bytes),
        },
    }
}

/// How many bytes at even and at odd positions are zero; text of which at least every other character is ASCII has many of one of them.
fn zeros(bytes: &[u8]) -> (usize, usize) {
    let sample = bytes.get(..SAMPLE.min(bytes.len())).unwrap_or_default();
    let count = |odd: usize| sample.iter().skip(odd).step_by(2).filter(|byte| **byte == 0).count();
    let if_frequent = |count: usize| if count * 4 >= sample.len() { count } else { 0 };
    (if_frequent(count(0)), if_frequent(count(1)))
}

fn is_utf16(bytes: &[u8], read: fn([u8; 2]) -> u16) -> bool {
    let units = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(read);
    // The end may be cut off.
    let mut broken = 0_usize;
    let chars: Vec<char> = char::decode_utf16(units)
        .map(|c| {
            c.unwrap_or_else(|_| {
                broken += 1;
                '?'
            })
        })
        .collect();
    broken <= 1 + chars.len() / 1_000 && is_mostly_printed(chars.iter().copied())
}

fn is_utf32(bytes: &[u8], read: fn([u8; 4]) -> u32) -> bool {
    let chars: Option<Vec<char>> =
        bytes.chunks_exact(4).filter_map(|four| four.try_into().ok()).map(|four| char::from_u32(read(four))).collect();
    chars.is_some_and(|chars| is_mostly_printed(chars.iter().copied()))
}

/// Encodings with one byte per character, or two: characters beyond ASCII are bytes from 0x80, with few other control characters among them.
fn is_code_page(bytes: &[u8]) -> bool {
    let stray = bytes.iter().filter(|byte| is_stray(char::from(**byte)) && **byte < 0x80).count();
    let letters = bytes.iter().filter(|byte| byte.is_ascii_graphic() || **byte >= 0x80).count();
    stray <= bytes.len() / 200 && letters * 4 >= bytes.len()
}

fn is_mostly_printed(chars: impl Iterator<Item = char>) -> bool {
    let (mut all, mut stray) = (0_usize, 0_usize);
    for c in chars {
        all += 1;
        stray += usize::from(is_stray(c) || c == '\u{fffe}' || c == '\u{ffff}');
    }
    // A few are allowed within text.
    stray <= (STRAY + all / STRAY_EVERY).min(all / 4)
}

/// A control character that is unusual in logs, other than tabs, line ends, form feeds, backspaces, bells, and the beginning of colours.
fn is_stray(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x0b' | '\x08' | '\x07' | '\x1b')
}

/// Whether bytes are a PDF whose header is not at the very beginning; readers accept it within the first 1,024 bytes: after a byte order mark
/// or empty lines, or after anything else if the file ends as a PDF does.
pub fn is_pdf(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(1_024 + 5)).unwrap_or_default();
    let Some(start) = head.windows(5).position(|five| five == b"%PDF-") else { return false };
    let before = head.get(..start).unwrap_or_default();
    let before = before.strip_prefix(b"\xef\xbb\xbf").unwrap_or(before);
    let tail = bytes.get(bytes.len().saturating_sub(2_048)..).unwrap_or_default();
    before.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0)
        || tail.windows(5).any(|five| five == b"%%EOF") && bytes.windows(9).any(|nine| nine == b"startxref")
}
