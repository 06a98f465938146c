//! How the destinations stand: what waits for them, what was given up, and why nothing gets through.

use super::super::app::App;
use super::super::clock;
use super::super::store::{Queue, StoreError};
use super::times;

/// For how many minutes something may wait before operators are told on the list of tickets.
const LATE_MINUTES: i64 = 10;

/// How a destination stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What waits and what was given up.
    pub queue: Queue,
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

/// All destinations of the configuration, then those that are gone and for which something is left.
pub async fn read(app: &App) -> Result<Vec<Standing>, StoreError> {
    let mut queues = app.store.queues().await?;
    let mut standings = Vec::new();
    for (site, of) in &app.settings.sites {
        for name in of.destinations.keys() {
            let known = queues.iter().position(|queue| queue.site == *site && queue.destination == *name);
            let queue = known.map(|known| queues.remove(known)).unwrap_or_else(|| nothing(site, name));
            let away = app.lines.line(site, name).and_then(|line| line.away());
            standings.push(Standing { queue, away, is_gone: false });
        }
    }
    standings.extend(queues.into_iter().map(|queue| Standing { queue, away: None, is_gone: true }));
    Ok(standings)
}

/// How much was given up that can be sent again.
pub fn given_up(standings: &[Standing]) -> u32 {
    standings.iter().filter(|standing| !standing.is_gone).map(|standing| standing.queue.given_up).sum()
}

fn nothing(site: &str, destination: &str) -> Queue {
    Queue { site: site.into(), destination: destination.into(), waiting: 0, since: None, given_up: 0 }
}
