//! The keys that an identity provider publishes (RFC 7517), fetched on demand and cached.
//!
//! What anybody can cause by sending tokens is bounded: one fetch at a time, and no more fetches than the [`Budget`] allows, whatever keys the
//! tokens name. If the provider does not respond, the cached keys remain valid for a day.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use crate::error::TokenError;
use crate::key::{VerificationKey, algorithm_name};
use outbound_http::{AddressError, FetchError, Fetched, Fetcher, Limits, Validators, source_url};

/// How long keys are fresh: at least, at most, and by default.
const FRESH_MIN: Duration = Duration::from_secs(5 * 60);
const FRESH_MAX: Duration = Duration::from_secs(24 * 3600);
const FRESH_DEFAULT: Duration = Duration::from_secs(3600);
/// How long keys remain valid if the provider does not respond.
const STALE_MAX: Duration = Duration::from_secs(24 * 3600);
/// The most fetches in a row, and the time until another one is allowed.
const FETCHES: u32 = 3;
const FETCH_EVERY: Duration = Duration::from_secs(30);
/// The most keys that are read.
const KEYS_MAX: usize = 100;
/// The accepted sizes of RSA keys, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const LIMITS: Limits = Limits {
    body: 256 << 10,
    answer: Duration::from_secs(5),
    attempts: 1,
    pause: Duration::from_secs(1),
    wait: Duration::from_secs(1),
};

/// The keys of one address.
pub struct Jwks {
    url: Url,
    private: bool,
    cache: Mutex<Cache>,
    /// Held during a fetch.
    fetching: Arc<AsyncMutex<()>>,
}

#[derive(Debug, Default)]
struct Cache {
    keys: Vec<PublishedKey>,
    /// When they were fetched, and how long they are fresh; `None` before the first fetch.
    fetched: Option<(Instant, Duration)>,
    budget: Budget,
    /// Counts the finished fetches.
    fetches: u64,
}

/// The budget of fetches.
#[derive(Debug)]
struct Budget {
    fetches_left: u32,
    refilled_at: Option<Instant>,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { fetches_left: FETCHES, refilled_at: None }
    }
}

#[derive(Clone, Debug)]
struct PublishedKey {
    kid: Option<String>,
    key: VerificationKey,
}

/// The result of looking up the key of a token.
enum Lookup {
    /// The key.
    Key(VerificationKey),
    /// No key, and why.
    Missing(TokenError),
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwks({})", self.url)
    }
}

impl Jwks {
    /// The keys of an address: https, or http to this computer. With `private` it may be in a private network.
    pub fn new(url: &str, private: bool) -> Result<Jwks, AddressError> {
        Ok(Jwks { url: source_url(url)?, private, cache: Mutex::default(), fetching: Arc::default() })
    }

    /// The key of a token, by its key id and algorithm.
    pub async fn find(
        self: &Arc<Self>,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<VerificationKey, TokenError> {
        let (match_found, is_fresh, fetches) = {
            let cache = self.cache();
            let now = Instant::now();
            (cache.find(kid, algorithm, now), cache.is_fresh(now), cache.fetches)
        };
        match match_found {
            Lookup::Key(key) if is_fresh => return Ok(key),
            // Nobody waits for fresh keys if there are any: the first request fetches them.
            Lookup::Key(key) if self.fetching.try_lock().is_err() => return Ok(key),
            // The keys are up to date, and the token is insufficient.
            Lookup::Missing(error @ (TokenError::Algorithm(_) | TokenError::MissingKid)) if is_fresh => {
                return Err(error);
            }
            _ => {}
        }
        self.refetch(fetches).await;
        match self.cache().find(kid, algorithm, Instant::now()) {
            Lookup::Key(key) => Ok(key),
            Lookup::Missing(error) => Err(error),
        }
    }

    /// The key of a token without key id if the cached key does not verify it: it may have been replaced.
    pub async fn find_after_rotation(self: &Arc<Self>, algorithm: Algorithm) -> Result<VerificationKey, TokenError> {
        let fetches = self.cache().fetches;
        self.refetch(fetches).await;
        match self.cache().find(None, algorithm, Instant::now()) {
            Lookup::Key(key) => Ok(key),
            Lookup::Missing(error) => Err(error),
        }
    }

    /// Fetches the keys, unless another fetch has finished since `fetches`, or the budget is used up.
    async fn refetch(self: &Arc<Self>, fetches: u64) {
        let guard = self.fetching.clone().lock_owned().await;
        if self.cache().fetches == fetches && self.cache().budget.take(Instant::now()) {
            // A task of its own, so that a disconnecting client does not abort a fetch that others need.
            let keys = self.clone();
            let fetch = tokio::spawn(async move {
                keys.fetch().await;
                drop(guard);
            });
            if let Err(error) = fetch.await {
                tracing::error!(url = %self.url, %error, "jwks fetch failed");
            }
        }
    }

    async fn fetch(&self) {
        let answer = match Fetcher::new(LIMITS, self.private) {
            Ok(fetcher) => fetcher.text_if_changed(&self.url, &Validators::default()).await,
            Err(error) => Err(FetchError::Unreachable(error.to_string())),
        };
        let keys = answer.map_err(|error| error.to_string()).and_then(|Fetched { bytes, fresh_for, .. }| {
            Ok((parse(&bytes.unwrap_or_default())?, fresh_for.unwrap_or(FRESH_DEFAULT)))
        });
        let mut cache = self.cache();
        cache.fetches += 1;
        match keys {
            Ok((keys, fresh_for)) => {
                tracing::debug!(url = %self.url, keys = keys.len(), "jwks fetched");
                cache.keys = keys;
                cache.fetched = Some((Instant::now(), fresh_for.clamp(FRESH_MIN, FRESH_MAX)));
            }
            Err(error) => {
                tracing::warn!(url = %self.url, error, keys = cache.keys.len(), "jwks fetch failed");
            }
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn is_fresh(&self, now: Instant) -> bool {
        self.fetched.is_some_and(|(fetched_at, fresh_for)| now.duration_since(fetched_at) < fresh_for)
    }

    fn is_usable(&self, now: Instant) -> bool {
        self.fetched.is_some_and(|(fetched_at, fresh_for)| now.duration_since(fetched_at) < fresh_for + STALE_MAX)
    }

    fn find(&self, kid: Option<&str>, algorithm: Algorithm, now: Instant) -> Lookup {
        if !self.is_usable(now) {
            return Lookup::Missing(TokenError::KeysUnavailable);
        }
        let with_kid: Vec<&PublishedKey> =
            self.keys.iter().filter(|key| kid.is_none() || key.kid.as_deref() == kid).collect();
        let mut fitting = with_kid.iter().filter(|key| key.key.algorithm == algorithm);
        match (fitting.next(), fitting.next(), kid) {
            // Without a key id the key must be unambiguous.
            (Some(_), Some(_), None) => Lookup::Missing(TokenError::MissingKid),
            (Some(match_found), _, _) => Lookup::Key(match_found.key.clone()),
            (None, _, Some(kid)) => Lookup::Missing(match with_kid.first() {
                Some(published) => TokenError::Algorithm(algorithm_name(published.key.algorithm)),
                None => TokenError::UnknownKey(kid.chars().take(60).collect()),
            }),
            (None, _, None) => Lookup::Missing(TokenError::MissingKid),
        }
    }
}

impl Budget {
    /// Takes one fetch from the budget, if there is any.
    fn take(&mut self, now: Instant) -> bool {
        let refilled_at = *self.refilled_at.get_or_insert(now);
        let earned = (now.duration_since(refilled_at).as_secs() / FETCH_EVERY.as_secs()).min(FETCHES.into()) as u32;
        if earned > 0 {
            self.fetches_left = (self.fetches_left + earned).min(FETCHES);
            self.refilled_at = Some(now);
        }
        let may = self.fetches_left > 0;
        self.fetches_left = self.fetches_left.saturating_sub(1);
        may
    }
}

/// The keys of a JWK set that can verify tokens; others are ignored. Fails if it is no JWK set, or has no such key.
fn parse(bytes: &[u8]) -> Result<Vec<PublishedKey>, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("the response is not JSON: {error}"))?;
    let Some(list) = value.get("keys").and_then(Value::as_array) else {
        let is_text = |value: &Value, begins: &str| value.as_str().is_some_and(|text| text.starts_with(begins));
        return Err(match value.get("jwks_uri").and_then(Value::as_str) {
            Some(uri) => format!("the response is a discovery document, not a JWK set; use its jwks_uri: {uri}"),
            None if value.as_object().is_some_and(|list| list.values().any(|entry| is_text(entry, "-----BEGIN"))) => {
                "the response contains certificates, not a JWK set; for Firebase, use \
                 https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
                    .into()
            }
            None => "the response is not a JWK set: it has no keys".into(),
        });
    };
    let keys: Vec<PublishedKey> = list.iter().take(KEYS_MAX).filter_map(published_key).collect();
    match keys.is_empty() {
        true => Err(format!(
            "the response has {} keys, but none for signatures with RS256, RS384, RS512, PS256, PS384, PS512, ES256, \
             ES384 or EdDSA (RSA of 2048 bits or more)",
            list.len()
        )),
        false => Ok(keys),
    }
}

/// A key of a set with its algorithm: the one that it names (`alg`), or else the usual one for its kind.
fn published_key(jwk: &Value) -> Option<PublishedKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let is_for_signatures = text("use").is_none_or(|usage| usage == "sig");
    let verifies = |operations: &Vec<Value>| operations.iter().any(|operation| operation == "verify");
    if !is_for_signatures || !jwk.get("key_ops").and_then(Value::as_array).is_none_or(verifies) {
        return None;
    }
    let bytes = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
    let (usual, allowed, decoding): (Algorithm, &[Algorithm], DecodingKey) = match (text("kty")?, text("crv")) {
        ("RSA", _) => {
            use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
            let modulus = bytes("n")?;
            let modulus = modulus.get(modulus.iter().position(|byte| *byte != 0)?..)?;
            let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
            let key = DecodingKey::from_rsa_raw_components(modulus, &bytes("e")?);
            if !RSA_BITS.contains(&bits) {
                return None;
            }
            (RS256, &[RS256, RS384, RS512, PS256, PS384, PS512], key)
        }
        ("EC", Some("P-256")) => (Algorithm::ES256, &[Algorithm::ES256], point(&bytes("x")?, &bytes("y")?, 32)?),
        ("EC", Some("P-384")) => (Algorithm::ES384, &[Algorithm::ES384], point(&bytes("x")?, &bytes("y")?, 48)?),
        ("OKP", Some("Ed25519")) => (
            Algorithm::EdDSA,
            &[Algorithm::EdDSA],
            DecodingKey::from_ed_der(bytes("x").filter(|x| x.len() == 32)?.as_slice()),
        ),
        _ => return None,
    };
    let algorithm = match text("alg") {
        None => usual,
        // RFC 9864 names the curve.
        Some("Ed25519") => Algorithm::EdDSA,
        Some(name) => name.parse().ok()?,
    };
    let kid = text("kid").map(str::to_string);
    allowed.contains(&algorithm).then_some(PublishedKey { kid, key: VerificationKey { algorithm, decoding } })
}

/// A point of a curve, uncompressed (SEC 1, 2.3.3).
fn point(x: &[u8], y: &[u8], length: usize) -> Option<DecodingKey> {
    (x.len() == length && y.len() == length).then(|| DecodingKey::from_ec_der(&[&[4], x, y].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    #[test]
    fn fetches_are_limited_to_a_burst_of_three_and_two_a_minute() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut budget = Budget::default();
        let mut granted = |seconds, attempts: usize| (0..attempts).filter(|_| budget.take(after(seconds))).count();
        assert_eq!(
            [granted(0, 1000), granted(29, 1000), granted(30, 1000), granted(59, 1000), granted(61, 10)],
            [3, 0, 1, 0, 1]
        );
        assert_eq!([granted(3600, 1000), granted(3601, 1000)], [3, 0]);
    }

    #[test]
    fn keys_are_fresh_within_limits_and_usable_for_a_day() {
        let start = Instant::now();
        let moment = |time| start + time;
        let cache =
            Cache { keys: parse(ED.as_bytes()).unwrap(), fetched: Some((start, FRESH_DEFAULT)), ..Cache::default() };
        let is_known_at = |time| matches!(cache.find(Some("a"), Algorithm::EdDSA, moment(time)), Lookup::Key(_));
        assert!(
            cache.is_fresh(moment(FRESH_DEFAULT - Duration::from_secs(1))) && !cache.is_fresh(moment(FRESH_DEFAULT))
        );
        assert!(is_known_at(FRESH_DEFAULT) && is_known_at(FRESH_DEFAULT + STALE_MAX - Duration::from_secs(1)));
        assert!(!is_known_at(FRESH_DEFAULT + STALE_MAX));
    }

    #[test]
    fn invalid_key_sets_are_reported() {
        for (answer, expected) in [
            ("<html>", "is not JSON"),
            ("{}", "it has no keys"),
            (r#"{"jwks_uri": "https://a.example/keys"}"#, "use its jwks_uri: https://a.example/keys"),
            (r#"{"k": "-----BEGIN CERTIFICATE-----"}"#, "service_accounts/v1/jwk/securetoken"),
            (r#"{"keys": [{"kty": "oct", "k": "AAAA"}]}"#, "has 1 keys, but none for signatures"),
        ] {
            let error = parse(answer.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{answer}: {error}");
        }
        // One that pads its numbers, which RFC 7518 forbids.
        assert_eq!(parse(ED.replace("URo\"", "URo=\"").as_bytes()).unwrap().len(), 1);
    }
}
