//! Handles the signed inbound events of destinations.

use std::sync::Arc;
use std::time::Duration;

use super::inbound_mail::{InboundMailError, TakeInboundMail};
use super::returned_mail::TakeReturnedMail;
use super::states::DestinationStates;
use super::store_reply::ReplyOutcome;
use crate::destinations::Destinations;
use crate::ids::{DestinationName, QueueName, SiteKey};
use crate::ports::destination::{Destination, InboundEvent};
use crate::ports::{Bus, Polls, StoreError, TicketLimit, Tickets};

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
                if let Some(state) = self.mails.states.get(queue) {
                    state.count_mail(mail.authenticated.is_some());
                }
                if let ReplyOutcome::Refused(limit) = self.mails.take.take(&ticket, destination, mail).await? {
                    return Err(HookError::Limit(limit));
                }
            }
            InboundEvent::Returned(returned) => self.mails.returned.take(queue, &returned).await?,
            InboundEvent::Nothing("") => {}
            InboundEvent::Nothing(reason) => {
                tracing::warn!(site = site.as_str(), destination = destination.as_str(), reason, "webhook ignored")
            }
        }
        Ok(())
    }
}
