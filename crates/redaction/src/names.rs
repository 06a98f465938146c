//! Names whose values are secrets.

use super::bytes::{byte_at, byte_before, is_blank, is_word, slice};
use super::{Kind, Rules};

/// What a value has to look like to be a secret after a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Chosen by people: nearly anything is a password.
    Chosen,
    /// Generated: a plain word or a small number is no token.
    Generated,
    /// A few digits, with letters at most.
    Short,
    /// Like `Generated` but longer, because the name has other meanings.
    Long,
    /// Like `Long`, and only as a parameter of an address.
    Parameter,
    /// The rest of the line.
    Line,
    /// Anything, because the site configured the name.
    Anything,
}

/// Names by manner, without the separators of their words. Those of the first list may be the end of a longer word, those of the second are
/// whole words.
const NAMES: [(Kind, Manner, &str, &str); 10] = [
    (
        Kind::Password,
        Manner::Chosen,
        "password passwd passphrase pwd passwort kennwort motdepasse contraseña contrasena senha wachtwoord كلمةالمرور \
         كلمةالسر passcode",
        "pw",
    ),
    (Kind::Password, Manner::Generated, "", "pass psw"),
    (Kind::Token, Manner::Generated, "token authorization jwt", "auth csrf xsrf bearer"),
    (
        Kind::Key,
        Manner::Generated,
        "apikey secretkey privatekey accesskey signingkey encryptionkey masterkey accountkey authkey sshkey sessionkey \
         rolekey webhookkey licensekey clientkey appkey subscriptionkey functionskey",
        "",
    ),
    (Kind::Secret, Manner::Generated, "secret credential credentials secretid securestring", "creds"),
    (Kind::Session, Manner::Generated, "sessionid sessid sessiontoken sessionhash sessioncookie", "session sid"),
    (
        Kind::Code,
        Manner::Short,
        "onetimecode verificationcode mfacode 2facode otpcode smscode securitycode logincode recoverycode backupcode \
         authcode confirmationcode authenticationcode authorizationcode",
        "otp totp pin cvv cvv2 cvc cvc2 csc mfa",
    ),
    (Kind::Signature, Manner::Long, "signature", "hmac"),
    (Kind::Token, Manner::Parameter, "", "code state sig key nonce ticket assertion verifier"),
    (Kind::Cookie, Manner::Line, "", "cookie setcookie"),
];

/// Words that may follow the significant word: `new_password_confirmation`, `token_value`.
const FOLLOWING: &str = "confirmation confirm confirmed repeat repeated again old new current value string text hash \
    plain raw header param base64 encoded encrypted production prod live test dev staging";

/// The kind and manner of a name's value.
pub fn classify(name: &[u8], rules: &Rules) -> Option<(Kind, Manner)> {
    let words = words(name);
    let mut name = words.as_slice();
    if rules.names.iter().any(|configured| is_own(name, configured)) {
        return Some((Kind::Hidden, Manner::Anything));
    }
    // `password2`, `password_repeat_1`
    for _ in 0..3 {
        if let Some(class) = classify_exactly(name) {
            return Some(class);
        }
        let last = name.iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
        let word = slice(name, last, name.len());
        let numbered = word.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |digit| digit + 1);
        if numbered < word.len() {
            name = slice(name, 0, last + numbered).trim_ascii_end();
        } else if FOLLOWING.as_bytes().split(|byte| *byte == b' ').any(|following| following == word) {
            name = slice(name, 0, last).trim_ascii_end();
        } else {
            return None;
        }
    }
    None
}

/// The form in which names are published to pages: a salt of eight characters and a hash of the name, which reveal the name only to those who
/// guess it. `None` if nothing of the name counts.
#[cfg(not(target_arch = "wasm32"))]
pub fn hashed(name: &str, salt: &str) -> Option<String> {
    let squeezed = squeezed(name.as_bytes());
    let hash = hash(salt.as_bytes(), &squeezed);
    (!squeezed.is_empty() && salt.len() == SALT_LENGTH).then(|| format!("#{salt}{hash:016x}"))
}

const SALT_LENGTH: usize = 8;

/// Whether a name ends in one of the site's own names, given as it is or as its hash.
fn is_own(name: &[u8], configured: &str) -> bool {
    let hashed = configured.strip_prefix('#').and_then(|rest| rest.split_at_checked(SALT_LENGTH));
    let Some((salt, expected)) = hashed.and_then(|(salt, hash)| Some((salt, u64::from_str_radix(hash, 16).ok()?)))
    else {
        let configured = squeezed(configured.as_bytes());
        return !configured.is_empty() && ends_in_word(name, &configured, true);
    };
    (0..name.len())
        .filter(|start| begins_word(byte_before(name, *start)))
        .any(|start| hash(salt.as_bytes(), slice(name, start, name.len())) == expected)
}

/// 64-bit FNV-1a over everything but spaces.
fn hash(salt: &[u8], name: &[u8]) -> u64 {
    let bytes = salt.iter().chain(name.iter().filter(|byte| **byte != b' '));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The start and end of the name before an assignment at an offset, and its quote.
pub fn name_before(text: &[u8], sign: usize, floor: usize) -> (usize, usize, u8) {
    let lowest = floor.max(sign.saturating_sub(64));
    let mut end = sign;
    while end > lowest && is_blank(byte_before(text, end)) {
        end -= 1;
    }
    let unquoted = end;
    if matches!(byte_before(text, end), b'"' | b'\'' | b'`' | b']') {
        end -= 1;
    }
    while end > lowest && matches!(byte_before(text, end), b'\\' | b'"' | b'\'') {
        end -= 1;
    }
    let quote = if end < unquoted { byte_before(text, unquoted) } else { 0 };
    let part = slice(text, lowest, end);
    let is_separator = |byte: &u8| !is_word(*byte) && !matches!(byte, b'_' | b'-' | b' ' | b'.');
    let mut start = lowest + part.iter().rposition(is_separator).map_or(0, |last| last + 1);
    while start < end && byte_at(text, start) == b' ' {
        start += 1;
    }
    (start, end, quote)
}

fn classify_exactly(name: &[u8]) -> Option<(Kind, Manner)> {
    let has_ending = |list: &str, is_whole| {
        list.as_bytes().split(|byte| *byte == b' ').any(|word| !word.is_empty() && ends_in_word(name, word, is_whole))
    };
    NAMES
        .iter()
        .find(|(_, manner, parts, wholes)| {
            // `state` is a parameter, `open_state` is not.
            let is_applicable = *manner != Manner::Parameter || !name.contains(&b' ');
            is_applicable && (has_ending(parts, false) || has_ending(wholes, true))
        })
        .map(|(kind, manner, _, _)| (*kind, *manner))
}

/// Whether a name ends in a word without separators; with `is_word_start` a word of the name has to begin there.
fn ends_in_word(name: &[u8], word: &[u8], is_word_start: bool) -> bool {
    let mut remaining = name;
    for byte in word.iter().rev() {
        remaining = remaining.trim_ascii_end();
        let Some((_, rest)) = remaining.split_last().filter(|(last, _)| *last == byte) else { return false };
        remaining = rest;
    }
    !is_word_start || begins_word(byte_before(remaining, remaining.len()))
}

/// Whether a word begins after a byte; 0 is the start of the text.
fn begins_word(before: u8) -> bool {
    matches!(before, 0 | b' ' | 0x80..)
}

/// The words of a name in lower case, separated by single spaces: `stripeSecret_key` has three.
fn words(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, byte) in name.iter().enumerate() {
        let (previous, next) = (byte_before(name, index), byte_at(name, index + 1));
        let begins = byte.is_ascii_uppercase()
            && (previous.is_ascii_lowercase() || previous.is_ascii_uppercase() && next.is_ascii_lowercase());
        if begins {
            out.push(b' ');
        }
        out.push(if is_word(*byte) { byte.to_ascii_lowercase() } else { b' ' });
    }
    out
}

fn squeezed(name: &[u8]) -> Vec<u8> {
    let mut name = words(name);
    name.retain(|byte| *byte != b' ');
    name
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_redact_like_plain_ones() {
        let names = ["national_id", "Customer-No", "رقم", "iban"];
        let plain_rules = Rules { names: names.map(String::from).into(), ..Rules::default() };
        let names = names.iter().filter_map(|name| hashed(name, "0a1b2c3d")).collect();
        let hashed_rules = Rules { names, ..Rules::default() };
        for name in [
            "national_id",
            "nationalId",
            "user.national-id",
            "NATIONAL ID",
            "customerNo",
            "customer_no",
            "old_customer_no",
            "رقم",
            "x رقم",
            "iban",
            "my_iban",
            "ibans",
            "customer",
            "no",
            "id",
            "multinational_id",
            "ciban",
            "",
            "#",
            "customer_note",
        ] {
            assert_eq!(classify(name.as_bytes(), &hashed_rules), classify(name.as_bytes(), &plain_rules), "{name}");
        }
        assert!(hashed_rules.names.iter().all(|name| name.len() == 25 && name.is_ascii()), "{:?}", hashed_rules.names);
        assert_eq!([hashed("", "0a1b2c3d"), hashed("-_", "0a1b2c3d"), hashed("a", "short")], [const { None }; 3]);
    }
}
