//! What is known of the queues while the gateway runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, watch};

use crate::gateway::settings::Site;

/// How many settled deliveries somebody who waits may be behind.
const BEHIND_MAX: usize = 1024;

/// The queues of all destinations, by site and name.
#[derive(Debug)]
pub struct Lines {
    lines: BTreeMap<(String, String), Arc<Line>>,
    settled: broadcast::Sender<String>,
}

/// The queue of one destination.
#[derive(Debug)]
pub struct Line {
    woken: watch::Sender<()>,
    looks: watch::Sender<()>,
    away: Mutex<Option<String>>,
}

impl Lines {
    /// A queue for each destination.
    pub fn new(sites: &BTreeMap<String, Site>) -> Lines {
        let names = sites.iter().flat_map(|(site, of)| of.destinations.keys().map(|name| (site.clone(), name.clone())));
        let line =
            || Arc::new(Line { woken: watch::Sender::new(()), looks: watch::Sender::new(()), away: Mutex::new(None) });
        Lines { lines: names.map(|name| (name, line())).collect(), settled: broadcast::channel(BEHIND_MAX).0 }
    }

    /// The queue of a destination.
    pub fn line(&self, site: &str, destination: &str) -> Option<&Arc<Line>> {
        self.lines.get(&(site.to_string(), destination.to_string()))
    }

    /// There may be something to bring to the destinations of a site.
    pub fn wake(&self, site: &str) {
        self.lines.iter().filter(|((of, _), _)| of == site).for_each(|(_, line)| line.wake());
    }

    /// Something about a ticket has come to an end, one way or the other.
    pub fn settle(&self, ticket: &str) {
        // Nobody waits, which is no error.
        let _ = self.settled.send(ticket.to_string());
    }

    /// The tickets about which something comes to an end from now on.
    pub fn watch(&self) -> broadcast::Receiver<String> {
        self.settled.subscribe()
    }
}

impl Line {
    /// There may be something to bring there.
    pub fn wake(&self) {
        self.woken.send_replace(());
    }

    /// There may be something to look at there.
    pub fn look(&self) {
        self.looks.send_replace(());
    }

    /// Changes when there may be something to look at.
    pub fn looks(&self) -> watch::Receiver<()> {
        self.looks.subscribe()
    }

    /// Changes when there may be something to bring there.
    pub fn woken(&self) -> watch::Receiver<()> {
        self.woken.subscribe()
    }

    /// Why nothing gets through now; none where it does.
    pub fn away(&self) -> Option<String> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes whether something gets through.
    pub fn set_away(&self, reason: Option<String>) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}
