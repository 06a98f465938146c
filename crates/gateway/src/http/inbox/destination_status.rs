//! The state of the destinations: pending deliveries, dead letters, and why a destination is unreachable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::guard::ProxyWatch;
use deskbell_core::clock;
use deskbell_core::destinations::Destinations;
use deskbell_core::ids::QueueName;
use deskbell_core::ports::{Queue, QueueStatus, SiteScope, StoreError};
use deskbell_core::use_cases::delivery::DestinationStates;

/// How long a delivery may be pending before the list of tickets shows a notice.
const LATE: Duration = Duration::from_secs(10 * 60);

/// The state of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationStatus {
    /// Its pending deliveries and dead letters.
    pub queue: QueueStatus,
    /// Why it is unreachable, if it is.
    pub unreachable_reason: Option<String>,
    /// Whether it was removed from the configuration, so that nothing is delivered to it.
    pub is_gone: bool,
}

impl DestinationStatus {
    /// Whether it needs attention: it has dead letters, or deliveries that are pending for too long. Deliveries to a removed destination do not
    /// count, because an administrator has removed it on purpose.
    pub fn needs_somebody(&self) -> bool {
        !self.is_gone && (self.queue.dead_letters > 0 || self.is_late())
    }

    fn is_late(&self) -> bool {
        self.queue.since.is_some_and(|since| clock::now().since(since) > LATE)
    }
}

/// Reads the state of the destinations.
pub struct DestinationStatuses {
    /// The deliveries.
    pub queue: Arc<dyn Queue>,
    /// The configured destinations.
    pub destinations: Arc<Destinations>,
    /// Their states.
    pub states: Arc<DestinationStates>,
    /// Detects a proxy that is not configured.
    pub proxy_watch: Arc<ProxyWatch>,
}

impl DestinationStatuses {
    /// The destinations of some sites with pending deliveries or dead letters, configured or not; every page needs them.
    pub async fn read(&self, sites: &SiteScope) -> Result<Vec<DestinationStatus>, StoreError> {
        let status_of = |queue: QueueStatus| {
            let state = self.states.get(&queue.name);
            DestinationStatus {
                unreachable_reason: state.and_then(|state| state.unreachable()),
                is_gone: state.is_none(),
                queue,
            }
        };
        let queues = self.queue.queues().await?.into_iter().filter(|queue| sites.includes(&queue.name.site));
        Ok(queues.map(status_of).collect())
    }

    /// All configured destinations of some sites, then removed ones with deliveries left.
    pub async fn read_all(&self, sites: &SiteScope) -> Result<Vec<DestinationStatus>, StoreError> {
        let open = self.read(sites).await?.into_iter();
        let mut open: BTreeMap<QueueName, DestinationStatus> =
            open.map(|status| (status.queue.name.clone(), status)).collect();
        let mut destinations = Vec::new();
        for (site, name, _) in self.destinations.iter().filter(|(site, ..)| sites.includes(site)) {
            let queue = QueueName::new(site, name);
            let existing = open.remove(&queue);
            let unreachable_reason = || self.states.get(&queue).and_then(|state| state.unreachable());
            destinations.push(existing.unwrap_or_else(|| DestinationStatus {
                unreachable_reason: unreachable_reason(),
                queue: empty_queue(queue.clone()),
                is_gone: false,
            }));
        }
        destinations.extend(open.into_values());
        Ok(destinations)
    }

    /// The warning on every page for agents of some sites, if any. Only those of all sites see the addresses of proxies.
    pub fn warning(&self, sites: &SiteScope) -> Option<String> {
        let of_proxies = self.proxy_watch.warning().filter(|_| *sites == SiteScope::All);
        of_proxies.or_else(|| self.states.mail_warning(sites))
    }
}

/// The number of dead letters that can be retried.
pub fn dead_letters(destinations: &[DestinationStatus]) -> u32 {
    destinations.iter().filter(|status| !status.is_gone).map(|status| status.queue.dead_letters).sum()
}

fn empty_queue(name: QueueName) -> QueueStatus {
    QueueStatus { name, waiting: 0, since: None, dead_letters: 0 }
}
