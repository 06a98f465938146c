//! The time limit of an attempt. It runs while the destination is busy with the attempt, and not while the attempt waits until the
//! destination's rate limit admits it: a long queue is no failure.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

tokio::task_local! {
    static WAITED: Arc<Mutex<Waited>>;
}

/// How long an attempt has waited to be admitted.
#[derive(Debug, Default)]
struct Waited {
    total: Duration,
    since: Option<Instant>,
}

impl Waited {
    fn until(&self, now: Instant) -> Duration {
        self.total + self.since.map_or(Duration::ZERO, |since| now.duration_since(since))
    }
}

/// Runs an attempt for no longer than `limit`, but for the time that it spends in [`waiting`]; `None` where it takes longer.
pub async fn limited<T>(limit: Duration, attempt: impl Future<Output = T>) -> Option<T> {
    let (waited, started) = (Arc::new(Mutex::new(Waited::default())), Instant::now());
    let over = async {
        loop {
            let now = Instant::now();
            let end = started + limit + waited.lock().unwrap_or_else(PoisonError::into_inner).until(now);
            if end <= now {
                return;
            }
            sleep_until(end).await;
        }
    };
    tokio::select! {
        done = WAITED.scope(waited.clone(), attempt) => Some(done),
        () = over => None,
    }
}

/// Waits for something that is not the attempt's own fault.
pub async fn waiting<T>(admission: impl Future<Output = T>) -> T {
    /// Ends the wait also where it is dropped.
    struct Waiting(Option<Arc<Mutex<Waited>>>);
    impl Drop for Waiting {
        fn drop(&mut self) {
            if let Some(waited) = &self.0 {
                let mut waited = waited.lock().unwrap_or_else(PoisonError::into_inner);
                waited.total = waited.until(Instant::now());
                waited.since = None;
            }
        }
    }
    let waited = WAITED.try_with(Arc::clone).ok();
    if let Some(waited) = &waited {
        waited.lock().unwrap_or_else(PoisonError::into_inner).since = Some(Instant::now());
    }
    let _waiting = Waiting(waited);
    admission.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn only_what_is_not_waiting_counts_towards_the_limit() {
        let attempt = async |wait, work| {
            waiting(sleep(Duration::from_secs(wait))).await;
            sleep(Duration::from_secs(work)).await;
            waiting(sleep(Duration::from_secs(wait))).await;
        };
        assert_eq!(limited(LIMIT, attempt(3_600, 9)).await, Some(()));
        assert_eq!(limited(LIMIT, attempt(3_600, 11)).await, None);
        assert_eq!(limited(LIMIT, attempt(0, 11)).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_outside_of_an_attempt_just_waits() {
        waiting(sleep(LIMIT)).await;
    }
}
