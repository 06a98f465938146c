//! Which answers are mailed, and what ends that.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Codes;
use crate::destinations::Destinations;
use crate::ids::{SiteKey, TicketId};
use crate::ports::{AnswerMails, Change, NewAnswerMail, StoreError, StoredTicket, Tickets};
use crate::rules::address::{Address, address};
use crate::rules::answer_mail::{AnswerMailer, AnswerMailers, AnswerPolicy, answer_address, answer_mailer, is_recent};
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
        if is_recent(ticket, written_at, now) { self.mail_to(ticket) } else { None }
    }

    /// Adds to the change that confirms the address of a ticket what follows from it: mail to the address is not blocked any more, and the answers
    /// that the customer has not read are mailed.
    pub fn confirm_recipient(&self, change: &mut Change) {
        change.proved_recipient = answer_address(&change.ticket).map(|address| self.codes.recipient(&address));
        if change.ticket.handling.unread > 0 {
            change.answer_mail = self.mail_to(&change.ticket);
        }
    }

    /// Whether a site can mail answers.
    pub fn has(&self, site: &SiteKey) -> bool {
        self.sites.contains_key(site)
    }

    /// Who mails the answers of a site.
    pub fn mailers(&self, site: &SiteKey) -> AnswerMailers {
        AnswerMailers { signed: self.mailer(site, true), unsigned: self.mailer(site, false) }
    }

    /// Who mails the answers of a site to an address that the host has signed, or has not.
    fn mailer(&self, site: &SiteKey, is_signed: bool) -> AnswerMailer {
        let policy = self.sites.get(site).map_or(AnswerPolicy::Never, |settings| settings.policy);
        answer_mailer(policy, &self.destinations.requester_mails(site, is_signed))
    }

    /// The address to which answers to a ticket are mailed, if the gateway mails them.
    pub fn recipient(&self, ticket: &StoredTicket) -> Option<String> {
        let is_signed = matches!(address(&ticket.ticket), Address::Signed(_));
        answer_address(ticket).filter(|_| self.mailer(&ticket.site, is_signed) == AnswerMailer::Gateway)
    }

    /// How long an answer of a site waits before it is mailed.
    pub fn delay(&self, site: &SiteKey) -> Duration {
        self.sites.get(site).map(|settings| settings.delay).unwrap_or_default()
    }

    fn mail_to(&self, ticket: &StoredTicket) -> Option<NewAnswerMail> {
        let recipient = self.codes.recipient(&self.recipient(ticket)?);
        Some(NewAnswerMail { recipient, delay: self.delay(&ticket.site) })
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

    /// Whether no answer of a site is mailed to an address.
    pub async fn has(&self, site: &SiteKey, address: &str) -> Result<bool, StoreError> {
        self.mails.is_mailbox_blocked(site, &self.codes.recipient(address)).await
    }

    /// Clears the record that the mailbox of an address does not exist, because its owner has written.
    pub async fn unblock(&self, site: &SiteKey, address: &str) -> Result<(), StoreError> {
        self.mails.unblock_mailbox(site, &self.codes.recipient(address)).await
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
