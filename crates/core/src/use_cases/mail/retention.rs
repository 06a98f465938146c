//! Deletes mail recipients after a day, the period that quotas count.

use std::convert::Infallible;
use std::time::Duration;

use crate::clock::Clock;
use crate::ports::OutgoingMail;

const EVERY: Duration = Duration::from_secs(60 * 60);
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes recipients older than a day, once an hour; never returns.
pub async fn run(outgoing: &dyn OutgoingMail, clock: &dyn Clock) -> Infallible {
    loop {
        if let Err(error) = outgoing.forget_mails(clock.now() - KEPT).await {
            tracing::warn!(%error, "deleting old recipients failed");
        }
        tokio::time::sleep(EVERY).await;
    }
}
