//! Limits the request rate per account to a share of what it allows per minute, so that other clients get their turn. Deliveries go first, then syncs;
//! look-ups caused by page views use only what is free.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use deskbell_core::attempt;

/// The rate limit of the smallest plan, per minute; replaced by that of the first response.
const LIMIT_DEFAULT: f64 = 200.0;
/// The share of it that is used on average.
const SHARE: f64 = 0.7;
/// The share of it that may be used at once.
const BURST: f64 = 0.1;
/// The share of the burst that look-ups leave for later requests.
const RESERVE: f64 = 0.5;
/// While deliveries wait, one in this many requests is a sync's, so that replies arrive during hours of deliveries.
const SYNC_EVERY: u32 = 8;

/// The priority of a request, highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// A delivery.
    Delivery,
    /// A sync.
    Sync,
}

/// A rate limiter.
#[derive(Debug)]
pub struct RateLimiter {
    state: Mutex<State>,
    /// Notified whenever a waiting request may be next.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    per_minute: f64,
    /// Requests that can be sent at once.
    free: f64,
    refilled_at: Instant,
    /// Until when nothing is admitted, because the account demanded a pause.
    paused_until: Option<Instant>,
    deliveries: VecDeque<u64>,
    syncs: VecDeque<u64>,
    /// How many deliveries were admitted while a sync waited.
    passed: u32,
    last_number: u64,
}

impl Default for RateLimiter {
    fn default() -> RateLimiter {
        let state = State {
            per_minute: LIMIT_DEFAULT,
            free: LIMIT_DEFAULT * BURST,
            refilled_at: Instant::now(),
            paused_until: None,
            deliveries: VecDeque::new(),
            syncs: VecDeque::new(),
            passed: 0,
            last_number: 0,
        };
        RateLimiter { state: Mutex::new(state), changed: Notify::new() }
    }
}

impl RateLimiter {
    /// Waits until a request is admitted. A cancelled wait takes nothing.
    pub async fn admit(&self, priority: Priority) {
        let waiter = self.enter(priority);
        let admission = async {
            loop {
                // Registered before the check, so that no notification is missed in between.
                let changed = self.changed.notified();
                match self.update(|state| state.admit(waiter.number, Instant::now())) {
                    Ok(()) => return,
                    Err(Some(wait)) => drop(timeout(wait, changed).await),
                    Err(None) => changed.await,
                }
            }
        };
        attempt::waiting(admission).await;
    }

    /// Takes this many requests at once if they are free now; `false` if they are not, or others wait for them.
    pub fn try_take(&self, requests: u32) -> bool {
        self.update(|state| state.take_free(f64::from(requests), Instant::now()))
    }

    /// Returns what was taken and not used.
    pub fn give_back(&self, requests: u32) {
        self.update(|state| state.free += f64::from(requests));
        self.changed.notify_waiters();
    }

    /// Sets the limit per minute that the account reported.
    pub fn set_limit(&self, per_minute: u32) {
        self.update(|state| {
            let per_minute = f64::from(per_minute.max(1));
            // The same share of the burst stays free, or a larger account would have to save up for look-ups first.
            state.free *= per_minute / state.per_minute;
            state.per_minute = per_minute;
        });
    }

    /// Pauses for a time, because the account has refused a request.
    pub fn pause(&self, time: Duration) {
        self.update(|state| state.paused_until = state.paused_until.max(Instant::now().checked_add(time)));
    }

    fn enter(&self, priority: Priority) -> Waiter<'_> {
        let number = self.update(|state| {
            state.last_number += 1;
            let number = state.last_number;
            state.queue(priority).push_back(number);
            number
        });
        Waiter { limiter: self, number }
    }

    fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request that waits, or was admitted.
struct Waiter<'a> {
    limiter: &'a RateLimiter,
    number: u64,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.limiter.update(|state| state.leave(self.number));
        self.limiter.changed.notify_waiters();
    }
}

impl State {
    fn queue(&mut self, priority: Priority) -> &mut VecDeque<u64> {
        match priority {
            Priority::Delivery => &mut self.deliveries,
            Priority::Sync => &mut self.syncs,
        }
    }

    fn leave(&mut self, number: u64) {
        self.deliveries.retain(|other| *other != number);
        self.syncs.retain(|other| *other != number);
    }

    /// The next request to admit.
    fn next_waiter(&self) -> Option<(Priority, u64)> {
        let (delivery, sync) = (self.deliveries.front(), self.syncs.front());
        let turn_of_sync = sync.is_some() && self.passed >= SYNC_EVERY - 1;
        let delivery = delivery.filter(|_| !turn_of_sync).map(|number| (Priority::Delivery, *number));
        delivery.or_else(|| sync.map(|number| (Priority::Sync, *number)))
    }

    fn per_second(&self) -> f64 {
        self.per_minute * SHARE / 60.0
    }

    fn burst(&self) -> f64 {
        (self.per_minute * BURST).max(1.0)
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.refilled_at).as_secs_f64();
        self.free = (self.free + passed * self.per_second()).min(self.burst());
        self.refilled_at = now.max(self.refilled_at);
    }

    /// Admits a request. The error is the time until one is free if it is next, and none if others are before it.
    fn admit(&mut self, number: u64, now: Instant) -> Result<(), Option<Duration>> {
        self.refill(now);
        let Some((priority, _)) = self.next_waiter().filter(|(_, next)| *next == number) else { return Err(None) };
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Err(Some(until.duration_since(now)));
        }
        if self.free < 1.0 {
            // Rounded up, so that it is free by then.
            let wait = Duration::from_secs_f64((1.0 - self.free) / self.per_second());
            return Err(Some(wait + Duration::from_millis(1)));
        }
        self.free -= 1.0;
        self.passed = match priority {
            Priority::Delivery if !self.syncs.is_empty() => self.passed + 1,
            _ => 0,
        };
        self.leave(number);
        Ok(())
    }

    fn take_free(&mut self, requests: f64, now: Instant) -> bool {
        self.refill(now);
        let waits = !self.deliveries.is_empty() || !self.syncs.is_empty();
        let is_paused = self.paused_until.is_some_and(|until| until > now);
        let is_free = !waits && !is_paused && self.free - requests >= self.burst() * RESERVE;
        if is_free {
            self.free -= requests;
        }
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use tokio::task::JoinSet;
    use tokio::time::sleep;

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
        let (limiter, mut admitted) = (Arc::new(RateLimiter::default()), JoinSet::new());
        limiter.set_limit(600);
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
        let limiter = RateLimiter::default();
        for _ in 0..600 {
            let before = Instant::now();
            limiter.admit(Priority::Sync).await;
            assert_eq!(before.elapsed(), Duration::ZERO);
            sleep(Duration::from_secs(1)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_precede_syncs_except_for_one_in_eight() {
        let (limiter, mut admitted) = (Arc::new(RateLimiter::default()), JoinSet::new());
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
        let limiter = Arc::new(RateLimiter::default());
        let taken = (0..100).filter(|_| limiter.try_take(2)).count();
        assert_eq!(taken, 5, "half of what may be used at once is left");
        limiter.set_limit(2_000);
        assert!(!limiter.try_take(2), "half is left of a larger account as well");
        limiter.set_limit(200);
        limiter.give_back(1);
        assert!(!limiter.try_take(2));
        let mut admitted = JoinSet::new();
        waiting(&limiter, Priority::Delivery, 50, &mut admitted);
        sleep(Duration::from_secs(2)).await;
        assert!(!limiter.try_take(1), "deliveries wait");
        assert_eq!(admission_times(admitted).await.len(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn cancelled_waits_take_nothing_and_block_nobody() {
        let limiter = Arc::new(RateLimiter::default());
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
        let (limiter, mut admitted) = (Arc::new(RateLimiter::default()), JoinSet::new());
        limiter.pause(Duration::from_secs(30));
        limiter.pause(Duration::from_secs(10));
        assert!(!limiter.try_take(1));
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
        let limiter = RateLimiter::default();
        limiter.set_limit(60);
        let before = Instant::now();
        for _ in 0..13 {
            limiter.admit(Priority::Delivery).await;
        }
        // Six at once, then seven in ten seconds.
        assert!(before.elapsed() >= Duration::from_secs(9), "{:?}", before.elapsed());
    }
}
