//! Charges requests to the buckets that all gateways on a database share. Requests that arrive at the same moment are charged together. If the
//! database does not answer in time, the guard decides alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::refusals::Refusals;
use deskbell_core::gateway_count::GatewayCount;
use deskbell_core::ports::{Draw, RetryAfter, SharedBuckets};
use deskbell_core::shared_answers::SharedAnswers;

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
    answers: SharedAnswers,
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
    /// Charges to these buckets, which so many gateways use; each request waits for at most `time_limit`. Ends when it is dropped.
    pub fn start(buckets: Arc<dyn SharedBuckets>, gateways: GatewayCount, time_limit: Duration) -> SharedCharges {
        let (waiting, charges) = mpsc::channel(WAITING_MAX);
        let answers = SharedAnswers::new("rate limits", time_limit, ALONE, gateways);
        let state = Arc::new(State { answers, refusals: Refusals::default() });
        tokio::spawn(charge_all(buckets, charges, state.clone()));
        SharedCharges { waiting, state, time_limit }
    }

    /// Charges a request that the limits of this gateway have admitted: takes all withdrawals, or none if one of the buckets does not hold
    /// enough. `None` if the database does not decide.
    pub async fn take(&self, draws: &[Draw]) -> Option<Result<(), RetryAfter>> {
        let (decided, decision) = oneshot::channel();
        if !self.charge(draws, Learner::Request(decided)) {
            return None;
        }
        timeout(self.time_limit, decision).await.ok()?.ok()
    }

    /// How many gateways share the buckets, this one included.
    pub fn gateways(&self) -> u32 {
        self.state.answers.gateways()
    }

    /// Whether a charge that nobody waited for was refused, and still has to wait. `hash` is that of its withdrawals.
    pub fn check_refusals(&self, hash: u64) -> Result<(), RetryAfter> {
        self.state.refusals.check(hash)
    }

    /// Charges a request that does not wait for it. A refusal holds for later ones. `false` if the database is not asked.
    pub fn take_behind(&self, draws: &[Draw], hash: u64) -> bool {
        self.charge(draws, Learner::Later(hash))
    }

    /// Whether a charge will be made.
    fn charge(&self, draws: &[Draw], learner: Learner) -> bool {
        let is_possible = !draws.is_empty() && !self.state.answers.is_paused();
        is_possible && self.waiting.try_send(WaitingCharge { draws: draws.to_vec(), learner }).is_ok()
    }
}

/// Charges what waits, until nobody can send requests any more.
async fn charge_all(buckets: Arc<dyn SharedBuckets>, mut charges: mpsc::Receiver<WaitingCharge>, state: Arc<State>) {
    let mut batch = Vec::new();
    while charges.recv_many(&mut batch, BATCH_MAX).await > 0 {
        // Whoever has stopped waiting was admitted without, and behind a failure nothing is charged.
        let is_paused = state.answers.is_paused();
        batch.retain(|charge: &WaitingCharge| !is_paused && charge.learner.is_there());
        let (draws, learners): (Vec<_>, Vec<_>) = batch.drain(..).map(|charge| (charge.draws, charge.learner)).unzip();
        if draws.is_empty() {
            continue;
        }
        let charged = state.answers.ask(buckets.charge(&draws)).await;
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
