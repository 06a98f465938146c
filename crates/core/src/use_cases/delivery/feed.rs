//! Finds the tickets that changed at a destination, without missing any, however many change at once.
//! The newest changes are read first, from a list sorted by time; that is fast, and enough while few tickets change. In parallel the
//! destination's export of all changes is read, oldest first, from a cursor in the store; that is slower but complete. While the export works,
//! the list may be cut short; while the export fails, for whatever reason, the list is read back to the last known change. The time up to which
//! changes are known is the destination's, not ours.

use std::time::Duration;

use crate::clock;
use crate::ids::QueueName;
use crate::ports::destination::{ExportFailure, ExportFrom, Failure, Polling};
use crate::ports::{ChangedTicket, Polls, StoreError, SyncState};
use crate::random;
use crate::rules::backoff;
use crate::timestamp::Timestamp;

/// How far before the last known change a poll begins: times in the list are in full seconds, and changes appear late.
const OVERLAP: Duration = Duration::from_secs(120);
/// How far back the first poll of a destination goes.
const FIRST: Duration = Duration::from_secs(24 * 60 * 60);
/// How many pages of the list are read per poll. Older changes are found by the export or by the next poll.
const PAGES: u32 = 3;
/// How often the export is read while the list is complete.
const EXPORT_EVERY: Duration = Duration::from_secs(5 * 60);
/// The pause between two pages of the export; destinations allow ten per minute.
const EXPORT_PAUSE: Duration = Duration::from_millis(6_500);
/// How old a change must be before the export has it, with a margin.
const EXPORT_LAG: Duration = Duration::from_secs(65);
/// The pause after a failed export if the destination does not give one.
const EXPORT_RETRY: Duration = Duration::from_secs(60);
/// The pause after the destination has refused an export, which an administrator has to fix.
const REFUSED_RETRY: Duration = Duration::from_secs(60 * 60);
/// The longest backoff after the list could not be read.
const LIST_RETRY_MAX: Duration = Duration::from_secs(60);

/// What a worker knows about the changes of a queue. Everything that has to outlive the worker is in the store.
#[derive(Debug, Default)]
pub struct ChangeFeed {
    /// The unfinished pass over the list.
    pass: Option<Pass>,
    /// How many times in a row the list could not be read.
    list_failures: u32,
    list_not_before: Option<Timestamp>,
    /// Whether the last request for the export failed.
    is_export_failing: bool,
    export_not_before: Option<Timestamp>,
}

/// A pass over the list of changes.
#[derive(Clone, Debug)]
struct Pass {
    started: Timestamp,
    /// The time of the change at which it ends.
    since: Timestamp,
    /// The time up to which changes are known once the pass is complete, by the destination's clock; none before the first page.
    until: Option<Timestamp>,
    /// The cursor of the next page.
    after: Option<String>,
    pages: u32,
}

impl Pass {
    fn new(state: &SyncState, now: Timestamp) -> Pass {
        Pass { started: now, since: since(state, now), until: None, after: None, pages: 0 }
    }
}

impl ChangeFeed {
    /// Reads the changes that can be read at this time, a few pages at most, and schedules polls of those tickets that are stored here. Returns
    /// the time until the next read. Failures of the destination are logged and retried later; the list and the export do not wait for each
    /// other.
    pub async fn read(
        &mut self,
        store: &dyn Polls,
        queue: &QueueName,
        polling: &dyn Polling,
    ) -> Result<Duration, StoreError> {
        let state = store.sync_state(queue).await?;
        if self.list_wait(&state, polling.interval()).is_zero() {
            self.read_list(store, queue, polling, &state).await?;
        }
        let state = store.sync_state(queue).await?;
        if self.export_wait(&state).is_zero() {
            self.read_export(store, queue, polling, &state).await?;
        }
        let state = store.sync_state(queue).await?;
        Ok(self.list_wait(&state, polling.interval()).min(self.export_wait(&state)))
    }

    /// The time until the list is read.
    fn list_wait(&self, state: &SyncState, interval: Duration) -> Duration {
        let wait = match self.pass {
            Some(_) => Duration::ZERO,
            None => wait(state.since_list, interval),
        };
        wait.max(self.list_not_before.map_or(Duration::ZERO, clock::left))
    }

    /// The time until the export is read.
    fn export_wait(&self, state: &SyncState) -> Duration {
        let interval = if state.is_behind { EXPORT_PAUSE } else { EXPORT_EVERY };
        wait(state.since_export, interval).max(self.export_not_before.map_or(Duration::ZERO, clock::left))
    }

    async fn read_list(
        &mut self,
        store: &dyn Polls,
        queue: &QueueName,
        polling: &dyn Polling,
        state: &SyncState,
    ) -> Result<(), StoreError> {
        let QueueName { site, destination } = queue;
        let mut pass = self.pass.take().unwrap_or_else(|| Pass::new(state, clock::now()));
        store.mark_listed(queue).await?;
        loop {
            let page = match polling.recent_changes(pass.after.as_deref()).await {
                Ok(page) => page,
                Err(failure) => {
                    self.list_failures += 1;
                    let requested = if let Failure::Away { after, .. } = &failure { *after } else { None };
                    let pause = requested
                        .unwrap_or_else(|| backoff::pause(self.list_failures, LIST_RETRY_MAX, random::jitter()));
                    tracing::warn!(
                        site = site.as_str(),
                        destination = destination.as_str(),
                        error = %failure,
                        retry_in = ?pause,
                        "sync failed"
                    );
                    self.list_not_before = Some(clock::now() + pause);
                    // If the next page is permanently unavailable, the list is read from the beginning.
                    pass.after = pass.after.filter(|_| !matches!(failure, Failure::Never(_)));
                    self.pass = Some(pass);
                    return Ok(());
                }
            };
            (self.list_failures, self.list_not_before) = (0, None);
            if pass.until.is_none() {
                let read_at = page.at.or_else(|| newest(&page.tickets)).unwrap_or(pass.started);
                pass.until = Some(read_at);
                // The last known time may come from a clock that was ahead.
                pass.since = pass.since.min(read_at - OVERLAP);
            }
            // The destination's times have a resolution of one second.
            let (new, old): (Vec<_>, Vec<_>) =
                page.tickets.into_iter().partition(|ticket| ticket.updated_at.as_seconds() >= pass.since.as_seconds());
            store.mark_changed(queue, &new).await?;
            let Some(next) = page.next.filter(|_| old.is_empty()) else {
                return store.set_synced(queue, pass.until.unwrap_or(pass.started)).await;
            };
            pass.after = Some(next);
            pass.pages += 1;
            if pass.pages == PAGES && !self.is_export_failing {
                tracing::info!(
                    site = site.as_str(),
                    destination = destination.as_str(),
                    "many tickets changed; switching to the export"
                );
                return store.mark_sync_behind(queue).await;
            }
            if pass.pages.is_multiple_of(PAGES) {
                // The tickets found so far are synced between two pages.
                self.pass = Some(pass);
                return Ok(());
            }
        }
    }

    async fn read_export(
        &mut self,
        store: &dyn Polls,
        queue: &QueueName,
        polling: &dyn Polling,
        state: &SyncState,
    ) -> Result<(), StoreError> {
        let QueueName { site, destination } = queue;
        let now = clock::now();
        let from = match &state.cursor {
            Some(cursor) => ExportFrom::Cursor(cursor),
            None => ExportFrom::Time(since(state, now).min(now - EXPORT_LAG)),
        };
        let failure = match polling.export(from).await {
            Ok(page) if page.is_complete || state.cursor.as_ref() != Some(&page.cursor) => {
                if self.is_export_failing {
                    tracing::info!(site = site.as_str(), destination = destination.as_str(), "export works again");
                }
                (self.is_export_failing, self.export_not_before) = (false, None);
                store.mark_changed(queue, &page.tickets).await?;
                store.set_exported(queue, Some(&page.cursor), !page.is_complete).await?;
                let read_at = page.at.or_else(|| newest(&page.tickets)).filter(|_| page.is_complete);
                let complete = read_at.map(|read_at| read_at - EXPORT_LAG);
                if let Some(complete) = complete.filter(|complete| state.until.is_none_or(|until| until < *complete)) {
                    store.set_synced(queue, complete).await?;
                }
                return Ok(());
            }
            Ok(_) => ExportFailure::Later { reason: "the cursor of the export does not advance".into(), after: None },
            Err(failure) => failure,
        };
        let (reason, cursor, pause) = match failure {
            ExportFailure::Refused(reason) => (reason, state.cursor.as_deref(), REFUSED_RETRY),
            // Without a cursor the export cannot be restarted.
            ExportFailure::CursorLost(reason) if state.cursor.is_none() => (reason, None, REFUSED_RETRY),
            ExportFailure::CursorLost(reason) => {
                tracing::warn!(
                    site = site.as_str(),
                    destination = destination.as_str(),
                    reason,
                    "export cursor lost; restarting the export"
                );
                self.export_not_before = Some(now + EXPORT_PAUSE);
                return store.set_exported(queue, None, state.is_behind).await;
            }
            ExportFailure::Later { reason, after } => (reason, state.cursor.as_deref(), after.unwrap_or(EXPORT_RETRY)),
        };
        tracing::warn!(
            site = site.as_str(),
            destination = destination.as_str(),
            reason,
            retry_in = ?pause,
            "export failed; falling back to the ticket list"
        );
        self.is_export_failing = true;
        self.export_not_before = Some(now + pause);
        if state.is_behind {
            // Older changes were left to the export.
            store.set_exported(queue, cursor, false).await?;
            self.pass.get_or_insert_with(|| Pass::new(state, now));
        }
        Ok(())
    }
}

/// The time from which changes are requested.
fn since(state: &SyncState, now: Timestamp) -> Timestamp {
    state.until.map_or(now - FIRST, |until| until - OVERLAP)
}

/// The time until a periodic task is due; zero if it has not run.
fn wait(since_last: Option<Duration>, interval: Duration) -> Duration {
    since_last.map_or(Duration::ZERO, |since| interval.saturating_sub(since))
}

fn newest(tickets: &[ChangedTicket]) -> Option<Timestamp> {
    tickets.iter().map(|ticket| ticket.updated_at).max()
}
