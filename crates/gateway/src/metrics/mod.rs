//! Metrics for Prometheus, in the OpenMetrics text format.

mod requests;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::time::timeout;

use crate::guard::Guard;
use crate::readiness::STORE_TIME;
use deskbell_core::attempt_counts::{AttemptCounts, AttemptResult};
use deskbell_core::clock::Clock;
use deskbell_core::panics;
use deskbell_core::ports::{OutgoingMail, PoolStatus, Queue, QueueStatus, StoreError, StoreHealth, WaitingMails};
use deskbell_core::use_cases::delivery::DestinationStates;
use deskbell_core::use_cases::mail::MailWakers;
use deskbell_core::use_cases::search::Indexes;

pub use requests::{Answered, RequestMetrics};

/// What the metrics are read from.
#[derive(Clone)]
pub struct Metrics {
    /// The answered requests.
    pub requests: RequestMetrics,
    /// Knows the open streams.
    pub guard: Arc<Guard>,
    /// The queues of deliveries.
    pub queue: Arc<dyn Queue>,
    /// The attempts to deliver, and which destinations are unreachable.
    pub states: Arc<DestinationStates>,
    /// The attempts to send mail.
    pub mail: Arc<MailWakers>,
    /// The mails that are waiting.
    pub outgoing_mail: Arc<dyn OutgoingMail>,
    /// The search indexes.
    pub indexes: Arc<Indexes>,
    /// The connections of the store.
    pub store: Arc<dyn StoreHealth>,
    /// The clock of the store.
    pub clock: Arc<dyn Clock>,
}

type Seconds = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SiteLabels {
    site: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    site: String,
    destination: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    site: String,
    destination: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MailLabels {
    site: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
}

impl Metrics {
    /// The metrics at this moment. A store that cannot be read costs only its own metrics, and no more time than Prometheus waits;
    /// `deskbell_database_up` is 0 then.
    pub async fn render(&self) -> Result<String, fmt::Error> {
        let (queues, mails, pools) = tokio::join!(
            timeout(STORE_TIME, self.queue.queues()),
            timeout(STORE_TIME, self.outgoing_mail.waiting_mails()),
            self.store.pools()
        );
        let mut registry = Registry::with_prefix("deskbell");
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the gateway", version);
        self.requests.register(&mut registry);
        let streams = Gauge::<i64>::default();
        streams.set(i64::from(self.guard.open_streams()));
        registry.register("streams_open", "Event streams that are open", streams);
        let panics = Counter::<u64>::default();
        panics.inc_by(panics::count());
        registry.register("worker_panics", "Panics of background workers and attempts", panics);
        self.register_attempts(&mut registry);
        self.register_indexes(&mut registry);
        match queues.unwrap_or(Err(StoreError::Busy)) {
            Ok(queues) => self.register_queues(&mut registry, queues),
            Err(error) => tracing::warn!(%error, "reading the queues for metrics failed"),
        }
        match mails.unwrap_or(Err(StoreError::Busy)) {
            Ok(mails) => self.register_mails(&mut registry, mails),
            Err(error) => tracing::warn!(%error, "reading the waiting mails for metrics failed"),
        }
        register_pools(&mut registry, pools);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }

    fn register_attempts(&self, registry: &mut Registry) {
        let (attempts, reachable) =
            (Family::<AttemptLabels, Counter>::default(), Family::<QueueLabels, Gauge>::default());
        for (queue, state) in self.states.iter() {
            for (result, count) in counts(&state.attempts) {
                let labels =
                    AttemptLabels { site: queue.site.to_string(), destination: queue.destination.to_string(), result };
                attempts.get_or_create(&labels).inc_by(count);
            }
            let labels = QueueLabels { site: queue.site.to_string(), destination: queue.destination.to_string() };
            reachable.get_or_create(&labels).set(i64::from(state.unreachable().is_none()));
        }
        registry.register("delivery_attempts", "Attempts to deliver to a destination, by result", attempts);
        registry.register("destination_reachable", "Whether the last attempt reached the destination", reachable);
        let mails = Family::<MailLabels, Counter>::default();
        for (site, attempts) in self.mail.iter() {
            for (result, count) in counts(attempts) {
                mails.get_or_create(&MailLabels { site: site.to_string(), result }).inc_by(count);
            }
        }
        registry.register("mail_attempts", "Attempts to send a mail, by result", mails);
    }

    fn register_indexes(&self, registry: &mut Registry) {
        let questions = Family::<SiteLabels, Gauge>::default();
        for (site, size) in self.indexes.sizes() {
            questions.get_or_create(&SiteLabels { site: site.to_string() }).set(size as i64);
        }
        registry.register("index_questions", "Questions in the search index of a site", questions);
    }

    fn register_queues(&self, registry: &mut Registry, queues: Vec<QueueStatus>) {
        let (waiting, dead) = (Family::<QueueLabels, Gauge>::default(), Family::<QueueLabels, Gauge>::default());
        let oldest = Family::<QueueLabels, Seconds>::default();
        let now = self.clock.now();
        // An empty queue has no status; its metrics must not vanish.
        for (queue, _) in self.states.iter() {
            let labels = QueueLabels { site: queue.site.to_string(), destination: queue.destination.to_string() };
            waiting.get_or_create(&labels).set(0);
            dead.get_or_create(&labels).set(0);
            oldest.get_or_create(&labels).set(0.0);
        }
        for status in queues {
            let labels =
                QueueLabels { site: status.name.site.to_string(), destination: status.name.destination.to_string() };
            waiting.get_or_create(&labels).set(i64::from(status.waiting));
            dead.get_or_create(&labels).set(i64::from(status.dead_letters));
            let age = status.since.map_or(0.0, |since| now.since(since).as_secs_f64());
            oldest.get_or_create(&labels).set(age);
        }
        // The store counts no further, so that a scrape costs the same however much is queued.
        registry.register("deliveries_waiting", "Deliveries that are pending; 2000 stands for 2000 or more", waiting);
        registry.register("dead_letters", "Dead letters; 2000 stands for 2000 or more", dead);
        registry.register("deliveries_oldest_seconds", "Age of the oldest pending delivery", oldest);
    }

    fn register_mails(&self, registry: &mut Registry, mails: Vec<WaitingMails>) {
        let (waiting, oldest) = (Family::<SiteLabels, Gauge>::default(), Family::<SiteLabels, Seconds>::default());
        let now = self.clock.now();
        // A site without waiting mails is not listed; its metrics must not vanish.
        for (site, _) in self.mail.iter() {
            let labels = SiteLabels { site: site.to_string() };
            waiting.get_or_create(&labels).set(0);
            oldest.get_or_create(&labels).set(0.0);
        }
        for mails in mails {
            let labels = SiteLabels { site: mails.site.to_string() };
            waiting.get_or_create(&labels).set(i64::from(mails.count));
            let age = mails.since.map_or(0.0, |since| now.since(since).as_secs_f64());
            oldest.get_or_create(&labels).set(age);
        }
        registry.register("mails_waiting", "Mails to customers that are waiting", waiting);
        registry.register("mails_oldest_seconds", "Age of the oldest waiting mail to a customer", oldest);
    }
}

fn register_pools(registry: &mut Registry, pools: Vec<PoolStatus>) {
    let up = Gauge::<i64>::default();
    let (open, idle) = (Family::<PoolLabels, Gauge>::default(), Family::<PoolLabels, Gauge>::default());
    let waited = Family::<PoolLabels, Seconds>::default();
    up.set(i64::from(pools.iter().all(|pool| pool.acquire_time.is_some() || !pool.is_needed)));
    for pool in pools {
        let labels = PoolLabels { pool: pool.pool };
        open.get_or_create(&labels).set(i64::from(pool.open));
        idle.get_or_create(&labels).set(i64::from(pool.idle));
        if let Some(time) = pool.acquire_time {
            waited.get_or_create(&labels).set(time.as_secs_f64());
        }
    }
    registry.register(
        "database_up",
        "Whether this scrape got a connection of each pool that requests need within a second",
        up,
    );
    registry.register("database_connections_open", "Open connections to the database", open);
    registry.register("database_connections_idle", "Connections to the database that nobody uses", idle);
    registry.register("database_wait_seconds", "How long this scrape waited for a connection", waited);
}

/// The counts, each with the name of its result.
fn counts(attempts: &AttemptCounts) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    AttemptResult::ALL.into_iter().map(|result| (result.name(), attempts.get(result)))
}
