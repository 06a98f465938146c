//! The time limit of an attempt. The clock runs only while the destination works on the attempt, not while the attempt waits for the destination's
//! rate limit: a long queue is no failure. When the gateway stops, attempts that still wait are cancelled.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

tokio::task_local! {
    static CURRENT: Arc<Attempt>;
}

/// Why an attempt has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It exceeded its time limit.
    TooLong,
    /// The gateway is stopping, and the attempt was waiting to be admitted.
    Stopped,
}

/// A running attempt.
#[derive(Debug)]
struct Attempt {
    waited: Mutex<Waited>,
    stop: CancellationToken,
    stopped: Notify,
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

/// Runs an attempt with a time limit, not counting the time that it spends in [`waiting`].
pub async fn limited<T>(
    limit: Duration,
    stop: &CancellationToken,
    attempt: impl Future<Output = T>,
) -> Result<T, Ended> {
    let current = Attempt { waited: Mutex::default(), stop: stop.clone(), stopped: Notify::new() };
    let (current, started) = (Arc::new(current), Instant::now());
    let over = async {
        loop {
            let now = Instant::now();
            let end = started + limit + current.waited.lock().unwrap_or_else(PoisonError::into_inner).until(now);
            if end <= now {
                return;
            }
            sleep_until(end).await;
        }
    };
    tokio::select! {
        done = CURRENT.scope(current.clone(), attempt) => Ok(done),
        () = over => Err(Ended::TooLong),
        () = current.stopped.notified() => Err(Ended::Stopped),
    }
}

/// Waits for admission; the time does not count.
pub async fn waiting<T>(admission: impl Future<Output = T>) -> T {
    /// Ends the wait, also if it is dropped.
    struct Waiting<'a>(&'a Attempt);
    impl Drop for Waiting<'_> {
        fn drop(&mut self) {
            let mut waited = self.0.waited.lock().unwrap_or_else(PoisonError::into_inner);
            waited.total = waited.until(Instant::now());
            waited.since = None;
        }
    }
    let Ok(attempt) = CURRENT.try_with(Arc::clone) else { return admission.await };
    attempt.waited.lock().unwrap_or_else(PoisonError::into_inner).since = Some(Instant::now());
    let _waiting = Waiting(&attempt);
    tokio::select! {
        biased;
        done = admission => done,
        () = attempt.stop.cancelled() => {
            attempt.stopped.notify_one();
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn waiting_does_not_count_towards_the_time_limit() {
        let attempt = async |wait, work| {
            waiting(sleep(Duration::from_secs(wait))).await;
            sleep(Duration::from_secs(work)).await;
            waiting(sleep(Duration::from_secs(wait))).await;
        };
        let stop = CancellationToken::new();
        assert_eq!(limited(LIMIT, &stop, attempt(3_600, 9)).await, Ok(()));
        assert_eq!(limited(LIMIT, &stop, attempt(3_600, 11)).await, Err(Ended::TooLong));
        assert_eq!(limited(LIMIT, &stop, attempt(0, 11)).await, Err(Ended::TooLong));
    }

    #[tokio::test(start_paused = true)]
    async fn shutdown_cancels_waiting_attempts_but_not_running_ones() {
        let stop = CancellationToken::new();
        let ends = async {
            sleep(Duration::from_secs(5)).await;
            stop.cancel();
        };
        let waits = limited(LIMIT, &stop, waiting(sleep(Duration::from_secs(3_600))));
        let works = limited(LIMIT, &stop, sleep(Duration::from_secs(9)));
        let (waited, worked, ()) = tokio::join!(waits, works, ends);
        assert_eq!((waited, worked), (Err(Ended::Stopped), Ok(())));
        let begins = limited(LIMIT, &stop, waiting(sleep(Duration::from_secs(1)))).await;
        assert_eq!(begins, Err(Ended::Stopped), "nothing is waited for any more");
        assert_eq!(limited(LIMIT, &stop, waiting(async {})).await, Ok(()), "what is admitted at once goes on");
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_outside_an_attempt_has_no_limit() {
        waiting(sleep(LIMIT)).await;
    }
}
