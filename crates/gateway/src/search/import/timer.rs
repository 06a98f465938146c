//! Scheduled imports. Only one process at a time runs an import: it holds a lease on the source, which expires if the process is killed.

use std::convert::Infallible;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Prune, Report, import_changes};
use deskbell_core::clock;
use deskbell_core::ports::{ImportOutcome, ImportRun, Imports, Store, StoreError};
use sources::{Progress, Source};

/// The default interval between imports of a source.
pub const EVERY_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest interval, because the source is somebody else's server.
pub const EVERY_MIN: Duration = Duration::from_secs(10 * 60);
/// The longest interval.
pub const EVERY_MAX: Duration = Duration::from_secs(1000 * 60 * 60);
/// The first backoff after a failure; doubled after each further one, up to the interval of the plan.
const RETRY_FIRST: Duration = Duration::from_secs(60);
/// The duration of a lease, and how often it is renewed.
const LEASE: Duration = Duration::from_secs(5 * 60);
const RENEW_EVERY: Duration = Duration::from_secs(60);
/// How long to wait before checking whether another process has released a source.
const LEASED_ELSEWHERE: Duration = Duration::from_secs(30);

/// A scheduled import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The source of the questions.
    pub source: Source,
    /// The time from one import to the next.
    pub every: Duration,
    /// Whether questions that the source no longer has are removed.
    pub prune: bool,
}

/// Runs the scheduled import of a site; never returns. Imports at once unless this gateway or another one on the same database has done so
/// recently, and then on schedule.
pub async fn run(store: &dyn Store, site: &str, plan: &Plan) -> Infallible {
    let holder = Uuid::new_v4().to_string();
    loop {
        let pause = match turn(store, site, plan, &holder).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(site, source = %plan.source.place, %error, "scheduled import failed");
                retry_pause(1, plan.every)
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Imports a source if it is due and no other process holds its lease. Returns the time until the next check.
async fn turn(store: &dyn Store, site: &str, plan: &Plan, holder: &str) -> Result<Duration, StoreError> {
    let name = plan.source.name();
    let left = left(&store.import_run(site, &name).await?, plan.every, clock::timestamp());
    if !left.is_zero() {
        return Ok(left);
    }
    if !lease(store, site, &name, holder).await? {
        return Ok(LEASED_ELSEWHERE.min(plan.every));
    }
    // Another process may have just imported it.
    let run = store.import_run(site, &name).await?;
    let left = self::left(&run, plan.every, clock::timestamp());
    if !left.is_zero() {
        return Ok(left);
    }
    let failures = match import_leased(store, site, plan, holder, &run).await {
        Ok((report, progress)) => {
            log(site, plan, &report);
            if !report.is_incomplete {
                let progress = serde_json::to_string(&progress).unwrap_or_default();
                store.record_import(site, &name, holder, &ImportOutcome::Success { progress }).await?;
                return Ok(plan.every);
            }
            run.failures.saturating_add(1)
        }
        Err(error) => {
            tracing::warn!(site, source = %plan.source.place, %error, "scheduled import failed");
            run.failures.saturating_add(1)
        }
    };
    let pause = retry_pause(failures, plan.every);
    let retry_at = clock::written(clock::timestamp() + SignedDuration::try_from(pause).unwrap_or_default());
    tracing::info!(site, source = %plan.source.place, failures, retry_at, "scheduled import will be retried");
    store.record_import(site, &name, holder, &ImportOutcome::Failure { retry_at }).await?;
    Ok(pause)
}

/// Imports a source, renewing the lease meanwhile.
async fn import_leased(
    store: &dyn Store,
    site: &str,
    plan: &Plan,
    holder: &str,
    run: &ImportRun,
) -> Result<(Report, Progress), super::ImportError> {
    let prune = if plan.prune { Prune::Limited } else { Prune::Never };
    let progress = serde_json::from_str(&run.progress).unwrap_or_default();
    let name = plan.source.name();
    let importing = import_changes(store, site, &plan.source, prune, &progress);
    let renewing = async {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match lease(store, site, &name, holder).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!(site, source = %plan.source.place, "import lease lost"),
                Err(error) => tracing::warn!(site, source = %plan.source.place, %error, "import lease not renewed"),
            }
        }
    };
    tokio::select! {
        done = importing => done,
        never = renewing => never,
    }
}

async fn lease(store: &dyn Imports, site: &str, source: &str, holder: &str) -> Result<bool, StoreError> {
    let now = clock::timestamp();
    let until = now + SignedDuration::try_from(LEASE).unwrap_or_default();
    store.lease_import(site, source, holder, &clock::written(now), &clock::written(until)).await
}

/// The time until the next import.
fn left(run: &ImportRun, every: Duration, now: Timestamp) -> Duration {
    // A clock that was set back must not delay it for longer than the interval.
    let until = |time: Timestamp| Duration::try_from(time.duration_since(now)).unwrap_or_default().min(every);
    if let Ok(retry_at) = run.retry_at.parse::<Timestamp>() {
        return until(retry_at);
    }
    let Some(last) = run.imported_at.as_ref().and_then(|last| last.parse::<Timestamp>().ok()) else {
        return Duration::ZERO;
    };
    until(last.saturating_add(SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX)).unwrap_or(Timestamp::MAX))
}

/// The backoff after this many failures in a row: growing, and never longer than the interval after a success.
fn retry_pause(failures: u32, every: Duration) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(20));
    RETRY_FIRST.saturating_mul(doubled).min(every)
}

fn log(site: &str, plan: &Plan, report: &Report) {
    let place = &plan.source.place;
    for note in &report.notes {
        tracing::warn!(site, source = %place, "{note}");
    }
    tracing::info!(site, source = %place, "imported: {report}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_tried_again_after_minutes_that_grow_up_to_the_period() {
        let every = Duration::from_secs(24 * 60 * 60);
        let minutes: Vec<u64> = (1..=12).map(|failures| retry_pause(failures, every).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440]);
        assert_eq!(retry_pause(u32::MAX, every), every);
        assert_eq!(retry_pause(3, Duration::from_secs(10)), Duration::from_secs(10));
    }

    #[test]
    fn the_next_import_is_a_period_after_the_last_or_when_it_is_retried() {
        let (every, now) = (Duration::from_secs(3600), "2026-11-23T12:00:00Z".parse().unwrap());
        let run = |imported: &str, retry: &str| ImportRun {
            imported_at: Some(imported.into()).filter(|at: &String| !at.is_empty()),
            retry_at: retry.into(),
            ..ImportRun::default()
        };
        for (imported, retry, left_seconds) in [
            ("", "", 0),
            ("2026-11-23T11:30:00Z", "", 1800),
            ("2026-11-23T10:00:00Z", "", 0),
            ("2026-11-23T10:00:00Z", "2026-11-23T12:04:00Z", 240),
            ("", "2026-11-23T11:59:00Z", 0),
            ("2027-01-01T00:00:00Z", "", 3600),
        ] {
            assert_eq!(left(&run(imported, retry), every, now).as_secs(), left_seconds, "{imported} {retry}");
        }
    }
}
