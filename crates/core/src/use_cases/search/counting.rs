//! Counts how answers were used, and searches that found nothing. Counts are collected and written once a second, so that counting costs a
//! single transaction of the one writer, which tickets need, and not one per event. Collected counts are lost if the process is killed.

use std::collections::{HashMap, VecDeque};
use std::mem::take;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;
use crate::ids::SiteKey;
use crate::ports::{Count, Counts, StoreError};
use crate::pseudonym::{CountedSender, Pseudonyms};
use domain::deflection::counts_questions;
use domain::event::{Event, EventName};

/// The interval between writes of collected counts.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How many counts one transaction writes.
const FLUSH_AT_ONCE: usize = 200;
/// How many counts are collected; further ones are dropped. An event has 8 kB at most.
const QUEUE_MAX: usize = 2_000;
/// How long a visit must be silent before its last search counts.
const STILL: Duration = Duration::from_secs(10);
/// How many visits with a pending search are stored, in all and per network or customer; further ones are not counted.
const WAITING_MAX: usize = 10_000;
const WAITING_OF_ONE_MAX: u32 = 50;
/// How many events one network or customer may count per hour, so that nobody can distort the counts alone.
const EVENTS_AN_HOUR: u32 = 300;
const SEARCHES_AN_HOUR: u32 = 60;
/// How many networks and customers are told apart per hour; further ones are not counted until it is over.
const SENDERS_MAX: usize = 50_000;
/// For how many weeks counts are stored.
const WEEKS_KEPT: u32 = 57;
/// For how many weeks the senders of counts are stored, after the current one: a visit may continue past the end of a week.
const WHO_KEPT: u32 = 1;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Collects counts.
#[derive(Debug)]
pub struct Counting {
    pseudonyms: Pseudonyms,
    pending: Mutex<PendingCounts>,
}

#[derive(Debug, Default)]
struct PendingCounts {
    queue: VecDeque<Count>,
    /// The last search of each visit that found nothing, by site and visit.
    waiting: HashMap<(SiteKey, String), Search>,
    /// What each sender has counted this hour.
    senders: HashMap<[u8; 32], SenderCounts>,
    /// The current hour, since 1970.
    hour: i64,
    dropped: u64,
}

#[derive(Debug)]
struct Search {
    words: String,
    pseudonym: [u8; 32],
    sender: [u8; 32],
    at: Instant,
}

#[derive(Clone, Copy, Debug, Default)]
struct SenderCounts {
    events: u32,
    searches: u32,
    waiting: u32,
}

impl Counting {
    /// Creates it without counts.
    pub fn new(pseudonyms: Pseudonyms) -> Counting {
        Counting { pseudonyms, pending: Mutex::default() }
    }

    /// Counts an event. A submitted ticket ends the visit, and its last search counts as a search miss.
    pub fn add_event(&self, site: &SiteKey, mut event: Event, sender: &CountedSender) {
        if !counts_questions(event.name) {
            event.questions = Vec::new();
        }
        let sender = self.sender(site, sender);
        let mut pending = self.pending();
        if !pending.admit(sender, |share| &mut share.events, EVENTS_AN_HOUR) {
            return;
        }
        let ended = (event.name == EventName::Sent).then(|| (site.clone(), event.visit.clone()));
        pending.push(Count::Event { site: site.clone(), week: clock::week(0), event });
        if let Some(visit) = ended
            && let Some(search) = pending.remove_waiting(&visit)
        {
            self.settle(&mut pending, visit.0, search);
        }
    }

    /// Records a search of a visit: its words if it found nothing, or `None` if it found something and nothing is missing.
    pub fn add_search(&self, site: &SiteKey, visit: &str, sender: &CountedSender, words: Option<String>) {
        let key = (site.clone(), visit.to_string());
        let (sender, pseudonym) =
            (self.sender(site, sender), self.pseudonyms.digest("search", site, &clock::week(0), sender));
        let mut pending = self.pending();
        pending.remove_waiting(&key);
        let Some(words) = words else { return };
        let is_full = pending.waiting.len() >= WAITING_MAX;
        if is_full || !pending.admit(sender, |share| &mut share.waiting, WAITING_OF_ONE_MAX) {
            pending.dropped += 1;
            return;
        }
        pending.waiting.insert(key, Search { words, pseudonym, sender, at: Instant::now() });
    }

    /// Writes the collected counts.
    pub async fn flush(&self, store: &dyn Counts) -> Result<(), StoreError> {
        loop {
            let batch: Vec<Count> = {
                let mut pending = self.pending();
                let length = pending.queue.len().min(FLUSH_AT_ONCE);
                pending.queue.drain(..length).collect()
            };
            if batch.is_empty() {
                return Ok(());
            }
            if let Err(error) = store.record_counts(&batch).await {
                // A busy store is retried; counts that fail for another reason would fail again.
                if matches!(error, StoreError::Busy) {
                    let mut pending = self.pending();
                    for count in batch.into_iter().rev() {
                        pending.queue.push_front(count);
                    }
                }
                return Err(error);
            }
        }
    }

    /// Counts the searches of visits that have been silent for a while.
    fn settle_still(&self, still: Duration) {
        let mut pending = self.pending();
        let due: Vec<((SiteKey, String), Search)> =
            pending.waiting.extract_if(|_, search| search.at.elapsed() >= still).collect();
        for ((site, _), search) in due {
            pending.leave(&search);
            self.settle(&mut pending, site, search);
        }
    }

    fn settle(&self, pending: &mut PendingCounts, site: SiteKey, search: Search) {
        let Search { words, pseudonym, sender, .. } = search;
        if pending.admit(sender, |share| &mut share.searches, SEARCHES_AN_HOUR) {
            let search = self.pseudonyms.of_words(&words);
            pending.push(Count::SearchMiss { site, week: clock::week(0), pseudonym, search, words, at: clock::now() });
        }
    }

    fn sender(&self, site: &SiteKey, sender: &CountedSender) -> [u8; 32] {
        self.pseudonyms.digest("sender", site, "", sender)
    }

    fn pending(&self) -> MutexGuard<'_, PendingCounts> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = clock::now().as_seconds() / 3600;
        if pending.hour != hour {
            pending.hour = hour;
            pending.senders.clear();
        }
        pending
    }
}

impl PendingCounts {
    /// Takes one from the hourly quota of a sender, if there is one left.
    fn admit(&mut self, sender: [u8; 32], counter: impl Fn(&mut SenderCounts) -> &mut u32, most: u32) -> bool {
        if self.senders.len() >= SENDERS_MAX && !self.senders.contains_key(&sender) {
            self.dropped += 1;
            return false;
        }
        let share = counter(self.senders.entry(sender).or_default());
        let is_admitted = *share < most;
        *share += u32::from(is_admitted);
        self.dropped += u64::from(!is_admitted);
        is_admitted
    }

    fn push(&mut self, count: Count) {
        match self.queue.len() < QUEUE_MAX {
            true => self.queue.push_back(count),
            false => self.dropped += 1,
        }
    }

    fn remove_waiting(&mut self, key: &(SiteKey, String)) -> Option<Search> {
        let search = self.waiting.remove(key)?;
        self.leave(&search);
        Some(search)
    }

    fn leave(&mut self, search: &Search) {
        if let Some(share) = self.senders.get_mut(&search.sender) {
            share.waiting = share.waiting.saturating_sub(1);
        }
    }
}

/// Writes counts and deletes old ones; never returns.
pub async fn run(counting: &Counting, store: &dyn Counts) {
    let mut interval = tokio::time::interval(FLUSH_EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut cleaned: Option<Instant> = None;
    loop {
        interval.tick().await;
        counting.settle_still(STILL);
        if let Err(error) = counting.flush(store).await {
            tracing::warn!(%error, "recording counts failed");
        }
        let dropped = take(&mut counting.pending().dropped);
        if dropped > 0 {
            tracing::debug!(dropped, "counts dropped");
        }
        if cleaned.is_none_or(|at| at.elapsed() >= DAY) {
            cleaned = Some(Instant::now());
            if let Err(error) = store.forget_counts(clock::weeks_ago(WEEKS_KEPT), clock::weeks_ago(WHO_KEPT)).await {
                tracing::warn!(%error, "deleting old counts failed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ticket::Kind;

    fn counting() -> Counting {
        Counting::new(Pseudonyms::new(vec![1; 32]))
    }

    fn network(n: u8) -> CountedSender {
        CountedSender::Network(Some([192, 0, n, 0].into()))
    }

    fn opened(visit: u32) -> Event {
        let visit = format!("{visit:016x}.0");
        Event { visit, name: EventName::Opened, kind: Kind::Bug, questions: vec!["a".into()] }
    }

    #[test]
    fn counts_per_network_are_limited_independently() {
        let counting = counting();
        for visit in 0..2 * EVENTS_AN_HOUR {
            counting.add_event(&"acme".into(), opened(visit), &network(1));
        }
        assert_eq!(counting.pending().queue.len(), EVENTS_AN_HOUR as usize);
        counting.add_event(&"acme".into(), opened(0), &network(2));
        assert_eq!(counting.pending().queue.len(), EVENTS_AN_HOUR as usize + 1);
    }

    #[test]
    fn pending_counts_are_bounded() {
        let counting = counting();
        for visit in 0..50_u32 {
            for n in 0..100 {
                counting.add_event(&"acme".into(), opened(visit), &network(n));
                counting.add_search(
                    &"acme".into(),
                    &format!("{visit:015x}{n:x}.0"),
                    &network(n),
                    Some("dark mode".into()),
                );
            }
        }
        assert_eq!(counting.pending().queue.len(), QUEUE_MAX);
        for visit in 0..200 {
            counting.add_search(&"acme".into(), &format!("{visit:016x}.0"), &network(200), Some("dark mode".into()));
        }
        let pending = counting.pending();
        let of_one =
            pending.waiting.values().filter(|search| search.sender == counting.sender(&"acme".into(), &network(200)));
        assert_eq!(of_one.count(), WAITING_OF_ONE_MAX as usize);
        assert!(pending.waiting.len() <= WAITING_MAX);
    }

    #[test]
    fn searches_count_once_their_visit_pauses_and_are_then_dropped() {
        let counting = counting();
        for round in 1..=3 {
            for visit in 0..10 {
                counting.add_search(
                    &"acme".into(),
                    &format!("{visit:016x}.0"),
                    &network(1),
                    Some(format!("words {visit}")),
                );
            }
            counting.settle_still(Duration::from_secs(1000));
            assert_eq!(counting.pending().queue.len(), 10 * (round - 1));
            counting.settle_still(Duration::ZERO);
            assert_eq!(counting.pending().queue.len(), 10 * round);
        }
        let sender = counting.sender(&"acme".into(), &network(1));
        let share = counting.pending().senders[&sender];
        assert_eq!((share.waiting, share.searches), (0, 30));
    }
}
