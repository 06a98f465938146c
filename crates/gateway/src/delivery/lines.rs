//! The in-memory state of the delivery queues.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, watch};

use super::Destinations;
use crate::store::{DeliveryOutcome, DueDelivery};

/// How many settled deliveries somebody who waits may be behind.
const BEHIND_MAX: usize = 1024;

/// The queues of all destinations, by site and name.
#[derive(Debug)]
pub struct Lines {
    lines: BTreeMap<(String, String), Arc<Line>>,
    settled: broadcast::Sender<String>,
}

/// The queue of one destination.
#[derive(Debug, Default)]
pub struct Line {
    woken: watch::Sender<()>,
    looks: watch::Sender<()>,
    away: Mutex<Option<String>>,
    unrecorded: Mutex<Vec<(DueDelivery, DeliveryOutcome)>>,
    mails: Mutex<Mails>,
}

/// The mails that a destination has told since the gateway started.
#[derive(Clone, Copy, Debug, Default)]
struct Mails {
    /// Those that say whether they are authenticated.
    with_verdict: u64,
    /// Those that do not.
    without_verdict: u64,
}

impl Lines {
    /// A queue for each destination.
    pub fn new(destinations: &Destinations) -> Lines {
        let names = destinations.iter().map(|(site, name, _)| (site.to_string(), name.to_string()));
        Lines { lines: names.map(|name| (name, Arc::default())).collect(), settled: broadcast::channel(BEHIND_MAX).0 }
    }

    /// The queue of a destination.
    pub fn line(&self, site: &str, destination: &str) -> Option<&Arc<Line>> {
        self.lines.get(&(site.to_string(), destination.to_string()))
    }

    /// There may be something to bring to the destinations of a site.
    pub fn wake(&self, site: &str) {
        self.lines.iter().filter(|((of, _), _)| of == site).for_each(|(_, line)| line.wake());
    }

    /// A sentence for agents where what receives mail for a destination never says whether it is authenticated: then all mail becomes notes.
    pub fn mail_warning(&self) -> Option<String> {
        let silent = self.lines.iter().find(|(_, line)| {
            let mails = *line.mails.lock().unwrap_or_else(PoisonError::into_inner);
            mails.with_verdict == 0 && mails.without_verdict > 0
        });
        silent.map(|((site, destination), _)| {
            format!(
                "Mail for the destination {destination} of {site} comes without \"authenticated\", so every reply by mail is kept as an \
                 internal note and customers do not see it. The service that posts it to Deskbell has to say whether DMARC has passed."
            )
        })
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

    /// Keeps outcomes of attempts that are not stored yet for the next worker.
    pub fn keep_unrecorded(&self, outcomes: Vec<(DueDelivery, DeliveryOutcome)>) {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).extend(outcomes);
    }

    /// The outcomes that a worker has left behind.
    pub fn take_unrecorded(&self) -> Vec<(DueDelivery, DeliveryOutcome)> {
        take(&mut *self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a mail, and whether it says that it is authenticated or that it is not.
    pub fn count_mail(&self, has_verdict: bool) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let count = if has_verdict { &mut mails.with_verdict } else { &mut mails.without_verdict };
        *count += 1;
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
