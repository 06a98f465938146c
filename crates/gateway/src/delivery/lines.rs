//! The in-memory state of the delivery queues.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, watch};

use super::destinations::Destinations;
use deskbell_core::ports::{DeliveryOutcome, DueDelivery};

/// How many settled deliveries a waiting request may lag behind.
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

/// The mails that a destination has reported since the gateway started.
#[derive(Clone, Copy, Debug, Default)]
struct Mails {
    /// Mails with an authentication result.
    with_verdict: u64,
    /// Mails without one.
    without_verdict: u64,
}

impl Lines {
    /// Creates a queue for each destination.
    pub fn new(destinations: &Destinations) -> Lines {
        let names = destinations.iter().map(|(site, name, _)| (site.to_string(), name.to_string()));
        Lines { lines: names.map(|name| (name, Arc::default())).collect(), settled: broadcast::channel(BEHIND_MAX).0 }
    }

    /// The queue of a destination.
    pub fn line(&self, site: &str, destination: &str) -> Option<&Arc<Line>> {
        self.lines.get(&(site.to_string(), destination.to_string()))
    }

    /// Wakes the delivery workers of a site's destinations.
    pub fn wake(&self, site: &str) {
        self.lines.iter().filter(|((of, _), _)| of == site).for_each(|(_, line)| line.wake());
    }

    /// A warning for agents if the receiver of a destination's mail never reports whether mails are authenticated; all mails then become notes.
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

    /// Announces that a delivery of a ticket is settled.
    pub fn settle(&self, ticket: &str) {
        // Without receivers, this is no error.
        let _ = self.settled.send(ticket.to_string());
    }

    /// The tickets whose deliveries are settled from here on.
    pub fn watch(&self) -> broadcast::Receiver<String> {
        self.settled.subscribe()
    }
}

impl Line {
    /// Wakes the delivery worker.
    pub fn wake(&self) {
        self.woken.send_replace(());
    }

    /// Wakes the sync worker.
    pub fn look(&self) {
        self.looks.send_replace(());
    }

    /// Changes when tickets may be due for a poll.
    pub fn looks(&self) -> watch::Receiver<()> {
        self.looks.subscribe()
    }

    /// Changes when deliveries may be due.
    pub fn woken(&self) -> watch::Receiver<()> {
        self.woken.subscribe()
    }

    /// Keeps outcomes of attempts that are not stored yet for the next worker.
    pub fn keep_unrecorded(&self, outcomes: Vec<(DueDelivery, DeliveryOutcome)>) {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner).extend(outcomes);
    }

    /// The outcomes that a previous worker has not stored.
    pub fn take_unrecorded(&self) -> Vec<(DueDelivery, DeliveryOutcome)> {
        take(&mut *self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a mail, with or without an authentication result.
    pub fn count_mail(&self, has_verdict: bool) {
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        let count = if has_verdict { &mut mails.with_verdict } else { &mut mails.without_verdict };
        *count += 1;
    }

    /// Why the destination is unreachable; none if it is reachable.
    pub fn away(&self) -> Option<String> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records whether the destination is reachable, with the reason if not.
    pub fn set_away(&self, reason: Option<String>) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}
