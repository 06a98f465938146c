//! Taking in what a destination tells by itself and has signed.

use std::sync::Arc;
use std::time::Duration;

use super::{
    Destination, Destinations, InboundEvent, InboundMailError, Lines, Stored, TakeInboundMail, TakeReturnedMail,
};
use crate::clock;
use crate::store::{Limit, Polls, StoreError, Tickets};

/// How long it is remembered what was told: longer than its signature is good for, whichever clock is ahead.
const REMEMBERED: Duration = Duration::from_secs(20 * 60);

/// Why what a destination tells is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// The site has no such ticket.
    #[error("the site has no such ticket")]
    NoTicket,
    /// A limit of the ticket is reached.
    #[error("a limit of the ticket is reached: {0:?}")]
    Limit(Limit),
    /// A mail is not taken in.
    #[error(transparent)]
    Mail(#[from] InboundMailError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes in what destinations tell by themselves.
#[derive(Clone)]
pub struct TakeInboundEvent {
    polls: Arc<dyn Polls>,
    tickets: Arc<dyn Tickets>,
    mails: TakeInboundMail,
    returned: TakeReturnedMail,
    destinations: Arc<Destinations>,
    lines: Arc<Lines>,
}

impl TakeInboundEvent {
    /// Notes in a store what has changed, and passes mails on.
    pub fn new(
        (polls, tickets): (Arc<dyn Polls>, Arc<dyn Tickets>),
        mails: TakeInboundMail,
        returned: TakeReturnedMail,
        (destinations, lines): (Arc<Destinations>, Arc<Lines>),
    ) -> TakeInboundEvent {
        TakeInboundEvent { polls, tickets, mails, returned, destinations, lines }
    }

    /// A destination of a site, which reads what it tells.
    pub fn destination(&self, site: &str, name: &str) -> Option<&Arc<dyn Destination>> {
        self.destinations.get(site, name)
    }

    /// Takes in what a destination of a site tells.
    pub async fn take(&self, (site, destination): (&str, &str), event: InboundEvent) -> Result<(), HookError> {
        let line = self.lines.line(site, destination);
        match event {
            InboundEvent::Changed { remote, updated_at, invocation } => {
                let now = clock::timestamp();
                let forget = clock::written(now.checked_sub(REMEMBERED).unwrap_or(now));
                let updated_at = updated_at.map(clock::written);
                let (queue, changed) = ((site, destination), (remote.as_str(), updated_at.as_deref()));
                let is_new =
                    self.polls.record_notification(queue, &invocation, changed, &clock::written(now), &forget).await?;
                if let Some(line) = line.filter(|_| is_new) {
                    line.look();
                }
            }
            InboundEvent::Mail { ticket, mail } => {
                let ticket = self.tickets.ticket(&ticket).await?.filter(|ticket| ticket.site == site);
                let ticket = ticket.ok_or(HookError::NoTicket)?;
                if let Some(line) = line {
                    line.count_mail(mail.authenticated.is_some());
                }
                if let Stored::Refused(limit) = self.mails.take(&ticket, destination, mail).await? {
                    return Err(HookError::Limit(limit));
                }
            }
            InboundEvent::Returned(returned) => self.returned.take((site, destination), &returned).await?,
            InboundEvent::Nothing("") => {}
            InboundEvent::Nothing(reason) => tracing::warn!(site, destination, reason, "webhook ignored"),
        }
        Ok(())
    }
}
