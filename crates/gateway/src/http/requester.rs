//! Identifies the requester from the headers of a request.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::client::Client;
use super::problem::Refusal;
use crate::guard;
use deskbell_core::clock::Clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Reader, Requester};
use deskbell_core::pseudonym::CountedSender;
use deskbell_core::site::{Site, Sites};
use deskbell_core::timestamp::Timestamp;
use deskbell_core::use_cases::access::{ReaderError, SignIn};
use identity::{Credentials, SESSION_HEADER, TokenSigner};

/// Identifies the requesters of each site.
pub struct Requesters {
    sites: Arc<Sites>,
    signers: BTreeMap<SiteKey, Vec<TokenSigner>>,
    sign_in: Arc<SignIn>,
    clock: Arc<dyn Clock>,
}

impl Requesters {
    /// Identifies requesters by the signers of their sites. The clock is that of the store, because the one of this computer may be wrong.
    pub fn new(
        sites: Arc<Sites>,
        signers: BTreeMap<SiteKey, Vec<TokenSigner>>,
        sign_in: Arc<SignIn>,
        clock: Arc<dyn Clock>,
    ) -> Requesters {
        Requesters { sites, signers, sign_in, clock }
    }

    /// The time by which tokens and signatures are valid.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// All sites.
    pub fn sites(&self) -> &Sites {
        &self.sites
    }

    /// The site of a request.
    pub fn site(&self, key: &SiteKey) -> Result<&Site, Refusal> {
        self.sites.get(key).ok_or_else(|| Refusal::UnknownSite(key.clone()))
    }

    /// The requester of a request to a site. A token or session, if present, must be valid.
    pub async fn identify(&self, headers: &HeaderMap, site: &Site) -> Result<Requester, Refusal> {
        Ok(identity::identify(credentials(headers), &site.key, self.signers(site), self.clock.now()).await?)
    }

    /// Under whom a request is counted: the verified customer, or else the network. An invalid token is ignored.
    pub async fn counted(&self, client: &Client, headers: &HeaderMap, site: &Site) -> CountedSender {
        let requester = self.identify(headers, site).await.ok();
        CountedSender::new(requester.and_then(|requester| requester.person), client.address)
    }

    /// How long the token of a requester is still valid; none without a token.
    pub fn remaining(&self, requester: &Requester) -> Option<Duration> {
        requester.person.as_ref().map(|person| person.until.since(self.clock.now()))
    }

    /// The reader that a requester is in a site, after the tickets of their session were moved to them.
    pub async fn reader<'a>(&self, site: &SiteKey, requester: &'a Requester) -> Result<Reader<'a>, ReaderError> {
        self.sign_in.reader(site, requester).await
    }

    fn signers(&self, site: &Site) -> &[TokenSigner] {
        self.signers.get(&site.key).map(Vec::as_slice).unwrap_or_default()
    }
}

/// The digest of the session, or else the token, to which a request is charged. Neither is verified.
pub fn claimed(site: &SiteKey, headers: &HeaderMap) -> Option<[u8; 32]> {
    let credential = session(headers).or_else(|| headers.get(header::AUTHORIZATION))?;
    Some(guard::credential_digest(site, credential.as_bytes()))
}

/// A header that is not text is neither a token nor a session, and is treated as empty.
fn credentials(headers: &HeaderMap) -> Credentials<'_> {
    Credentials {
        authorization: headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default()),
        session: session(headers).map(|value| value.to_str().unwrap_or_default()),
    }
}

/// An empty session counts as none: browsers without a source of randomness send it.
fn session(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(SESSION_HEADER).filter(|value| !value.is_empty())
}
