//! Which answers are mailed, and what ends that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Codes;
use crate::destinations::Destinations;
use crate::ids::{SiteKey, TicketId};
use crate::ports::{AnswerMails, NewAnswerMail, StoreError, StoredTicket, Tickets};
use crate::rules::answer_mail::{AnswerMailer, AnswerPolicy, answer_address, answer_mailer, is_recent};
use crate::timestamp::Timestamp;

/// How a site mails answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerSettings {
    /// Which ones.
    pub policy: AnswerPolicy,
    /// How long an answer waits, so that customers who read it in the panel get no mail, and several answers are one mail.
    pub delay: Duration,
}

/// Decides which answers are mailed.
#[derive(Clone)]
pub struct MailAnswers {
    sites: Arc<BTreeMap<SiteKey, AnswerSettings>>,
    destinations: Arc<Destinations>,
    codes: Codes,
}

impl MailAnswers {
    /// Decides for the sites that can mail answers.
    pub fn new(sites: BTreeMap<SiteKey, AnswerSettings>, destinations: Arc<Destinations>, codes: Codes) -> MailAnswers {
        MailAnswers { sites: Arc::new(sites), destinations, codes }
    }

    /// The mail with an answer of support to a ticket that was written at a time.
    pub fn mail(&self, ticket: &StoredTicket, written_at: Timestamp, now: Timestamp) -> Option<NewAnswerMail> {
        if is_recent(written_at, now) { self.mail_to(ticket) } else { None }
    }

    /// The mail with the answers to a ticket whose address is confirmed just now, if answers wait that the customer has not read.
    pub fn mail_after_confirmation(&self, ticket: &StoredTicket) -> Option<NewAnswerMail> {
        if ticket.handling.unread > 0 { self.mail_to(ticket) } else { None }
    }

    /// Whether a site can mail answers.
    pub fn has(&self, site: &SiteKey) -> bool {
        self.sites.contains_key(site)
    }

    /// Who mails the answers of a site.
    pub fn mailer(&self, site: &SiteKey) -> AnswerMailer {
        let policy = self.sites.get(site).map_or(AnswerPolicy::Never, |settings| settings.policy);
        answer_mailer(policy, &self.destinations.requester_mails(site))
    }

    fn mail_to(&self, ticket: &StoredTicket) -> Option<NewAnswerMail> {
        let delay = self.sites.get(&ticket.site)?.delay;
        let address = answer_address(ticket).filter(|_| self.mailer(&ticket.site) == AnswerMailer::Gateway)?;
        Some(NewAnswerMail { mailbox: self.codes.mailbox(&address), delay })
    }
}

/// The mailboxes that do not exist, to which no answer is mailed.
#[derive(Clone)]
pub struct BlockedMailboxes {
    mails: Arc<dyn AnswerMails>,
    codes: Codes,
}

impl BlockedMailboxes {
    /// Those that a store knows.
    pub fn new(mails: Arc<dyn AnswerMails>, codes: Codes) -> BlockedMailboxes {
        BlockedMailboxes { mails, codes }
    }

    /// Records that the mailbox of an address does not exist, to which mail about a ticket was sent.
    pub async fn block(&self, ticket: &StoredTicket, address: &str) -> Result<(), StoreError> {
        self.mails.block_mailbox(ticket, &self.codes.mailbox(address)).await
    }

    /// Clears that record, because the owner of the address has written.
    pub async fn unblock(&self, site: &SiteKey, address: &str) -> Result<(), StoreError> {
        self.mails.unblock_mailbox(site, &self.codes.mailbox(address)).await
    }
}

/// Ends the mails about a ticket.
pub struct Unsubscribe {
    tickets: Arc<dyn Tickets>,
    mails: Arc<dyn AnswerMails>,
    codes: Codes,
}

impl Unsubscribe {
    /// Ends mails that are queued in a store.
    pub fn new(tickets: Arc<dyn Tickets>, mails: Arc<dyn AnswerMails>, codes: Codes) -> Unsubscribe {
        Unsubscribe { tickets, mails, codes }
    }

    /// The ticket of a link that ends its mails; none if the link is not valid.
    pub async fn open(&self, site: &SiteKey, id: &TicketId, key: &str) -> Result<Option<StoredTicket>, StoreError> {
        if !self.codes.is_unsubscribe_link(id, key) {
            return Ok(None);
        }
        Ok(self.tickets.ticket(id).await?.filter(|ticket| ticket.site == *site && ticket.id == *id))
    }

    /// Ends the mails about the ticket of a link; returns the ticket, or none if the link is not valid.
    pub async fn end(&self, site: &SiteKey, id: &TicketId, key: &str) -> Result<Option<StoredTicket>, StoreError> {
        let Some(ticket) = self.open(site, id, key).await? else { return Ok(None) };
        if self.mails.unsubscribe(&ticket.id).await? {
            tracing::info!(site = site.as_str(), reference = ticket.reference.as_str(), "mail unsubscribed");
        }
        Ok(Some(ticket))
    }
}
