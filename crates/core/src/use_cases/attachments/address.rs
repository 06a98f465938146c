//! Signed addresses of files that expire: whoever has one can read the file, and only the gateway can make one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac::{self, Key};

use crate::ids::SiteKey;
use crate::timestamp::Timestamp;

/// How long an address is valid at least, in seconds; at most half as long again. All addresses of a file signed within the same half are
/// equal, so that browsers download it once.
const LIFE: i64 = 3600;

/// Signs and verifies addresses of files.
#[derive(Clone, Debug)]
pub struct FileAddresses {
    key: Key,
    base: String,
}

impl FileAddresses {
    /// Signs with the gateway's key. `base` is what the addresses begin with, such as `https://files.example.com`; empty if they are relative to
    /// the gateway.
    pub fn new(key: &[u8], base: &str) -> FileAddresses {
        FileAddresses { key: Key::new(hmac::HMAC_SHA256, key), base: base.into() }
    }

    /// The signed address of a file at a time in seconds since 1970.
    pub fn sign(&self, site: &SiteKey, id: &str, now: Timestamp) -> String {
        let until = (now.as_seconds() / (LIFE / 2) + 3) * (LIFE / 2);
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, message(site, id, until).as_bytes()));
        format!("{}/v1/sites/{site}/attachments/{id}?until={until}&signature={signature}", self.base)
    }

    /// Whether an address was signed here and has not expired.
    pub fn is_signed(&self, site: &SiteKey, id: &str, (until, signature): (&str, &str), now: Timestamp) -> bool {
        let (Ok(until), Ok(tag)) = (until.parse::<i64>(), BASE64_URL_SAFE_NO_PAD.decode(signature)) else {
            return false;
        };
        now.as_seconds() < until && hmac::verify(&self.key, message(site, id, until).as_bytes(), &tag).is_ok()
    }
}

/// Neither site keys nor ids contain line breaks.
fn message(site: &SiteKey, id: &str, until: i64) -> String {
    format!("{site}\n{id}\n{until}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const LIFE: Duration = Duration::from_secs(super::LIFE as u64);

    #[test]
    fn signed_addresses_last_an_hour_and_open_one_file() {
        let addresses = FileAddresses::new(b"secret", "");
        let now = Timestamp::from_seconds(1_800_000_123);
        let address = addresses.sign(&"acme".into(), "a", now);
        let parameters = address.strip_prefix("/v1/sites/acme/attachments/a?until=").unwrap();
        let (until, signature) = parameters.split_once("&signature=").unwrap();
        let good = |site: &str, id, until, signature, now| {
            addresses.is_signed(&SiteKey::new(site), id, (until, signature), now)
        };
        assert!(good("acme", "a", until, signature, now) && good("acme", "a", until, signature, now + LIFE));
        assert!(!good("acme", "a", until, signature, now + LIFE + LIFE / 2));
        assert!(!good("other", "a", until, signature, now) && !good("acme", "b", until, signature, now));
        let later = (until.parse::<i64>().unwrap() + 1).to_string();
        assert!(!good("acme", "a", &later, signature, now));
        for bad in ["", "AAAA", "!", &signature[1..]] {
            assert!(!good("acme", "a", until, bad, now), "{bad}");
        }
        let other = FileAddresses::new(b"other", "");
        assert!(!other.is_signed(&"acme".into(), "a", (until, signature), now));
        assert_eq!(addresses.sign(&"acme".into(), "a", now + Duration::from_secs(1)), address);
        let with_origin = FileAddresses::new(b"secret", "https://files.example.com");
        assert_eq!(with_origin.sign(&"acme".into(), "a", now), format!("https://files.example.com{address}"));
    }
}
