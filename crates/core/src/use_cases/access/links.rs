//! One-time links that bring the tickets of an anonymous sender to another device. Whoever asks for one learns nothing: the answer is the same
//! whether or not there are tickets, and whether or not a limit is reached. Only the mailbox of the address gets to know more.
//!
//! Links that were sent stay valid when another is requested, because anybody can request one for anybody's address. The first one that is opened
//! ends the others.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::{SessionHash, SiteKey};
use crate::ports::{AccessLinks, Bus, NewAccessLink, StoreError, StoredTicket, Tickets};
use crate::rules::access_link::{GIVE_UP_AFTER, LIFE, LinkToken, QUEUE_MAX, TICKETS_MAX, is_opened_by};
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

/// Opens links.
pub struct OpenAccessLink {
    links: Arc<dyn AccessLinks>,
    tickets: Arc<dyn Tickets>,
}

impl OpenAccessLink {
    /// Opens links of a store.
    pub fn new(links: Arc<dyn AccessLinks>, tickets: Arc<dyn Tickets>) -> OpenAccessLink {
        OpenAccessLink { links, tickets }
    }

    /// Whether the link with a token could be opened. Changes nothing.
    pub async fn is_valid(&self, site: &SiteKey, token: &str) -> Result<bool, StoreError> {
        match LinkToken::parse(token) {
            Some(token) => self.links.is_access_link_valid(site, &token.hash()).await,
            None => Ok(false),
        }
    }

    /// Uses up the link with a token, and lets a session read and answer its tickets from now on. Returns them, newest first, at most
    /// [`TICKETS_MAX`]; none if it is not valid.
    pub async fn open(
        &self,
        site: &SiteKey,
        token: &str,
        session: Option<&SessionHash>,
    ) -> Result<Option<Vec<StoredTicket>>, StoreError> {
        let Some(token) = LinkToken::parse(token) else { return Ok(None) };
        let opened = self.links.open_access_link(site, &token.hash(), session, TICKETS_MAX).await?;
        let Some(opened) = opened else { return Ok(None) };
        let mut tickets = Vec::new();
        for id in opened.tickets {
            match self.tickets.ticket(&id).await {
                Ok(ticket) => tickets.extend(ticket.filter(|ticket| is_opened_by(ticket, site, &opened.address))),
                // A ticket that cannot be read does not hide the others.
                Err(error) if error.concerns_row() => {
                    tracing::error!(ticket = id.as_str(), %error, "ticket unreadable, not shown by its link");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(tickets))
    }
}
