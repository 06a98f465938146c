//! Sessions: random numbers that give access only to what they created.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use deskbell_core::ids::SessionHash;
use sha2::{Digest, Sha256};

/// The header with the session.
pub const SESSION_HEADER: &str = "deskbell-session";

/// The SHA-256 of a session, which itself is never stored; none if the text is no valid session.
pub fn digest(text: &str) -> Option<SessionHash> {
    bits(text).map(|bits| SessionHash::from(<[u8; 32]>::from(Sha256::digest(bits))))
}

/// The 128 bits of a session, in hexadecimal digits or base64url.
fn bits(text: &str) -> Option<[u8; 16]> {
    match text.len() {
        32 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
        }
        22 => BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_128_bits_in_both_notations() {
        assert_eq!(bits("000102030405060708090a0b0c0d0e0f"), bits("AAECAwQFBgcICQoLDA0ODw"));
        assert!(bits("000102030405060708090A0B0C0D0E0F").is_some());
        for invalid in
            ["", "abc", "+00102030405060708090a0b0c0d0e0f", "AAECAwQFBgcICQoLDA0OD!", "AAECAwQFBgcICQoLDA0ODw=="]
        {
            assert_eq!(bits(invalid), None, "{invalid}");
        }
    }
}
