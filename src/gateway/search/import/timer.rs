//! Imports that the configuration plans, again and again while the gateway serves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use super::super::super::store::Store;
use super::{Report, Source, import};

/// How often a source is imported unless the plan says otherwise.
pub const EVERY_DEFAULT: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest time between two imports of a source: it is somebody else's server.
pub const EVERY_MIN: Duration = Duration::from_secs(10 * 60);
/// The longest.
pub const EVERY_MAX: Duration = Duration::from_secs(1000 * 60 * 60);

/// A source that is imported again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where questions come from.
    pub source: Source,
    /// How long after one import the next begins.
    pub every: Duration,
    /// Whether questions are removed that are gone there.
    pub prune: bool,
}

/// Imports what is planned for the sites for as long as it runs: at once what was not imported lately, by this gateway or
/// by another one on the same database, and then whenever its time has come.
pub async fn run(store: Arc<dyn Store>, plans: Vec<(String, Plan)>) -> Infallible {
    let mut running = JoinSet::new();
    for (site, plan) in plans {
        let store = store.clone();
        running.spawn(async move { repeat(store.as_ref(), &site, &plan).await });
    }
    while let Some(Err(error)) = running.join_next().await {
        tracing::error!(%error, "an import has ended for good");
    }
    std::future::pending().await
}

async fn repeat(store: &dyn Store, site: &str, plan: &Plan) -> Infallible {
    loop {
        let left = left(store, site, plan).await;
        if !left.is_zero() {
            tokio::time::sleep(left).await;
            continue;
        }
        let place = &plan.source.place;
        match import(store, site, &plan.source, plan.prune).await {
            Ok(report) => tell(site, plan, &report),
            Err(error) => tracing::warn!(site, source = %place, %error, "nothing was imported"),
        }
        // Also where it failed, which leaves no trace in the store.
        tokio::time::sleep(plan.every).await;
    }
}

/// How long it is until the next import.
async fn left(store: &dyn Store, site: &str, plan: &Plan) -> Duration {
    let last = store.imported_at(site, &plan.source.name()).await.ok().flatten();
    let last = last.and_then(|last| last.parse::<Timestamp>().ok());
    let Some(last) = last else { return Duration::ZERO };
    // A clock that was set back must not put it off for longer than planned.
    let passed = Duration::try_from(Timestamp::now().duration_since(last)).unwrap_or_default();
    plan.every.saturating_sub(passed)
}

fn tell(site: &str, plan: &Plan, report: &Report) {
    let place = &plan.source.place;
    for note in &report.notes {
        tracing::warn!(site, source = %place, "{note}");
    }
    tracing::info!(site, source = %place, "imported: {report}");
}
