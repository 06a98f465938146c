//! Determines the requester of a request: a customer signed by the host or its identity provider, the holder of a session, both, or nobody.
//!
//! The configuration has the signers of a site ([`TokenSigner`]); [`identify`] reads the credentials of a request.

mod claims;
mod crypto;
mod error;
mod jwks;
mod key;
mod limits;
pub mod oidc;
mod refusals;
mod session;
mod signer;
mod token;

use deskbell_core::ids::SiteKey;
use deskbell_core::ports::Requester;
use deskbell_core::timestamp::Timestamp;

pub use claims::{CLAIMS, ClaimNames};
pub use error::{ClaimError, IdentityError, TokenError};
pub use jwks::Jwks;
pub use session::{SESSION_HEADER, digest as session_digest};
pub use signer::{KeyError, LIFETIME_JWKS, TokenSigner};

/// The credentials in a request's headers.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// `Bearer` and a token.
    pub authorization: Option<&'a str>,
    /// The session.
    pub session: Option<&'a str>,
}

/// The requester of a request to a site with these signers. A token or session that is present has to be valid: a customer who was treated as
/// anonymous by mistake would not see their own tickets, and not know why. `now` is what the times of a token are compared with.
pub async fn identify(
    credentials: Credentials<'_>,
    site: &SiteKey,
    signers: &[TokenSigner],
    now: Timestamp,
) -> Result<Requester, IdentityError> {
    let Credentials { authorization, session } = credentials;
    let session = session.map(|text| session::digest(text).ok_or(IdentityError::InvalidSession)).transpose()?;
    let person = match authorization {
        None => None,
        Some(value) => {
            let bearer_token = match bearer(value) {
                Some(token) => token::read(token, site, signers, now.as_seconds()).await,
                None => Err(TokenError::NoBearer),
            };
            Some(bearer_token.inspect_err(|error| refusals::log(site, error))?)
        }
    };
    Ok(Requester { person, session })
}

/// The token of `Bearer TOKEN`; the scheme is not case-sensitive (RFC 9110, 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_schemes_match_in_any_case() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!([bearer("abc"), bearer("Basic abc"), bearer("Bearer"), bearer("")], [None; 4]);
    }
}
