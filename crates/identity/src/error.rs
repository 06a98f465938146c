//! Why a token is rejected, in texts for the host's developer.

use crate::limits::{ID_MAX, TOKEN_MAX};

/// Why a token is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not sent in the required form.
    #[error("the header Authorization must be: Bearer TOKEN")]
    NoBearer,
    /// It is too long.
    #[error("the token is longer than {TOKEN_MAX} bytes")]
    TooLong,
    /// It is no JWT.
    #[error("the token is not a signed JWT (RFC 7519): {0}")]
    Malformed(&'static str),
    /// The site has no signer.
    #[error("this site has no signers configured, so no token can be verified")]
    NoSigners,
    /// Its key is unknown.
    #[error("no signer of this site has the kid {0:?}")]
    UnknownKey(String),
    /// It names no key, and there are several.
    #[error("the token has no kid, and this site has several keys")]
    MissingKid,
    /// The keys of an identity provider cannot be fetched.
    #[error("the keys for verifying the token cannot be fetched; see the gateway's log")]
    KeysUnavailable,
    /// Its algorithm is not that of its key.
    #[error("the token is not signed with the algorithm of its key, which is {0}")]
    Algorithm(String),
    /// Its header names no supported algorithm.
    #[error(
        "the token is not signed with the algorithm of its key: its alg is {0}, but must be HS256, EdDSA, RS256 or \
         ES256"
    )]
    NoAlgorithm(String),
    /// The signature is wrong.
    #[error("the token's signature is invalid: it was signed with another key, or the token was changed")]
    Signature,
    /// It is for another audience.
    #[error("the token's aud is {found}, but must be {expected}")]
    Audience {
        /// The audience of the token.
        found: String,
        /// The allowed audience.
        expected: String,
    },
    /// It is from another issuer.
    #[error("the token's iss is {found}, but must be {expected:?}")]
    Issuer {
        /// The issuer of the token.
        found: String,
        /// The allowed issuer.
        expected: String,
    },
    /// It expired this many seconds ago.
    #[error(
        "the token expired {} ago by the gateway's clock: it was not renewed, or the clock of the server that signed it is slow",
        duration(*.0)
    )]
    Expired(i64),
    /// It becomes valid in this many seconds.
    #[error("the token's nbf is {} ahead of the gateway's clock: the clock of the server that signed it is fast", duration(*.0))]
    NotYetValid(i64),
    /// Its lifetime is too long.
    #[error(
        "the token's exp is {} later than the maximum lifetime of {} allows: {}",
        duration(*.beyond), duration(*.allowed), lifetime_cause(*.beyond, *.allowed, *.issued)
    )]
    Lifetime {
        /// By how many seconds.
        beyond: i64,
        /// The longest lifetime, in seconds.
        allowed: i64,
        /// If known, how many seconds in the future it was issued, and its lifetime.
        issued: Option<(i64, i64)>,
    },
    /// A required claim is invalid.
    #[error("{0}")]
    Claim(#[from] ClaimError),
}

/// Why a required claim is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// There is no id of the customer.
    #[error("the token's sub must be the id of the person: a text of 1 to {ID_MAX} bytes, or a number")]
    NoId,
    /// There is no expiry.
    #[error("the token has no exp")]
    NoExpiry,
    /// It is no time.
    #[error("the token's {0} is not a time in seconds since 1970")]
    NoTime(&'static str),
    /// It is a time, but not in seconds.
    #[error("the token's {0} is in milliseconds, but must be in seconds since 1970")]
    Milliseconds(&'static str),
}

impl TokenError {
    /// The code of its problem document.
    pub fn code(&self) -> &'static str {
        match self {
            TokenError::NoBearer | TokenError::TooLong | TokenError::Malformed(_) => "token_malformed",
            TokenError::NoSigners => "token_unconfigured",
            TokenError::UnknownKey(_) | TokenError::MissingKid => "token_key",
            TokenError::KeysUnavailable => "token_keys_unavailable",
            TokenError::Algorithm(_) | TokenError::NoAlgorithm(_) => "token_algorithm",
            TokenError::Signature => "token_signature",
            TokenError::Audience { .. } => "token_audience",
            TokenError::Issuer { .. } => "token_issuer",
            TokenError::Expired(_) => "token_expired",
            TokenError::NotYetValid(_) => "token_not_yet_valid",
            TokenError::Lifetime { .. } => "token_lifetime",
            TokenError::Claim(_) => "token_claims",
        }
    }

    /// By how many seconds the clock of the signing server seems to differ from the gateway's; negative if it is slow.
    pub fn clock_difference(&self) -> Option<i64> {
        match self {
            TokenError::Expired(ago) => Some(-ago),
            TokenError::NotYetValid(ahead) => Some(*ahead),
            TokenError::Lifetime { issued: Some((ahead, lifetime)), allowed, .. } if lifetime <= allowed => {
                Some(*ahead)
            }
            TokenError::Lifetime { issued: None, beyond, .. } => Some(*beyond),
            _ => None,
        }
    }
}

fn lifetime_cause(excess: i64, allowed: i64, issued: Option<(i64, i64)>) -> String {
    let limit = "sign it for a shorter time";
    match issued {
        Some((ahead, lifetime)) if lifetime <= allowed => {
            format!("its iat is {} ahead, so the clock of the server that signed it is fast by that", duration(ahead))
        }
        Some((_, lifetime)) => format!("it is signed for {}; {limit}", duration(lifetime)),
        None => {
            format!("{limit}, or the clock of the server that signed it is {} fast", duration(excess))
        }
    }
}

/// Seconds in words: `3 min 4 s`.
fn duration(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds % 60, "s")];
    let parts: Vec<String> = parts
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if parts.is_empty() { "0 s".into() } else { parts.join(" ") }
}

/// Why the requester of a request cannot be determined.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The session is not 128 bits in a valid encoding.
    #[error("the session is not 128 bits")]
    InvalidSession,
    /// The token is rejected.
    #[error(transparent)]
    InvalidToken(#[from] TokenError),
}
