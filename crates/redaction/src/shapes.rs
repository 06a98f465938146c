//! Secrets that are recognised by their own shape.

use super::Kind;
use super::base64;
use super::bytes::{
    FAR, byte_at, byte_before, class_changes, count, end_of_run, has_word_at, is_credential, is_digit, is_hex,
    is_listed, is_lowercase, is_random, is_token, is_uppercase, slice,
};
use super::finding::Finding;
use super::issuers::{Follows, prefix};

/// The token that begins at an offset, if a word begins there. Within `is_content` the form alone does not count.
pub fn token_at(text: &[u8], start: usize, is_content: bool) -> Option<Finding> {
    let unknown = || marked_key(text, start).or_else(|| unknown_token(text, start)).filter(|_| !is_content);
    known_token(text, start).or_else(unknown).or_else(|| scheme_credential(text, start))
}

fn known_token(text: &[u8], start: usize) -> Option<Finding> {
    prefixed_token(text, start).or_else(|| jwt(text, start))
}

/// Whether the end of a text begins like a token that continues on the next line: it is no token yet, or the line looks like a part of one.
pub fn begins_token(text: &[u8], next: &[u8]) -> bool {
    let lowest = text.len().saturating_sub(100);
    let part = slice(text, lowest, text.len());
    let offset = lowest
        + part.iter().rposition(|byte| !is_token(*byte) && !matches!(byte, b'.' | b'/')).map_or(0, |last| last + 1);
    let begins_like_token = prefix(text, offset).is_some() || slice(text, offset, offset + 3) == b"eyJ";
    begins_like_token && (class_changes(next) > 0 || known_token(text, offset).is_none())
}

fn prefixed_token(text: &[u8], start: usize) -> Option<Finding> {
    let (body, follows) = prefix(text, start)?;
    let belongs = if follows == Follows::Parts { is_part } else { is_joined };
    let head = slice(text, body, without_stops(text, end_of_run(text, body, 64, belongs)));
    let lowercase_count = count(head, is_lowercase);
    let is_secret = match follows {
        Follows::Hex => head.len() == 32 && is_hex(head),
        Follows::Random if is_inner(text, start) => false,
        // A UUID, or other hexadecimal digits, count wherever they change.
        Follows::Random if head.len() > 35 && is_hex(slice(head, head.len() - 36, head.len())) => true,
        Follows::Random => head.len() > 15 && changes_often(head, 6),
        _ => head.len() > 15 && lowercase_count < count(head, |byte| byte.is_ascii_alphanumeric()),
    };
    is_secret.then(|| Finding {
        start,
        end: without_stops(text, end_of_run(text, body, FAR, belongs)),
        kind: if lowercase_count == 0 || follows == Follows::Hex { Kind::Key } else { Kind::Token },
    })
}

/// A token without a known prefix. Its bytes change their class as only random ones do. It is long and follows words that name it or has parts
/// separated by points, or is longer and mixes lower case and capitals; after words that introduce secrets, it may be shorter and hexadecimal,
/// like names of things.
#[inline(never)]
fn unknown_token(text: &[u8], start: usize) -> Option<Finding> {
    let candidate = slice(text, start, without_stops(text, end_of_run(text, start, 128, is_joined)));
    let mut rest = candidate;
    let (mut has_name, mut follows_secret_word) = (false, false);
    while let Some(joint) = rest.iter().position(|byte| !byte.is_ascii_alphanumeric()) {
        let word = slice(rest, 0, joint);
        // `acme_live_`, and at first `r8_` as well.
        let is_first_word = !has_name && joint < 13 && count(word, is_uppercase) == 0 && !is_digit(byte_at(word, 0));
        if class_changes(word) > 0 && !is_first_word {
            break;
        }
        has_name |= joint > 1;
        follows_secret_word |= byte_at(rest, joint) == b'_' && is_listed(SECRETS, word);
        rest = rest.get(joint + 1..).unwrap_or_default();
    }
    let points = count(rest, |byte| byte == b'.');
    let mixed_min = if points == 0 { 37 } else { 80 };
    let is_mixed = rest.len() > mixed_min && count(rest, is_uppercase) > 0 && count(rest, is_lowercase) > 0;
    let parts = || {
        let parts = rest.split(|byte| !byte.is_ascii_alphanumeric());
        parts.filter(|part| part.len() > 11 && class_changes(part) * 6 >= part.len())
    };
    // A third of it at least: in `acme-prod-InvoiceReminderHandlerFunction-1XK2J3HQW8ZPL` only the end is random.
    let has_random_parts =
        || parts().any(|part| !is_hex(part)) && parts().map(<[u8]>::len).sum::<usize>() * 3 >= rest.len();
    let last = candidate.rsplit(|byte| *byte == b'.').next()?;
    // `chunk.css`, a published key or address, the line of hyphens around a certificate.
    let is_name = points > 0 && last.len() < 6
        || NAMES.into_iter().any(|name| candidate.starts_with(name))
        || candidate.windows(3).any(|part| part == b"---");
    let is_secret = rest.len() > 29 && (has_name || points > 1) || is_mixed && !is_text(rest);
    let is_secret = is_secret && has_random_parts() || follows_secret_word && rest.len() > 19;
    (is_secret && changes_often(rest, 5) && !is_name && !is_inner(text, start)).then(|| Finding {
        start,
        end: without_stops(text, end_of_run(text, start, FAR, is_joined)),
        kind: Kind::Token,
    })
}

/// Words before a `_` after which hexadecimal digits are secret as well.
const SECRETS: &str = "live prod production secret token pat";

/// Prefixes of random-looking text that is published: keys of pages, addresses of Ethereum and IPFS.
const NAMES: [&[u8]; 4] = [b"pk_live", b"pk_test", b"0x", b"Qm"];

/// A key recognised by its end, `…-us6` of Mailchimp, by its middle, `8Q~` in a secret of Azure, or by the base64 that addresses cannot hold:
/// with `+` or `=`, or the 40 bytes of an AWS key.
fn marked_key(text: &[u8], start: usize) -> Option<Finding> {
    if has_word_at(text, start + 32, b"-us") && is_hex(slice(text, start, start + 32)) {
        return Some(Finding { start, end: end_of_run(text, start, 40, is_token), kind: Kind::Key });
    }
    let azure = without_stops(text, end_of_run(text, start, 42, is_joined));
    if (34..41).contains(&(azure - start)) && slice(text, start, azure).windows(2).any(|mark| mark == b"Q~") {
        return Some(Finding { start, end: azure, kind: Kind::Key });
    }
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    let candidate = slice(text, start, end_of_run(text, start, 128, belongs));
    let last = start + candidate.len();
    let end = end_of_run(text, last, 2, |byte| byte == b'=');
    let has_mark = end > last || candidate.contains(&b'+');
    let is_random_key = candidate.len() == 40 && changes_often(candidate, 5)
        || candidate.len() > 42 && has_mark && changes_often(candidate, 7);
    let is_path = count(candidate, |byte| byte == b'/') * 8 > candidate.len() || count(candidate, is_uppercase) < 6;
    let is_apart = !is_inner(text, start) && (candidate.len() == 128 || !is_token(byte_at(text, end)));
    (is_random_key && is_apart && !is_path && !is_text(candidate)).then(|| Finding {
        start,
        end: end_of_run(text, end_of_run(text, start, FAR, belongs), 2, |byte| byte == b'='),
        kind: Kind::Key,
    })
}

/// The end of something that looks random and is no secret, if it begins at an offset: a digest (`sha256-…`, Subresource Integrity), a data URL
/// (RFC 2397), a certificate or public key (RFC 7468, RFC 4253), the value of something called an id, a document's name in an address (`/d/…`).
pub fn content_end(text: &[u8], start: usize) -> Option<usize> {
    let tail = slice(text, start.saturating_sub(7), start);
    let is_id = tail.windows(3).any(|part| match part {
        [before, b'i', b'd'] => !before.is_ascii_alphabetic(),
        [_, b'I', b'd' | b'D'] => true,
        _ => false,
    });
    let is_named = is_id && tail.iter().any(|byte| matches!(byte, b':' | b'=')) || tail.ends_with(b"/d/");
    let is_digest = has_word_at(text, start, b"sha") && matches!(byte_at(text, start + 3), b'1'..=b'9' | b'-');
    let content_start = if is_named || is_digest || slice(text, start + 5, start + 9) == b"3Nza" {
        start
    } else if has_word_at(text, start, b"base64,") {
        start + 7
    } else if has_word_at(text, start, b"begin ") && byte_before(text, start) == b'-' {
        let label = end_of_run(text, start, 48, |byte| byte != b'-');
        let body = end_of_run(text, label, 5, |byte| byte == b'-');
        return Some(end_of_run(text, body, FAR, |byte| byte != b'-'));
    } else {
        return None;
    };
    Some(end_of_run(text, content_start, FAR, is_credential))
}

/// Whether a part decodes to text: random bytes do so for a few bytes at most.
fn is_text(part: &[u8]) -> bool {
    base64::text(part, 0).0.len() > 11
}

/// Whether the text at an offset is joined to what comes before it.
fn is_inner(text: &[u8], start: usize) -> bool {
    match byte_before(text, start) {
        // `_ZN4core3fmt…` is the name of a function.
        b'_' | b'+' => true,
        b'-' | b'.' => byte_before(text, start - 1).is_ascii_alphanumeric(),
        _ => false,
    }
}

/// Whether bytes look random in any case: one in `one_in` changes its class.
pub fn changes_often(part: &[u8], one_in: usize) -> bool {
    count(part, is_digit) > 0 && class_changes(part) * one_in >= part.len()
}

/// The token after a colon that follows the number of its owner: of a Telegram bot (<https://core.telegram.org/bots/api>) or an Asana
/// application.
pub fn owned_token(text: &[u8], colon: usize) -> Option<Finding> {
    let end = end_of_run(text, colon + 1, 64, is_token);
    let token = slice(text, colon + 1, end);
    let number = slice(text, colon.wrapping_sub(6), colon);
    (count(number, is_digit) == 6 && token.len() > 31 && changes_often(token, 6)).then_some(Finding {
        start: colon + 1,
        end,
        kind: Kind::Token,
    })
}

/// A token of RFC 7519: `{"` in base64url, and the parts after it, of which an unsigned one omits the last and an encrypted one (RFC 7516) may
/// omit the second.
fn jwt(text: &[u8], start: usize) -> Option<Finding> {
    let header = end_of_run(text, start, 1_024, is_token);
    if slice(text, start, start + 3) != b"eyJ" || header < start + 12 || byte_at(text, header) != b'.' {
        return None;
    }
    let end = end_of_run(text, header, FAR, |byte| is_token(byte) || byte == b'.' || byte == b'=');
    (end >= header + 9).then(|| Finding { start, end: without_stops(text, end), kind: Kind::Jwt })
}

/// The credential after the name of an authorization scheme (RFC 6750, RFC 7617) outside of any header.
fn scheme_credential(text: &[u8], start: usize) -> Option<Finding> {
    let name = [&b"bearer"[..], b"basic", b"token"].into_iter().find(|name| has_word_at(text, start, name))?;
    let credential = end_of_run(text, start + name.len(), 4, |byte| byte == b' ' || byte == b'+');
    if credential == start + name.len() {
        return None;
    }
    let head = slice(text, credential, end_of_run(text, credential, 64, is_credential));
    // Inner capitals, which no word has.
    let mixed =
        count(slice(head, 1, head.len()), is_uppercase) > 0 && count(head, is_lowercase) > 0 && !head.contains(&b'.');
    let digit = count(head, is_digit) > 0;
    let secret = match name.first() {
        Some(b'b') if name.len() == 5 => head.len() >= 6 && base64::text(text, credential).0.contains(&b':'),
        Some(b'b') => head.len() >= 8 && digit || head.len() >= 16 && mixed,
        _ => head.len() >= 16 && digit,
    };
    secret.then(|| Finding {
        start: credential,
        end: without_stops(text, end_of_run(text, credential, FAR, is_credential)),
        kind: Kind::Token,
    })
}

/// A private key (RFC 7468, RFC 4880) that begins with its hyphens at an offset: up to its end, or to the end of what is left of it.
pub fn private_key(text: &[u8], start: usize) -> Option<Finding> {
    let label = start + 11;
    let end = end_of_run(text, label, 48, |byte| is_uppercase(byte) || is_digit(byte) || byte == b' ');
    let is_private_key = slice(text, label, end).windows(11).any(|window| window == b"PRIVATE KEY");
    if slice(text, start, label) != b"-----BEGIN " || !is_private_key || byte_at(text, end) != b'-' {
        return None;
    }
    let mut last = end_of_run(text, end, 5, |byte| byte == b'-');
    let mut index = last;
    let (mut wide, mut header) = (true, false);
    loop {
        let word = end_of_run(text, index, 512, |byte| byte <= b' ' && byte > 0 || b"\"'+,\\>`".contains(&byte));
        let stop = end_of_run(text, word, FAR, |byte| is_credential(byte) || matches!(byte, b':' | b','));
        let part = slice(text, word, stop);
        if part.starts_with(b"-----END") {
            let close = end_of_run(text, stop, 48, |byte| is_uppercase(byte) || byte == b' ');
            return Some(Finding {
                start,
                end: end_of_run(text, close, 5, |byte| byte == b'-'),
                kind: Kind::PrivateKey,
            });
        }
        let encoded = count(part, |byte| base64::is_base64(byte) || byte == b'=') == part.len();
        let names = part.last() == Some(&b':');
        if part.is_empty() || part.starts_with(b"-----") || !(encoded && (wide || part.len() > 15) || names || header) {
            return Some(Finding { start, end: last, kind: Kind::PrivateKey });
        }
        if encoded && !header {
            last = stop;
            wide = part.len() > 40;
        }
        header = names;
        index = stop;
    }
}

/// Whether the value of a parameter looks random. Digests and UUIDs do not: they name things.
pub fn is_random_value(value: &[u8]) -> bool {
    let minimum = if count(value, is_uppercase) > 0 { 22 } else { 24 };
    value.len() >= minimum && is_random(value) && !is_hex(value) && byte_at(value, 0) != b'/'
}

fn is_joined(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'.' | b'~')
}

fn is_part(byte: u8) -> bool {
    is_credential(byte) || matches!(byte, b'!' | b'@' | b'$')
}

/// The end of a token without the full stop of its sentence.
fn without_stops(text: &[u8], mut end: usize) -> usize {
    while matches!(byte_before(text, end), b'.' | b'/') {
        end -= 1;
    }
    end
}
