//! Polls destinations for replies and status changes.
//! A ticket is polled when its destination announces a change, when a poll of the destination lists it, and after each delivery. Whatever is
//! found is stored once, no matter how it was found.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::feed::ChangeFeed;
use super::states::DestinationStates;
use super::store_reply::{ReplyOutcome, StoreReply};
use crate::attempt::{Ended, limited};
use crate::clock;
use crate::destinations::Destinations;
use crate::ids::{DestinationName, QueueName, TicketId};
use crate::ports::destination::{AgentNote, ExternalMessage, Failure, PolledMessage, Polling};
use crate::ports::{
    Activity, ActivityKind, Change, ChangeOutcome, Conversations, CurrentTicket, Decision, Delivery, DeliveryKind,
    DeliveryState, DuePoll, ExternalTickets, Polls, Queue, StoreError, StoredTicket, Tickets,
};
use crate::random;
use crate::rules::backoff;
use crate::rules::comment;
use crate::site::Sites;
use crate::timestamp::Timestamp;
use crate::use_cases::attachments::KeepFile;
use domain::conversation::{Author, Message, Turn};
use domain::ticket::Status;

/// The lease of a ticket that is being polled. Polling a ticket twice gives the same result.
const LEASE: Duration = Duration::from_secs(2 * 60);
/// How many tickets are polled between two reads of the list of changes, so that long polls do not delay new changes.
const AT_A_TIME: u32 = 5;
/// How often the store is checked for work that another gateway on the same database has left behind.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// How long is waited if something is due that cannot be claimed.
const CLAIM_RETRY: Duration = Duration::from_millis(200);
/// The pause after a failed poll of a ticket.
const RETRY: Duration = Duration::from_secs(30);
/// The longest that a poll may take, apart from waiting for the destination's rate limit.
const POLL_MAX: Duration = Duration::from_secs(60 * 60);

/// The ports that syncing needs.
#[derive(Clone)]
pub struct SyncPorts {
    /// The polls of tickets.
    pub polls: Arc<dyn Polls>,
    /// The deliveries.
    pub queue: Arc<dyn Queue>,
    /// The external tickets.
    pub external: Arc<dyn ExternalTickets>,
    /// The tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Their conversations.
    pub conversations: Arc<dyn Conversations>,
}

/// Syncs tickets with their destinations.
#[derive(Clone)]
pub struct SyncTickets {
    store: SyncPorts,
    sites: Arc<Sites>,
    states: Arc<DestinationStates>,
    replies: StoreReply,
    files: KeepFile,
}

impl SyncTickets {
    /// Syncs the tickets of a store with the destinations of `replies`, whose states are `states`.
    pub fn new(
        store: SyncPorts,
        sites: Arc<Sites>,
        states: Arc<DestinationStates>,
        replies: StoreReply,
        files: KeepFile,
    ) -> SyncTickets {
        SyncTickets { store, sites, states, replies, files }
    }

    fn destinations(&self) -> &Destinations {
        &self.replies.destinations
    }

    /// The queues of the destinations that can be polled.
    pub fn polled(&self) -> Vec<QueueName> {
        let polled = self.destinations().iter().filter(|(_, _, to)| to.polling().is_some());
        polled.map(|(site, name, _)| QueueName::new(site, name)).collect()
    }

    /// Polls a destination of a site until it is cancelled.
    pub async fn work(&self, queue: &QueueName, stop: &CancellationToken) {
        let Some(to) = self.destinations().get(&queue.site, &queue.destination) else { return };
        let (Some(polling), Some(state)) = (to.polling(), self.states.get(queue)) else { return };
        let (mut woken, mut failures, mut not_before) = (state.watch_polls(), 0_u32, Timestamp::EPOCH);
        let mut feed = ChangeFeed::default();
        while !stop.is_cancelled() {
            woken.mark_unchanged();
            let wait = clock::left(not_before);
            let wait = if !wait.is_zero() {
                wait
            } else {
                match self.sync(queue, polling, &mut feed, stop).await {
                    Ok(wait) => {
                        failures = 0;
                        wait
                    }
                    Err(SyncError::Destination(failure)) => {
                        failures += 1;
                        let requested = if let Failure::Away { after, .. } = &failure { *after } else { None };
                        let pause =
                            requested.unwrap_or_else(|| backoff::pause(failures, CHECK_EVERY, random::jitter()));
                        not_before = clock::now() + pause;
                        let QueueName { site, destination } = queue;
                        tracing::warn!(
                            site = site.as_str(),
                            destination = destination.as_str(),
                            error = %failure,
                            retry_in = ?pause,
                            "sync failed"
                        );
                        pause
                    }
                    Err(SyncError::Store(error)) => {
                        tracing::error!(
                            site = queue.site.as_str(),
                            destination = queue.destination.as_str(),
                            %error,
                            retry_in = ?RETRY,
                            "sync failed"
                        );
                        RETRY
                    }
                    Err(SyncError::Stopped) => continue,
                }
            };
            tokio::select! {
                _ = timeout(wait.min(CHECK_EVERY), woken.changed()) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Reads the changes of a destination, polls all due tickets, and returns the time until more is due.
    async fn sync(
        &self,
        queue: &QueueName,
        polling: &dyn Polling,
        feed: &mut ChangeFeed,
        stop: &CancellationToken,
    ) -> Result<Duration, SyncError> {
        while !stop.is_cancelled() {
            let wait = limited(POLL_MAX, stop, feed.read(self.store.polls.as_ref(), queue, polling)).await??;
            if !self.poll_due(queue, polling, stop).await? {
                let next = self.store.polls.next_poll(queue).await?;
                // What is due and was not claimed is locked by another gateway.
                return Ok(next.map_or(wait, |next| next.max(CLAIM_RETRY).min(wait)));
            }
        }
        Ok(CHECK_EVERY)
    }

    /// Polls some of the due tickets; `false` if none is due. A failed poll does not stop the others, unless the destination is unreachable.
    async fn poll_due(
        &self,
        queue: &QueueName,
        polling: &dyn Polling,
        stop: &CancellationToken,
    ) -> Result<bool, SyncError> {
        let due = self.store.polls.claim_polls(queue, LEASE, AT_A_TIME).await?;
        let (count, mut failed, mut failure) = (due.len(), 0, None);
        for one in due {
            let is_away = matches!(failure, Some(Failure::Away { .. }));
            let polled = match is_away || stop.is_cancelled() {
                true => Ok(PollResult::poll_in(RETRY)),
                false => match limited(POLL_MAX, stop, self.poll(&queue.destination, polling, &one)).await {
                    Ok(polled) => polled,
                    // Left for the next start.
                    Err(Ended::Stopped) => Ok(PollResult::poll_in(Duration::ZERO)),
                    Err(ended) => Err(ended.into()),
                },
            };
            let (site, reference) = (&queue.site, one.ticket.reference.as_str());
            let polled = match polled {
                Ok(polled) => polled,
                Err(SyncError::Destination(Failure::Never(error))) => {
                    tracing::warn!(site = site.as_str(), reference, error, "ticket sync failed");
                    PollResult::default()
                }
                Err(SyncError::Store(error)) if error.concerns_row() => {
                    tracing::error!(site = site.as_str(), reference, %error, "ticket unreadable, not synced");
                    PollResult::default()
                }
                Err(SyncError::Destination(error)) => {
                    tracing::warn!(site = site.as_str(), reference, %error, retry_in = ?RETRY, "ticket sync failed");
                    failed += 1;
                    if failure.is_none() || matches!(error, Failure::Away { .. }) {
                        failure = Some(error);
                    }
                    PollResult::poll_in(RETRY)
                }
                Err(error) => return Err(error),
            };
            self.store.polls.record_poll(&one, &queue.destination, polled.poll_in, polled.seen).await?;
        }
        match failure {
            Some(failure @ Failure::Away { .. }) => Err(SyncError::Destination(failure)),
            Some(failure) if failed == count => Err(SyncError::Destination(failure)),
            _ => Ok(count > 0),
        }
    }

    /// Polls one ticket.
    async fn poll(
        &self,
        name: &DestinationName,
        polling: &dyn Polling,
        due: &DuePoll,
    ) -> Result<PollResult, SyncError> {
        let before = self.deliveries(&due.ticket.id, name).await?;
        let polled = polling.poll(&due.external).await.map_err(SyncError::Destination)?;
        // Read after the poll, because something may have been delivered meanwhile.
        let delivered = self.deliveries(&due.ticket.id, name).await?;
        let unsettled = self.unsettled_messages(&due.ticket.id, &delivered).await?;
        let is_ours = |found: &PolledMessage| {
            let is_delivered = |one: &Delivery| {
                one.state == DeliveryState::Delivered
                    && !one.external_id.is_empty()
                    && one.external_id == found.message.external_id
            };
            // It may have arrived although its attempt failed.
            let is_this = |sent: &Message| {
                sent.author == found.message.author && comment::matches_message(&found.written, &sent.body)
            };
            delivered.iter().any(is_delivered) || unsettled.iter().any(is_this)
        };
        for found in polled.messages.into_iter().filter(|found| !is_ours(found)) {
            if !self.replies.is_stored(&due.ticket, name, &found.message).await? {
                let (message, files) = self.fetch_files(polling, &due.ticket, found).await?;
                if let ReplyOutcome::Refused(limit) =
                    self.replies.store(&due.ticket, name, &message, files, None).await?
                {
                    let reference = due.ticket.reference.as_str();
                    tracing::warn!(
                        site = due.ticket.site.as_str(),
                        reference,
                        limit = limit.name(),
                        "reply not stored: the ticket has reached a limit"
                    );
                }
            }
        }
        // Moved only after every message at the old place is stored.
        if let Some(moved) = &polled.moved {
            self.store.external.merge_external_ticket(&due.ticket.id, name, moved).await?;
        }
        if let Some(note) = &polled.note {
            self.note_for_agents(&due.ticket, name, note).await?;
        }
        // Read before the deliveries: later changes of the ticket are detected when its status is written.
        let Some(known) = self.store.tickets.ticket(&due.ticket.id).await? else { return Ok(PollResult::default()) };
        // A pending delivery, or one made meanwhile, is newer than the status that was polled.
        let after = self.deliveries(&due.ticket.id, name).await?;
        match (progress(&before), progress(&after)) {
            // Polled again after an agent has sent the dead letter again and it was delivered.
            (DeliveryProgress::Blocked, _) | (_, DeliveryProgress::Blocked) => return Ok(PollResult::default()),
            (DeliveryProgress::Waits, _) | (_, DeliveryProgress::Waits) => return Ok(PollResult::poll_in(RETRY)),
            (DeliveryProgress::Settled, DeliveryProgress::Settled) => {}
        }
        if before.len() != after.len() {
            return Ok(PollResult::poll_in(Duration::ZERO));
        }
        let Some(state) = polled.state else { return Ok(PollResult { poll_in: None, seen: polled.updated_at }) };
        match self.update_status(&known, name, state).await? {
            true => Ok(PollResult { poll_in: None, seen: polled.updated_at }),
            false => Ok(PollResult::poll_in(Duration::ZERO)),
        }
    }

    /// Stores a note for agents, once.
    async fn note_for_agents(
        &self,
        ticket: &StoredTicket,
        from: &DestinationName,
        note: &AgentNote,
    ) -> Result<(), StoreError> {
        let key = format!("{from} {}", note.key);
        let decide = |current: &CurrentTicket| {
            let (actor, text) = (from.to_string(), note.text.clone());
            let activity = Activity { actor, kind: ActivityKind::Noted, text, at: current.now };
            Change { activity: Some(activity), activity_key: Some(key.clone()), ..current.unchanged() }.into()
        };
        if let ChangeOutcome::Written(changed, _) = self.store.conversations.change(&ticket.id, None, &decide).await? {
            tracing::info!(
                site = ticket.site.as_str(),
                reference = ticket.reference.as_str(),
                note = note.text,
                "ticket merged"
            );
            self.replies.bus.ticket_changed(*changed);
        }
        Ok(())
    }

    async fn deliveries(&self, ticket: &TicketId, name: &DestinationName) -> Result<Vec<Delivery>, StoreError> {
        let all = self.store.queue.deliveries(ticket).await?;
        Ok(all.into_iter().filter(|one| one.destination == *name).collect())
    }

    /// The messages whose deliveries have an unknown outcome.
    async fn unsettled_messages(&self, ticket: &TicketId, deliveries: &[Delivery]) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::new();
        let is_unsettled = |one: &&Delivery| {
            one.kind == DeliveryKind::Message
                && one.state != DeliveryState::Delivered
                && one.attempts > 0
                && one.number > 0
        };
        for one in deliveries.iter().filter(is_unsettled) {
            let page = self.store.conversations.message_page(ticket, one.number - 1, 1).await?;
            messages.extend(page.messages.into_iter().filter(|message| message.number == one.number));
        }
        Ok(messages)
    }

    /// Downloads the attachments of an external message; those that cannot be downloaded are listed in its text.
    async fn fetch_files(
        &self,
        polling: &dyn Polling,
        ticket: &StoredTicket,
        found: PolledMessage,
    ) -> Result<(ExternalMessage, Vec<String>), SyncError> {
        let PolledMessage { mut message, files, .. } = found;
        let mut ids = Vec::new();
        let Some(site) = self.sites.get(&ticket.site) else { return Ok((message, ids)) };
        for file in files {
            let stored = match polling.download(&file, site.config.attachments.max_bytes as usize).await {
                Ok(bytes) => self
                    .files
                    .keep(&site.config.attachments, ticket, &file.name, bytes)
                    .await
                    .map_err(|error| error.to_string()),
                Err(Failure::Never(reason) | Failure::TooLarge(reason)) => Err(reason),
                // The whole ticket is polled again, so that the message is stored with its files.
                Err(failure) => return Err(SyncError::Destination(failure)),
            };
            match stored {
                Ok(id) => ids.push(id),
                Err(reason) => {
                    tracing::warn!(reference = ticket.reference.as_str(), reason, "file of a reply not stored");
                    let name = file.name.replace(char::is_control, " ");
                    let name = if message.author == Author::Customer { name } else { markdown::escape(&name) };
                    message.body = format!("{}\n\n({name})", message.body.trim_end()).trim_start().to_string();
                }
            }
        }
        Ok((message, ids))
    }

    /// Sets the status of a ticket to its external status; `false`, and nothing is written, if the ticket has changed since `known` was read.
    async fn update_status(
        &self,
        known: &StoredTicket,
        from: &DestinationName,
        external_state: (Status, Turn),
    ) -> Result<bool, StoreError> {
        let is_as_known = |ticket: &StoredTicket| {
            let state = |ticket: &StoredTicket| (ticket.status, ticket.handling.turn, ticket.handling.updated_at);
            state(ticket) == state(known)
        };
        let decide = |current: &CurrentTicket| match is_as_known(&current.ticket) {
            true => with_status(current, self.destinations(), from, external_state),
            false => Decision::Nothing,
        };
        match self.store.conversations.change(&known.id, None, &decide).await? {
            ChangeOutcome::Written(ticket, _) => {
                self.replies.bus.deliveries_due(&ticket.site);
                self.replies.bus.ticket_changed(*ticket);
                Ok(true)
            }
            ChangeOutcome::Unchanged(ticket) => Ok(is_as_known(&ticket)),
            _ => Ok(true),
        }
    }
}

/// Why a sync ends early.
enum SyncError {
    Destination(Failure),
    Store(StoreError),
    /// The gateway is shutting down.
    Stopped,
}

impl From<StoreError> for SyncError {
    fn from(error: StoreError) -> SyncError {
        SyncError::Store(error)
    }
}

impl From<Ended> for SyncError {
    fn from(ended: Ended) -> SyncError {
        match ended {
            Ended::Stopped => SyncError::Stopped,
            Ended::TooLong => SyncError::Destination(Failure::later("the request timed out")),
        }
    }
}

/// The outcome of a poll.
#[derive(Debug, Default)]
struct PollResult {
    /// The time until the next poll; none if no change is expected.
    poll_in: Option<Duration>,
    /// The last change of the external ticket up to which everything is known.
    seen: Option<Timestamp>,
}

impl PollResult {
    fn poll_in(after: Duration) -> PollResult {
        PollResult { poll_in: Some(after), seen: None }
    }
}

/// The state of a ticket's deliveries to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeliveryProgress {
    /// No delivery is pending.
    Settled,
    /// A delivery is pending.
    Waits,
    /// A delivery waits behind a dead letter.
    Blocked,
}

/// The progress of the deliveries of a ticket, oldest first.
fn progress(deliveries: &[Delivery]) -> DeliveryProgress {
    let mut open = deliveries.iter().filter(|one| one.state != DeliveryState::Delivered).map(|one| one.state);
    match open.next() {
        None => DeliveryProgress::Settled,
        Some(DeliveryState::DeadLetter) if open.any(|state| state == DeliveryState::Waiting) => {
            DeliveryProgress::Blocked
        }
        Some(DeliveryState::DeadLetter) => DeliveryProgress::Settled,
        Some(_) => DeliveryProgress::Waits,
    }
}

/// The change to the external status; none if it is the same.
fn with_status(
    current: &CurrentTicket,
    destinations: &Destinations,
    from: &DestinationName,
    (status, turn): (Status, Turn),
) -> Decision {
    let before = &current.ticket;
    if before.status == status && before.handling.turn == turn {
        return Decision::Nothing;
    }
    let mut change = current.unchanged();
    (change.ticket.status, change.ticket.handling.turn) = (status, turn);
    if before.status != status {
        let (kind, delivery_kind) = match status {
            Status::Solved => (ActivityKind::Solved, DeliveryKind::Solved),
            Status::Open => (ActivityKind::Reopened, DeliveryKind::Reopened),
        };
        change.ticket.handling.updated_at = current.now;
        change.activity = Some(Activity { actor: from.to_string(), kind, text: String::new(), at: current.now });
        change.deliveries = destinations.deliveries(&before.site, delivery_kind, Author::Support, Some(from));
    }
    change.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::delivery;

    #[test]
    fn dead_letters_block_only_later_deliveries() {
        use DeliveryState::{DeadLetter, Delivered, Waiting};
        for (states, expected) in [
            (&[][..], DeliveryProgress::Settled),
            (&[Delivered], DeliveryProgress::Settled),
            (&[Delivered, Waiting], DeliveryProgress::Waits),
            (&[Waiting, DeadLetter], DeliveryProgress::Waits),
            (&[Delivered, DeadLetter], DeliveryProgress::Settled),
            (&[Delivered, DeadLetter, Waiting], DeliveryProgress::Blocked),
        ] {
            let deliveries: Vec<Delivery> =
                states.iter().map(|state| Delivery { state: *state, ..delivery(DeliveryKind::Message, 1) }).collect();
            assert_eq!(progress(&deliveries), expected, "{states:?}");
        }
    }
}
