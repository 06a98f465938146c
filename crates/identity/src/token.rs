//! Tokens with which the host's server or its identity provider identifies a customer: JWT (RFC 7519), validated as RFC 8725 recommends.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use jsonwebtoken::errors::ErrorKind;

use crate::claims::{Claims, PersonClaims, RawClaims};
use crate::crypto;
use crate::error::{ClaimError, TokenError};
use crate::key::{VerificationKey, algorithm_name};
use crate::limits::{LEEWAY, TOKEN_MAX};
use crate::signer::{Keys, TokenSigner};
use deskbell_core::ids::{CustomerId, SiteKey};
use deskbell_core::ports::Person;
use deskbell_core::timestamp::Timestamp;

/// The error for a text that is no signed token.
const PARTS: &str = "it must be three parts with dots between them; encrypted (JWE) and opaque tokens cannot be read";
const ENCODING: &str = "its parts must be base64url without padding";
const OBJECTS: &str = "its header and its claims must be JSON objects";
/// How much of a token's values errors quote, in characters.
const QUOTE_MAX: usize = 60;

/// The customer of a token for a site; `now` is in seconds since 1970.
pub async fn read(token: &str, site: &SiteKey, signers: &[TokenSigner], now: i64) -> Result<Person, TokenError> {
    if token.len() <= TOKEN_MAX && signers.is_empty() {
        return Err(TokenError::NoSigners);
    }
    let header = header_of(token)?;
    let mut reason = None;
    // Several clients of a provider may each have a signer with the same keys.
    for (signer, key) in find_keys(&header, signers).await? {
        match read_signed(token, &header, site, signer, key, now).await {
            Ok(person) => return Ok(person),
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    Err(reason.unwrap_or(TokenError::Signature))
}

/// The claims of a token that a signer with an audience has signed; `now` is in seconds since 1970.
pub async fn read_claims(token: &str, signer: &TokenSigner, now: i64) -> Result<RawClaims, TokenError> {
    let header = header_of(token)?;
    let mut reason = None;
    for (signer, key) in find_keys(&header, std::slice::from_ref(signer)).await? {
        match verify_signed(token, &header, signer, key).await {
            Ok(raw) => {
                let claims = Claims::new(&raw, &signer.claims);
                check_source(&claims, &SiteKey::from(""), signer)?;
                check_times(&claims, now, signer.lifetime.as_secs().try_into().unwrap_or(i64::MAX))?;
                return Ok(raw);
            }
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    Err(reason.unwrap_or(TokenError::Signature))
}

/// The header of a token, if it has the form of one.
fn header_of(token: &str) -> Result<Header, TokenError> {
    crypto::install();
    if token.len() > TOKEN_MAX {
        return Err(TokenError::TooLong);
    }
    if token.split('.').count() != 3 {
        return Err(TokenError::Malformed(PARTS));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|error| match refusal(error.kind(), "") {
        TokenError::Algorithm(_) => TokenError::NoAlgorithm(named_algorithm(token)),
        reason => reason,
    })?;
    if header.crit.is_some() {
        return Err(TokenError::Malformed("its header requires an unsupported extension (crit)"));
    }
    Ok(header)
}

/// The claims of a token, if this signer has signed it.
async fn verify_signed(
    token: &str,
    header: &Header,
    signer: &TokenSigner,
    key: VerificationKey,
) -> Result<RawClaims, TokenError> {
    if header.alg != key.algorithm {
        return Err(TokenError::Algorithm(algorithm_name(key.algorithm)));
    }
    match (verify(token, &key), &signer.keys) {
        (Err(TokenError::Signature), Keys::Published(jwks)) if header.kid.is_none() => {
            verify(token, &jwks.find_after_rotation(header.alg).await?)
        }
        (verified, _) => verified,
    }
}

/// The customer of a token, if this signer accepts it.
async fn read_signed(
    token: &str,
    header: &Header,
    site: &SiteKey,
    signer: &TokenSigner,
    key: VerificationKey,
    now: i64,
) -> Result<Person, TokenError> {
    let raw = verify_signed(token, header, signer, key).await?;
    let claims = Claims::new(&raw, &signer.claims);
    check_source(&claims, site, signer)?;
    let exp = check_times(&claims, now, signer.lifetime.as_secs().try_into().unwrap_or(i64::MAX))?;
    let PersonClaims { user, email_verified, priority, channels } = claims.person()?;
    // A host knows the addresses that it signs. A provider has verified one only if the claim says so.
    let is_provider = matches!(signer.keys, Keys::Published(_));
    let email_verified = email_verified.or(is_provider.then_some(false));
    let valid_until = Timestamp::from_seconds(exp.saturating_add(LEEWAY));
    Ok(Person { id: CustomerId::new(&user.id), user, email_verified, priority, channels, until: valid_until })
}

/// The signers with the key of a token, and the key. The algorithm comes from the configuration or the published key, never from the token.
async fn find_keys<'a>(
    header: &Header,
    signers: &'a [TokenSigner],
) -> Result<Vec<(&'a TokenSigner, VerificationKey)>, TokenError> {
    let fixed: Vec<(&TokenSigner, &String, &VerificationKey)> = signers
        .iter()
        .filter_map(|signer| match &signer.keys {
            Keys::Fixed { kid, key } => Some((signer, kid, key)),
            Keys::Published(_) => None,
        })
        .collect();
    let has_providers = fixed.len() < signers.len();
    let key_named = match (&header.kid, fixed.as_slice()) {
        (Some(_), [(_, only, key)]) if only.is_empty() && (!has_providers || key.algorithm == header.alg) => {
            fixed.first()
        }
        (Some(kid), keys) => keys.iter().find(|(_, name, _)| *name == kid),
        (None, [(_, _, key)]) if !has_providers || key.algorithm == header.alg => fixed.first(),
        (None, _) => None,
    };
    if let Some((signer, _, key)) = key_named {
        return Ok(vec![(signer, (*key).clone())]);
    }
    let mut reason = match &header.kid {
        Some(kid) => TokenError::UnknownKey(quote(kid)),
        None => TokenError::MissingKid,
    };
    let mut verifiers = Vec::new();
    for signer in signers {
        let Keys::Published(jwks) = &signer.keys else { continue };
        match jwks.find(header.kid.as_deref(), header.alg).await {
            Ok(key) => verifiers.push((signer, key)),
            // Of several reasons the one that the administrator can fix.
            Err(error @ (TokenError::KeysUnavailable | TokenError::Algorithm(_))) => reason = error,
            Err(_) => {}
        }
    }
    if verifiers.is_empty() { Err(reason) } else { Ok(verifiers) }
}

/// The claims of a token that is signed with a key. Of a repeated claim the last one counts (RFC 7519, 4).
fn verify(token: &str, key: &VerificationKey) -> Result<RawClaims, TokenError> {
    let malformed = |()| TokenError::Malformed(PARTS);
    let (message, signature) = token.rsplit_once('.').ok_or(()).map_err(malformed)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.decoding, key.algorithm) {
        Ok(true) => {}
        Ok(false) => return Err(TokenError::Signature),
        Err(error) => return Err(refusal(error.kind(), &algorithm_name(key.algorithm))),
    }
    let (_, claims) = message.split_once('.').ok_or(()).map_err(malformed)?;
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).map_err(|_| TokenError::Malformed(ENCODING))?;
    serde_json::from_slice(&claims).map_err(|_| TokenError::Malformed(OBJECTS))
}

/// Checks the issuer and the audience of a token.
fn check_source(claims: &Claims<'_>, site: &SiteKey, signer: &TokenSigner) -> Result<(), TokenError> {
    if let Some(expected) = &signer.issuer {
        let issuers = claims.issuer();
        if issuers.as_ref() != Some(expected) {
            let issuers = issuers.map_or("missing".into(), |issuers| format!("{:?}", quote(&issuers)));
            return Err(TokenError::Issuer { found: issuers, expected: expected.clone() });
        }
    }
    let allowed = |audience: &String| match signer.audience.as_slice() {
        [] => *site == **audience,
        all => all.contains(audience),
    };
    let issuers = claims.audience();
    if issuers.iter().any(allowed) {
        return Ok(());
    }
    let issuers: Vec<String> = issuers.iter().take(3).map(|issuer| format!("{:?}", quote(issuer))).collect();
    let issuers = if issuers.is_empty() { "missing".into() } else { issuers.join(" and ") };
    let expected = if signer.audience.is_empty() { vec![site.to_string()] } else { signer.audience.clone() };
    let expected: Vec<String> = expected.iter().map(|issuer| format!("{issuer:?}")).collect();
    Err(TokenError::Audience { found: issuers, expected: expected.join(" or ") })
}

/// Checks the validity period of a token; returns its expiry.
fn check_times(claims: &Claims<'_>, now: i64, allowed: i64) -> Result<i64, TokenError> {
    let exp = claims.time("exp")?.ok_or(ClaimError::NoExpiry)?;
    if exp + LEEWAY <= now {
        return Err(TokenError::Expired(now - exp));
    }
    if let Some(nbf) = claims.time("nbf")?.filter(|nbf| *nbf > now + LEEWAY) {
        return Err(TokenError::NotYetValid(nbf - now));
    }
    let excess = exp - now - allowed;
    if excess > LEEWAY {
        // It is optional and may be wrong: nothing depends on it.
        let issued = claims.time("iat").ok().flatten().map(|iat| (iat - now, exp - iat));
        return Err(TokenError::Lifetime { beyond: excess, allowed, issued });
    }
    Ok(exp)
}

fn refusal(kind: &ErrorKind, algorithm: &str) -> TokenError {
    match kind {
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::MissingAlgorithm => {
            TokenError::Algorithm(algorithm.into())
        }
        // `alg: none`, among others: the library does not know it.
        ErrorKind::Json(error) if error.to_string().starts_with("unknown variant") => {
            TokenError::Algorithm(algorithm.into())
        }
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::Json(_) => TokenError::Malformed(OBJECTS),
        ErrorKind::Base64(_) => TokenError::Malformed(ENCODING),
        _ => TokenError::Malformed(PARTS),
    }
}

/// The algorithm in the header of a token: `"none"` in quotation marks, or `missing`.
fn named_algorithm(token: &str) -> String {
    let header = token.split('.').next().and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
    let header: Option<serde_json::Value> = header.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match header.as_ref().and_then(|header| header.get("alg")) {
        Some(serde_json::Value::String(alg)) => format!("{:?}", quote(alg)),
        Some(_) => "not a text".into(),
        None => "missing".into(),
    }
}

/// A value of a token, cut for errors and the log.
fn quote(text: &str) -> String {
    text.chars().take(QUOTE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ring::hmac;
    use serde_json::json;

    #[tokio::test]
    async fn claims_of_other_issuers_audiences_times_and_keys_are_refused() {
        const NOW: i64 = 1_800_000_000;
        let key = [b'x'; 32];
        let signer = TokenSigner {
            issuer: Some("https://login.example".into()),
            audience: vec!["deskbell".into()],
            ..TokenSigner::hs256("", &key).unwrap()
        };
        let valid =
            json!({ "iss": "https://login.example", "aud": "deskbell", "sub": "1", "iat": NOW, "exp": NOW + 600 });
        let read = async |changes: serde_json::Value, key: &[u8]| {
            let mut claims = valid.clone();
            for (name, value) in changes.as_object().unwrap() {
                claims[name] = value.clone();
            }
            let [header, claims] =
                [r#"{"alg":"HS256"}"#.to_string(), claims.to_string()].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
            let signature =
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{header}.{claims}").as_bytes());
            let token = format!("{header}.{claims}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature));
            read_claims(&token, &signer, NOW).await
        };
        assert!(read(json!({}), &key).await.is_ok());
        for wrong in [
            json!({ "iss": "https://other.example" }),
            json!({ "iss": null }),
            json!({ "aud": "other" }),
            json!({ "aud": null }),
            json!({ "exp": NOW - 600 }),
            json!({ "exp": null }),
            json!({ "nbf": NOW + 600 }),
        ] {
            assert!(read(wrong.clone(), &key).await.is_err(), "{wrong}");
        }
        assert!(read(json!({}), &[b'y'; 32]).await.is_err());
    }

    proptest! {
        #[test]
        fn random_texts_are_not_tokens(text in "\\PC{0,80}|[a-zA-Z0-9_-]{0,20}\\.[a-zA-Z0-9_-]{0,20}\\.[a-zA-Z0-9_-]{0,20}") {
            let signers = [TokenSigner::hs256("", &[b'x'; 32]).unwrap()];
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            prop_assert!(runtime.block_on(read(&text, &"acme".into(), &signers, 0)).is_err());
        }
    }
}
