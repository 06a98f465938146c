//! Handles the inbound events of destinations.

use std::sync::Arc;
use std::time::Duration;

use crate::destinations::Destinations;
use crate::ids::{DestinationName, QueueName, SiteKey};
use crate::ports::destination::{Destination, InboundEvent, InboundMail, SupportMail};
use crate::ports::{Bus, Polls, StoreError, StoredTicket, TicketLimit, Tickets};
use crate::use_cases::delivery::{
    DestinationStates, InboundMailError, ReplyOutcome, TakeInboundMail, TakeReturnedMail,
};
use crate::use_cases::mail::Codes;
use crate::use_cases::tickets::{SupportMailOutcome, TakeSupportMail, TakeSupportMailError};

/// How long the ids of inbound events are stored: longer than a signature is valid, whichever clock is ahead.
const REMEMBERED: Duration = Duration::from_secs(20 * 60);

/// Why an inbound event is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The site has no such ticket.
    #[error("the site has no such ticket")]
    NoTicket,
    /// A limit of the ticket is reached.
    #[error("the ticket has reached a limit: {0:?}")]
    Limit(TicketLimit),
    /// The mail is not accepted.
    #[error(transparent)]
    Mail(#[from] InboundMailError),
    /// The mail becomes no ticket yet.
    #[error(transparent)]
    Support(#[from] TakeSupportMailError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Handles inbound events.
#[derive(Clone)]
pub struct TakeInboundEvent {
    polls: Arc<dyn Polls>,
    mails: InboundMails,
    destinations: Arc<Destinations>,
    bus: Arc<dyn Bus>,
}

/// Handles the mails among inbound events.
#[derive(Clone)]
pub struct InboundMails {
    /// The tickets that they are about.
    pub tickets: Arc<dyn Tickets>,
    /// Handles mails about tickets.
    pub take: TakeInboundMail,
    /// Handles mails to support addresses.
    pub support: TakeSupportMail,
    /// Those that made the Message-IDs of receipts and answers.
    pub codes: Codes,
    /// Handles bounces.
    pub returned: TakeReturnedMail,
    /// Counts which mails have an authentication result.
    pub states: Arc<DestinationStates>,
}

impl TakeInboundEvent {
    /// Marks changed tickets in a store, and passes on mails.
    pub fn new(
        polls: Arc<dyn Polls>,
        mails: InboundMails,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
    ) -> TakeInboundEvent {
        TakeInboundEvent { polls, mails, destinations, bus }
    }

    /// A destination of a site, which parses its events.
    pub fn destination(&self, site: &SiteKey, name: &DestinationName) -> Option<&Arc<dyn Destination>> {
        self.destinations.get(site, name)
    }

    /// Handles an event of a destination of a site.
    pub async fn take(&self, queue: &QueueName, event: InboundEvent) -> Result<(), HookError> {
        let QueueName { site, destination } = queue;
        match event {
            InboundEvent::Changed { external_id, updated_at, invocation } => {
                let changed = (&external_id, updated_at);
                let is_new = self.polls.record_notification(queue, &invocation, changed, REMEMBERED).await?;
                if is_new {
                    self.bus.polls_due(queue);
                }
            }
            InboundEvent::Mail { ticket, mail } => {
                let ticket = self.mails.tickets.ticket(&ticket).await?.filter(|ticket| ticket.site == *site);
                let ticket = ticket.ok_or(HookError::NoTicket)?;
                self.count(queue, &mail);
                self.take_mail(queue, &ticket, mail).await?;
            }
            InboundEvent::Support(support_mail) => self.take_support_mail(queue, support_mail).await?,
            InboundEvent::Returned(returned) => self.mails.returned.take(queue, &returned).await?,
            InboundEvent::Nothing("") => {}
            InboundEvent::Nothing(reason) => {
                tracing::warn!(site = site.as_str(), destination = destination.as_str(), reason, "webhook ignored")
            }
        }
        Ok(())
    }

    fn count(&self, queue: &QueueName, mail: &InboundMail) {
        if let Some(state) = self.mails.states.get(queue) {
            state.count_mail(mail.authenticated.is_some());
        }
    }

    async fn take_mail(&self, queue: &QueueName, ticket: &StoredTicket, mail: InboundMail) -> Result<(), HookError> {
        match self.mails.take.take(ticket, &queue.destination, mail).await? {
            ReplyOutcome::Done => Ok(()),
            ReplyOutcome::Refused(limit) => Err(HookError::Limit(limit)),
        }
    }

    /// A mail that answers one about a ticket belongs to it, although it came to another address.
    async fn take_support_mail(&self, queue: &QueueName, support_mail: SupportMail) -> Result<(), HookError> {
        let QueueName { site, destination } = queue;
        self.count(queue, &support_mail.mail);
        let refuse = |reason| {
            tracing::warn!(site = site.as_str(), destination = destination.as_str(), reason, "mail refused");
        };
        if self.mails.codes.mail_of(&support_mail.mail.message_id).is_some() {
            refuse("it is a mail of the gateway that came back");
            return Ok(());
        }
        if let Some(ticket) = self.answered(queue, &support_mail).await? {
            return self.take_mail(queue, &ticket, support_mail.mail).await;
        }
        match self.mails.support.take(queue, support_mail).await? {
            SupportMailOutcome::Stored => {}
            SupportMailOutcome::Refused(reason) => refuse(reason),
        }
        Ok(())
    }

    /// The ticket of the mail that a mail answers: of a receipt or of answers, whose Message-IDs nobody else can make, or of an earlier mail of its
    /// sender.
    async fn answered(
        &self,
        queue: &QueueName,
        support_mail: &SupportMail,
    ) -> Result<Option<StoredTicket>, StoreError> {
        let of_gateway = support_mail.references.iter().find_map(|id| self.mails.codes.mail_of(id));
        if let Some((ticket, _)) = of_gateway
            && let Some(ticket) = self.mails.tickets.ticket(&ticket).await?.filter(|ticket| ticket.site == queue.site)
        {
            return Ok(Some(ticket));
        }
        self.mails.support.answered(queue, support_mail).await
    }
}
