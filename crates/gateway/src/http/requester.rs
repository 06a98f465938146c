//! Who sends a request, as its headers say.

use axum::http::{HeaderMap, HeaderValue, header};

use super::client::Client;
use super::problem::Refusal;
use crate::guard;
use crate::pseudonym::Counted;
use crate::site::Site;
use crate::store::Requester;
use identity::{Credentials, SESSION_HEADER};

/// Who sent a request to a site. A token or session that is there has to be good.
pub async fn identify(headers: &HeaderMap, name: &str, site: &Site) -> Result<Requester, Refusal> {
    Ok(identity::identify(credentials(headers), name, &site.signers).await?)
}

/// Whom a request to a site is charged to: the session, or else the token, as a digest. Neither is verified.
pub fn claimed(site: &str, headers: &HeaderMap) -> Option<[u8; 32]> {
    let credential = session(headers).or_else(|| headers.get(header::AUTHORIZATION))?;
    Some(guard::credential_digest(site, credential.as_bytes()))
}

/// As whom the sender of a request is counted: whoever the host has signed, or else the network. A token that is not good counts for nothing.
pub async fn counted(client: &Client, headers: &HeaderMap, name: &str, site: &Site) -> Counted {
    let requester = identity::identify(credentials(headers), name, &site.signers).await.ok();
    Counted::new(requester.and_then(|requester| requester.person), client.address)
}

/// What is no text is neither a token nor a session, and is judged as an empty one.
fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    Credentials {
        authorization: headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default()),
        session: session(headers).map(|value| value.to_str().unwrap_or_default()),
    }
}

/// An empty session is none: a browser without a source of secrets sends that.
fn session(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(SESSION_HEADER).filter(|value| !value.is_empty())
}
