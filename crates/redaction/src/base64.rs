//! Base64 (RFC 4648) that encodes text.

use super::bytes::byte_at;

/// The printable UTF-8 that is encoded from an offset on, in either base64, and where it becomes invalid or ends.
pub fn text(encoded: &[u8], start: usize) -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    let mut bits = 0u32;
    let mut bits_held = 0;
    // How many bytes of a character are still to come.
    let mut pending = 0;
    let mut index = start;
    while let Some(value) = sextet(byte_at(encoded, index)) {
        bits = bits << 6 | value;
        bits_held += 6;
        index += 1;
        if bits_held >= 8 {
            bits_held -= 8;
            let byte = (bits >> bits_held) as u8;
            match byte {
                b' '..=b'~' | b'\n' | b'\r' | b'\t' if pending == 0 => {}
                0xc2..=0xf4 if pending == 0 => pending = 1 + u8::from(byte >= 0xe0) + u8::from(byte >= 0xf0),
                0x80..=0xbf if pending > 0 => pending -= 1,
                _ => break,
            }
            out.push(byte);
        }
    }
    (out, index)
}

/// A byte of either alphabet.
pub fn is_base64(byte: u8) -> bool {
    sextet(byte).is_some()
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}
