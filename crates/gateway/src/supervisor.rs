//! Supervises background workers: restarts them after panics, and stops them gracefully.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use deskbell_core::rules::backoff;
use deskbell_core::{panics, random};

/// The longest backoff of a worker that keeps panicking.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// How long a worker has to run until its earlier panics no longer count.
const RECOVERED: Duration = Duration::from_secs(5 * 60);

/// Runs a worker until it is cancelled and has completed its running work. A worker that panics, or ends by itself, is restarted after a
/// growing pause.
pub async fn supervise<W>(worker: &str, stop: &CancellationToken, start: impl Fn() -> W)
where
    W: Future<Output = ()> + Send + 'static,
{
    let mut failures = 0;
    loop {
        let started = Instant::now();
        match AbortOnDropHandle::new(tokio::spawn(start())).await {
            Err(error) => panics::record(worker, &error),
            Ok(()) if stop.is_cancelled() => {}
            Ok(()) => tracing::error!(worker, "worker ended"),
        }
        if stop.is_cancelled() {
            return;
        }
        failures = if started.elapsed() < RECOVERED { failures + 1 } else { 1 };
        let pause = backoff::pause(failures, BACKOFF_MAX, random::jitter());
        tracing::warn!(worker, restart_in = ?pause, "worker restarts");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use tokio::sync::Notify;

    #[tokio::test(start_paused = true)]
    async fn panicking_workers_are_counted_and_restarted_until_shutdown() {
        let (stop, starts, runs) = (CancellationToken::new(), Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
        let before = panics::count();
        let worker = {
            let (stop, starts, runs) = (stop.clone(), starts.clone(), runs.clone());
            move || {
                let (stop, starts, runs) = (stop.clone(), starts.clone(), runs.clone());
                async move {
                    if starts.fetch_add(1, Ordering::SeqCst) < 3 {
                        panic!("on purpose");
                    }
                    runs.notify_one();
                    stop.cancelled().await;
                }
            }
        };
        let supervised = tokio::spawn({
            let stop = stop.clone();
            async move { supervise("test", &stop, worker).await }
        });
        runs.notified().await;
        assert_eq!(starts.load(Ordering::SeqCst), 4);
        assert!(panics::count() >= before + 3);
        stop.cancel();
        supervised.await.unwrap();
        assert_eq!(starts.load(Ordering::SeqCst), 4);
    }
}
