//! Carries out due deliveries, one worker per destination.
//! An attempt is counted before it starts, and its delivery is claimed while it runs. A delivery that fails by itself backs off by itself; if
//! every delivery fails, the destination counts as unreachable and the whole queue backs off, so that the oldest goes first afterwards. The
//! outcome of an attempt stays in memory until it is stored; until then its delivery stays claimed, and no other attempt starts in its place.

use std::collections::HashMap;
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{self, AbortHandle, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::destinations::Destinations;
use super::lines::{Line, Lines};
use super::parcels::Parcels;
use crate::pauses;
use crate::supervisor::{count_panic, supervise};
use deskbell_core::clock;
use deskbell_core::ports::destination::{DeliveryReceipt, Destination, Failure};
use deskbell_core::ports::{ClaimToken, Delivery, DeliveryOutcome, DueDelivery, Queue, StoreError};
use outbound_http::attempt::{Ended, limited};

/// The lease of an attempt. Short, because a killed gateway cannot end its leases; running attempts extend it.
const LEASE: Duration = Duration::from_secs(30);
const RENEW: Duration = Duration::from_secs(10);
/// The pause after the store could not be used.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// The longest that an attempt may take, from when the destination's rate limit admits it.
const PATIENCE: Duration = Duration::from_secs(4 * 60);
/// How often the store is checked for work that another gateway on the same database has left behind.
const LOOK: Duration = Duration::from_secs(60);
/// The longest backoff of an unreachable destination that gives no time itself.
const AWAY_LONGEST: Duration = Duration::from_secs(60);
/// How many attempts must fail in a row before the destination counts as unreachable.
const STREAK: usize = 3;
/// How long a delivery is retried before it becomes a dead letter.
pub const GIVEN_UP: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The failures since the last success.
#[derive(Debug, Default)]
struct Streak {
    /// How many.
    failures: u32,
    /// The ids of the deliveries that were blamed for them.
    blamed: Vec<i64>,
    /// The end of the backoff.
    until: Option<Timestamp>,
    /// Whether the destination gave this time itself.
    asked: bool,
    /// The ids of deliveries that were blamed for failures of the destination.
    recovered: Vec<i64>,
}

/// Carries out due deliveries.
#[derive(Clone)]
pub struct DeliverTickets {
    queue: Arc<dyn Queue>,
    parcels: Parcels,
    destinations: Arc<Destinations>,
    lines: Arc<Lines>,
}

impl DeliverTickets {
    /// Delivers to these destinations, whose queues are `lines`.
    pub fn new(
        queue: Arc<dyn Queue>,
        parcels: Parcels,
        destinations: Arc<Destinations>,
        lines: Arc<Lines>,
    ) -> DeliverTickets {
        DeliverTickets { queue, parcels, destinations, lines }
    }

    /// Delivers until it is cancelled; running attempts are then completed and recorded.
    pub async fn run(self, stop: CancellationToken) {
        self.warn_of_removed().await;
        let mut workers = JoinSet::new();
        for (site, name, to) in self.destinations.iter() {
            let Some(line) = self.lines.line(site, name).cloned() else { continue };
            let (this, site, name, to, stop) =
                (self.clone(), site.to_string(), name.to_string(), to.clone(), stop.clone());
            workers.spawn(async move {
                let worker = format!("delivery {site}/{name}");
                let start = || {
                    let (this, queue, to) = (this.clone(), (site.clone(), name.clone()), to.clone());
                    let (line, stop) = (line.clone(), stop.clone());
                    async move { Worker::new(this, queue, to, line, stop).work().await }
                };
                supervise(&worker, &stop, start).await;
            });
        }
        while workers.join_next().await.is_some() {}
    }

    /// Warns about deliveries to destinations that the configuration does not name.
    async fn warn_of_removed(&self) {
        for queue in self.queue.queues().await.unwrap_or_default() {
            if self.lines.line(&queue.site, &queue.destination).is_none() {
                let (site, destination, waiting) = (queue.site, queue.destination, queue.waiting);
                tracing::warn!(
                    site,
                    destination,
                    waiting,
                    "destination removed from the configuration; deliveries are stuck"
                );
            }
        }
    }
}

/// The result of an attempt.
type Attempted = Result<Result<DeliveryReceipt, Failure>, Ended>;

/// The worker of one queue.
struct Worker {
    shared: DeliverTickets,
    site: String,
    destination: String,
    to: Arc<dyn Destination>,
    line: Arc<Line>,
    streak: Streak,
    stop: CancellationToken,
    running: JoinSet<Attempted>,
    /// The delivery of each attempt's task.
    attempts: HashMap<task::Id, (DueDelivery, AbortHandle)>,
    /// Outcomes that are not stored yet.
    unrecorded: Vec<(DueDelivery, DeliveryOutcome)>,
}

impl Worker {
    fn new(
        shared: DeliverTickets,
        (site, destination): (String, String),
        to: Arc<dyn Destination>,
        line: Arc<Line>,
        stop: CancellationToken,
    ) -> Worker {
        let (running, attempts, streak) = (JoinSet::new(), HashMap::new(), Streak::default());
        // Outcomes that a previous worker has not stored.
        let unrecorded = line.take_unrecorded();
        Worker { shared, site, destination, to, line, streak, stop, running, attempts, unrecorded }
    }

    async fn work(mut self) {
        let stop = self.stop.clone();
        let mut woken = self.line.woken();
        let mut renew = interval(RENEW);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut retry = interval(STORE_RETRY);
        retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            woken.mark_unchanged();
            let stopping = stop.is_cancelled();
            if stopping && self.running.is_empty() && self.unrecorded.is_empty() {
                return;
            }
            let wait = if stopping { LOOK } else { self.begin().await };
            let (has_room, holds_any) = (self.room() > 0, !self.held().is_empty());
            tokio::select! {
                Some(done) = self.running.join_next_with_id() => {
                    self.finish(done);
                    // All attempts that have ended meanwhile are recorded together.
                    while let Some(done) = self.running.try_join_next_with_id() {
                        self.finish(done);
                    }
                    self.record().await;
                }
                _ = renew.tick(), if holds_any => {
                    if !self.extend().await {
                        renew.reset_after(STORE_RETRY);
                    }
                }
                _ = retry.tick(), if !self.unrecorded.is_empty() => self.record().await,
                _ = woken.changed(), if has_room && !stopping => {}
                () = stop.cancelled(), if !stopping => {}
                () = sleep(wait.min(LOOK)), if !stopping => {}
            }
        }
    }

    fn queue(&self) -> (&str, &str) {
        (&self.site, &self.destination)
    }

    /// How many attempts may start.
    fn room(&self) -> usize {
        // One at a time until an attempt succeeds.
        let most = if self.streak.failures > 0 { 1 } else { self.to.at_once() as usize };
        most.saturating_sub(self.running.len() + self.unrecorded.len())
    }

    /// The claims of this worker: deliveries being attempted, and attempts not recorded yet.
    fn held(&self) -> Vec<(i64, &ClaimToken)> {
        let attempted = self.attempts.values().map(|(due, _)| due);
        let all = attempted.chain(self.unrecorded.iter().map(|(due, _)| due));
        all.map(|due| (due.delivery.id, &due.claim)).collect()
    }

    /// Starts due deliveries, and returns the time until more may be due.
    async fn begin(&mut self) -> Duration {
        let now = clock::timestamp();
        if let Some(until) = self.streak.until.filter(|until| *until > now) {
            return clock::left(until);
        }
        self.streak.asked = false;
        let room = self.room();
        if room == 0 {
            return LOOK;
        }
        match self.claim(room).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(site = self.site, destination = self.destination, %error, "claiming deliveries failed");
                STORE_RETRY
            }
        }
    }

    async fn claim(&mut self, room: usize) -> Result<Duration, StoreError> {
        let held: Vec<i64> = self.held().into_iter().map(|(id, _)| id).collect();
        let due = self.shared.queue.claim_deliveries(self.queue(), LEASE, &held, room as u32).await?;
        if due.is_empty() {
            return Ok(self.shared.queue.next_delivery(self.queue(), &held).await?.unwrap_or(LOOK));
        }
        for due in due {
            let (parcels, to, one) = (self.shared.parcels.clone(), self.to.clone(), due.clone());
            let stop = self.stop.clone();
            let task =
                self.running.spawn(async move { limited(PATIENCE, &stop, parcels.deliver(to.as_ref(), &one)).await });
            self.attempts.insert(task.id(), (due, task));
        }
        Ok(LOOK)
    }

    /// Determines the outcome of a finished attempt.
    fn finish(&mut self, done: Result<(task::Id, Attempted), JoinError>) {
        let (task, result) = match done {
            Ok((task, Ok(result))) => (task, result),
            Ok((task, Err(Ended::TooLong))) => (task, Err(Failure::later("it takes too long"))),
            Ok((task, Err(Ended::Stopped))) => {
                // The delivery keeps its position in the queue, and no failure is counted.
                if let Some((due, _)) = self.attempts.remove(&task) {
                    let reason = "the gateway was stopped".to_string();
                    self.unrecorded.push((due, DeliveryOutcome::Retry { after: None, blamed: false, reason }));
                }
                return;
            }
            Err(error) if error.is_cancelled() => {
                self.attempts.remove(&error.id());
                return;
            }
            Err(error) => {
                count_panic(&format!("attempt {}/{}", self.site, self.destination), &error);
                (error.id(), Err(Failure::later("the attempt panicked; see the log of the gateway")))
            }
        };
        let Some((due, _)) = self.attempts.remove(&task) else { return };
        let outcome = judge(&mut self.streak, &due.delivery, &result, clock::timestamp());
        note(&self.line, &mut self.streak, &due, &outcome);
        self.unrecorded.push((due, outcome));
    }

    /// Stores the outcomes of attempts. Those that cannot be stored stay in memory for the next time.
    async fn record(&mut self) {
        let all: Vec<(&DueDelivery, &DeliveryOutcome)> =
            self.unrecorded.iter().map(|(due, outcome)| (due, outcome)).collect();
        match self.shared.queue.record_attempts(&all).await {
            Ok(lost) => {
                let recorded = take(&mut self.unrecorded);
                self.settled(recorded, &lost);
            }
            Err(error) => {
                self.warn_unrecorded(&error);
                // A single row may be the cause; it must not stop the others from being recorded.
                if error.concerns_row() {
                    self.record_singly().await;
                }
            }
        }
        if !self.streak.recovered.is_empty() && self.unrecorded.is_empty() {
            let recovered = take(&mut self.streak.recovered);
            if let Err(error) = self.shared.queue.retry_at_once(&recovered).await {
                // They wait until their own backoff ends.
                tracing::warn!(site = self.site, destination = self.destination, %error, "retrying at once failed");
            }
        }
    }

    /// Stores the outcomes one by one. An outcome whose row is the cause of the error becomes a dead letter; the others are kept.
    async fn record_singly(&mut self) {
        let mut next = 0;
        while let Some((due, outcome)) = self.unrecorded.get_mut(next) {
            match self.shared.queue.record_attempts(&[(due, outcome)]).await {
                Ok(lost) => {
                    let recorded = self.unrecorded.remove(next);
                    self.settled(vec![recorded], &lost);
                }
                Err(error) => {
                    if error.concerns_row() && !matches!(outcome, DeliveryOutcome::DeadLetter { .. }) {
                        *outcome = DeliveryOutcome::DeadLetter {
                            reason: format!("what became of it cannot be stored: {error}"),
                        };
                    }
                    next += 1;
                }
            }
        }
    }

    fn warn_unrecorded(&self, error: &StoreError) {
        let (site, destination, attempts) = (&self.site, &self.destination, self.unrecorded.len());
        tracing::warn!(site, destination, attempts, %error, "recording delivery attempts failed; they are kept");
    }

    fn settled(&self, recorded: Vec<(DueDelivery, DeliveryOutcome)>, lost: &[i64]) {
        for (due, outcome) in recorded {
            if lost.contains(&due.delivery.id) {
                let (site, destination, delivery) = (&self.site, &self.destination, due.delivery.id);
                tracing::warn!(site, destination, delivery, ?outcome, "attempt not recorded: its claim was lost");
            }
            self.shared.lines.settle(&due.delivery.ticket);
        }
        self.line.look();
    }

    /// Extends the claims of this worker. Attempts whose delivery another worker has claimed are aborted. `false` if the store could not be
    /// used.
    async fn extend(&mut self) -> bool {
        let lost = match self.shared.queue.extend_claims(&self.held(), LEASE).await {
            Ok(lost) => lost,
            Err(error) => {
                tracing::warn!(site = self.site, destination = self.destination, %error, "extending claims failed");
                return false;
            }
        };
        for (due, attempt) in self.attempts.values().filter(|(due, _)| lost.contains(&due.delivery.id)) {
            let (site, destination, delivery) = (&self.site, &self.destination, due.delivery.id);
            tracing::warn!(site, destination, delivery, "attempt ended: its claim was lost");
            attempt.abort();
        }
        true
    }
}

impl Drop for Worker {
    /// Leaves outcomes that are not stored yet to the next worker, also if this one panics.
    fn drop(&mut self) {
        self.line.keep_unrecorded(take(&mut self.unrecorded));
    }
}

/// The outcome of an attempt.
fn judge(
    streak: &mut Streak,
    delivery: &Delivery,
    result: &Result<DeliveryReceipt, Failure>,
    now: Timestamp,
) -> DeliveryOutcome {
    let since = delivery.created_at.parse().unwrap_or(now);
    match result {
        Ok(DeliveryReceipt { external_id, place, not_delivered: reason }) => DeliveryOutcome::Delivered {
            external_id: external_id.clone(),
            place: place.clone(),
            reason: reason.join("\n"),
        },
        Err(Failure::Never(reason)) => DeliveryOutcome::DeadLetter { reason: reason.clone() },
        Err(Failure::TooLarge(reason)) => judge_later(delivery, reason, None, now),
        Err(Failure::Later { reason, after }) => judge_later(delivery, reason, *after, now),
        Err(Failure::Away { reason, after }) => {
            streak.failures = streak.failures.saturating_add(1);
            leave_alone(streak, *after, now);
            // Its position in the queue stays the same.
            let over = since.checked_add(GIVEN_UP).is_ok_and(|end| end < now);
            match over {
                true => DeliveryOutcome::DeadLetter { reason: reason.clone() },
                false => DeliveryOutcome::Retry { after: None, blamed: false, reason: reason.clone() },
            }
        }
    }
}

/// The outcome of a delivery that failed by itself: retried, or a dead letter after a time.
fn judge_later(delivery: &Delivery, reason: &str, after: Option<Duration>, now: Timestamp) -> DeliveryOutcome {
    let since = delivery.created_at.parse().unwrap_or(now);
    let Some(again) = pauses::next(delivery.failures + 1, since, GIVEN_UP, now, pauses::random()) else {
        return DeliveryOutcome::DeadLetter { reason: reason.into() };
    };
    let after = Some(clock::between(now, again).max(after.unwrap_or_default()));
    DeliveryOutcome::Retry { after, blamed: true, reason: reason.into() }
}

/// Updates the state of the destination after an attempt, and logs it.
fn note(line: &Line, streak: &mut Streak, due: &DueDelivery, tried: &DeliveryOutcome) {
    let DueDelivery { delivery: Delivery { site, destination, id, .. }, ticket, .. } = due;
    let reference = &ticket.reference;
    match tried {
        DeliveryOutcome::Retry { blamed: true, reason, after } => {
            let attempt = due.delivery.attempts;
            let retry_in = after.unwrap_or_default();
            tracing::warn!(site, destination, reference, attempt, ?retry_in, error = reason, "delivery failed");
            streak.failures = streak.failures.saturating_add(1);
            streak.blamed.push(*id);
            if streak.blamed.len() >= STREAK {
                leave_alone(streak, None, clock::timestamp());
                line.set_away(Some(reason.clone()));
            }
            return;
        }
        DeliveryOutcome::Retry { reason, .. } => {
            tracing::warn!(site, destination, error = reason, "destination unreachable");
            line.set_away(Some(reason.clone()));
            return;
        }
        DeliveryOutcome::DeadLetter { reason } => {
            tracing::error!(site, destination, reference, error = reason, "delivery dead");
            if line.away().is_some() {
                return;
            }
        }
        DeliveryOutcome::Delivered { reason, .. } if !reason.is_empty() => {
            tracing::warn!(site, destination, reference, left_out = reason, "delivered in part");
        }
        DeliveryOutcome::Delivered { external_id, .. } => {
            tracing::info!(site, destination, reference, external_id, "delivered")
        }
    }
    if line.away().is_some() {
        tracing::info!(site, destination, "destination reachable");
    }
    let blamed = take(&mut streak.blamed);
    if blamed.len() >= STREAK {
        streak.recovered.extend(blamed);
    }
    // Attempts that ran at the same time as the refused one do not count for the backoff.
    streak.failures = 0;
    if !streak.asked {
        streak.until = None;
    }
    line.set_away(None);
}

/// Backs off from the destination: for the time that it gives, or else for a growing time.
fn leave_alone(streak: &mut Streak, after: Option<Duration>, now: Timestamp) {
    let pause = after.unwrap_or_else(|| pauses::pause(streak.failures, AWAY_LONGEST, pauses::random()));
    streak.until = streak.until.max(now.checked_add(pause).ok());
    streak.asked |= after.is_some();
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Mutex;

    use async_trait::async_trait;
    use serde_json::json;
    use tokio::time::timeout;

    use crate::attachments::FileStorage;
    use crate::delivery::{Finding, Parcel};
    use crate::wire_up;
    use deskbell_core::ports::{
        DeliveryKind, DeliveryState, ExternalTickets, NewDelivery, StoredTicket, SubmissionExtras, SubmissionKey,
        SubmissionOutcome, Tickets,
    };
    use domain::config::Config;
    use domain::conversation::Author;
    use domain::ticket::NewTicket;
    use store_sqlite::SqliteStore;

    /// A destination that returns a long text and counts its deliveries.
    #[derive(Debug, Default)]
    struct Talkative(Mutex<u32>);

    #[async_trait]
    impl Destination for Talkative {
        fn accepts(&self, _what: DeliveryKind, _author: Author) -> bool {
            true
        }

        async fn deliver(&self, _parcel: &Parcel<'_>) -> Result<DeliveryReceipt, Failure> {
            *self.0.lock().unwrap() += 1;
            Ok(DeliveryReceipt { not_delivered: vec!["x".repeat(1 << 20)], ..DeliveryReceipt::default() })
        }

        async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
            Vec::new()
        }
    }

    /// Deliveries to one destination, and their store.
    async fn open(to: Arc<Talkative>) -> (DeliverTickets, SqliteStore, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("test.db")).await.unwrap();
        let kept = Arc::new(store.clone());
        let storage = FileStorage::open(folder.path().join("files"), &[0; 32]).unwrap();
        let sites = Arc::new(wire_up::parse("[sites.acme]\norigins = [\"*\"]", "test").unwrap().sites);
        let mut destinations = Destinations::default();
        destinations.insert("acme", "desk", to);
        let lines = Arc::new(Lines::new(&destinations));
        let parcels = Parcels::new(kept.clone(), kept.clone(), storage, sites);
        (DeliverTickets::new(kept, parcels, Arc::new(destinations), lines), store, folder)
    }

    async fn place(store: &SqliteStore) -> String {
        let new = json!({"kind": "bug", "severity": "low", "message": "No", "client": {"name": "t", "version": "1"}});
        let new: NewTicket = serde_json::from_value(new).unwrap();
        let ticket = StoredTicket::new("acme", "DB-00000".into(), new, &clock::now());
        let deliveries = vec![NewDelivery { destination: "desk".into(), what: DeliveryKind::Ticket }];
        let seal = SubmissionKey { key: "k".into(), body: [0; 32], session: None };
        let along = SubmissionExtras { deliveries, ..SubmissionExtras::default() };
        assert_eq!(store.submit(&ticket, &seal, along).await.unwrap(), SubmissionOutcome::Stored);
        ticket.id
    }

    async fn until(mut is_so: impl AsyncFnMut() -> bool) {
        let waiting = async {
            while !is_so().await {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(60), waiting).await.expect("it is so in time");
    }

    #[tokio::test]
    async fn what_is_delivered_while_the_disk_is_full_is_recorded_as_delivered_once_it_is_not() {
        let to = Arc::new(Talkative::default());
        let (deliver, store, _folder) = open(to.clone()).await;
        let id = place(&store).await;
        let line = deliver.lines.line("acme", "desk").unwrap().clone();
        let queue = ("acme".to_string(), "desk".to_string());
        let mut worker =
            Worker::new(deliver.clone(), queue.clone(), to.clone(), line.clone(), CancellationToken::new());
        worker.begin().await;
        let done = worker.running.join_next_with_id().await.unwrap();
        worker.finish(done);
        store.set_full(true).await.unwrap();
        for _ in 0..3 {
            worker.record().await;
            assert_eq!(worker.unrecorded.len(), 1);
            assert!(
                matches!(worker.unrecorded[0].1, DeliveryOutcome::Delivered { .. }),
                "{:?}",
                worker.unrecorded[0].1
            );
        }
        // The next worker stores what a worker has not stored when it panics.
        drop(worker);
        let worker = Worker::new(deliver.clone(), queue, to.clone(), line, CancellationToken::new());
        assert_eq!(worker.unrecorded.len(), 1);
        store.set_full(false).await.unwrap();
        tokio::spawn(worker.work());
        until(async || store.deliveries(&id).await.unwrap()[0].state == DeliveryState::Delivered).await;
        let delivered = *to.0.lock().unwrap();
        assert_eq!((delivered, store.deliveries(&id).await.unwrap()[0].attempts), (1, 1));
    }

    #[tokio::test]
    async fn an_outcome_that_breaks_a_constraint_becomes_a_dead_letter_and_keeps_no_other() {
        let to = Arc::new(Talkative::default());
        let (deliver, store, _folder) = open(to.clone()).await;
        let id = place(&store).await;
        let line = deliver.lines.line("acme", "desk").unwrap().clone();
        let queue = ("acme".to_string(), "desk".to_string());
        let mut worker = Worker::new(deliver.clone(), queue, to, line, CancellationToken::new());
        worker.begin().await;
        let done = worker.running.join_next_with_id().await.unwrap();
        worker.finish(done);
        // Another ticket has the same external ticket already.
        let new = json!({"kind": "bug", "severity": "low", "message": "No", "client": {"name": "t", "version": "1"}});
        let other = StoredTicket::new("acme", "DB-00001".into(), serde_json::from_value(new).unwrap(), &clock::now());
        let place = deskbell_core::ports::ExternalTicketRef {
            external_id: "35".into(),
            requester: String::new(),
            merged_after: None,
        };
        assert!(store.adopt(&other, "desk", &place).await.unwrap());
        worker.unrecorded[0].1 =
            DeliveryOutcome::Delivered { external_id: "35".into(), place: Some(place), reason: String::new() };
        worker.record().await;
        assert!(matches!(worker.unrecorded[0].1, DeliveryOutcome::DeadLetter { .. }), "{:?}", worker.unrecorded[0].1);
        worker.record().await;
        assert!(worker.unrecorded.is_empty());
        assert_eq!(store.deliveries(&id).await.unwrap()[0].state, DeliveryState::DeadLetter);
    }
}
