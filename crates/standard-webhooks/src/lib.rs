//! Signs and verifies webhooks: Standard Webhooks, version 1.0.0, with shared secrets.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::hmac;

use deskbell_core::ports::destination::InboundHeaders;
use deskbell_core::timestamp::Timestamp;

/// The header with the id of an event; repetitions of an event have the same.
pub const ID: &str = "webhook-id";
/// The header with the time of sending, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces while secrets are rotated.
pub const SIGNATURE: &str = "webhook-signature";

/// The tolerated difference between clocks. An older request may be a replay.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);
const VERSION: &str = "v1,";
const PREFIX: &str = "whsec_";

/// The format of a secret.
pub const SECRET_FORM: &str =
    "use whsec_ followed by 24 to 64 random bytes in base64 (echo whsec_$(openssl rand -base64 32))";

/// A secret.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Parses a secret; the error says what is wrong.
    pub fn read(text: &str) -> Result<Secret, String> {
        let bytes = text.strip_prefix(PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok());
        let bytes = bytes.filter(|bytes| (24..=64).contains(&bytes.len()));
        let bytes = bytes.ok_or_else(|| format!("not a webhook secret; {SECRET_FORM}"))?;
        Ok(Secret(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The value of [`SIGNATURE`] for an event that is sent at a time.
    pub fn sign(&self, id: &str, sent_at: Timestamp, body: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &signed(id, &sent_at.as_seconds().to_string(), body));
        format!("{VERSION}{}", BASE64_STANDARD.encode(tag))
    }

    /// Whether a request is signed with the secret, and recent.
    pub fn is_signed(&self, headers: &InboundHeaders, body: &[u8], now: Timestamp) -> bool {
        let Some((id, timestamp, signatures)) = fresh(headers, now) else { return false };
        let signed = signed(id, timestamp, body);
        let tags = signatures
            .split(' ')
            .filter_map(|signature_text| BASE64_STANDARD.decode(signature_text.strip_prefix(VERSION)?).ok());
        tags.into_iter().any(|tag| hmac::verify(&self.0, &signed, &tag).is_ok())
    }

    /// The key itself, for other signatures of its owner.
    pub fn key(&self) -> &hmac::Key {
        &self.0
    }
}

/// Whether headers have a recent signature, by anybody.
pub fn is_fresh(headers: &InboundHeaders, now: Timestamp) -> bool {
    fresh(headers, now).is_some()
}

/// The id, the timestamp and the signatures of a recent request.
fn fresh(headers: &InboundHeaders, now: Timestamp) -> Option<(&str, &str, &str)> {
    let (id, timestamp, signatures) = (headers.get(ID)?, headers.get(TIMESTAMP)?, headers.get(SIGNATURE)?);
    let seconds = timestamp.parse::<i64>().ok()?;
    (seconds.abs_diff(now.as_seconds()) <= TOLERANCE.as_secs()).then_some((id, timestamp, signatures))
}

fn signed(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    const NOW: i64 = 1_795_687_200;

    fn now() -> Timestamp {
        Timestamp::from_seconds(NOW)
    }

    fn headers(id: &str, timestamp: &str, signature: &str) -> InboundHeaders {
        [(ID, id), (TIMESTAMP, timestamp), (SIGNATURE, signature)].into_iter().collect()
    }

    #[test]
    fn signatures_match_other_implementations() {
        // Made by `openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef -binary | base64`.
        let signature = "v1,vzM+i7j8Ha3TjQEBuwIl68ER0LPEvlRnRjyZMXK7ACk=";
        assert_eq!(Secret::read(SECRET).unwrap().sign("msg_1", now(), b"{\"type\":\"x\"}"), signature);
    }

    #[test]
    fn signatures_last_five_minutes_and_need_the_secret() {
        let secret = Secret::read(SECRET).unwrap();
        let signature = secret.sign("a", now(), b"body");
        let timestamp = NOW.to_string();
        let valid = headers("a", &timestamp, &signature);
        for now in [NOW, NOW + 300, NOW - 300] {
            assert!(secret.is_signed(&valid, b"body", Timestamp::from_seconds(now)), "{now}");
        }
        for now in [NOW + 301, NOW - 301, 0] {
            assert!(!secret.is_signed(&valid, b"body", Timestamp::from_seconds(now)), "{now}");
        }
        assert!(!secret.is_signed(&valid, b"bodY", now()));
        let rotated = headers("a", &timestamp, &format!("v1a,xyz v1,AAAA {signature}"));
        assert!(secret.is_signed(&rotated, b"body", now()));
        for invalid in [
            headers("b", &timestamp, &signature),
            headers("a", &(NOW + 1).to_string(), &signature),
            headers("a", &timestamp, signature.trim_start_matches("v1,")),
            headers("a", &timestamp, &signature.replace("v1,", "v2,")),
            headers("a", &timestamp, "v1,"),
            headers("a", "soon", &signature),
            InboundHeaders::default(),
        ] {
            assert!(!secret.is_signed(&invalid, b"body", now()), "{invalid:?}");
        }
        let other_secret = Secret::read("whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVy").unwrap();
        assert!(!other_secret.is_signed(&valid, b"body", now()));
    }

    #[test]
    fn secrets_have_a_prefix_and_a_minimum_length() {
        for invalid in ["", "whsec_", "whsec_c2hvcnQ=", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "whsec_!"] {
            assert!(Secret::read(invalid).is_err(), "{invalid}");
        }
        assert_eq!(format!("{:?}", Secret::read(SECRET).unwrap()), "Secret(…)");
    }
}
