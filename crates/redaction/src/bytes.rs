//! Access to bytes without the bounds checks and searches of the standard library, which cost the widget kilobytes. Functions that are called
//! everywhere are never inlined, which saves another half.

/// The byte at an offset; zero outside the text.
#[inline(never)]
pub fn byte_at(text: &[u8], index: usize) -> u8 {
    #[cfg(test)]
    work::add(1);
    text.get(index).copied().unwrap_or(0)
}

/// The byte before an offset; zero at the start.
#[inline(never)]
pub fn byte_before(text: &[u8], index: usize) -> u8 {
    byte_at(text, index.wrapping_sub(1))
}

/// A part of a text; empty if it is outside.
pub fn slice(text: &[u8], start: usize, end: usize) -> &[u8] {
    let part = text.get(start..end.min(text.len())).unwrap_or_default();
    #[cfg(test)]
    work::add(part.len());
    part
}

/// The end of the run of bytes that begins at an offset, examining at most `most` bytes.
pub fn end_of_run(text: &[u8], start: usize, maximum: usize, belongs: fn(u8) -> bool) -> usize {
    let last = text.len().min(start.saturating_add(maximum));
    let part = text.get(start..last).unwrap_or_default();
    let length = part.iter().position(|byte| !belongs(*byte)).unwrap_or(part.len());
    #[cfg(test)]
    work::add(length);
    start + length
}

/// Beyond the length of any text.
pub const FAR: usize = usize::MAX / 2;

/// How many bytes of a text match.
#[inline(never)]
pub fn count(text: &[u8], matches: fn(u8) -> bool) -> usize {
    text.iter().filter(|byte| matches(**byte)).count()
}

/// A decimal digit.
pub fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// An ASCII capital letter.
#[inline(never)]
pub fn is_uppercase(byte: u8) -> bool {
    byte.is_ascii_uppercase()
}

/// An ASCII lower-case letter.
pub fn is_lowercase(byte: u8) -> bool {
    byte.is_ascii_lowercase()
}

/// Whether a word, given in lower case, is at an offset, in any case.
pub fn has_word_at(text: &[u8], index: usize, word: &[u8]) -> bool {
    slice(text, index, index + word.len()).eq_ignore_ascii_case(word)
}

/// Whether a space-separated list has a word, in any case.
pub fn is_listed(list: &str, word: &[u8]) -> bool {
    list.as_bytes().split(|byte| *byte == b' ').any(|entry| entry.eq_ignore_ascii_case(word))
}

/// A letter or a digit; every byte of a letter beyond ASCII counts.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// A byte of base64url (RFC 4648, 5), which most tokens consist of.
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// A byte of either base64, or one that joins parts of tokens.
pub fn is_credential(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'+' | b'/' | b'=' | b'.' | b'~')
}

/// Space or tab.
pub fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Whether letters and digits alternate as in random texts and not as in words, names and numbers.
pub fn is_random(text: &[u8]) -> bool {
    count(text, is_lowercase) > 0 && count(text, is_digit) > 0 && class_changes(text) * 5 >= text.len()
}

/// How often lower case, upper case and digits alternate, except for capitals before lower case.
pub fn class_changes(text: &[u8]) -> usize {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    let changed = |pair: &&[u8]| match (class(byte_at(pair, 0)), class(byte_at(pair, 1))) {
        (2, 1) | (0, _) | (_, 0) => false,
        (first, second) => first != second,
    };
    text.windows(2).filter(changed).count()
}

/// Whether a text consists of hexadecimal digits and hyphens, like UUIDs and digests.
pub fn is_hex(text: &[u8]) -> bool {
    count(text, |byte| byte.is_ascii_hexdigit() || byte == b'-') == text.len()
}

/// Counts the bytes that were examined, as a measure of the time that a text takes.
#[cfg(test)]
pub mod work {
    use std::cell::Cell;

    thread_local! {
        static WORK: Cell<usize> = const { Cell::new(0) };
    }

    pub fn add(bytes: usize) {
        WORK.set(WORK.get() + bytes);
    }

    /// The count since the last call.
    pub fn take() -> usize {
        WORK.replace(0)
    }
}
