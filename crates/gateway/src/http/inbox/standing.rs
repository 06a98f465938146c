//! The state of the destinations: pending deliveries, dead letters, and why a destination is unreachable.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::times;
use crate::delivery::{Destinations, Lines};
use crate::guard::ProxyWatch;
use deskbell_core::clock;
use deskbell_core::ports::{Queue, QueueStatus, StoreError};

/// How many minutes a delivery may be pending before the list of tickets shows a notice.
const LATE_MINUTES: i64 = 10;

/// The state of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its pending deliveries and dead letters.
    pub queue: QueueStatus,
    /// Why it is unreachable, if it is.
    pub away: Option<String>,
    /// Whether it was removed from the configuration, so that nothing is delivered to it.
    pub is_gone: bool,
}

impl Standing {
    /// Whether it needs attention: it has dead letters, or deliveries that are pending for too long. Deliveries to a removed destination do not
    /// count, because an administrator has removed it on purpose.
    pub fn needs_somebody(&self) -> bool {
        !self.is_gone && (self.queue.dead_letters > 0 || self.is_late())
    }

    fn is_late(&self) -> bool {
        self.queue.since.as_deref().is_some_and(|since| times::is_older(since, &clock::now(), LATE_MINUTES))
    }
}

/// Reads the state of the destinations.
pub struct Standings {
    /// The deliveries.
    pub queue: Arc<dyn Queue>,
    /// The configured destinations.
    pub destinations: Arc<Destinations>,
    /// Their queues.
    pub lines: Arc<Lines>,
    /// Detects a proxy that is not configured.
    pub proxy_watch: Arc<ProxyWatch>,
}

impl Standings {
    /// The destinations with pending deliveries or dead letters, configured or not; every page needs them.
    pub async fn read(&self) -> Result<Vec<Standing>, StoreError> {
        let standing = |queue: QueueStatus| {
            let line = self.lines.line(&queue.site, &queue.destination);
            Standing { away: line.and_then(|line| line.away()), is_gone: line.is_none(), queue }
        };
        Ok(self.queue.queues().await?.into_iter().map(standing).collect())
    }

    /// All configured destinations, then removed ones with deliveries left.
    pub async fn read_all(&self) -> Result<Vec<Standing>, StoreError> {
        let open = self.read().await?.into_iter();
        let key = |standing: &Standing| (standing.queue.site.clone(), standing.queue.destination.clone());
        let mut open: BTreeMap<(String, String), Standing> = open.map(|standing| (key(&standing), standing)).collect();
        let mut standings = Vec::new();
        for (site, name, _) in self.destinations.iter() {
            let known = open.remove(&(site.to_string(), name.to_string()));
            let away = || self.lines.line(site, name).and_then(|line| line.away());
            standings.push(known.unwrap_or_else(|| Standing {
                queue: nothing(site, name),
                away: away(),
                is_gone: false,
            }));
        }
        standings.extend(open.into_values());
        Ok(standings)
    }

    /// The warning on every page, if any.
    pub fn warning(&self) -> Option<String> {
        self.proxy_watch.warning().or_else(|| self.lines.mail_warning())
    }
}

/// The number of dead letters that can be retried.
pub fn dead_letters(standings: &[Standing]) -> u32 {
    standings.iter().filter(|standing| !standing.is_gone).map(|standing| standing.queue.dead_letters).sum()
}

fn nothing(site: &str, destination: &str) -> QueueStatus {
    QueueStatus { site: site.into(), destination: destination.into(), waiting: 0, since: None, dead_letters: 0 }
}
