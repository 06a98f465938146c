//! One-time links that bring the tickets of an anonymous sender to another device. Whoever asks for one learns nothing: the answer is the same
//! whether or not there are tickets, and whether or not a limit is reached. Only the mailbox of the address gets to know more.
//!
//! Links that were sent stay valid when another is requested, because anybody can request one for anybody's address. The first one that is opened
//! ends the others.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::SiteKey;
use crate::ports::{AccessLinks, Bus, NewAccessLink, StoreError};
use crate::rules::access_link::{GIVE_UP_AFTER, LIFE, QUEUE_MAX};
use crate::rules::address::mailbox;
use crate::use_cases::mail::Receipts;
use domain::ticket::is_email;

/// Why no link was requested.
#[derive(Debug, thiserror::Error)]
pub enum RequestLinkError {
    /// The site sends no mail with links.
    #[error("the site sends no links")]
    NotOffered,
    /// The text is not an e-mail address.
    #[error("the text is not an e-mail address")]
    NoAddress,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Requests links.
pub struct RequestAccessLink {
    links: Arc<dyn AccessLinks>,
    receipts: Receipts,
    sites: BTreeSet<SiteKey>,
    bus: Arc<dyn Bus>,
}

impl RequestAccessLink {
    /// Requests links from a store for the sites that can mail them.
    pub fn new(
        links: Arc<dyn AccessLinks>,
        receipts: Receipts,
        sites: BTreeSet<SiteKey>,
        bus: Arc<dyn Bus>,
    ) -> RequestAccessLink {
        RequestAccessLink { links, receipts, sites, bus }
    }

    /// Whether a site sends links.
    pub fn is_offered(&self, site: &SiteKey) -> bool {
        self.sites.contains(site)
    }

    /// Requests a link for an address, in a language. `from` is the network address of the request.
    pub async fn request(
        &self,
        site: &SiteKey,
        address: &str,
        language: &str,
        from: Option<IpAddr>,
    ) -> Result<(), RequestLinkError> {
        let address = address.trim();
        let quota = self.receipts.link_quota(site, address, from).filter(|_| self.is_offered(site));
        let quota = quota.ok_or(RequestLinkError::NotOffered)?;
        if !is_email(address) {
            return Err(RequestLinkError::NoAddress);
        }
        let new = NewAccessLink {
            site: site.clone(),
            address: address.into(),
            mailbox: mailbox(address),
            language: language.into(),
            quota,
            life: GIVE_UP_AFTER + LIFE,
            queue_max: QUEUE_MAX,
        };
        self.links.request_access_link(&new).await?;
        self.bus.mail_due(site);
        Ok(())
    }
}
