//! `GET /v1/sites/{site}/tickets/stream`: the changes of a requester's tickets, as they happen.
//! Server-sent events (the HTML standard, section 9.2): first one named `state`, then one named `ticket` for each change of a ticket. `state`
//! is sent again if changes were missed: the client then reloads everything. The stream ends when the token that opened it expires.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aide::transform::TransformOperation;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::describe::{Describe, EventStream};
use crate::guard::{Guard, StreamPermit};
use crate::http::client::Client;
use crate::http::problem::Refusal;
use crate::http::requester::{self, Requesters};
use crate::live::{Live, Watch};
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::{ReaderCounts, Requester};
use deskbell_core::use_cases::tickets::ReadTickets;
use domain::conversation::Summary;

/// How often a comment is sent, so that no proxy closes the connection as idle.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a stream without a token lasts; a client that still needs it opens another.
const WITHOUT_TOKEN: Duration = Duration::from_secs(60 * 60);

/// The data of an event.
#[derive(Serialize)]
struct Change {
    /// The changed ticket; none if the event has only counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<Summary>,
    /// The number of the requester's tickets.
    total: u32,
    /// The number of open ones.
    open: u32,
    /// The number of unread messages in all tickets.
    unread: u32,
}

/// Describes the route.
pub fn docs(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    operation
        .summary(
            "Streams changes of the requester's tickets as server-sent events: `state`, and `ticket` for each changed \
             ticket.",
        )
        .requires_requester()
        .response::<200, EventStream>()
}

/// Handles the request.
pub async fn answer(
    State(requesters): State<Arc<Requesters>>,
    State(guard): State<Arc<Guard>>,
    State(live): State<Live>,
    State(tickets): State<Arc<ReadTickets>>,
    Path(site): Path<SiteKey>,
    client: Client,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let requester = requesters.identify(&headers, requesters.site(&site)?).await?;
    let reader = requesters.reader(&site, &requester).await?;
    let claimed = requester::claimed(&site, &headers).ok_or(Refusal::Unidentified)?;
    let permit = guard.open_stream(client.address, claimed)?;
    let end = Instant::now() + requesters.remaining(&requester).unwrap_or(WITHOUT_TOKEN);
    let granted = tickets.granted_tickets(reader).await?;
    let watch = StreamGuard {
        changes: live.watch(&site, reader, &granted),
        tickets,
        site,
        requester,
        end,
        is_announced: false,
        _permit: permit,
    };
    let events = Sse::new(events(watch)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // A proxy that buffers responses would never deliver the events.
    Ok(([(header::CACHE_CONTROL.as_str(), "no-store"), ("x-accel-buffering", "no")], events))
}

struct StreamGuard {
    tickets: Arc<ReadTickets>,
    site: SiteKey,
    requester: Requester,
    changes: Watch,
    end: Instant,
    is_announced: bool,
    _permit: StreamPermit,
}

fn events(watch: StreamGuard) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(watch, async |mut watch: StreamGuard| {
        let event = if watch.is_announced { next(&mut watch).await? } else { state(&watch).await? };
        watch.is_announced = true;
        Some((Ok(event), watch))
    })
}

/// The next change of a ticket of the reader; `None` at the end of the stream.
async fn next(watch: &mut StreamGuard) -> Option<Event> {
    let changed = tokio::select! {
        changed = watch.changes.changes.recv() => changed,
        () = sleep_until(watch.end) => return None,
    };
    match changed {
        Ok(change) => {
            // Without it the client opens another stream, with what is still granted.
            if change.is_granted && !is_readable(watch, &change.ticket.id).await {
                return None;
            }
            let counts = change.counts(watch.tickets.counts(&watch.site, watch.requester.reader()?)).await.ok()?;
            event(Some(change.ticket.clone()), counts)
        }
        Err(RecvError::Lagged(_)) => state(watch).await,
        Err(RecvError::Closed) => None,
    }
}

/// Whether the reader may still open a ticket.
async fn is_readable(watch: &StreamGuard, ticket: &str) -> bool {
    let Some(reader) = watch.requester.reader() else { return false };
    watch.tickets.one(&watch.site, reader, &TicketId::new(ticket)).await.is_ok()
}

async fn state(watch: &StreamGuard) -> Option<Event> {
    let counts = watch.tickets.counts(&watch.site, watch.requester.reader()?).await.ok()?;
    event(None, counts)
}

fn event(ticket: Option<Summary>, ReaderCounts { total, open, unread }: ReaderCounts) -> Option<Event> {
    let event = Event::default().event(if ticket.is_some() { "ticket" } else { "state" });
    event.json_data(Change { ticket, total, open, unread }).ok()
}
