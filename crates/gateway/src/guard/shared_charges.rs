//! Charges requests to the buckets that all gateways on a database share. Requests that arrive at the same moment are charged together. If the
//! database does not answer in time, the limits of this gateway alone hold, which have admitted the request before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::refusals::Refusals;
use deskbell_core::ports::{Draw, RetryAfter, SharedBuckets, StoreError};
use deskbell_core::rules::sharing::{Sharing, SharingChange};

/// How long a request waits for its charge.
pub const TIME_LIMIT: Duration = Duration::from_millis(250);
/// How long nothing is charged after the database has failed for the first time.
const ALONE: Duration = Duration::from_secs(1);
/// How many requests are charged together at most.
const BATCH_MAX: usize = 256;
/// How many requests wait at most. Others are not charged.
const WAITING_MAX: usize = 4096;

/// Charges requests for one gateway.
#[derive(Debug)]
pub struct SharedCharges {
    waiting: mpsc::Sender<WaitingCharge>,
    state: Arc<State>,
    time_limit: Duration,
}

/// What requests and the task that charges them share.
#[derive(Debug)]
struct State {
    sharing: Mutex<Sharing>,
    refusals: Refusals,
}

/// A charge that waits for others to be made with them.
#[derive(Debug)]
struct WaitingCharge {
    draws: Vec<Draw>,
    learner: Learner,
}

/// Who learns the decision.
#[derive(Debug)]
enum Learner {
    /// The request, which waits for it.
    Request(oneshot::Sender<Result<(), RetryAfter>>),
    /// Later requests with an equal charge.
    Later(u64),
}

impl SharedCharges {
    /// Charges to these buckets; each request waits for at most `time_limit`. Ends when it is dropped.
    pub fn start(buckets: Arc<dyn SharedBuckets>, time_limit: Duration) -> SharedCharges {
        let (waiting, charges) = mpsc::channel(WAITING_MAX);
        let state = State { sharing: Mutex::new(Sharing::new(ALONE)), refusals: Refusals::default() };
        let state = Arc::new(state);
        tokio::spawn(charge_all(buckets, charges, state.clone(), time_limit));
        SharedCharges { waiting, state, time_limit }
    }

    /// Charges a request that the limits of this gateway have admitted: takes all withdrawals, or none if one of the buckets does not hold
    /// enough.
    pub async fn take(&self, draws: &[Draw]) -> Result<(), RetryAfter> {
        let (decided, decision) = oneshot::channel();
        if !self.charge(draws, Learner::Request(decided)) {
            return Ok(());
        }
        match timeout(self.time_limit, decision).await {
            Ok(Ok(decision)) => decision,
            _ => Ok(()),
        }
    }

    /// Whether a charge that nobody waited for was refused, and still has to wait. `hash` is that of its withdrawals.
    pub fn check_refusals(&self, hash: u64) -> Result<(), RetryAfter> {
        self.state.refusals.check(hash)
    }

    /// Charges a request that does not wait for it. A refusal holds for later ones.
    pub fn take_behind(&self, draws: &[Draw], hash: u64) {
        self.charge(draws, Learner::Later(hash));
    }

    /// Whether a charge will be made.
    fn charge(&self, draws: &[Draw], learner: Learner) -> bool {
        let is_possible = !draws.is_empty() && !self.state.sharing().is_paused(Instant::now().into_std());
        is_possible && self.waiting.try_send(WaitingCharge { draws: draws.to_vec(), learner }).is_ok()
    }
}

/// Charges what waits, until nobody can send requests any more.
async fn charge_all(
    buckets: Arc<dyn SharedBuckets>,
    mut charges: mpsc::Receiver<WaitingCharge>,
    state: Arc<State>,
    time_limit: Duration,
) {
    let mut batch = Vec::new();
    while charges.recv_many(&mut batch, BATCH_MAX).await > 0 {
        // Whoever has stopped waiting was admitted without, and behind a failure nothing is charged.
        let is_paused = state.sharing().is_paused(Instant::now().into_std());
        batch.retain(|charge: &WaitingCharge| !is_paused && charge.learner.is_there());
        let (draws, learners): (Vec<_>, Vec<_>) = batch.drain(..).map(|charge| (charge.draws, charge.learner)).unzip();
        if draws.is_empty() {
            continue;
        }
        let charged = timeout(time_limit, buckets.charge(&draws)).await.unwrap_or(Err(StoreError::Busy));
        state.note(charged.as_ref().err());
        for (learner, decision) in learners.into_iter().zip(charged.unwrap_or_default()) {
            match (learner, decision) {
                // It may have stopped waiting.
                (Learner::Request(decided), decision) => drop(decided.send(decision)),
                (Learner::Later(hash), Err(wait)) => state.refusals.remember(hash, wait),
                (Learner::Later(_), Ok(())) => {}
            }
        }
    }
}

impl Learner {
    fn is_there(&self) -> bool {
        match self {
            Learner::Request(decided) => !decided.is_closed(),
            Learner::Later(_) => true,
        }
    }
}

impl State {
    fn sharing(&self) -> MutexGuard<'_, Sharing> {
        self.sharing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes whether the database has answered, and logs a change.
    fn note(&self, error: Option<&StoreError>) {
        let (mut sharing, now) = (self.sharing(), Instant::now().into_std());
        let change = if error.is_some() { sharing.note_failure(now) } else { sharing.note_answer(now) };
        match (change, error) {
            (Some(SharingChange::Stopped), Some(error)) => tracing::warn!(%error, "rate limits not shared"),
            (Some(SharingChange::Resumed), _) => tracing::info!("rate limits shared again"),
            _ => {}
        }
    }
}
