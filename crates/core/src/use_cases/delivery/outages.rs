//! Tells other gateways which destinations are unreachable, and takes over what they have found out.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::states::{DestinationStates, Outage};
use crate::clock::Clock;
use crate::ports::{Outages, StoreError};

/// How often.
const EVERY: Duration = Duration::from_secs(2);
/// How much longer than the gateway that has reported it others leave a destination alone, so that one tries.
const GRACE: Duration = Duration::from_secs(5);

/// Shares the reachability of destinations with other gateways.
#[derive(Clone)]
pub struct ShareOutages {
    outages: Arc<dyn Outages>,
    states: Arc<DestinationStates>,
    clock: Arc<dyn Clock>,
}

impl ShareOutages {
    /// Shares these states. `clock` is that of the store.
    pub fn new(outages: Arc<dyn Outages>, states: Arc<DestinationStates>, clock: Arc<dyn Clock>) -> ShareOutages {
        ShareOutages { outages, states, clock }
    }

    /// Shares them from time to time; never returns.
    pub async fn run(&self) -> Infallible {
        loop {
            if let Err(error) = self.exchange().await {
                tracing::debug!(%error, "sharing unreachable destinations failed");
            }
            sleep(EVERY).await;
        }
    }

    /// Reports what is new here, and takes over the rest.
    pub async fn exchange(&self) -> Result<(), StoreError> {
        for (queue, state) in self.states.iter() {
            let Some(outage) = state.take_news() else { continue };
            let now = self.clock.now();
            let left = |outage: &Outage| outage.until.map_or(Duration::ZERO, |until| until.since(now));
            let report = outage.as_ref().map(|outage| (outage.reason.as_str(), left(outage)));
            if let Err(error) = self.outages.report_outage(queue, report).await {
                state.keep_news();
                return Err(error);
            }
        }
        let mut outages = self.outages.outages().await?;
        for (queue, state) in self.states.iter() {
            let outage = outages.remove(queue).map(|reported| Outage {
                reason: reported.reason,
                until: Some(reported.retry_at + GRACE),
                is_own: reported.is_own,
            });
            state.take_over(outage);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::clock::{self, SystemClock};
    use crate::destinations::Destinations;
    use crate::ids::QueueName;
    use crate::ports::destination::{DeliveryContents, DeliveryReceipt, Destination, Failure, Finding};
    use crate::ports::{DeliveryKind, ReportedOutage};
    use crate::timestamp::Timestamp;
    use domain::config::Config;
    use domain::conversation::Author;

    #[derive(Debug)]
    struct Desk;

    #[async_trait]
    impl Destination for Desk {
        fn accepts(&self, _kind: DeliveryKind, _author: Author) -> bool {
            true
        }

        async fn deliver(&self, _contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
            Ok(DeliveryReceipt::default())
        }

        async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
            Vec::new()
        }
    }

    /// The reports of gateways, by the number of the gateway.
    type Reports = Arc<Mutex<BTreeMap<QueueName, (u8, String, Timestamp)>>>;

    /// The reports as one gateway sees them.
    struct MemoryOutages(u8, Reports);

    #[async_trait]
    impl Outages for MemoryOutages {
        async fn report_outage(&self, queue: &QueueName, outage: Option<(&str, Duration)>) -> Result<(), StoreError> {
            let mut reports = self.1.lock().unwrap();
            match outage {
                Some((reason, retry_in)) => {
                    reports.insert(queue.clone(), (self.0, reason.into(), clock::now() + retry_in));
                }
                None => drop(reports.remove(queue)),
            }
            Ok(())
        }

        async fn outages(&self) -> Result<BTreeMap<QueueName, ReportedOutage>, StoreError> {
            let reported = |(queue, (gateway, reason, retry_at)): (&QueueName, &(u8, String, Timestamp))| {
                let is_own = *gateway == self.0;
                (queue.clone(), ReportedOutage { reason: reason.clone(), retry_at: *retry_at, is_own })
            };
            Ok(self.1.lock().unwrap().iter().map(reported).collect())
        }
    }

    /// The states of one gateway and how it shares them.
    fn gateway(number: u8, reports: &Reports) -> (Arc<DestinationStates>, ShareOutages) {
        let mut destinations = Destinations::default();
        destinations.insert(&"acme".into(), &"desk".into(), Arc::new(Desk));
        let states = Arc::new(DestinationStates::new(&destinations));
        let outages = Arc::new(MemoryOutages(number, reports.clone()));
        (states.clone(), ShareOutages::new(outages, states, Arc::new(SystemClock)))
    }

    #[tokio::test]
    async fn what_one_gateway_cannot_reach_is_left_alone_by_all_until_one_reaches_it() {
        let (reports, queue) = (Reports::default(), QueueName::new(&"acme".into(), &"desk".into()));
        let ((here, share_here), (there, share_there)) = (gateway(1, &reports), gateway(2, &reports));
        let (here, there) = (here.get(&queue).unwrap(), there.get(&queue).unwrap());
        let exchange = async || {
            for share in [&share_here, &share_there, &share_here] {
                share.exchange().await.unwrap();
            }
        };
        let until = clock::now() + Duration::from_secs(60);
        here.leave_alone("closed".into(), Some(until));
        exchange().await;
        assert_eq!([here.unreachable(), there.unreachable()], [Some("closed".into()), Some("closed".into())]);
        assert_eq!(here.left_alone_until(), None, "who has reported it decides when to try again");
        assert!(there.left_alone_until().is_some_and(|left_alone| left_alone > until));
        // The other one tries, and reaches it.
        let mut woken = here.watch_deliveries();
        there.set_unreachable(None);
        share_there.exchange().await.unwrap();
        share_here.exchange().await.unwrap();
        assert_eq!([here.unreachable(), there.unreachable()], [None, None]);
        assert!(here.take_reached() && !here.take_reached() && !there.take_reached());
        assert!(woken.has_changed().unwrap());
        woken.mark_unchanged();
    }

    #[tokio::test]
    async fn what_a_gateway_finds_out_meanwhile_counts_more_than_earlier_reports() {
        let (reports, queue) = (Reports::default(), QueueName::new(&"acme".into(), &"desk".into()));
        let (states, share) = gateway(1, &reports);
        reports.lock().unwrap().insert(queue.clone(), (2, "closed".into(), clock::now()));
        share.exchange().await.unwrap();
        let state = states.get(&queue).unwrap();
        state.set_unreachable(None);
        state.take_over(Some(Outage { reason: "closed".into(), until: None, is_own: false }));
        assert_eq!(state.unreachable(), None);
        share.exchange().await.unwrap();
        assert!(reports.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_gateway_that_has_reported_an_outage_and_stopped_holds_nobody_up() {
        let (reports, queue) = (Reports::default(), QueueName::new(&"acme".into(), &"desk".into()));
        let (states, share) = gateway(1, &reports);
        let retry_at = clock::now() - Duration::from_secs(60);
        reports.lock().unwrap().insert(queue.clone(), (2, "closed".into(), retry_at));
        for _ in 0..2 {
            share.exchange().await.unwrap();
            assert_eq!(states.get(&queue).unwrap().left_alone_until(), Some(retry_at + GRACE));
        }
        assert!(states.get(&queue).unwrap().unreachable().is_some(), "nobody has reached it");
    }
}
