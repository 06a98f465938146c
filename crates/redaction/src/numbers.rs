//! Numbers with check digits: cards and bank accounts; and social security numbers, IP addresses.

use super::bytes::{byte_at, byte_before, count, end_of_run, is_digit, is_word, slice};
use super::finding::Finding;
use super::view::line_break;
use super::{Kind, Rules};

/// The ranges of the first four digits of each issuer's cards, and their lengths (ISO/IEC 7812; the ranges are those the schemes publish).
const ISSUERS: [(u16, u16, u8, u8); 16] = [
    (4000, 4999, 13, 13),
    (4000, 4999, 16, 16),
    (4000, 4999, 19, 19),
    (5100, 5599, 16, 16),
    (2221, 2720, 16, 16),
    (3400, 3499, 15, 15),
    (3700, 3799, 15, 15),
    (6011, 6011, 16, 19),
    (6440, 6599, 16, 19),
    (3000, 3059, 14, 14),
    (3600, 3699, 14, 14),
    (3800, 3999, 14, 14),
    (3528, 3589, 16, 16),
    (6200, 6299, 16, 19),
    (5018, 5038, 13, 19),
    (6304, 6763, 16, 19),
];

/// The lengths of account numbers, and the countries that have them (the IBAN registry of SWIFT).
const COUNTRIES: &str = "15NO16BE18DKFIFKFOGLNLSD19MKSI20ATBAEEKZLTLUMNXK21CHHRLILV22BGBHCRDEGBGEIEMERSVA23AEGIILIQOMSOTL24ADCZES\
    MDPKROSASESKTNVG25LYPTST26ISTR27BIDJFRGRITMCMRSM28ALAZBYCYDOGTHNHULBNIPLSV29BREGPSQAUA30JOKWMUYE31MTSC32LC33RU";

/// The number that begins at an offset, if a word begins there.
pub fn number(text: &[u8], start: usize, rules: &Rules) -> Option<Finding> {
    let (end, kind) = if !is_digit(byte_at(text, start)) {
        (iban(text, start), Kind::Iban)
    } else if rules.social_security && matches!(byte_at(text, start + 3), b'-' | b' ' | b'+') {
        (social_security(text, start), Kind::SocialSecurity)
    } else {
        (card(text, start), Kind::Card)
    };
    Some(Finding { start, end: end?, kind })
}

/// The IP address that begins at an offset, if these are redacted.
pub fn ip(text: &[u8], start: usize, addresses: bool, rules: &Rules) -> Option<Finding> {
    if !addresses || !rules.ip_addresses {
        return None;
    }
    let end = ip4(text, start).or_else(|| ip6(text, start))?;
    Some(Finding { start, end, kind: Kind::IpAddress })
}

fn card(text: &[u8], start: usize) -> Option<usize> {
    if !stands_apart(text, start) {
        return None;
    }
    let mut digits: Vec<u8> = Vec::new();
    let mut best = None;
    let mut index = start;
    let mut separator = 0;
    let mut broken = false;
    loop {
        let group = end_of_run(text, index, 20, is_digit);
        digits.extend_from_slice(slice(text, index, group));
        let next = byte_at(text, group);
        // A number that continues as a word, a fraction or an address is of another kind.
        let is_complete =
            !next.is_ascii_alphanumeric() && next != b'_' && !(next == b'.' && is_digit(byte_at(text, group + 1)));
        if is_complete && is_card(&digits) {
            best = Some(group);
        }
        let mut line = line_break(text, group);
        let goes_on = line > group;
        line += usize::from(separator != 0 && byte_at(text, line) == separator);
        if goes_on && !broken && digits.len() > 3 && is_digit(byte_at(text, line)) {
            broken = true;
            index = line;
            continue;
        }
        let parted = matches!(next, b' ' | b'-' | b'+') && (separator == 0 || separator == next);
        let grouped = broken || (4..=6).contains(&(group - index));
        if !parted || digits.len() > 16 || !grouped || !is_digit(byte_at(text, group + 1)) {
            return best;
        }
        separator = next;
        index = group + 1;
    }
}

fn is_card(digits: &[u8]) -> bool {
    let value = |byte: u8| u32::from(byte.wrapping_sub(b'0'));
    let first = slice(digits, 0, 4).iter().fold(0, |sum, byte| sum * 10 + value(*byte) as u16);
    let length = digits.len();
    let issued = ISSUERS.iter().any(|(from, to, minimum, maximum)| {
        (*from..=*to).contains(&first) && (*minimum..=*maximum).contains(&(length as u8))
    });
    let sum = |weight: fn(u32) -> u32| -> u32 {
        digits
            .iter()
            .rev()
            .enumerate()
            .map(|(n, byte)| if n % 2 == 1 { weight(value(*byte)) } else { value(*byte) })
            .sum()
    };
    let luhn = sum(|digit| if digit > 4 { digit * 2 - 9 } else { digit * 2 }) % 10 == 0;
    // Thirteen digits are far more often an article number (EAN), whose check digit uses weights of three.
    let article = length == 13 && sum(|digit| digit * 3) % 10 == 0;
    issued && luhn && !article
}

fn iban(text: &[u8], start: usize) -> Option<usize> {
    let country = slice(text, start, start + 2);
    let mut length = 0;
    let mut is_listed = false;
    for pair in COUNTRIES.as_bytes().chunks(2) {
        if is_digit(byte_at(pair, 0)) {
            length = usize::from(byte_at(pair, 0) - b'0') * 10 + usize::from(byte_at(pair, 1) - b'0');
        } else if pair.eq_ignore_ascii_case(country) {
            is_listed = true;
            break;
        }
    }
    let mut broken = false;
    if !is_listed || !byte_at(text, start + 2).is_ascii_digit() || !byte_at(text, start + 3).is_ascii_digit() {
        return None;
    }
    let mut number = Vec::new();
    let mut index = start;
    while number.len() < length {
        let byte = byte_at(text, index);
        if byte.is_ascii_alphanumeric() {
            number.push(byte);
        } else if line_break(text, index) > index && !broken {
            broken = true;
            index = line_break(text, index);
            continue;
        } else if !matches!(byte, b' ' | b'-' | b'+') || !byte_at(text, index + 1).is_ascii_alphanumeric() {
            return None;
        }
        index += 1;
    }
    let (head, body) = (slice(&number, 0, 4), slice(&number, 4, length));
    let rest = body.iter().chain(head).fold(0u32, |rest, byte| match (*byte as char).to_digit(36).unwrap_or(0) {
        digit @ 0..=9 => (rest * 10 + digit) % 97,
        letter => (rest * 100 + letter) % 97,
    });
    (rest == 1 && !byte_at(text, index).is_ascii_alphanumeric()).then_some(index)
}

fn social_security(text: &[u8], start: usize) -> Option<usize> {
    let part = slice(text, start, start + 11);
    let fits = part.iter().zip(b"000-00-0000").all(|(byte, shape)| match shape {
        b'-' => *byte == byte_at(part, 3),
        _ => byte.is_ascii_digit(),
    });
    // Never issued: an area of 000, 666 and from 900 on, a group of 00, a serial of 0000.
    let never = byte_at(part, 0) == b'9'
        || matches!(slice(part, 0, 3), b"000" | b"666")
        || slice(part, 4, 6) == b"00"
        || slice(part, 7, 11) == b"0000";
    let next = byte_at(text, start + 11);
    let ends = part.len() == 11 && !next.is_ascii_alphanumeric() && next != b'-';
    (fits && !never && ends && stands_apart(text, start)).then_some(start + 11)
}

fn ip4(text: &[u8], start: usize) -> Option<usize> {
    // `Chrome/120.0.0.0` and `v1.2.3.4` are versions.
    let product = byte_before(text, start) == b'/' && byte_before(text, start - 1) != b'/';
    let version = slice(text, start.saturating_sub(8), start).eq_ignore_ascii_case(b"version ");
    if product || version || !stands_apart(text, start) {
        return None;
    }
    let mut index = start;
    for part in 0..4 {
        let end = end_of_run(text, index, 4, is_digit);
        let value = slice(text, index, end).iter().fold(0u32, |sum, byte| sum * 10 + u32::from(byte - b'0'));
        if end == index || end > index + 3 || value > 255 || part < 3 && byte_at(text, end) != b'.' {
            return None;
        }
        index = end + usize::from(part < 3);
    }
    let next = byte_at(text, index);
    let goes_on = next.is_ascii_alphanumeric()
        || next == b'_'
        || matches!(next, b'.' | b'-') && is_word(byte_at(text, index + 1));
    (!goes_on).then_some(index)
}

/// RFC 4291: eight groups, or fewer with one `::`.
fn ip6(text: &[u8], start: usize) -> Option<usize> {
    let mut end = end_of_run(text, start, 46, |byte| byte.is_ascii_hexdigit() || byte == b':');
    if byte_at(text, end).is_ascii_alphanumeric()
        || byte_before(text, start).is_ascii_alphanumeric()
        || byte_before(text, start) == b':'
    {
        return None;
    }
    if byte_before(text, end) == b':' && byte_before(text, end - 1) != b':' {
        end -= 1;
    }
    if byte_at(text, end) == b'.' {
        // The last two groups may be written as an IPv4 address.
        let last = slice(text, start, end).iter().rposition(|byte| *byte == b':')?;
        return ip4(text, start + last + 1);
    }
    let mut part = slice(text, start, end);
    // A position in a file after an address, `:12:34`.
    if let Some(last) = ninth_group(part) {
        end = start + last;
        part = slice(text, start, end);
    }
    let groups = || part.split(|byte| *byte == b':');
    let filled = groups().filter(|group| !group.is_empty()).count();
    let gaps = part.windows(2).filter(|pair| *pair == b"::").count();
    let fits = groups().all(|group| group.len() <= 4)
        && if gaps == 1 { (1..8).contains(&filled) } else { gaps == 0 && filled == 8 };
    // `a::b` is a path in C++ and Rust.
    (fits && (filled > 2 || count(part, is_digit) > 0)).then_some(end)
}

/// The offset of the colon before a ninth or tenth group.
fn ninth_group(part: &[u8]) -> Option<usize> {
    let mut colons = part.iter().enumerate().filter(|(_, byte)| **byte == b':').map(|(index, _)| index);
    let ninth = colons.nth(7)?;
    (colons.count() < 2 && !part.windows(2).any(|pair| pair == b"::")).then_some(ninth)
}

/// Whether a number begins at an offset, and is not the rest of a fraction, a longer number or an identifier.
fn stands_apart(text: &[u8], start: usize) -> bool {
    let previous = byte_before(text, start);
    let joint = matches!(previous, b'.' | b',' | b'-' | b'_');
    !(previous.is_ascii_alphanumeric() || joint && start > 1 && byte_before(text, start - 1).is_ascii_alphanumeric())
}
