//! Stores the tickets of mails to support addresses, once per Message-ID.

use std::mem;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::TakeTicketError;
use super::take::{TakeTicket, stored};
use crate::ids::{DestinationName, IdempotencyKey, QueueName, SessionHash};
use crate::ports::destination::{InboundFile, InboundMail, SupportMail};
use crate::ports::{Requester, StoreError, StoredTicket, SubmissionKey};
use crate::random::{self, NoRandomness};
use crate::rules::address::{claimed_email, mailbox};
use crate::rules::mailed_ticket::{mailed_ticket, name_missing, refuse};
use crate::site::Sites;
use crate::use_cases::attachments::KeepFile;
use crate::use_cases::delivery::{BlockingError, blocking};
use domain::ticket::NewTicket;
use mail_in::reply_text::{self, KnownTexts};

/// How many mails that a mail answers are looked up.
const REFERENCES_MAX: usize = 10;

/// Why a mail to a support address was not stored, and may be if it is posted again.
#[derive(Debug, thiserror::Error)]
pub enum TakeSupportMailError {
    /// Its text cannot be parsed.
    #[error(transparent)]
    Reading(#[from] BlockingError),
    /// The ticket was not stored.
    #[error(transparent)]
    Ticket(#[from] TakeTicketError),
    /// The system has no randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl From<StoreError> for TakeSupportMailError {
    fn from(error: StoreError) -> TakeSupportMailError {
        TakeTicketError::from(error).into()
    }
}

/// What became of a mail to a support address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportMailOutcome {
    /// Its ticket is stored, by this call or an earlier one, or was stored and erased.
    Stored,
    /// It becomes no ticket, whenever it is posted.
    Refused(&'static str),
}

/// Stores the tickets of mails to support addresses.
#[derive(Clone)]
pub struct TakeSupportMail {
    take: Arc<TakeTicket>,
    sites: Arc<Sites>,
    files: KeepFile,
}

impl TakeSupportMail {
    /// Stores tickets as those of the form.
    pub fn new(take: Arc<TakeTicket>, sites: Arc<Sites>, files: KeepFile) -> TakeSupportMail {
        TakeSupportMail { take, sites, files }
    }

    /// The ticket of an earlier mail that this one answers, if the sender of both is the same and the receiving server has confirmed it: anybody may
    /// know the Message-ID of a mail.
    pub async fn answered(
        &self,
        queue: &QueueName,
        support_mail: &SupportMail,
    ) -> Result<Option<StoredTicket>, StoreError> {
        let InboundMail { from, authenticated, .. } = &support_mail.mail;
        if *authenticated != Some(true) {
            return Ok(None);
        }
        for message_id in support_mail.references.iter().take(REFERENCES_MAX) {
            let key = key(&queue.destination, message_id);
            let earlier = self.take.tickets.submission(&queue.site, &key).await?.map(|earlier| earlier.ticket);
            if let Some(ticket) = earlier.filter(|ticket| mailbox(&ticket.ticket.contact.email) == mailbox(from)) {
                return Ok(Some(ticket));
            }
        }
        Ok(None)
    }

    /// Stores the ticket of a mail that came to a destination of a site. Mails with the same Message-ID are stored once.
    pub async fn take(
        &self,
        queue: &QueueName,
        support_mail: SupportMail,
    ) -> Result<SupportMailOutcome, TakeSupportMailError> {
        if let Some(reason) = refuse(&support_mail) {
            return Ok(SupportMailOutcome::Refused(reason));
        }
        let SupportMail { subject, mut mail, .. } = support_mail;
        let key = key(&queue.destination, &mail.message_id);
        if self.take.tickets.submission(&queue.site, &key).await?.is_some() {
            return Ok(SupportMailOutcome::Stored);
        }
        let parts = mem::take(&mut mail.parts);
        let read = blocking(move || reply_text::read(&parts, &KnownTexts::new(&[], []))).await?;
        let Some(new) = mailed_ticket(&subject, &mail, &read) else {
            return Ok(SupportMailOutcome::Refused("it contains no text"));
        };
        self.store(queue, key, mail, new).await
    }

    async fn store(
        &self,
        QueueName { site, .. }: &QueueName,
        key: IdempotencyKey,
        mut mail: InboundMail,
        new: NewTicket,
    ) -> Result<SupportMailOutcome, TakeSupportMailError> {
        let Some(site) = self.sites.shared(site) else {
            return Ok(SupportMailOutcome::Refused("the site does not exist"));
        };
        let take = &self.take;
        let _guard = take.keys_in_use.acquire(&site.key, &key).ok_or(TakeTicketError::InProgress)?;
        let files = mem::take(&mut mail.files);
        let size = new.message.len() + files.iter().map(size_of).sum::<usize>();
        let quota = take.limits.of_mail(&mail.from, size).map_err(TakeTicketError::from)?;
        take.limits.charge(&site.key, None).await.map_err(TakeTicketError::from)?;
        // Nobody has this session: it only makes the files those of the ticket.
        let session = Some(SessionHash::from(random::bytes::<32>()?));
        let key = SubmissionKey { key, body: Sha256::digest(&new.message).into(), session };
        let mut ticket = stored(&site, Requester { person: None, session }, new, take.clock.now());
        let (ids, missing) = self.files.keep_all(&site.config.attachments, &ticket, files).await;
        name_missing(&mut ticket.ticket, &missing, mail.more_files);
        ticket.ticket.attachments.clone_from(&ids);
        let mut extras = take.extras.plan(&site, &ticket, None, None, Some(quota)).await;
        if mail.authenticated == Some(true) {
            (extras.unconfirmed, extras.is_confirmed) = (claimed_email(&ticket.ticket), true);
        }
        let outcome = take.submit(&mut ticket, &key, extras).await;
        match &outcome {
            Ok(None) => take.dispatch.start(&ticket),
            // It may be stored.
            Err(TakeTicketError::Store(_)) => {}
            Ok(Some(_)) | Err(_) => self.files.discard(&site.key, &ids).await,
        }
        match outcome {
            Ok(_) | Err(TakeTicketError::Erased) => Ok(SupportMailOutcome::Stored),
            Err(error) => Err(error.into()),
        }
    }
}

/// The idempotency key of a mail; keys of clients have no spaces.
fn key(destination: &DestinationName, message_id: &str) -> IdempotencyKey {
    IdempotencyKey::new(format!("{destination} {message_id}"))
}

fn size_of(file: &InboundFile) -> usize {
    file.bytes.as_ref().map_or(0, Vec::len)
}
