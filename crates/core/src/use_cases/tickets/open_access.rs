//! Opens the tickets of an anonymous customer by a link that was mailed to their address.

use std::sync::Arc;

use super::ReadTickets;
use crate::ids::{SessionHash, SiteKey, TicketId};
use crate::ports::{AccessLinks, StoreError, StoredTicket, Tickets};
use crate::rules::access_link::{LinkToken, PAGE_BYTES, TICKETS_MAX, is_opened_by};
use domain::conversation::Message;

/// Opens links.
pub struct OpenAccessLink {
    links: Arc<dyn AccessLinks>,
    tickets: Arc<dyn Tickets>,
    conversations: Arc<ReadTickets>,
}

/// What is shown of the tickets that a link has opened.
#[derive(Debug)]
pub struct OpenedTickets {
    /// The tickets with their messages and files: first those whose sender has confirmed the address, then newest first.
    pub tickets: Vec<(StoredTicket, Vec<Message>)>,
    /// Whether there are more.
    pub has_more: bool,
}

impl OpenAccessLink {
    /// Opens links of a store.
    pub fn new(
        links: Arc<dyn AccessLinks>,
        tickets: Arc<dyn Tickets>,
        conversations: Arc<ReadTickets>,
    ) -> OpenAccessLink {
        OpenAccessLink { links, tickets, conversations }
    }

    /// Whether the link with a token could be opened. Changes nothing.
    pub async fn is_valid(&self, site: &SiteKey, token: &str) -> Result<bool, StoreError> {
        match LinkToken::parse(token) {
            Some(token) => self.links.is_access_link_valid(site, &token.hash()).await,
            None => Ok(false),
        }
    }

    /// Uses up the link with a token, and lets a session, if there is one, read and answer its tickets for [`GRANT_LIFE`]. Returns the tickets, at
    /// most [`TICKETS_MAX`] and [`PAGE_BYTES`]; none if it is not valid. Everything is read before, so that a link whose tickets could not be read
    /// is still valid.
    ///
    /// [`GRANT_LIFE`]: crate::rules::access_link::GRANT_LIFE
    pub async fn open(
        &self,
        site: &SiteKey,
        token: &str,
        session: Option<&SessionHash>,
    ) -> Result<Option<OpenedTickets>, StoreError> {
        let Some(token) = LinkToken::parse(token) else { return Ok(None) };
        let hash = token.hash();
        let Some(grant) = self.links.access_grant(site, &hash, TICKETS_MAX).await? else { return Ok(None) };
        let mut opened = OpenedTickets { tickets: Vec::new(), has_more: grant.tickets.len() >= TICKETS_MAX as usize };
        let (mut granted, mut bytes) = (Vec::new(), 0);
        for id in &grant.tickets {
            // What does not fit on the page is granted all the same.
            if bytes > PAGE_BYTES {
                granted.push(id.clone());
                continue;
            }
            match self.read(site, id, &grant.address).await {
                Ok(Some((ticket, messages))) => {
                    granted.push(id.clone());
                    bytes += messages.iter().map(|message| message.body.len()).sum::<usize>();
                    if bytes <= PAGE_BYTES || opened.tickets.is_empty() {
                        opened.tickets.push((ticket, messages));
                    }
                }
                Ok(None) => {}
                // A ticket that cannot be read does not hide the others.
                Err(error) if error.concerns_row() => {
                    tracing::error!(ticket = id.as_str(), %error, "ticket unreadable, not shown by its link");
                }
                Err(error) => return Err(error),
            }
        }
        opened.has_more |= granted.len() > opened.tickets.len();
        let grant = session.map(|session| (session, granted.as_slice()));
        let is_used = match self.links.open_access_link(site, &hash, grant).await {
            // If the link is gone now, that commit has used it.
            Err(StoreError::CommitUnknown(_)) => {
                self.links.open_access_link(site, &hash, grant).await?;
                true
            }
            used => used?,
        };
        Ok(is_used.then_some(opened))
    }

    /// A ticket with its messages, if a link to an address opens it.
    async fn read(
        &self,
        site: &SiteKey,
        id: &TicketId,
        address: &str,
    ) -> Result<Option<(StoredTicket, Vec<Message>)>, StoreError> {
        let ticket = self.tickets.ticket(id).await?.filter(|ticket| is_opened_by(ticket, site, address));
        let Some(ticket) = ticket else { return Ok(None) };
        let messages = self.conversations.all_with_files(&ticket).await?;
        Ok(Some((ticket, messages)))
    }

    /// Takes from a session what links have granted it. The tickets that it has sent stay.
    pub async fn forget(&self, session: &SessionHash) -> Result<(), StoreError> {
        self.links.forget_grants(session).await
    }
}
