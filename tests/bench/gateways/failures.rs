//! Carries out a plan.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join_all;
use test_postgres::Server;
use tokio::time::{Instant, sleep};

use super::Outcome;
use super::gateways::Gateway;
use super::plan::{Failure, Planned, Step};

/// A failure as it was.
#[derive(Clone, Copy, Debug)]
pub struct Happened {
    /// What failed.
    pub failure: Failure,
    /// When it began.
    pub from: Instant,
    /// When what failed was ready again.
    pub until: Instant,
}

/// The failures so far.
#[derive(Clone, Debug, Default)]
pub struct Failures(Arc<Mutex<Vec<Happened>>>);

impl Failures {
    /// All failures.
    pub fn all(&self) -> Vec<Happened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, happened: Happened) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(happened);
    }
}

/// What can fail.
pub struct System {
    /// The gateways.
    pub gateways: Vec<Gateway>,
    /// The database.
    pub database: Arc<Server>,
    /// When the benchmark began.
    pub begin: Instant,
}

/// Carries out the steps of a plan one after the other.
pub async fn fail(system: &System, steps: &[Step], failures: &Failures) -> Outcome {
    for step in steps {
        sleep(step.calm).await;
        try_join_all(step.failures.iter().map(|planned| fail_once(system, planned, failures))).await?;
    }
    Ok(())
}

async fn fail_once(system: &System, planned: &Planned, failures: &Failures) -> Outcome {
    sleep(planned.after).await;
    let (failure, from) = (planned.failure, Instant::now());
    let seconds = from.duration_since(system.begin).as_secs();
    println!("  {:>3}:{:02}  {failure} for {} s", seconds / 60, seconds % 60, planned.lasts.as_secs());
    match failure {
        Failure::Killed(number) => {
            let gateway = system.gateway(number)?;
            gateway.kill().await?;
            sleep(planned.lasts).await;
            gateway.start().await?;
        }
        Failure::Paused(number) => {
            let gateway = system.gateway(number)?;
            gateway.pause().await?;
            sleep(planned.lasts).await;
            gateway.resume().await?;
        }
        Failure::ClockShifted(number, hours) => {
            let gateway = system.gateway(number)?;
            if gateway.has_shiftable_clock() {
                gateway.shift_clock(hours)?;
                sleep(planned.lasts).await;
                gateway.shift_clock(0)?;
                // The library reads the file once a second.
                sleep(Duration::from_secs(2)).await;
            }
        }
        Failure::DatabasePaused => {
            system.with_database(Server::pause).await?;
            sleep(planned.lasts).await;
            system.with_database(Server::resume).await?;
        }
        Failure::DatabaseStopped => {
            system.with_database(Server::stop).await?;
            sleep(planned.lasts).await;
            system.with_database(Server::start_again).await?;
        }
    }
    failures.add(Happened { failure, from, until: Instant::now() });
    Ok(())
}

impl System {
    fn gateway(&self, number: usize) -> Outcome<&Gateway> {
        Ok(self.gateways.get(number).ok_or("no such gateway")?)
    }

    async fn with_database(&self, act: fn(&Server)) -> Outcome {
        let database = self.database.clone();
        Ok(tokio::task::spawn_blocking(move || act(&database)).await?)
    }
}
