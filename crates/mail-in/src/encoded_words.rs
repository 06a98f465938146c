//! Decodes encoded words (RFC 2047), valid ones and those that programs really write: in quotation marks, without white space between them,
//! with spaces inside, with a character split over two of them, with a language (RFC 2231, section 5), or without the end.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The longest encoded word, in bytes. RFC 2047 (section 2) allows 75; some programs fill a line with one (RFC 5322, 2.1.1).
const WORD_MAX: usize = 998;
/// The longest name of a character set, in bytes.
const CHARSET_MAX: usize = 40;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The text of a header with its encoded words decoded. Everything else stays as it is.
pub fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut pending: Option<(&'static Encoding, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(start) = rest.find("=?") {
        let (before, from_start) = rest.split_at_checked(start).unwrap_or_default();
        let Some(word) = Word::read(from_start) else {
            flush(&mut out, &mut pending);
            out.push_str(before);
            out.push_str("=?");
            rest = from_start.get(2..).unwrap_or_default();
            continue;
        };
        // White space between two encoded words is dropped.
        if pending.is_none() || !before.trim().is_empty() {
            flush(&mut out, &mut pending);
            out.push_str(before);
        }
        match &mut pending {
            Some((encoding, bytes)) if *encoding == word.encoding => bytes.extend(word.bytes),
            _ => {
                flush(&mut out, &mut pending);
                pending = Some((word.encoding, word.bytes));
            }
        }
        rest = from_start.get(word.length..).unwrap_or_default();
    }
    flush(&mut out, &mut pending);
    out.push_str(rest);
    out
}

fn flush(out: &mut String, pending: &mut Option<(&'static Encoding, Vec<u8>)>) {
    if let Some((encoding, bytes)) = pending.take() {
        out.push_str(&text_of(&bytes, encoding));
    }
}

/// Decodes bytes in a character set; valid UTF-8 is always decoded as such, because programs often name another one by mistake.
fn text_of(bytes: &[u8], encoding: &'static Encoding) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text)
            if encoding.is_ascii_compatible() && !bytes.contains(&0x1b) && (encoding == UTF_8 || !bytes.is_ascii()) =>
        {
            text.into()
        }
        _ => encoding.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// An encoded word at the start of a text.
struct Word {
    encoding: &'static Encoding,
    bytes: Vec<u8>,
    /// Its length in the text, in bytes.
    length: usize,
}

impl Word {
    fn read(text: &str) -> Option<Word> {
        // The search is bounded, or a text of nothing but starts would take quadratic time.
        let start = text.get(..text.floor_char_boundary(WORD_MAX))?;
        let content = start.strip_prefix("=?")?;
        let (charset, after) = content.split_once('?')?;
        let is_charset =
            !charset.is_empty() && charset.len() <= CHARSET_MAX && charset.bytes().all(|byte| byte.is_ascii_graphic());
        let (method, content) = after.split_once('?').filter(|_| is_charset)?;
        if !matches!(method, "q" | "Q" | "b" | "B") {
            return None;
        }
        // Some programs omit the end of the last one.
        let (content, end) = match content.find("?=") {
            // `?Q?=4A…?=`: a word may begin with an equals sign.
            Some(0) if method.eq_ignore_ascii_case("q") && is_hex_pair(content.get(2..4)) => {
                let end = content.get(1..)?.find("?=").map_or(content.len(), |end| end + 1);
                (content.get(..end)?, end)
            }
            Some(end) => (content.get(..end)?, end),
            None if start.len() < text.len() => return None,
            None => (content.trim_end(), content.trim_end().len()),
        };
        let bytes = match method {
            "q" | "Q" => quoted(content),
            "b" | "B" => unpacked(content)?,
            _ => return None,
        };
        let label = charset.split('*').next().unwrap_or_default();
        let encoding = Encoding::for_label(label.as_bytes()).unwrap_or(WINDOWS_1252);
        let length = 2 + charset.len() + 1 + method.len() + 1 + end;
        let closed = text.get(length..).is_some_and(|rest| rest.starts_with("?="));
        Some(Word { encoding, bytes, length: length + if closed { 2 } else { 0 } })
    }
}

fn is_hex_pair(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn quoted(content: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(content.len());
    let mut rest = content.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).filter(|hex| is_hex_pair(Some(hex)));
        match (first, hex.and_then(|hex| u8::from_str_radix(hex, 16).ok())) {
            (b'=', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
                continue;
            }
            (b'_', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
        rest = after;
    }
    bytes
}

fn unpacked(content: &str) -> Option<Vec<u8>> {
    let packed: String = content.chars().filter(|c| !c.is_whitespace()).collect();
    BASE64.decode(packed.trim_end_matches('=')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn incomplete_encoded_words_stay_in_linear_time() {
        let (start, word) = ("=?a?x? ".repeat(2_000), "=?utf-8?q?Fixed?=");
        assert_eq!(decode(&[start.as_str(), word].concat()), [start.as_str(), "Fixed"].concat());
        let endless = "=?a?b?!".repeat(2_000);
        assert_eq!(decode(&endless), endless);
        assert_eq!(decode("=?utf-8?q?Fixed"), "Fixed", "some programs forget the end");
        let long_word = format!("=?utf-8?q?{}?=", "a".repeat(900));
        assert_eq!(decode(&long_word), "a".repeat(900));
    }

    proptest! {
        #[test]
        fn any_text_is_decoded_and_plain_text_stays(text in "[a-z=?_ QB8éu-]{0,60}") {
            let decoded = decode(&text);
            if !text.contains("=?") {
                prop_assert_eq!(decoded, text);
            }
        }
    }
}
