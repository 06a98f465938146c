//! Secrets that their own shape tells.

use super::Kind;
use super::base64;
use super::bytes::{
    FAR, at, before, count, is_capital, is_credential, is_digit, is_hex, is_random, is_small, is_token, run, slice,
    stands,
};
use super::scan::Found;

/// What the tokens behind a prefix are made of.
#[derive(Clone, Copy)]
enum Made {
    /// Base64url.
    Token,
    /// Base64url and what joins its parts.
    Parts,
    /// Capitals and digits, exactly as many as given.
    Capitals,
    /// Hexadecimal digits, exactly as many as given.
    Hex,
}

/// Prefixes as their issuers document them, what follows and at least how much of it. One prefix stands in several
/// entries where several kinds of token share it; words parted by a space share what follows.
const PREFIXES: [(&str, Made, usize); 14] = [
    // AWS: identifiers of access keys and of sessions.
    ("AKIA ASIA ABIA ACCA", Made::Capitals, 16),
    // GitHub, npm, Hugging Face, DigitalOcean, Shopify
    ("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ npm_ hf_ dop_v1_ shpat_", Made::Token, 30),
    // GitLab
    (
        "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- gloas- glsoat- glffct- glwt- GR1348941",
        Made::Parts,
        18,
    ),
    // Slack
    ("xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxc- xoxd- xoxo- xoxe.xoxp- xoxe.xoxb- xapp-", Made::Token, 10),
    ("hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/", Made::Parts, 16),
    // Stripe; `pk_` is published.
    ("sk_live_ sk_test_ rk_live_ rk_test_ whsec_", Made::Token, 14),
    // OpenAI, Anthropic
    ("sk-", Made::Token, 20),
    // Google: API keys, client secrets, access and refresh tokens
    ("AIza", Made::Token, 35),
    ("GOCSPX-", Made::Token, 20),
    ("ya29. 1//0", Made::Parts, 20),
    // PostHog
    ("phc_ phx_ phs_ pha_ phr_ phe_", Made::Token, 30),
    // PyPI
    ("pypi-AgE", Made::Token, 30),
    // SendGrid
    ("SG.", Made::Parts, 40),
    // Twilio
    ("SK AC", Made::Hex, 32),
];

/// The token that begins at a place, where a word begins.
pub fn shape(text: &[u8], start: usize) -> Option<Found> {
    prefixed(text, start).or_else(|| jwt(text, start)).or_else(|| scheme(text, start))
}

/// Whether what a text ends in begins as a token does, and is none yet.
pub fn begins(text: &[u8]) -> bool {
    let lowest = text.len().saturating_sub(100);
    let part = slice(text, lowest, text.len());
    let start = lowest + part.iter().rposition(|byte| !is_part(*byte)).map_or(0, |other| other + 1);
    let begun = prefix(text, start).is_some() || slice(text, start, start + 3) == b"eyJ";
    begun && prefixed(text, start).or_else(|| jwt(text, start)).is_none()
}

fn prefixed(text: &[u8], start: usize) -> Option<Found> {
    let (from, made, least) = prefix(text, start)?;
    let belongs = match made {
        Made::Token => is_token,
        Made::Parts => is_part,
        Made::Capitals => |byte: u8| is_capital(byte) || is_digit(byte),
        Made::Hex => |byte: u8| byte.is_ascii_hexdigit(),
    };
    let exact = matches!(made, Made::Capitals | Made::Hex);
    let head = run(text, from, if exact { least + 1 } else { least.max(64) }, belongs);
    let told = count(slice(text, from, head), |byte| is_digit(byte) || is_capital(byte)) > 0;
    let whole = if exact { head == from + least && !is_token(at(text, head)) } else { head >= from + least };
    if !told || !whole {
        return None;
    }
    let end = if exact { head } else { without_stops(text, run(text, from, FAR, belongs)) };
    Some(Found { start, end, kind: if exact { Kind::Key } else { Kind::Token } })
}

/// The prefix of a token at a place: where it ends, what follows and at least how much of it.
fn prefix(text: &[u8], start: usize) -> Option<(usize, Made, usize)> {
    // Nearly no word begins as a token does, and all of them are asked.
    let first = at(text, start);
    let ends = |list: &'static str| {
        let mut prefixes = list.as_bytes().split(|byte| *byte == b' ').filter(|prefix| prefix.first() == Some(&first));
        prefixes.find(|prefix| *prefix == slice(text, start, start + prefix.len())).map(|prefix| start + prefix.len())
    };
    PREFIXES.iter().find_map(|(list, made, least)| ends(list).map(|from| (from, *made, *least)))
}

/// A token of RFC 7519: `{"` in base64url, and the parts behind it, of which an unsigned one leaves out the last and an
/// encrypted one (RFC 7516) may leave out the second.
fn jwt(text: &[u8], start: usize) -> Option<Found> {
    let header = run(text, start, 1_024, is_token);
    if slice(text, start, start + 3) != b"eyJ" || header < start + 12 || at(text, header) != b'.' {
        return None;
    }
    let end = run(text, header, FAR, |byte| is_token(byte) || byte == b'.' || byte == b'=');
    (end >= header + 9).then(|| Found { start, end: without_stops(text, end), kind: Kind::Jwt })
}

/// What stands behind the name of an authorization scheme (RFC 6750, RFC 7617) outside of any header.
fn scheme(text: &[u8], start: usize) -> Option<Found> {
    let name = [&b"bearer"[..], b"basic", b"token"].into_iter().find(|name| stands(text, start, name))?;
    let from = run(text, start + name.len(), 4, |byte| byte == b' ' || byte == b'+');
    if from == start + name.len() {
        return None;
    }
    let head = slice(text, from, run(text, from, 64, is_credential));
    // Capitals within, as no word has them.
    let mixed = count(slice(head, 1, head.len()), is_capital) > 0 && count(head, is_small) > 0 && !head.contains(&b'.');
    let digit = count(head, is_digit) > 0;
    let secret = match name.first() {
        Some(b'b') if name.len() == 5 => head.len() >= 6 && base64::text(text, from).0.contains(&b':'),
        Some(b'b') => head.len() >= 8 && digit || head.len() >= 16 && mixed,
        _ => head.len() >= 16 && digit,
    };
    secret.then(|| Found {
        start: from,
        end: without_stops(text, run(text, from, FAR, is_credential)),
        kind: Kind::Token,
    })
}

/// A private key (RFC 7468, RFC 4880) that begins with its hyphens at a place: to its end, or to the end of what is
/// left of it.
pub fn private_key(text: &[u8], start: usize) -> Option<Found> {
    let label = start + 11;
    let end = run(text, label, 48, |byte| is_capital(byte) || is_digit(byte) || byte == b' ');
    let named = slice(text, label, end).windows(11).any(|window| window == b"PRIVATE KEY");
    if slice(text, start, label) != b"-----BEGIN " || !named || at(text, end) != b'-' {
        return None;
    }
    let mut last = run(text, end, 5, |byte| byte == b'-');
    let mut index = last;
    let (mut wide, mut header) = (true, false);
    loop {
        let word = run(text, index, 512, |byte| byte <= b' ' && byte > 0 || b"\"'+,\\>`".contains(&byte));
        let stop = run(text, word, FAR, |byte| is_credential(byte) || matches!(byte, b':' | b','));
        let part = slice(text, word, stop);
        if part.starts_with(b"-----END") {
            let close = run(text, stop, 48, |byte| is_capital(byte) || byte == b' ');
            return Some(Found { start, end: run(text, close, 5, |byte| byte == b'-'), kind: Kind::PrivateKey });
        }
        let encoded = count(part, |byte| base64::is_base64(byte) || byte == b'=') == part.len();
        let names = part.last() == Some(&b':');
        if part.is_empty() || part.starts_with(b"-----") || !(encoded && (wide || part.len() > 15) || names || header) {
            return Some(Found { start, end: last, kind: Kind::PrivateKey });
        }
        if encoded && !header {
            last = stop;
            wide = part.len() > 40;
        }
        header = names;
        index = stop;
    }
}

/// Whether the value of a parameter looks as if a machine had drawn it. Digests and UUIDs do not: they name things.
pub fn is_drawn(value: &[u8]) -> bool {
    let least = if count(value, is_capital) > 0 { 22 } else { 24 };
    value.len() >= least && is_random(value) && !is_hex(value) && at(value, 0) != b'/'
}

fn is_part(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'.' | b'/')
}

/// The end of a token without the full stop of the sentence that it ends.
fn without_stops(text: &[u8], mut end: usize) -> usize {
    while matches!(before(text, end), b'.' | b'/') {
        end -= 1;
    }
    end
}
