//! How the destinations stand: what waits for them, what was given up, and why nothing gets through.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::times;
use crate::clock;
use crate::delivery::{Destinations, Lines};
use crate::guard::ProxyWatch;
use crate::store::{Queue, QueueStatus, StoreError};

/// For how many minutes something may wait before operators are told on the list of tickets.
const LATE_MINUTES: i64 = 10;

/// How a destination stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What waits and what was given up.
    pub queue: QueueStatus,
    /// Why nothing gets through now.
    pub away: Option<String>,
    /// Whether the configuration names it no more, so that nothing is brought there.
    pub is_gone: bool,
}

impl Standing {
    /// Whether an operator has to look: something was given up, or waits for longer than it takes when all is well. What waits for a
    /// destination that is gone waits because somebody took it away.
    pub fn needs_somebody(&self) -> bool {
        !self.is_gone && (self.queue.given_up > 0 || self.is_late())
    }

    fn is_late(&self) -> bool {
        self.queue.since.as_deref().is_some_and(|since| times::is_older(since, &clock::now(), LATE_MINUTES))
    }
}

/// Tells how the destinations stand.
pub struct Standings {
    /// What waits.
    pub queue: Arc<dyn Queue>,
    /// The destinations of the configuration.
    pub destinations: Arc<Destinations>,
    /// Their queues.
    pub lines: Arc<Lines>,
    /// Notices a proxy that is not configured.
    pub proxy_watch: Arc<ProxyWatch>,
}

impl Standings {
    /// The destinations for which something waits or was given up: what every page has to know of, whatever the configuration names.
    pub async fn read(&self) -> Result<Vec<Standing>, StoreError> {
        let standing = |queue: QueueStatus| {
            let line = self.lines.line(&queue.site, &queue.destination);
            Standing { away: line.and_then(|line| line.away()), is_gone: line.is_none(), queue }
        };
        Ok(self.queue.queues().await?.into_iter().map(standing).collect())
    }

    /// All destinations of the configuration, then those that are gone and for which something is left.
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

    /// What agents are warned of on every page.
    pub fn warning(&self) -> Option<String> {
        self.proxy_watch.warning().or_else(|| self.lines.mail_warning())
    }
}

/// How much was given up that can be sent again.
pub fn given_up(standings: &[Standing]) -> u32 {
    standings.iter().filter(|standing| !standing.is_gone).map(|standing| standing.queue.given_up).sum()
}

fn nothing(site: &str, destination: &str) -> QueueStatus {
    QueueStatus { site: site.into(), destination: destination.into(), waiting: 0, since: None, given_up: 0 }
}
