//! Encodings of a text inside of another one, and their decoders.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The shortest run of letters that is decoded as base64.
const BASE64_MIN: usize = 16;

/// As a value of a URL parameter.
pub fn percent(text: &str) -> String {
    escape_bytes(text, |_, byte| !is_unreserved(byte), |byte| format!("%{byte:02X}"))
}

/// The same with lower-case digits, and with unnecessary escapes.
pub fn percent_needlessly(text: &str) -> String {
    escape_bytes(text, |index, byte| index % 3 == 1 || !is_unreserved(byte), |byte| format!("%{byte:02x}"))
}

/// As a value of a form.
pub fn form(text: &str) -> String {
    percent(text).replace("%20", "+")
}

/// As a JSON string with its quotes.
pub fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// As a JSON string in which every third character, and everything beyond ASCII, is a numeric escape.
pub fn json_by_number(text: &str) -> String {
    let mut out = String::from("\"");
    for (index, c) in text.chars().enumerate() {
        if index % 3 == 0 || !c.is_ascii_alphanumeric() {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out + "\""
}

/// As a string of JavaScript, Python or Ruby, with its single quotes.
pub fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}

/// As a value of an HTML attribute.
pub fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('\'', "&#39;").replace('<', "&lt;").replace('>', "&gt;")
}

type Undo = fn(&str) -> String;

/// Everything that an attacker could decode from a text.
pub fn readings(text: &str) -> Vec<String> {
    let ways: [(char, Undo); 3] = [('%', undo_percent), ('\\', undo_escapes), ('&', undo_html)];
    let mut found = vec![text.to_string()];
    for _ in 0..3 {
        for index in 0..found.len() {
            for (mark, undo) in ways {
                if found[index].contains(mark) {
                    let read = undo(&found[index]);
                    add(&mut found, read);
                }
            }
        }
    }
    let decoded: Vec<String> = found.iter().flat_map(|read| undo_base64(read)).collect();
    found.extend(decoded);
    for index in 0..found.len() {
        let joined = found[index].replace(['\n', '\r'], "");
        let compact = joined.replace([' ', '-', '+'], "");
        add(&mut found, joined);
        add(&mut found, compact);
    }
    found
}

fn add(found: &mut Vec<String>, read: String) {
    if !found.contains(&read) {
        found.push(read);
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

fn escape_bytes(text: &str, needed: fn(usize, u8) -> bool, escape: fn(u8) -> String) -> String {
    let written = |(index, byte)| if needed(index, byte) { escape(byte) } else { char::from(byte).to_string() };
    text.bytes().enumerate().map(written).collect()
}

fn undo_percent(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let byte = after.get(..2).filter(|_| *first == b'%').and_then(hex);
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

fn undo_escapes(text: &str) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let number = rest.strip_prefix("\\u").and_then(|digits| digits.get(..4));
        if let Some(unit) = number.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            units.push(unit);
            rest = &rest[6..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        let escaped = rest.chars().next().filter(|_| c == '\\');
        let meant = match escaped {
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
            None => c,
        };
        rest = &rest[escaped.map_or(0, char::len_utf8)..];
        units.extend_from_slice(meant.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16_lossy(&units)
}

fn undo_html(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&#39;", "'").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The runs of letters in a text decoded as base64. The beginning of a run may be missing, so each is decoded at four offsets.
fn undo_base64(text: &str) -> Vec<String> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || "+/-_".contains(c);
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let mut out = Vec::new();
    for run in text.split(|c| !is_letter(c)).filter(|run| run.len() >= BASE64_MIN) {
        let run = run.replace('-', "+").replace('_', "/");
        for start in 0..4 {
            let whole = (run.len() - start) % 4 != 1;
            let end = if whole { run.len() } else { run.len() - 1 };
            let bytes = engine.decode(&run[start..end]).unwrap_or_default();
            out.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    out
}
