//! Limits the request rate per account. Deliveries go first, then syncs; look-ups caused by page views use only what is free.
//! With several gateways the account's pace is in their store; each gateway has a queue of its own, whose first request takes from it, or
//! reserves its turn there if it has to wait, so that every gateway gets its turns.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use reqwest::Url;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use deskbell_core::attempt;
use deskbell_core::gateway_count::GatewayCount;
use deskbell_core::ports::{PaceChange, RequestPaces};
use deskbell_core::rules::request_pace::Pace;
use deskbell_core::shared_answers::SharedAnswers;
use deskbell_core::timestamp::Timestamp;

/// While deliveries wait, one in this many requests is a sync's, so that replies arrive during hours of deliveries.
const SYNC_EVERY: u32 = 8;
/// How long a shared pace may take to answer. Then, and for a while after that, this gateway decides by itself.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// How long that is at first.
const ALONE: Duration = Duration::from_secs(5);

/// How often the limit of the account is set again: after a crash, the database has forgotten it.
const SET_EVERY: Duration = Duration::from_secs(60);

/// The priority of a request, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A delivery.
    Delivery,
    /// A sync.
    Sync,
}

/// The rate limiters of the accounts that a gateway uses. All sites that deliver to an account share its limiter, because Zendesk counts requests
/// by account.
#[derive(Clone, Debug, Default)]
pub struct RateLimiters {
    limiters: Arc<Mutex<BTreeMap<Url, Weak<RateLimiter>>>>,
    /// None while there can be no others.
    shared: Arc<OnceLock<SharedPaces>>,
}

/// The paces of all accounts that this gateway shares with others.
#[derive(Debug)]
struct SharedPaces {
    paces: Arc<dyn RequestPaces>,
    answers: SharedAnswers,
}

impl RateLimiters {
    /// Shares the paces of all accounts with other gateways from now on; how many they are matters while no pace is shared.
    pub fn share(&self, paces: Arc<dyn RequestPaces>, gateways: GatewayCount) {
        let answers = SharedAnswers::new("request pace", ANSWER_MAX, ALONE, gateways);
        // A gateway has one store.
        let _ = self.shared.set(SharedPaces { paces, answers });
    }

    /// The rate limiter of the account at an address.
    pub fn get(&self, base: &Url) -> Arc<RateLimiter> {
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        limiters.retain(|_, limiter| limiter.strong_count() > 0);
        if let Some(limiter) = limiters.get(base).and_then(Weak::upgrade) {
            return limiter;
        }
        let limiter = Arc::new(RateLimiter::new(base.as_str(), self.shared.clone()));
        limiters.insert(base.clone(), Arc::downgrade(&limiter));
        limiter
    }
}

/// The rate limiter of an account.
#[derive(Debug)]
pub struct RateLimiter {
    account: String,
    waiting: Mutex<WaitingRequests>,
    /// Notified whenever a waiting request may be next.
    changed: Notify,
    /// What this gateway knows of the pace. It decides if there is no shared one, or that does not answer.
    pace: Mutex<Pace>,
    started: Instant,
    shared: Arc<OnceLock<SharedPaces>>,
    exchange: Mutex<Exchange>,
    /// Held by the request that is decided about: one at a time, so that few wait for the row of the account.
    decision: tokio::sync::Mutex<()>,
}

/// What a gateway and the shared pace of an account know of each other.
#[derive(Debug, Default)]
struct Exchange {
    /// The limit per minute that this gateway has set, and when. None if that has to be done again.
    limit: Option<(u32, Instant)>,
    /// Whether others do not know of a pause.
    has_pause: bool,
    /// When the turn comes that is reserved for the first request in the queue, if one is.
    turn_at: Option<Instant>,
    /// Until when look-ups need not ask again.
    no_spare_until: Option<Instant>,
}

/// The requests that wait, by number.
#[derive(Debug, Default)]
struct WaitingRequests {
    deliveries: VecDeque<u64>,
    syncs: VecDeque<u64>,
    /// How many deliveries were admitted while a sync waited.
    passed: u32,
    last_number: u64,
}

impl RateLimiter {
    fn new(account: &str, shared: Arc<OnceLock<SharedPaces>>) -> RateLimiter {
        RateLimiter {
            account: account.into(),
            waiting: Mutex::default(),
            changed: Notify::new(),
            pace: Mutex::new(Pace::new(Timestamp::EPOCH)),
            started: Instant::now(),
            shared,
            exchange: Mutex::default(),
            decision: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until a request is admitted. A cancelled wait takes nothing, or one request if it was about to be admitted; a turn that was reserved
    /// for it is that of the next request.
    pub async fn admit(&self, priority: Priority) {
        let waiter = self.enter(priority);
        let admission = async {
            loop {
                // Registered before the check, so that no notification is missed in between.
                let changed = self.changed.notified();
                if !self.waiting().is_next(waiter.number) {
                    changed.await;
                    continue;
                }
                let deciding = self.decision.lock().await;
                // A request of a higher priority may have come meanwhile.
                if !self.waiting().is_next(waiter.number) {
                    continue;
                }
                let decision = self.take_turn().await;
                drop(deciding);
                match decision {
                    Ok(()) => return self.waiting().admit(waiter.number, priority),
                    Err(wait) => drop(timeout(wait, changed).await),
                }
            }
        };
        attempt::waiting(admission).await;
    }

    /// Takes this many requests at once if they are free now; `false` if they are not, or others wait for them.
    pub async fn try_take(&self, requests: u32) -> bool {
        let has_pause = self.exchange().has_pause;
        if !has_pause && !self.may_have_spare(requests) {
            return false;
        }
        let _deciding = self.decision.lock().await;
        // Others may have used up what was spare.
        if self.left_of_pause().await.is_some() || !self.may_have_spare(requests) {
            return false;
        }
        let change = PaceChange::TakeSpare(requests);
        let Some(decision) = self.change_shared(change).await else {
            return self.change(change).is_ok();
        };
        match decision {
            Ok(()) => self.count(requests),
            Err(wait) => self.exchange().no_spare_until = Some(Instant::now() + wait),
        }
        decision.is_ok()
    }

    /// Returns what was taken and not used.
    pub async fn give_back(&self, requests: u32) {
        let _ = self.change(PaceChange::GiveBack(requests));
        self.exchange().no_spare_until = None;
        self.change_shared(PaceChange::GiveBack(requests)).await;
        self.changed.notify_waiters();
    }

    /// Sets the limit per minute that the account reported.
    pub async fn set_limit(&self, per_minute: u32) {
        let _ = self.change(PaceChange::SetLimit(per_minute));
        let is_set = self.exchange().limit.is_some_and(|(limit, at)| limit == per_minute && at.elapsed() < SET_EVERY);
        if !is_set {
            let is_shared = self.change_shared(PaceChange::SetLimit(per_minute)).await.is_some();
            self.exchange().limit = is_shared.then(|| (per_minute, Instant::now()));
        }
    }

    /// Pauses for a time, because the account has refused a request.
    pub async fn pause(&self, time: Duration) {
        let _ = self.change(PaceChange::Pause(time));
        self.share_pause(time).await;
    }

    /// Takes a request for the first in the queue from the shared pace, or from that of this gateway if there is none or it does not answer. The
    /// error is the time until it may be sent; its turn is reserved meanwhile.
    async fn take_turn(&self) -> Result<(), Duration> {
        if let Some(wait) = self.left_of_pause().await {
            return Err(wait);
        }
        let turn_at = self.exchange().turn_at;
        if let Some(wait) = turn_at.map(|turn_at| turn_at - Instant::now()).filter(|wait| !wait.is_zero()) {
            return Err(wait);
        }
        let change = if turn_at.is_some() { PaceChange::TakeReserved } else { PaceChange::Take };
        let decision = match self.change_shared(change).await {
            Some(decision) => {
                self.count(u32::from(change == PaceChange::Take));
                decision
            }
            None => self.change(change),
        };
        self.exchange().turn_at = decision.err().map(|wait| Instant::now() + wait);
        decision
    }

    /// Whether requests may be spare, as far as this gateway knows: what it has sent counts for the shared pace as well.
    fn may_have_spare(&self, requests: u32) -> bool {
        let is_refused = self.exchange().no_spare_until.is_some_and(|until| until > Instant::now());
        if is_refused || !self.waiting().is_empty() {
            return false;
        }
        let now = self.now();
        Pace::clone(&self.pace()).apply(PaceChange::TakeSpare(requests), now).is_ok()
    }

    /// The rest of a pause that this gateway knows of, after it has told others of it who may not know.
    async fn left_of_pause(&self) -> Option<Duration> {
        let now = self.now();
        let wait = self.pace().pause_left(now)?;
        let has_pause = self.exchange().has_pause;
        if has_pause {
            self.share_pause(wait).await;
        }
        Some(wait)
    }

    /// Tells others of a pause, or notes that they do not know of it.
    async fn share_pause(&self, time: Duration) {
        let is_shared = self.change_shared(PaceChange::Pause(time)).await.is_some();
        self.exchange().has_pause = !is_shared && self.shared.get().is_some();
    }

    /// Changes the pace that gateways share. `None` if there is none, or no answer.
    async fn change_shared(&self, change: PaceChange) -> Option<Result<(), Duration>> {
        let SharedPaces { paces, answers } = self.shared.get()?;
        answers.ask(paces.change_pace(&self.account, change)).await
    }

    fn change(&self, change: PaceChange) -> Result<(), Duration> {
        let now = self.now();
        self.pace().apply(change, now)
    }

    /// Counts requests that the shared pace has admitted.
    fn count(&self, requests: u32) {
        let now = self.now();
        self.pace().count(requests, now);
    }

    /// The time by which the pace of this gateway is kept.
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH + self.started.elapsed()
    }

    fn enter(&self, priority: Priority) -> Waiter<'_> {
        let mut waiting = self.waiting();
        waiting.last_number += 1;
        let number = waiting.last_number;
        waiting.queue(priority).push_back(number);
        Waiter { limiter: self, number }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, WaitingRequests> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pace of this gateway, with the part of the account that it may use now.
    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        // While each decides alone, each has its part.
        let alone = self.shared.get().filter(|shared| shared.answers.is_paused());
        pace.divide(alone.map_or(1, |shared| shared.answers.gateways()), self.now());
        pace
    }

    fn exchange(&self) -> std::sync::MutexGuard<'_, Exchange> {
        self.exchange.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits, or was admitted.
struct Waiter<'a> {
    limiter: &'a RateLimiter,
    number: u64,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.limiter.waiting().leave(self.number);
        self.limiter.changed.notify_waiters();
    }
}

impl WaitingRequests {
    fn queue(&mut self, priority: Priority) -> &mut VecDeque<u64> {
        match priority {
            Priority::Delivery => &mut self.deliveries,
            Priority::Sync => &mut self.syncs,
        }
    }

    fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.syncs.is_empty()
    }

    fn leave(&mut self, number: u64) {
        self.deliveries.retain(|other| *other != number);
        self.syncs.retain(|other| *other != number);
    }

    /// Whether a request is the next one to be admitted.
    fn is_next(&self, number: u64) -> bool {
        let (delivery, sync) = (self.deliveries.front(), self.syncs.front());
        let turn_of_sync = sync.is_some() && self.passed >= SYNC_EVERY - 1;
        delivery.filter(|_| !turn_of_sync).or(sync) == Some(&number)
    }

    fn admit(&mut self, number: u64, priority: Priority) {
        self.passed = match priority {
            Priority::Delivery if !self.syncs.is_empty() => self.passed + 1,
            _ => 0,
        };
        self.leave(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use async_trait::async_trait;
    use deskbell_core::ports::StoreError;
    use tokio::task::JoinSet;
    use tokio::time::sleep;

    /// A pace in memory that two gateways share.
    #[derive(Debug)]
    struct MemoryPaces {
        pace: Mutex<Pace>,
        started: Instant,
        is_away: AtomicBool,
        changes: AtomicUsize,
    }

    /// The paces as a gateway sees them that is so far away.
    #[derive(Debug)]
    struct DistantPaces(Arc<MemoryPaces>, Duration);

    #[async_trait]
    impl RequestPaces for DistantPaces {
        async fn change_pace(&self, account: &str, change: PaceChange) -> Result<Result<(), Duration>, StoreError> {
            sleep(self.1).await;
            self.0.change_pace(account, change).await
        }
    }

    #[async_trait]
    impl RequestPaces for MemoryPaces {
        async fn change_pace(&self, _account: &str, change: PaceChange) -> Result<Result<(), Duration>, StoreError> {
            if self.is_away.load(Ordering::SeqCst) {
                return std::future::pending().await;
            }
            self.changes.fetch_add(1, Ordering::SeqCst);
            Ok(self.pace.lock().unwrap().apply(change, Timestamp::EPOCH + self.started.elapsed()))
        }
    }

    /// The limiters of one account in two gateways.
    fn two_gateways() -> ([Arc<RateLimiter>; 2], Arc<MemoryPaces>) {
        let paces = Arc::new(MemoryPaces {
            pace: Mutex::new(Pace::new(Timestamp::EPOCH)),
            started: Instant::now(),
            is_away: AtomicBool::default(),
            changes: AtomicUsize::default(),
        });
        ([0, 1].map(|_| limiter_of(paces.clone())), paces)
    }

    /// The limiter of the account in a gateway that shares these paces.
    fn limiter_of(paces: Arc<dyn RequestPaces>) -> Arc<RateLimiter> {
        let (limiters, gateways) = (RateLimiters::default(), GatewayCount::default());
        gateways.set(2);
        limiters.share(paces, gateways);
        limiters.get(&Url::parse("https://acme.zendesk.example").unwrap())
    }

    fn limiter() -> Arc<RateLimiter> {
        RateLimiters::default().get(&Url::parse("https://acme.zendesk.example").unwrap())
    }

    /// The most admissions within a minute.
    fn most_in_a_minute(times: &[(Priority, f64)]) -> usize {
        let in_minute = |start: f64| times.iter().filter(|(_, time)| (start..start + 60.0).contains(time)).count();
        times.iter().map(|(_, start)| in_minute(*start)).max().unwrap_or_default()
    }

    #[tokio::test(start_paused = true)]
    async fn several_gateways_together_stay_within_the_share_of_the_account() {
        let ([one, two], _) = two_gateways();
        one.set_limit(600).await;
        two.set_limit(600).await;
        let mut admitted = JoinSet::new();
        waiting(&one, Priority::Delivery, 700, &mut admitted);
        waiting(&two, Priority::Delivery, 700, &mut admitted);
        let most = most_in_a_minute(&admission_times(admitted).await);
        assert!((410..=490).contains(&most), "{most}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_gateway_far_from_the_database_gets_as_many_turns_as_others() {
        let ([near, _], paces) = two_gateways();
        let far = limiter_of(Arc::new(DistantPaces(paces, Duration::from_millis(40))));
        let admitted_in_a_minute = async |limiter: Arc<RateLimiter>| {
            let start = Instant::now();
            let mut count = 0;
            while start.elapsed() < Duration::from_secs(60) {
                limiter.admit(Priority::Delivery).await;
                count += 1;
            }
            count
        };
        let (of_near, of_far) = tokio::join!(admitted_in_a_minute(near), admitted_in_a_minute(far));
        assert!(of_near + of_far >= 140, "{of_near} and {of_far}");
        // Whoever is near gets the burst of the start.
        assert!(of_far >= 60, "{of_near} and {of_far}");
    }

    #[tokio::test(start_paused = true)]
    async fn many_look_ups_that_are_refused_ask_the_shared_pace_once() {
        let ([one, two], paces) = two_gateways();
        while two.try_take(2).await {}
        let before = paces.changes.load(Ordering::SeqCst);
        let mut look_ups = JoinSet::new();
        for _ in 0..100 {
            let one = one.clone();
            look_ups.spawn(async move { one.try_take(2).await });
        }
        assert!(look_ups.join_all().await.iter().all(|is_taken| !is_taken));
        assert_eq!(paces.changes.load(Ordering::SeqCst) - before, 1);
        assert!(!two.try_take(2).await);
        assert_eq!(paces.changes.load(Ordering::SeqCst) - before, 1, "it knows what it has used itself");
        sleep(Duration::from_secs(1)).await;
        assert!(one.try_take(2).await, "two are spare in a second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_of_a_cancelled_request_is_that_of_the_next_one() {
        let ([one, _], paces) = two_gateways();
        for _ in 0..20 {
            one.admit(Priority::Delivery).await;
        }
        for _ in 0..10 {
            assert!(timeout(Duration::from_millis(1), one.admit(Priority::Delivery)).await.is_err());
        }
        assert!(paces.pace.lock().unwrap().free >= -1.0, "{paces:?}");
        let start = Instant::now();
        one.admit(Priority::Sync).await;
        assert!(start.elapsed() < Duration::from_millis(450), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_one_gateway_stops_the_other() {
        let ([one, two], paces) = two_gateways();
        one.pause(Duration::from_secs(30)).await;
        assert!(!two.try_take(1).await);
        let start = Instant::now();
        two.admit(Priority::Delivery).await;
        assert!((30..31).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
        // What could not be shared holds for the gateway itself, and is shared later.
        paces.is_away.store(true, Ordering::SeqCst);
        one.pause(Duration::from_secs(60)).await;
        paces.is_away.store(false, Ordering::SeqCst);
        sleep(ALONE).await;
        assert!(two.try_take(1).await);
        assert!(!one.try_take(1).await && !two.try_take(1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_answer_each_gateway_uses_its_part_and_shares_again_later() {
        let ([one, two], paces) = two_gateways();
        one.set_limit(600).await;
        two.set_limit(600).await;
        // The account is at its limit when the database goes away.
        let mut admitted = JoinSet::new();
        waiting(&one, Priority::Delivery, 800, &mut admitted);
        waiting(&two, Priority::Delivery, 800, &mut admitted);
        sleep(Duration::from_secs(65)).await;
        paces.is_away.store(true, Ordering::SeqCst);
        let times = admission_times(admitted).await;
        let alone: Vec<_> = times.iter().copied().filter(|(_, time)| *time > 130.0).collect();
        let (most, most_alone) = (most_in_a_minute(&times), most_in_a_minute(&alone));
        assert!((410..=490).contains(&most_alone), "{most_alone}");
        assert!(most <= 550, "another burst, when each begins to decide alone: {most}");
        paces.is_away.store(false, Ordering::SeqCst);
        sleep(Duration::from_secs(30)).await;
        one.admit(Priority::Delivery).await;
        assert!(!one.shared.get().unwrap().answers.is_paused());
        two.pause(Duration::from_secs(30)).await;
        assert!(!one.try_take(1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_could_not_be_shared_is_shared_with_the_next_answer() {
        let ([one, _], paces) = two_gateways();
        paces.is_away.store(true, Ordering::SeqCst);
        one.set_limit(600).await;
        paces.is_away.store(false, Ordering::SeqCst);
        sleep(ALONE).await;
        one.set_limit(600).await;
        assert_eq!(paces.pace.lock().unwrap().per_minute, 600.0);
        // A database that was restored after a crash knows nothing of it.
        *paces.pace.lock().unwrap() = Pace::new(Timestamp::EPOCH);
        sleep(SET_EVERY).await;
        one.set_limit(600).await;
        assert_eq!(paces.pace.lock().unwrap().per_minute, 600.0);
    }

    /// Starts this many waiting requests; each reports when it was admitted, in seconds since the start.
    fn waiting(limiter: &Arc<RateLimiter>, priority: Priority, count: usize, admitted: &mut JoinSet<(Priority, f64)>) {
        let start = Instant::now();
        for _ in 0..count {
            let limiter = limiter.clone();
            admitted.spawn(async move {
                limiter.admit(priority).await;
                (priority, start.elapsed().as_secs_f64())
            });
        }
    }

    async fn admission_times(admitted: JoinSet<(Priority, f64)>) -> Vec<(Priority, f64)> {
        let mut times = admitted.join_all().await;
        times.sort_by(|a, b| a.1.total_cmp(&b.1));
        times
    }

    #[tokio::test(start_paused = true)]
    async fn no_minute_exceeds_its_limit_and_no_request_is_lost() {
        let (limiter, mut admitted) = (limiter(), JoinSet::new());
        limiter.set_limit(600).await;
        waiting(&limiter, Priority::Delivery, 2_000, &mut admitted);
        let times: Vec<f64> = admission_times(admitted).await.into_iter().map(|(_, time)| time).collect();
        let maximum =
            times.iter().map(|start| times.iter().filter(|time| (*start..*start + 60.0).contains(*time)).count()).max();
        assert!(maximum.is_some_and(|maximum| (410..=490).contains(&maximum)), "{maximum:?}");
        let end = times.last().copied().unwrap();
        assert!((2_000.0 / 7.0 - 10.0..2_000.0 / 7.0).contains(&end), "{end}");
    }

    #[tokio::test(start_paused = true)]
    async fn rare_requests_never_wait() {
        let limiter = limiter();
        for _ in 0..600 {
            let before = Instant::now();
            limiter.admit(Priority::Sync).await;
            assert_eq!(before.elapsed(), Duration::ZERO);
            sleep(Duration::from_secs(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_precede_syncs_except_for_one_in_eight() {
        let (limiter, mut admitted) = (limiter(), JoinSet::new());
        waiting(&limiter, Priority::Sync, 100, &mut admitted);
        waiting(&limiter, Priority::Delivery, 160, &mut admitted);
        let admissions = admission_times(admitted).await;
        // The first are admitted as they come.
        let delivered = admissions.iter().rposition(|(priority, _)| *priority == Priority::Delivery).unwrap();
        let syncs = admissions[20..delivered].iter().filter(|(priority, _)| *priority == Priority::Sync).count();
        assert!((19..=24).contains(&syncs), "{syncs}");
    }

    #[tokio::test(start_paused = true)]
    async fn lookups_use_only_spare_capacity() {
        let limiter = limiter();
        let mut taken = 0;
        while limiter.try_take(2).await {
            taken += 1;
        }
        assert_eq!(taken, 5, "half of what may be used at once is left");
        limiter.set_limit(2_000).await;
        assert!(!limiter.try_take(2).await, "half is left of a larger account as well");
        limiter.set_limit(200).await;
        limiter.give_back(1).await;
        assert!(!limiter.try_take(2).await);
        let mut admitted = JoinSet::new();
        waiting(&limiter, Priority::Delivery, 50, &mut admitted);
        sleep(Duration::from_secs(2)).await;
        assert!(!limiter.try_take(1).await, "deliveries wait");
        assert_eq!(admission_times(admitted).await.len(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_waits_take_nothing_and_block_nobody() {
        let limiter = limiter();
        for _ in 0..1_000 {
            let gives_up = timeout(Duration::from_millis(1), limiter.admit(Priority::Delivery));
            drop(gives_up.await);
        }
        let mut given_up = JoinSet::new();
        waiting(&limiter, Priority::Delivery, 1_000, &mut given_up);
        tokio::task::yield_now().await;
        given_up.abort_all();
        while given_up.join_next().await.is_some() {}
        let before = Instant::now();
        limiter.admit(Priority::Delivery).await;
        assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_admitted_during_retry_after() {
        let (limiter, mut admitted) = (limiter(), JoinSet::new());
        limiter.pause(Duration::from_secs(30)).await;
        limiter.pause(Duration::from_secs(10)).await;
        assert!(!limiter.try_take(1).await);
        waiting(&limiter, Priority::Delivery, 3, &mut admitted);
        waiting(&limiter, Priority::Sync, 3, &mut admitted);
        let admissions = admission_times(admitted).await;
        assert!(
            admissions.len() == 6 && admissions.iter().all(|(_, time)| (30.0..31.0).contains(time)),
            "{admissions:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_limit_of_the_account_applies_at_once() {
        let limiter = limiter();
        limiter.set_limit(60).await;
        let before = Instant::now();
        for _ in 0..13 {
            limiter.admit(Priority::Delivery).await;
        }
        // Six at once, then seven in ten seconds.
        assert!(before.elapsed() >= Duration::from_secs(9), "{:?}", before.elapsed());
    }
}
