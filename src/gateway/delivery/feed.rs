//! Finds out which tickets have changed at a destination, so that none is missed however many change at once.
//!
//! The newest changes are read first, from a list that begins with them: that is quick, and enough as long as few tickets change. Beside it
//! runs the destination's export of all changes, oldest first, from a cursor that is kept in the store: that is slower, and misses nothing.
//! Where a destination does not allow the export, the list is read on until what is known already.

use std::time::Duration;

use jiff::Timestamp;

use super::{Answers, ExportFailure, ExportFrom, Failure};
use crate::gateway::clock;
use crate::gateway::store::{Store, StoreError, SyncState};

/// How far before what is known it is asked for changes again, because clocks differ.
const OVERLAP: Duration = Duration::from_secs(120);
/// How far back a gateway that has never asked looks.
const FIRST: Duration = Duration::from_secs(24 * 60 * 60);
/// How many pages of the list are read at a time. What is older comes with the export, or the next time.
const PAGES: u32 = 3;
/// How often the export is read on while nothing hurries.
const EXPORT_EVERY: Duration = Duration::from_secs(5 * 60);
/// The pause between two pages of the export: destinations allow ten in a minute.
const EXPORT_PAUSE: Duration = Duration::from_millis(6_500);
/// How old a change is at least until the export has it, and a little.
const EXPORT_LAG: Duration = Duration::from_secs(65);
/// How long it is believed that a destination does not allow the export.
const REFUSED: Duration = Duration::from_secs(60 * 60);

/// Why changes could not be read.
pub enum FeedError {
    /// The destination does not answer as it should.
    Destination(Failure),
    /// The store cannot be used.
    Store(StoreError),
}

impl From<StoreError> for FeedError {
    fn from(error: StoreError) -> FeedError {
        FeedError::Store(error)
    }
}

/// What a worker knows of the changes of a queue. All that has to outlive it is in the store.
#[derive(Debug, Default)]
pub struct ChangeFeed {
    /// A pass over the list that is not at its end.
    pass: Option<Pass>,
    /// Until when the export is not asked for, because it was refused or wants to be left alone.
    export_not_before: Option<Timestamp>,
    /// Whether the destination does not allow the export.
    is_refused: bool,
}

/// A pass over the list of changes.
#[derive(Clone, Debug)]
struct Pass {
    started: Timestamp,
    /// Where it ends.
    since: Timestamp,
    /// Where the next page begins.
    after: Option<String>,
    pages: u32,
}

impl ChangeFeed {
    /// Reads what there is to be read now, a few pages at most; those of its tickets that are here are looked at soon. Gives the time until
    /// there is more to read.
    pub async fn read(
        &mut self,
        store: &dyn Store,
        queue: (&str, &str),
        answers: &dyn Answers,
    ) -> Result<Duration, FeedError> {
        let state = store.sync_state(queue).await?;
        if self.list_due(&state, answers.every()) <= clock::timestamp() {
            self.read_list(store, queue, answers, &state).await?;
        }
        let state = store.sync_state(queue).await?;
        if self.export_due(&state) <= clock::timestamp() {
            self.read_export(store, queue, answers, &state).await?;
        }
        let state = store.sync_state(queue).await?;
        Ok(clock::left(self.list_due(&state, answers.every()).min(self.export_due(&state))))
    }

    fn list_due(&self, state: &SyncState, every: Duration) -> Timestamp {
        if self.pass.is_some() {
            return Timestamp::MIN;
        }
        parsed(state.listed_at.as_deref()).and_then(|last| last.checked_add(every).ok()).unwrap_or(Timestamp::MIN)
    }

    fn export_due(&self, state: &SyncState) -> Timestamp {
        let every = if state.is_behind { EXPORT_PAUSE } else { EXPORT_EVERY };
        let next = parsed(state.exported_at.as_deref()).and_then(|last| last.checked_add(every).ok());
        next.unwrap_or(Timestamp::MIN).max(self.export_not_before.unwrap_or(Timestamp::MIN))
    }

    async fn read_list(
        &mut self,
        store: &dyn Store,
        queue: (&str, &str),
        answers: &dyn Answers,
        state: &SyncState,
    ) -> Result<(), FeedError> {
        let mut pass = self.pass.take().unwrap_or_else(|| {
            let now = clock::timestamp();
            Pass { started: now, since: since(state, now), after: None, pages: 0 }
        });
        store.set_listed(queue, &clock::written(pass.started)).await?;
        loop {
            let page = match answers.recent(pass.after.as_deref()).await {
                Ok(page) => page,
                Err(failure) => {
                    // Where the next page cannot be had for good, the list is begun with again.
                    self.pass = Some(pass).filter(|_| !matches!(failure, Failure::Never(_)));
                    return Err(FeedError::Destination(failure));
                }
            };
            // Destinations write times to the second.
            let (new, old): (Vec<_>, Vec<_>) =
                page.tickets.into_iter().partition(|ticket| ticket.updated_at.as_second() >= pass.since.as_second());
            store.mark_changed(queue, &new, &clock::now()).await?;
            let Some(next) = page.next.filter(|_| old.is_empty()) else {
                store.set_synced(queue, &clock::written(pass.started)).await?;
                return Ok(());
            };
            pass.after = Some(next);
            pass.pages += 1;
            if pass.pages == PAGES && !self.is_refused {
                let (site, destination) = queue;
                tracing::info!(site, destination, "many tickets changed; the export brings the rest");
                store.set_behind(queue).await?;
                return Ok(());
            }
            if pass.pages.is_multiple_of(PAGES) {
                // What was found is looked at in between.
                self.pass = Some(pass);
                return Ok(());
            }
        }
    }

    async fn read_export(
        &mut self,
        store: &dyn Store,
        queue: (&str, &str),
        answers: &dyn Answers,
        state: &SyncState,
    ) -> Result<(), FeedError> {
        let (site, destination) = queue;
        let now = clock::timestamp();
        let from = match &state.cursor {
            Some(cursor) => ExportFrom::Cursor(cursor),
            None => ExportFrom::Time(since(state, now).min(before(now, EXPORT_LAG))),
        };
        match answers.export(from).await {
            Ok(page) => {
                if self.is_refused {
                    tracing::info!(site, destination, "export allowed again");
                }
                (self.is_refused, self.export_not_before) = (false, None);
                store.mark_changed(queue, &page.tickets, &clock::now()).await?;
                store.set_exported(queue, Some(&page.cursor), !page.is_complete, &clock::now()).await?;
                let complete = clock::written(before(now, EXPORT_LAG));
                if page.is_complete && state.until.as_ref().is_none_or(|until| *until < complete) {
                    store.set_synced(queue, &complete).await?;
                }
            }
            Err(ExportFailure::Refused(reason)) => {
                if !self.is_refused {
                    tracing::warn!(site, destination, reason, "export not allowed; all changes are read from the list");
                }
                self.is_refused = true;
                self.export_not_before = now.checked_add(REFUSED).ok();
                if state.is_behind {
                    // The list was left to the export.
                    store.set_exported(queue, None, false, &clock::now()).await?;
                    self.pass = Some(Pass { started: now, since: since(state, now), after: None, pages: 0 });
                }
            }
            Err(ExportFailure::CursorLost(reason)) => {
                tracing::warn!(site, destination, reason, "export cursor lost; the export begins again");
                self.export_not_before = now.checked_add(EXPORT_PAUSE).ok();
                store.set_exported(queue, None, state.is_behind, &clock::now()).await?;
            }
            Err(ExportFailure::Later { reason, after }) => {
                tracing::info!(site, destination, reason, "export failed, is tried again");
                self.export_not_before = now.checked_add(after.unwrap_or(Duration::from_secs(60))).ok();
            }
        }
        Ok(())
    }
}

/// Since when changes are asked for.
fn since(state: &SyncState, now: Timestamp) -> Timestamp {
    match parsed(state.until.as_deref()) {
        Some(until) => before(until, OVERLAP),
        None => before(now, FIRST),
    }
}

fn before(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_sub(by).unwrap_or(time)
}

fn parsed(time: Option<&str>) -> Option<Timestamp> {
    time.and_then(|time| time.parse().ok())
}
