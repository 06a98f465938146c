//! Scheduled imports. Only one process at a time runs an import: it holds a lease on the source, which expires if the process is killed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;
use uuid::Uuid;

use super::{ImportError, ImportQuestions, Prune, Report};
use crate::ids::SiteKey;
use crate::ports::{ImportOutcome, ImportRun, QuestionSource, StoreError};

/// The default interval between imports of a source.
pub const EVERY_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest interval, because the source is somebody else's server.
pub const EVERY_MIN: Duration = Duration::from_secs(10 * 60);
/// The longest interval.
pub const EVERY_MAX: Duration = Duration::from_secs(1000 * 60 * 60);
/// The first backoff after a failure; doubled after each further one, up to the interval of the plan.
const RETRY_FIRST: Duration = Duration::from_secs(60);
/// The duration of a lease, and how often it is renewed. An import whose process was killed begins again when its lease has ended.
const LEASE: Duration = Duration::from_secs(60);
const RENEW_EVERY: Duration = Duration::from_secs(15);
/// How long to wait at least, and at most, before checking whether another process has released a source.
const LEASE_CHECK_MIN: Duration = Duration::from_secs(1);
const LEASE_CHECK_MAX: Duration = Duration::from_secs(30);

/// A scheduled import.
#[derive(Clone, Debug)]
pub struct ScheduledImport {
    /// The source of the questions.
    pub source: Arc<dyn QuestionSource>,
    /// The time from one import to the next.
    pub period: Duration,
    /// Whether questions that the source no longer has are removed.
    pub prune: bool,
}

/// What a process does next about a source.
enum NextCheck {
    /// Check again after this time.
    Later(Duration),
    /// Wait for the lease of another process, which lasts so long unless it is renewed or given back.
    Leased(Duration),
}

impl ImportQuestions {
    /// Runs the scheduled import of a site; never returns. Imports at once unless this gateway or another one on the same database has done so
    /// recently, and then on schedule.
    pub async fn run(&self, site: &SiteKey, plan: &ScheduledImport) -> Infallible {
        let holder = Uuid::new_v4().to_string();
        let mut is_waiting = false;
        loop {
            let span = tracing::info_span!("import", site = site.as_str(), source = %plan.source.location());
            let turn = self.import_if_due(site, plan, &holder).instrument(span).await;
            let was_waiting = std::mem::replace(&mut is_waiting, matches!(turn, Ok(NextCheck::Leased(_))));
            let pause = match turn {
                Ok(NextCheck::Later(pause)) => pause,
                Ok(NextCheck::Leased(wait)) => {
                    if !was_waiting {
                        tracing::info!(
                            site = site.as_str(),
                            source = %plan.source.location(),
                            lease_ends_in = ?wait,
                            "import waits for another process, or for the end of its lease if it was killed"
                        );
                    }
                    lease_pause(wait, plan.period)
                }
                Err(error) => {
                    tracing::warn!(
                        site = site.as_str(),
                        source = %plan.source.location(),
                        %error,
                        "scheduled import failed"
                    );
                    retry_pause(1, plan.period)
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Imports a source if it is due and no other process holds its lease.
    async fn import_if_due(
        &self,
        site: &SiteKey,
        plan: &ScheduledImport,
        holder: &str,
    ) -> Result<NextCheck, StoreError> {
        let name = plan.source.name();
        let time_left = time_left(&self.imports.import_run(site, &name).await?, plan.period);
        if !time_left.is_zero() {
            return Ok(NextCheck::Later(time_left));
        }
        if !self.lease(site, &name, holder).await? {
            let run = self.imports.import_run(site, &name).await?;
            return Ok(NextCheck::Leased(run.leased_for.unwrap_or_default()));
        }
        // Another process may have just imported it.
        let run = self.imports.import_run(site, &name).await?;
        let time_left = self::time_left(&run, plan.period);
        if !time_left.is_zero() {
            return Ok(NextCheck::Later(time_left));
        }
        let failures = match self.import_leased(site, plan, holder, &run).await {
            Ok((report, progress)) => {
                log(site, plan, &report);
                if !report.is_incomplete {
                    self.imports.record_import(site, &name, holder, &ImportOutcome::Success { progress }).await?;
                    return Ok(NextCheck::Later(plan.period));
                }
                run.failures.saturating_add(1)
            }
            Err(error) => {
                tracing::warn!(
                    site = site.as_str(),
                    source = %plan.source.location(),
                    %error,
                    "scheduled import failed"
                );
                run.failures.saturating_add(1)
            }
        };
        let pause = retry_pause(failures, plan.period);
        tracing::info!(
            site = site.as_str(),
            source = %plan.source.location(),
            failures,
            retry_in = ?pause,
            "scheduled import will be retried"
        );
        self.imports.record_import(site, &name, holder, &ImportOutcome::Failure { retry_in: pause }).await?;
        Ok(NextCheck::Later(pause))
    }

    /// Imports a source, renewing the lease meanwhile. Ends if another process has it.
    async fn import_leased(
        &self,
        site: &SiteKey,
        plan: &ScheduledImport,
        holder: &str,
        run: &ImportRun,
    ) -> Result<(Report, String), ImportError> {
        let prune = if plan.prune { Prune::Limited } else { Prune::Never };
        let name = plan.source.name();
        let importing = self.import_changes(site, plan.source.as_ref(), prune, &run.progress);
        let renewing = async {
            loop {
                tokio::time::sleep(RENEW_EVERY).await;
                match self.lease(site, &name, holder).await {
                    Ok(true) => {}
                    Ok(false) => return Err(ImportError::LeaseLost),
                    Err(error) => {
                        tracing::warn!(
                            site = site.as_str(),
                            source = %plan.source.location(),
                            %error,
                            "import lease renewal failed"
                        )
                    }
                }
            }
        };
        tokio::select! {
            done = importing => done,
            lost = renewing => lost,
        }
    }

    async fn lease(&self, site: &SiteKey, source: &str, holder: &str) -> Result<bool, StoreError> {
        self.imports.lease_import(site, source, holder, LEASE).await
    }
}

/// The time until the next import.
fn time_left(run: &ImportRun, period: Duration) -> Duration {
    match (run.retry_in, run.since_import) {
        // A clock that was set back must not delay it for longer than the interval.
        (Some(retry_in), _) => retry_in.min(period),
        (None, Some(since)) => period.saturating_sub(since),
        (None, None) => Duration::ZERO,
    }
}

/// How long to wait for the lease of another process that lasts so long: until it ends, and not for much longer than until it is given back.
fn lease_pause(rest: Duration, period: Duration) -> Duration {
    rest.clamp(LEASE_CHECK_MIN, LEASE_CHECK_MAX).min(period)
}

/// The backoff after this many failures in a row: growing, and never longer than the interval after a success.
fn retry_pause(failures: u32, period: Duration) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(20));
    RETRY_FIRST.saturating_mul(doubled).min(period)
}

fn log(site: &SiteKey, plan: &ScheduledImport, report: &Report) {
    let location = plan.source.location();
    for note in &report.notes {
        tracing::warn!(site = site.as_str(), source = %location, "{note}");
    }
    tracing::info!(site = site.as_str(), source = %location, "imported: {report}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_imports_are_retried_with_backoff_up_to_the_period() {
        let period = Duration::from_secs(24 * 60 * 60);
        let minutes: Vec<u64> = (1..=12).map(|failures| retry_pause(failures, period).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1440]);
        assert_eq!(retry_pause(u32::MAX, period), period);
        assert_eq!(retry_pause(3, Duration::from_secs(10)), Duration::from_secs(10));
    }

    #[test]
    fn a_lease_elsewhere_is_waited_for_until_it_ends_but_checked_now_and_then() {
        let pause = |rest| lease_pause(Duration::from_secs(rest), EVERY_MIN).as_secs();
        assert_eq!([0, 1, 12, 30, 60, 300].map(pause), [1, 1, 12, 30, 30, 30]);
        assert_eq!(lease_pause(LEASE, Duration::from_millis(5)), Duration::from_millis(5));
    }

    #[test]
    fn the_next_import_is_due_after_its_period_or_its_retry() {
        let period = Duration::from_secs(3600);
        for (since_import, retry_in, left_seconds) in [
            (None, None, 0),
            (Some(1800), None, 1800),
            (Some(7200), None, 0),
            (Some(7200), Some(240), 240),
            (None, Some(0), 0),
            (Some(0), None, 3600),
            (Some(0), Some(86_400), 3600),
        ] {
            let [since_import, retry_in] = [since_import, retry_in].map(|seconds| seconds.map(Duration::from_secs));
            let run = ImportRun { since_import, retry_in, ..ImportRun::default() };
            assert_eq!(time_left(&run, period).as_secs(), left_seconds, "{run:?}");
        }
    }
}
