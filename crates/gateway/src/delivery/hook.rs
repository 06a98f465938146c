//! Taking in what a destination tells by itself and has signed.

use std::time::Duration;

use super::follow::Stored;
use super::inbound::{self, InboundMailError};
use super::{Heard, returned};
use crate::app::App;
use crate::clock;
use crate::store::{Limit, StoreError};

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

/// Takes in what a destination of a site tells.
pub async fn take_in(app: &App, (site, destination): (&str, &str), event: Heard) -> Result<(), HookError> {
    match event {
        Heard::Changed { remote, updated_at, invocation } => {
            let now = clock::timestamp();
            let forget = clock::written(now.checked_sub(REMEMBERED).unwrap_or(now));
            let updated_at = updated_at.map(clock::written);
            let changed = (remote.as_str(), updated_at.as_deref());
            if app
                .store
                .record_notification((site, destination), &invocation, changed, &clock::written(now), &forget)
                .await?
                && let Some(line) = app.lines.line(site, destination)
            {
                line.look();
            }
        }
        Heard::Mail { ticket, mail } => {
            let ticket = app.store.ticket(&ticket).await?.filter(|ticket| ticket.site == site);
            let ticket = ticket.ok_or(HookError::NoTicket)?;
            if let Some(line) = app.lines.line(site, destination) {
                line.count_mail(mail.authenticated.is_some());
            }
            if let Stored::Refused(limit) = inbound::take_in(app, &ticket, destination, mail).await? {
                return Err(HookError::Limit(limit));
            }
        }
        Heard::Returned(returned) => returned::take_in(app, (site, destination), &returned).await?,
        Heard::Nothing("") => {}
        Heard::Nothing(reason) => tracing::warn!(site, destination, reason, "webhook ignored"),
    }
    Ok(())
}
