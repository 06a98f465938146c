//! The state of the destinations in this process.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};

use crate::attempt_counts::AttemptCounts;
use crate::destinations::Destinations;
use crate::ids::{DestinationName, QueueName, SiteKey, TicketId};
use crate::ports::{DeliveryOutcome, DueDelivery, SiteScope};
use crate::timestamp::Timestamp;

/// How many settled deliveries a waiting request may lag behind.
const BEHIND_MAX: usize = 1024;

/// The states of all destinations, by queue.
#[derive(Debug)]
pub struct DestinationStates {
    states: BTreeMap<QueueName, Arc<DestinationState>>,
    settled: broadcast::Sender<TicketId>,
}

/// The state of one destination.
#[derive(Debug, Default)]
pub struct DestinationState {
    deliveries_due: watch::Sender<()>,
    polls_due: watch::Sender<()>,
    reachability: Mutex<Reachability>,
    unrecorded: Mutex<Vec<(DueDelivery, DeliveryOutcome)>>,
    mails: Mutex<MailCounts>,
    /// The attempts to deliver to it.
    pub attempts: AttemptCounts,
}

/// Whether a destination is reachable.
#[derive(Debug, Default)]
struct Reachability {
    /// None if it is reachable.
    outage: Option<Outage>,
    /// Whether other gateways have not been told yet.
    is_news: bool,
    /// Whether another gateway has reached it since the worker last checked.
    was_reached: bool,
}

/// Why a destination is unreachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The reason.
    pub reason: String,
    /// Until when it is left alone, by the clock of the store.
    pub until: Option<Timestamp>,
    /// Whether this gateway has found out itself.
    pub is_own: bool,
}

/// The mails that a destination has reported since the gateway started.
#[derive(Clone, Copy, Debug, Default)]
struct MailCounts {
    /// Mails with an authentication result.
    with_verdict: u64,
    /// Mails without one.
    without_verdict: u64,
}

impl DestinationStates {
    /// Creates the state of each destination.
    pub fn new(destinations: &Destinations) -> DestinationStates {
        let names = destinations.iter().map(|(site, name, _)| QueueName::new(site, name));
        let states = names.map(|name| (name, Arc::default())).collect();
        DestinationStates { states, settled: broadcast::channel(BEHIND_MAX).0 }
    }

    /// The states of the destinations after a reload. Those that stay have the same state, so that both assemblies of the gateway wake each
    /// other's workers.
    pub fn succeeded_by(&self, destinations: &Destinations) -> DestinationStates {
        let mut next = DestinationStates { settled: self.settled.clone(), ..DestinationStates::new(destinations) };
        for (queue, state) in &mut next.states {
            if let Some(present) = self.states.get(queue) {
                *state = present.clone();
            }
        }
        next
    }

    /// The state of a destination.
    pub fn get(&self, queue: &QueueName) -> Option<&Arc<DestinationState>> {
        self.states.get(queue)
    }

    /// All of them, each with its queue.
    pub fn iter(&self) -> impl Iterator<Item = (&QueueName, &DestinationState)> {
        self.states.iter().map(|(queue, state)| (queue, state.as_ref()))
    }

    /// Wakes the delivery workers of a site's destinations.
    pub fn wake_deliveries(&self, site: &SiteKey) {
        let first = QueueName::new(site, &DestinationName::new(""));
        let of_site = self.states.range(first..).take_while(|(queue, _)| queue.site == *site);
        of_site.for_each(|(_, state)| state.wake_deliveries());
    }

    /// A warning for agents of some sites if the receiver of a destination's mail never reports whether mails are authenticated; all mails then
    /// become notes.
    pub fn mail_warning(&self, sites: &SiteScope) -> Option<String> {
        let mut of_sites = self.states.iter().filter(|(queue, _)| sites.includes(&queue.site));
        let silent = of_sites.find(|(_, state)| {
            let mails = *state.mails.lock().unwrap_or_else(PoisonError::into_inner);
            mails.with_verdict == 0 && mails.without_verdict > 0
        });
        silent.map(|(QueueName { site, destination }, _)| {
            format!(
                "Mail for the destination {destination} of {site} arrives without \"authenticated\", so every reply \
                 by mail is stored as an internal note that customers do not see. The service that forwards mail to \
                 Deskbell must say whether DMARC passed."
            )
        })
    }

    /// Announces that a delivery of a ticket is settled.
    pub fn announce_settled(&self, ticket: &TicketId) {
        // Without receivers, this is no error.
        let _ = self.settled.send(ticket.clone());
    }

    /// The tickets whose deliveries are settled from here on.
    pub fn watch_settled(&self) -> broadcast::Receiver<TicketId> {
        self.settled.subscribe()
    }
}

impl DestinationState {
    /// Wakes the delivery worker.
    pub fn wake_deliveries(&self) {
        self.deliveries_due.send_replace(());
    }

    /// Wakes the sync worker.
    pub fn wake_polls(&self) {
        self.polls_due.send_replace(());
    }

    /// Changes when tickets may be due for a poll.
    pub fn watch_polls(&self) -> watch::Receiver<()> {
        self.polls_due.subscribe()
    }

    /// Changes when deliveries may be due.
    pub fn watch_deliveries(&self) -> watch::Receiver<()> {
        self.deliveries_due.subscribe()
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
    pub fn unreachable(&self) -> Option<String> {
        self.reachability().outage.as_ref().map(|outage| outage.reason.clone())
    }

    /// Records whether the destination is reachable, with the reason if not.
    pub fn set_unreachable(&self, reason: Option<String>) {
        let outage = reason.map(|reason| Outage { reason, until: None, is_own: true });
        let mut reachability = self.reachability();
        reachability.is_news |= outage.is_some() || reachability.outage.is_some();
        reachability.outage = outage;
    }

    /// Records that the destination is unreachable and left alone until then.
    pub fn leave_alone(&self, reason: String, until: Option<Timestamp>) {
        let mut reachability = self.reachability();
        reachability.outage = Some(Outage { reason, until, is_own: true });
        reachability.is_news = true;
    }

    /// Until when the destination is left alone because another gateway could not reach it. The time may have passed.
    pub fn left_alone_until(&self) -> Option<Timestamp> {
        self.reachability().outage.as_ref().filter(|outage| !outage.is_own)?.until
    }

    /// Whether another gateway has reached the destination since the last call, after it was unreachable.
    pub fn take_reached(&self) -> bool {
        take(&mut self.reachability().was_reached)
    }

    /// What other gateways have not been told yet, if anything: whether the destination is unreachable.
    pub fn take_news(&self) -> Option<Option<Outage>> {
        let mut reachability = self.reachability();
        take(&mut reachability.is_news).then(|| reachability.outage.clone())
    }

    /// Tells other gateways again, because they could not be told.
    pub fn keep_news(&self) {
        self.reachability().is_news = true;
    }

    /// Takes over what another gateway has found out, unless this one has found out more meanwhile.
    pub fn take_over(&self, outage: Option<Outage>) {
        let mut reachability = self.reachability();
        if reachability.is_news {
            return;
        }
        let is_reached = outage.is_none() && reachability.outage.is_some();
        reachability.outage = outage;
        reachability.was_reached |= is_reached;
        drop(reachability);
        if is_reached {
            self.wake_deliveries();
        }
    }

    fn reachability(&self) -> MutexGuard<'_, Reachability> {
        self.reachability.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
