//! E-mail addresses (RFC 5322, as they are in use), and passwords in web addresses (RFC 3986, 3.2.1).

use super::bytes::{byte_at, byte_before, end_of_run, is_hex, is_listed, is_random, is_word, slice};
use super::finding::{Finding, is_placeholder};
use super::{Kind, Rules};

/// File name extensions, as in `icon@2x.png`: no domain ends in one.
const FILES: &str = "png jpg jpeg gif svg webp avif js mjs cjs jsx ts tsx vue css map html json tgz zip gz git lock md";

/// The address whose `@` is at an offset. It begins at `floor` or later.
pub fn email(text: &[u8], sign: usize, floor: usize, rules: &Rules) -> Option<Finding> {
    let local = |byte: u8| is_word(byte) || matches!(byte, b'.' | b'_' | b'+' | b'-');
    let lowest = floor.max(sign.saturating_sub(64));
    let part = slice(text, lowest, sign);
    let mut start = lowest + part.iter().rposition(|byte| !local(*byte)).map_or(0, |last| last + 1);
    while start < sign && !is_word(byte_at(text, start)) {
        start += 1;
    }
    let mut end = end_of_run(text, sign + 1, 255, |byte| is_word(byte) || byte == b'.' || byte == b'-');
    while byte_before(text, end) == b'.' {
        end -= 1;
    }
    let domain = slice(text, sign + 1, end);
    let dot = domain.iter().rposition(|byte| *byte == b'.')?;
    end = end_of_run(text, sign + dot + 2, 64, |byte| is_word(byte) && !byte.is_ascii_digit());
    let top = slice(text, sign + dot + 2, end);
    let has_top_level = top.len() >= 2 && !is_word(byte_at(text, end));
    let address = slice(text, start, end);
    let is_own = rules.own_emails.iter().any(|is_own| is_own.as_bytes().eq_ignore_ascii_case(address));
    let harmless = is_own || !has_top_level || is_listed(FILES, top) || slice(text, start, sign) == b"git";
    (start < sign && dot > 0 && is_word(byte_at(domain, 0)) && !harmless).then_some(Finding {
        start,
        end,
        kind: Kind::Email,
    })
}

/// The password, or the token in place of a user, in an address whose `://` begins at an offset.
pub fn userinfo(text: &[u8], colon: usize) -> Option<Finding> {
    if byte_at(text, colon + 1) != b'/' || byte_at(text, colon + 2) != b'/' {
        return None;
    }
    let start = colon + 3;
    let end = end_of_run(text, start, 512, |byte| byte > b' ' && !b"/?#\"'`<>\\".contains(&byte));
    let authority = slice(text, start, end);
    let sign = authority.iter().rposition(|byte| *byte == b'@')?;
    let user = slice(authority, 0, sign);
    match user.iter().position(|byte| *byte == b':') {
        Some(separator) if separator + 1 < sign && !is_placeholder(text, start + separator + 1) => {
            Some(Finding { start: start + separator + 1, end: start + sign, kind: Kind::Password })
        }
        None if sign >= 20 && (is_random(user) || is_hex(user)) => {
            Some(Finding { start, end: start + sign, kind: Kind::Token })
        }
        _ => None,
    }
}
