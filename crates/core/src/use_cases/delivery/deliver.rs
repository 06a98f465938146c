//! Carries out due deliveries, one worker per destination.
//! An attempt is counted before it starts, and its delivery is claimed while it runs. A delivery that fails by itself backs off by itself; if
//! every delivery fails, the destination counts as unreachable and the whole queue backs off, so that the oldest goes first afterwards. The
//! outcome of an attempt stays in memory until it is stored; until then its delivery stays claimed, and no other attempt starts in its place.

use std::collections::HashMap;
use std::mem::take;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{self, AbortHandle, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::contents::AssembleContents;
use super::states::{DestinationState, DestinationStates};
use super::streak::{Streak, judge, note_outcome, result_of};
use crate::attempt::{Ended, limited};
use crate::clock::Clock;
use crate::destinations::Destinations;
use crate::ids::{DeliveryId, QueueName};
use crate::panics;
use crate::ports::destination::{ClaimHold, DeliveryReceipt, Destination, Failure};
use crate::ports::{ClaimToken, DeliveryOutcome, DueDelivery, Queue, QueueStatus, StoreError};

/// The lease of an attempt. Short, because a killed gateway cannot end its leases; running attempts extend it.
const LEASE: Duration = Duration::from_secs(30);
const RENEW: Duration = Duration::from_secs(10);
/// The pause after the store could not be used.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// How long is waited if something is due that cannot be claimed.
const CLAIM_RETRY: Duration = Duration::from_millis(200);
/// The longest that an attempt may take, from when the destination's rate limit admits it.
const ATTEMPT_MAX: Duration = Duration::from_secs(4 * 60);
/// How often the store is checked for work that another gateway on the same database has left behind.
const CHECK_EVERY: Duration = Duration::from_secs(60);

/// Carries out due deliveries.
#[derive(Clone)]
pub struct DeliverTickets {
    queue: Arc<dyn Queue>,
    contents: AssembleContents,
    destinations: Arc<Destinations>,
    states: Arc<DestinationStates>,
    clock: Arc<dyn Clock>,
}

impl DeliverTickets {
    /// Delivers to these destinations, whose states are `states`. `clock` is that of the queue's store.
    pub fn new(
        queue: Arc<dyn Queue>,
        contents: AssembleContents,
        destinations: Arc<Destinations>,
        states: Arc<DestinationStates>,
        clock: Arc<dyn Clock>,
    ) -> DeliverTickets {
        DeliverTickets { queue, contents, destinations, states, clock }
    }

    /// The queues of the destinations.
    pub fn queues(&self) -> Vec<QueueName> {
        self.destinations.iter().map(|(site, name, _)| QueueName::new(site, name)).collect()
    }

    /// Delivers to a destination of a site until it is cancelled; running attempts are then completed and recorded.
    pub async fn work(&self, queue: &QueueName, stop: &CancellationToken) {
        let (to, state) = (self.destinations.get(&queue.site, &queue.destination), self.states.get(queue));
        if let (Some(to), Some(state)) = (to, state) {
            Worker::new(self.clone(), queue, to.clone(), state.clone(), stop.clone()).work().await;
        }
    }

    /// Warns about deliveries to destinations that the configuration does not name.
    pub async fn warn_of_removed(&self) {
        for QueueStatus { name, waiting, .. } in self.queue.queues().await.unwrap_or_default() {
            if self.states.get(&name).is_none() {
                let QueueName { site, destination } = name;
                tracing::warn!(
                    site = site.as_str(),
                    destination = destination.as_str(),
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
    queue: QueueName,
    to: Arc<dyn Destination>,
    state: Arc<DestinationState>,
    streak: Streak,
    stop: CancellationToken,
    running: JoinSet<Attempted>,
    /// The delivery of each attempt's task.
    attempts: HashMap<task::Id, (DueDelivery, AbortHandle, ClaimHold)>,
    /// Outcomes that are not stored yet.
    unrecorded: Vec<(DueDelivery, DeliveryOutcome)>,
}

impl Worker {
    fn new(
        shared: DeliverTickets,
        queue: &QueueName,
        to: Arc<dyn Destination>,
        state: Arc<DestinationState>,
        stop: CancellationToken,
    ) -> Worker {
        let (running, attempts, streak) = (JoinSet::new(), HashMap::new(), Streak::default());
        // Outcomes that a previous worker has not stored.
        let unrecorded = state.take_unrecorded();
        let queue = queue.clone();
        Worker { shared, queue, to, state, streak, stop, running, attempts, unrecorded }
    }

    async fn work(mut self) {
        let stop = self.stop.clone();
        let mut woken = self.state.watch_deliveries();
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
            let wait = if stopping { CHECK_EVERY } else { self.begin().await };
            let (has_room, holds_any) = (self.room() > 0, !self.claims().is_empty());
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
                () = sleep(wait.min(CHECK_EVERY)), if !stopping => {}
            }
        }
    }

    /// How many attempts may start.
    fn room(&self) -> usize {
        // One at a time until an attempt succeeds.
        let is_failing = self.streak.failures > 0 || self.state.left_alone_until().is_some();
        let most = if is_failing { 1 } else { self.to.at_once() as usize };
        most.saturating_sub(self.running.len() + self.unrecorded.len())
    }

    /// The claims of this worker: deliveries being attempted, and attempts not recorded yet.
    fn claims(&self) -> Vec<(DeliveryId, &ClaimToken)> {
        let attempted = self.attempts.values().map(|(due, ..)| due);
        let all = attempted.chain(self.unrecorded.iter().map(|(due, _)| due));
        all.map(|due| (due.delivery.id, &due.claim)).collect()
    }

    /// Starts due deliveries, and returns the time until more may be due.
    async fn begin(&mut self) -> Duration {
        let now = self.shared.clock.now();
        if self.state.take_reached() {
            self.streak.failures = 0;
            if !self.streak.was_requested {
                self.streak.until = None;
            }
        }
        if let Some(until) = self.streak.until.max(self.state.left_alone_until()).filter(|until| *until > now) {
            return until.since(now);
        }
        self.streak.was_requested = false;
        let room = self.room();
        if room == 0 {
            return CHECK_EVERY;
        }
        match self.claim(room).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::error!(
                    site = self.queue.site.as_str(),
                    destination = self.queue.destination.as_str(),
                    %error,
                    "claiming deliveries failed"
                );
                STORE_RETRY
            }
        }
    }

    async fn claim(&mut self, room: usize) -> Result<Duration, StoreError> {
        let claimed_ids: Vec<DeliveryId> = self.claims().into_iter().map(|(id, _)| id).collect();
        let begin = Instant::now();
        let due = self.shared.queue.claim_deliveries(&self.queue, LEASE, &claimed_ids, room as u32).await?;
        if due.is_empty() {
            let next = self.shared.queue.next_delivery(&self.queue, &claimed_ids).await?.unwrap_or(CHECK_EVERY);
            // What is due and was not claimed is locked by another gateway.
            return Ok(next.max(CLAIM_RETRY));
        }
        for due in due {
            let (contents, to, one) = (self.shared.contents.clone(), self.to.clone(), due.clone());
            // The lease began after this process asked for it.
            let hold = ClaimHold::until(begin + LEASE);
            let held = hold.clone();
            let stop = self.stop.clone();
            let (site, destination, reference) =
                (&self.queue.site, &self.queue.destination, due.ticket.reference.as_str());
            let span = tracing::info_span!(
                "delivery",
                site = site.as_str(),
                destination = destination.as_str(),
                reference,
                attempt = due.delivery.attempts
            );
            let attempt = async move { limited(ATTEMPT_MAX, &stop, contents.deliver(to.as_ref(), &one, &held)).await };
            let task = self.running.spawn(attempt.instrument(span));
            self.attempts.insert(task.id(), (due, task, hold));
        }
        Ok(CHECK_EVERY)
    }

    /// Determines the outcome of a finished attempt.
    fn finish(&mut self, done: Result<(task::Id, Attempted), JoinError>) {
        let (task, result) = match done {
            Ok((task, Ok(result))) => (task, result),
            Ok((task, Err(Ended::TooLong))) => (task, Err(Failure::later("the attempt timed out"))),
            Ok((task, Err(Ended::Stopped))) => {
                // The delivery keeps its position in the queue, and no failure is counted.
                if let Some((due, ..)) = self.attempts.remove(&task) {
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
                panics::record(&format!("attempt {}", self.queue), &error);
                (error.id(), Err(Failure::later("the attempt panicked; see the gateway's log")))
            }
        };
        let Some((due, ..)) = self.attempts.remove(&task) else { return };
        let now = self.shared.clock.now();
        let outcome = judge(&mut self.streak, &due.delivery, &result, now);
        note_outcome(&self.state, &mut self.streak, &due, &outcome, now);
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
                tracing::warn!(
                    site = self.queue.site.as_str(),
                    destination = self.queue.destination.as_str(),
                    %error,
                    "immediate retry failed"
                );
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
                        *outcome =
                            DeliveryOutcome::DeadLetter { reason: format!("the outcome cannot be stored: {error}") };
                    }
                    next += 1;
                }
            }
        }
    }

    fn warn_unrecorded(&self, error: &StoreError) {
        let (site, destination, attempts) = (&self.queue.site, &self.queue.destination, self.unrecorded.len());
        tracing::warn!(
            site = site.as_str(),
            destination = destination.as_str(),
            attempts,
            %error,
            "recording delivery attempts failed; will retry"
        );
    }

    fn settled(&self, recorded: Vec<(DueDelivery, DeliveryOutcome)>, lost: &[DeliveryId]) {
        for (due, outcome) in recorded {
            if lost.contains(&due.delivery.id) {
                let (site, destination, delivery) =
                    (&self.queue.site, &self.queue.destination, due.delivery.id.as_number());
                tracing::warn!(
                    site = site.as_str(),
                    destination = destination.as_str(),
                    delivery,
                    outcome = result_of(&outcome).name(),
                    "delivery attempt not recorded: claim lost"
                );
            }
            self.shared.states.announce_settled(&due.delivery.ticket);
        }
        self.state.wake_polls();
    }

    /// Extends the claims of this worker. Attempts whose delivery another worker has claimed are aborted. `false` if the store could not be
    /// used.
    async fn extend(&mut self) -> bool {
        let begin = Instant::now();
        let lost = match self.shared.queue.extend_claims(&self.claims(), LEASE).await {
            Ok(lost) => lost,
            Err(error) => {
                tracing::warn!(
                    site = self.queue.site.as_str(),
                    destination = self.queue.destination.as_str(),
                    %error,
                    "extending claims failed"
                );
                return false;
            }
        };
        for (due, attempt, hold) in self.attempts.values() {
            if !lost.contains(&due.delivery.id) {
                hold.extend(begin + LEASE);
                continue;
            }
            let (site, destination, delivery) =
                (&self.queue.site, &self.queue.destination, due.delivery.id.as_number());
            tracing::warn!(
                site = site.as_str(),
                destination = destination.as_str(),
                delivery,
                "delivery attempt aborted: claim lost"
            );
            attempt.abort();
        }
        true
    }
}

impl Drop for Worker {
    /// Leaves outcomes that are not stored yet to the next worker, also if this one panics.
    fn drop(&mut self) {
        self.state.keep_unrecorded(take(&mut self.unrecorded));
    }
}
