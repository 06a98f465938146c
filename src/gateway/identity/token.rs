//! Tokens with which the host's server says who somebody is: JWT (RFC 7519), signed with HS256 or EdDSA.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::crypto;
use crate::domain::context::{Organization, User};
use crate::domain::ticket::Priority;
use crate::gateway::clock;

/// How long a token may be good, in seconds.
const LIFE_MAX: u64 = 15 * 60;
/// By how much clocks may differ, in seconds.
const SKEW: u64 = 60;
/// The shortest secret, in bytes: as long as what it signs with (RFC 7518, 3.2).
const SECRET_MIN: usize = 32;
/// The longest token that is read, in bytes.
const TOKEN_MAX: usize = 8_000;
/// The longest id of a person, in bytes.
const ID_MAX: usize = 255;

/// A key of the host, which signs.
#[derive(Clone, Debug)]
pub struct Signer {
    /// Its name in tokens (`kid`); empty where a site has but one and tokens name none.
    pub kid: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// Why a key is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It can be guessed.
    #[error("is shorter than {SECRET_MIN} bytes; take a long random one (openssl rand -hex 32)")]
    Short,
    /// It is no public key.
    #[error("is no public key of Ed25519 in PEM (openssl pkey -in key.pem -pubout)")]
    NoPublicKey,
}

impl Signer {
    /// A key that the host and the gateway share.
    pub fn hs256(kid: &str, secret: &[u8]) -> Result<Signer, KeyError> {
        if secret.len() < SECRET_MIN {
            return Err(KeyError::Short);
        }
        Ok(Signer { kid: kid.into(), algorithm: Algorithm::HS256, key: DecodingKey::from_secret(secret) })
    }

    /// The public half of a key that only the host has, as PEM.
    pub fn eddsa(kid: &str, pem: &str) -> Result<Signer, KeyError> {
        let key = ed25519(pem).ok_or(KeyError::NoPublicKey)?;
        Ok(Signer { kid: kid.into(), algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(&key) })
    }
}

/// The 32 bytes of a public key of Ed25519. In DER it always begins alike (RFC 8410, 4).
fn ed25519(pem: &str) -> Option<[u8; 32]> {
    const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
    const END: &str = "-----END PUBLIC KEY-----";
    const DER: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let (_, rest) = pem.split_once(BEGIN)?;
    let (body, _) = rest.split_once(END)?;
    let body: String = body.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(body).ok()?.strip_prefix(&DER)?.try_into().ok()
}

/// A person whom the host has signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Who it is; never without an id.
    pub user: User,
    /// Whether the host says that the address is theirs (`email_verified`, as OpenID Connect calls it); none where it does not say.
    pub email_verified: Option<bool>,
    /// Their priority, where the host says it.
    pub priority: Option<Priority>,
    /// The channels that they have, where the host says it.
    pub channels: Vec<String>,
    /// Until when that is so, in seconds since 1970.
    pub until: u64,
}

/// What a token says; `exp`, `nbf` and `aud` are the library's to read. What is optional may be null, and a number or a boolean may be a text
/// or the other way round, as hosts write them.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
    #[serde(default, deserialize_with = "text")]
    name: String,
    #[serde(default, deserialize_with = "text")]
    email: String,
    #[serde(default, deserialize_with = "boolean")]
    email_verified: Option<bool>,
    #[serde(default, deserialize_with = "text")]
    plan: String,
    #[serde(default, deserialize_with = "text")]
    role: String,
    organization: Option<OrganizationClaim>,
    priority: Option<Priority>,
    channels: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
struct OrganizationClaim {
    #[serde(default, deserialize_with = "text")]
    id: String,
    #[serde(default, deserialize_with = "text")]
    name: String,
}

fn text<'de, D: Deserializer<'de>>(value: D) -> Result<String, D::Error> {
    match Value::deserialize(value)? {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(D::Error::custom("expected a text")),
    }
}

fn boolean<'de, D: Deserializer<'de>>(value: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(value)? {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(value)),
        Value::String(text) if text == "true" => Ok(Some(true)),
        Value::String(text) if text == "false" => Ok(Some(false)),
        _ => Err(D::Error::custom("expected true or false")),
    }
}

/// Why a token is not believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not given as it has to be.
    #[error("the header Authorization has to be: Bearer TOKEN")]
    NoBearer,
    /// Nobody signs for this site.
    #[error("this site has no signers in its configuration, so no token can be believed")]
    NoSigners,
    /// It names a key that there is not.
    #[error("no signer of this site has the kid {0:?}")]
    UnknownKey(String),
    /// It names none, and there are several.
    #[error("the token names no kid, and this site has several signers")]
    WhichKey,
    /// It is signed with something else than the key's algorithm, or with nothing.
    #[error("the token is not signed with the algorithm of its signer, HS256 or EdDSA")]
    Algorithm,
    /// The signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// It is for another site.
    #[error("the token's aud is not this site")]
    Audience,
    /// It is not good any more.
    #[error("the token has expired")]
    Expired,
    /// It is not good yet.
    #[error("the token is not valid yet")]
    Early,
    /// It is good for too long.
    #[error("the token is valid for longer than {} minutes; sign short-lived ones", LIFE_MAX / 60)]
    LongLived,
    /// It cannot be read.
    #[error("the token cannot be read: {0}")]
    Unreadable(String),
}

/// The person of a token for a site.
pub fn read(token: &str, site: &str, signers: &[Signer]) -> Result<Person, TokenError> {
    crypto::install();
    if token.len() > TOKEN_MAX {
        return Err(TokenError::Unreadable(format!("it is longer than {TOKEN_MAX} bytes")));
    }
    if signers.is_empty() {
        return Err(TokenError::NoSigners);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|error| why(error.kind()))?;
    if header.crit.is_some() {
        return Err(TokenError::Unreadable("its header demands (crit) what is not known here".into()));
    }
    let signer = match (header.kid, signers) {
        (Some(kid), _) => signers.iter().find(|signer| signer.kid == kid).ok_or(TokenError::UnknownKey(kid))?,
        (None, [signer]) => signer,
        (None, _) => return Err(TokenError::WhichKey),
    };
    // The configuration says how it is signed, and not the token.
    let mut validation = Validation::new(signer.algorithm);
    validation.set_audience(&[site]);
    validation.set_required_spec_claims(&["exp", "aud", "sub"]);
    validation.validate_nbf = true;
    validation.leeway = SKEW;
    let claims =
        jsonwebtoken::decode::<Value>(token, &signer.key, &validation).map_err(|error| why(error.kind()))?.claims;
    let claims: Claims =
        serde_path_to_error::deserialize(claims).map_err(|error| TokenError::Unreadable(error.to_string()))?;
    if claims.exp > clock::seconds() + LIFE_MAX + SKEW {
        return Err(TokenError::LongLived);
    }
    person(claims)
}

fn person(claims: Claims) -> Result<Person, TokenError> {
    let Claims { sub: id, name, email, email_verified, plan, role, organization, priority, channels, exp } = claims;
    if id.is_empty() || id.len() > ID_MAX {
        return Err(TokenError::Unreadable(format!("sub has to be 1 to {ID_MAX} bytes")));
    }
    let OrganizationClaim { id: organization, name: organization_name } = organization.unwrap_or_default();
    let organization = Organization { id: organization, name: organization_name };
    let user = User { id, name, email, plan, role, organization, verified: true, ..User::default() };
    Ok(Person { user, email_verified, priority, channels: channels.unwrap_or_default(), until: exp + SKEW })
}

fn why(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::MissingAlgorithm => {
            TokenError::Algorithm
        }
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::Early,
        // What `alg: none` comes to, among others: the library does not know it.
        ErrorKind::Json(error) if error.to_string().starts_with("unknown variant") => TokenError::Algorithm,
        ErrorKind::Json(error) => TokenError::Unreadable(error.to_string()),
        ErrorKind::MissingRequiredClaim(claim) => TokenError::Unreadable(format!("it has no {claim}")),
        _ => TokenError::Unreadable("it is no JWT".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use ring::hmac;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    use serde_json::json;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    fn parts(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(header), part(claims))
    }

    fn hs256(header: Value, claims: Value, secret: &[u8]) -> String {
        let message = parts(&header, &claims);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn pem(key: &[u8]) -> String {
        let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], key].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
    }

    fn eddsa(header: Value, claims: Value) -> String {
        let message = parts(&header, &claims);
        let tag = pair().sign(message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    fn claims(more: Value) -> Value {
        let mut claims = json!({"sub": "u-7", "aud": "acme", "exp": clock::seconds() + 300});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    }

    fn shared(kid: &str) -> Signer {
        Signer::hs256(kid, SECRET).unwrap()
    }

    fn header() -> Value {
        json!({"alg": "HS256", "typ": "JWT"})
    }

    #[test]
    fn who_is_signed_is_known_with_either_algorithm() {
        let said = json!({
            "name": "Ada", "email": "ada@example.com", "plan": "enterprise", "role": "admin", "priority": "high",
            "organization": {"id": "o-1", "name": "Acme"}, "channels": ["slack"], "iat": clock::seconds(),
        });
        let public = Signer::eddsa("e", &pem(pair().public_key().as_ref())).unwrap();
        for (token, signer) in [
            (hs256(header(), claims(said.clone()), SECRET), shared("")),
            (eddsa(json!({"alg": "EdDSA", "kid": "e"}), claims(said.clone())), public),
        ] {
            let person = read(&token, "acme", &[signer]).unwrap();
            assert_eq!((person.user.id.as_str(), person.user.organization.id.as_str()), ("u-7", "o-1"));
            assert_eq!((person.priority, person.channels), (Some(Priority::High), vec!["slack".to_string()]));
            assert!(person.user.verified);
        }
    }

    #[test]
    fn a_host_says_that_an_address_is_verified_that_it_is_not_or_nothing() {
        let verified = |more: Value| {
            let claims = claims(json!({"email": "ada@example.com", "email_verified": more}));
            read(&hs256(header(), claims, SECRET), "acme", &[shared("")]).map(|person| person.email_verified)
        };
        for (claim, expected) in [
            (json!(true), Some(true)),
            (json!("true"), Some(true)),
            (json!(false), Some(false)),
            (json!("false"), Some(false)),
            (Value::Null, None),
        ] {
            assert_eq!(verified(claim.clone()).unwrap(), expected, "{claim}");
        }
        assert!(verified(json!("perhaps")).unwrap_err().to_string().contains("email_verified"));
        let silent = claims(json!({"email": "ada@example.com"}));
        assert_eq!(read(&hs256(header(), silent, SECRET), "acme", &[shared("")]).unwrap().email_verified, None);
    }

    #[test]
    fn what_is_optional_may_be_null_or_a_number() {
        let claims = claims(json!({
            "name": null, "email": null, "plan": 7, "role": null, "organization": {"id": 12, "name": null}, "priority": null,
            "channels": null,
        }));
        let user = read(&hs256(header(), claims, SECRET), "acme", &[shared("")]).unwrap().user;
        assert_eq!((user.plan.as_str(), user.organization.id.as_str()), ("7", "12"));
        let claims = self::claims(json!({"organization": null}));
        assert!(read(&hs256(header(), claims, SECRET), "acme", &[shared("")]).is_ok());
    }

    #[test]
    fn a_token_that_is_not_good_is_refused_with_the_reason() {
        let now = clock::seconds();
        let public = Signer::eddsa("e", &pem(pair().public_key().as_ref())).unwrap();
        let ed = || json!({"alg": "EdDSA", "kid": "e"});
        let none = |alg: &str| format!("{}.", parts(&json!({"alg": alg, "kid": "h"}), &claims(json!({}))));
        let h = || json!({"alg": "HS256", "kid": "h"});
        let good = hs256(h(), claims(json!({})), SECRET);
        let torn = &good[..good.len() - 1];
        for (token, error) in [
            (hs256(h(), claims(json!({"exp": now - 61})), SECRET), TokenError::Expired),
            (hs256(h(), claims(json!({"exp": now + 15 * 60 + 120})), SECRET), TokenError::LongLived),
            (hs256(h(), claims(json!({"nbf": now + 120})), SECRET), TokenError::Early),
            (hs256(h(), claims(json!({"aud": "other"})), SECRET), TokenError::Audience),
            (hs256(h(), claims(json!({"aud": ["other"]})), SECRET), TokenError::Audience),
            (hs256(h(), claims(json!({})), b"another secret of thirty-two byte"), TokenError::Signature),
            (hs256(header(), claims(json!({})), SECRET), TokenError::WhichKey),
            (hs256(json!({"alg": "HS256", "kid": "x"}), claims(json!({})), SECRET), TokenError::UnknownKey("x".into())),
            // Signed with the public key as a secret: the old trick with the algorithm.
            (
                hs256(json!({"alg": "HS256", "kid": "e"}), claims(json!({})), pair().public_key().as_ref()),
                TokenError::Algorithm,
            ),
            (hs256(json!({"alg": "HS512", "kid": "h"}), claims(json!({})), SECRET), TokenError::Algorithm),
            (eddsa(json!({"alg": "EdDSA", "kid": "h"}), claims(json!({}))), TokenError::Algorithm),
            (none("none"), TokenError::Algorithm),
            (none("None"), TokenError::Algorithm),
            (format!("{}.", good.rsplit_once('.').unwrap().0), TokenError::Signature),
        ] {
            assert_eq!(read(&token, "acme", &[shared("h"), public.clone()]).unwrap_err(), error, "{token}");
        }
        assert!(matches!(
            read(torn, "acme", &[shared("h")]).unwrap_err(),
            TokenError::Signature | TokenError::Unreadable(_)
        ));
        assert_eq!(read(&eddsa(ed(), claims(json!({}))), "acme", &[shared("e")]).unwrap_err(), TokenError::Algorithm);
        assert_eq!(read(&good, "acme", &[]).unwrap_err(), TokenError::NoSigners);
        for (more, said) in [
            (json!({"sub": ""}), "sub"),
            (json!({"sub": null}), "sub"),
            (json!({"sub": 7}), "sub"),
            (json!({"exp": null}), "exp"),
            (json!({"aud": null}), "aud"),
            (json!({"priority": "urgent"}), "urgent"),
        ] {
            let error =
                read(&hs256(h(), claims(more.clone()), SECRET), "acme", &[shared("h")]).unwrap_err().to_string();
            assert!(error.contains("cannot be read") && error.contains(said), "{more}: {error}");
        }
        let critical = json!({"alg": "HS256", "kid": "h", "crit": ["b64"], "b64": false});
        assert!(read(&hs256(critical, claims(json!({})), SECRET), "acme", &[shared("h")]).is_err());
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        let now = clock::seconds();
        for more in [json!({"exp": now - 50}), json!({"nbf": now + 50}), json!({"exp": now + 15 * 60 + 50})] {
            assert!(read(&hs256(header(), claims(more.clone()), SECRET), "acme", &[shared("")]).is_ok(), "{more}");
        }
    }

    #[test]
    fn while_keys_change_both_count() {
        let (old, new) = (shared("old"), Signer::hs256("new", &[b'n'; 32]).unwrap());
        let signers = [old, new];
        let by = |kid: &str, secret: &[u8]| hs256(json!({"alg": "HS256", "kid": kid}), claims(json!({})), secret);
        assert!(read(&by("old", SECRET), "acme", &signers).is_ok());
        assert!(read(&by("new", &[b'n'; 32]), "acme", &signers).is_ok());
        assert_eq!(read(&by("new", SECRET), "acme", &signers).unwrap_err(), TokenError::Signature);
    }

    #[test]
    fn a_key_that_can_be_guessed_or_is_none_is_refused() {
        assert_eq!(Signer::hs256("", &[b'x'; 31]).unwrap_err(), KeyError::Short);
        for bad in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", &pem(&[1; 31]), &pem(&[1; 33])] {
            assert_eq!(Signer::eddsa("", bad).unwrap_err(), KeyError::NoPublicKey, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_by_chance(text in "\\PC{0,80}|[a-zA-Z0-9_-]{0,20}\\.[a-zA-Z0-9_-]{0,20}\\.[a-zA-Z0-9_-]{0,20}") {
            prop_assert!(read(&text, "acme", &[shared("")]).is_err());
        }
    }
}
