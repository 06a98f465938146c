//! Who is asking: a person whom the host has signed, whoever holds a session, both, or nobody.

mod claims;
mod configured;
mod crypto;
mod error;
mod jwks;
mod refusals;
mod session;
mod signer;
mod token;

use super::clock;
use super::site::Site;
use super::store::Reader;

pub use claims::{CLAIMS, ClaimNames};
pub use configured::signers;
pub use deskbell_core::rules::address::{Address, address, claimed_email, is_verified, mailbox};
pub use error::{IdentityError, TokenError};
pub use jwks::Jwks;
pub use session::SESSION_HEADER;
pub use signer::{KeyError, LIFETIME_JWKS, Signer};
pub use token::Person;

/// What a request shows of who sent it.
#[derive(Clone, Copy, Default)]
pub struct Credentials<'a> {
    /// `Bearer` and a token.
    pub authorization: Option<&'a str>,
    /// The session.
    pub session: Option<&'a str>,
}

/// Who a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Requester {
    /// The person, where the host has signed who it is.
    pub person: Option<Person>,
    /// The SHA-256 of the session, where there is one. It opens nothing but what it made.
    pub session: Option<[u8; 32]>,
}

impl Requester {
    /// As whom the request reads; `None` where nobody says who it is.
    pub fn reader(&self) -> Option<Reader<'_>> {
        match (&self.person, &self.session) {
            (Some(person), _) => Some(Reader::Person(&person.user.id)),
            (None, session) => session.as_ref().map(Reader::Session),
        }
    }
}

/// Who sends a request to a site. A token or session that is there has to be good: whoever is taken for nobody by mistake
/// would be shown nothing of their own, and not know why.
pub async fn identify(credentials: Credentials<'_>, name: &str, site: &Site) -> Result<Requester, IdentityError> {
    let Credentials { authorization, session } = credentials;
    let session = session.map(|text| session::digest(text).ok_or(IdentityError::InvalidSession)).transpose()?;
    let person = match authorization {
        None => None,
        Some(value) => {
            let read = match bearer(value) {
                Some(token) => token::read(token, name, &site.signers, clock::timestamp().as_second()).await,
                None => Err(TokenError::NoBearer),
            };
            Some(read.inspect_err(|error| refusals::log(name, error))?)
        }
    };
    Ok(Requester { person, session })
}

/// The token of `Bearer TOKEN`; the scheme is the same in any case (RFC 9110, 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_is_one_in_any_case() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!([bearer("abc"), bearer("Basic abc"), bearer("Bearer"), bearer("")], [None; 4]);
    }
}
