//! Waits briefly for a ticket to reach its destinations, so that the API can answer 201.

use std::time::Duration;

use tokio::time::timeout;

use crate::app::App;
use crate::store::{State, StoreError, StoredTicket};

/// How long somebody who sends something waits for it to arrive where it is brought to. It is kept by then.
const PATIENCE: Duration = Duration::from_secs(3);

/// Has everything about a ticket brought to its destinations, and tells whether that was done at once.
pub async fn prompt(app: &App, ticket: &StoredTicket) -> Result<bool, StoreError> {
    let Some(site) = app.site(&ticket.site).filter(|site| !site.destinations.is_empty()) else { return Ok(true) };
    let mut settled = app.lines.watch();
    app.lines.wake(&ticket.site);
    let arrives = async {
        loop {
            let deliveries = app.store.deliveries(&ticket.id).await?;
            let works = |name: &str| site.destinations.get(name).is_some_and(|to| !to.is_notice());
            let mut open = deliveries.iter().filter(|one| one.state != State::Delivered && works(&one.destination));
            let Some(first) = open.next() else { return Ok(true) };
            let away = app.lines.line(&ticket.site, &first.destination).is_none_or(|line| line.away().is_some());
            if first.state == State::GivenUp || away {
                return Ok(false);
            }
            while settled.recv().await.is_ok_and(|id| id != ticket.id) {}
        }
    };
    timeout(PATIENCE, arrives).await.unwrap_or(Ok(false))
}
