//! Notifies streams of changed tickets.
//! A stream is woken only by changes of its own reader's tickets, and the counts for a change are queried once, however many streams the reader
//! has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio::sync::broadcast::{self, Receiver, Sender};

use deskbell_core::ids::{CustomerId, SessionHash, SiteKey};
use deskbell_core::ports::{Reader, ReaderCounts, StoreError, StoredTicket};
use deskbell_core::use_cases::tickets::summary;
use domain::conversation::Summary;

/// How many changes a stream may lag behind before it has to reload everything.
const BEHIND_MAX: usize = 64;

/// The reader whose tickets are watched, and the site.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum StreamKey {
    Person(SiteKey, CustomerId),
    Session(SiteKey, SessionHash),
}

impl StreamKey {
    fn by(site: &SiteKey, reader: Reader<'_>) -> StreamKey {
        match reader {
            Reader::Person(person) => StreamKey::Person(site.clone(), person.clone()),
            Reader::Session(session) => StreamKey::Session(site.clone(), *session),
        }
    }
}

/// A changed ticket.
#[derive(Debug)]
pub struct TicketChange {
    /// The ticket after the change.
    pub ticket: Summary,
    counts: OnceCell<ReaderCounts>,
}

impl TicketChange {
    /// The number of tickets of its reader after the change; queried once for all streams of the reader.
    pub async fn counts(
        &self,
        ask: impl Future<Output = Result<ReaderCounts, StoreError>>,
    ) -> Result<ReaderCounts, StoreError> {
        self.counts.get_or_try_init(|| ask).await.copied()
    }
}

type OpenStreams = HashMap<StreamKey, Sender<Arc<TicketChange>>>;

/// Notifies streams.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<OpenStreams>>);

impl Live {
    /// Announces a changed ticket.
    pub fn changed(&self, ticket: StoredTicket) {
        let reader = match (&ticket.person, &ticket.session) {
            (Some(person), _) => Reader::Person(person),
            (None, Some(session)) => Reader::Session(session),
            (None, None) => return,
        };
        let Some(streams) = self.streams().get(&StreamKey::by(&ticket.site, reader)).cloned() else { return };
        let change = TicketChange { ticket: summary(&ticket), counts: OnceCell::new() };
        // The last stream may have just ended, which is no error.
        let _ = streams.send(Arc::new(change));
    }

    /// Whether a reader has open streams.
    pub fn is_watched(&self, site: &SiteKey, reader: Reader<'_>) -> bool {
        self.streams().contains_key(&StreamKey::by(site, reader))
    }

    /// Watches the tickets of a reader for changes.
    pub fn watch(&self, site: &SiteKey, reader: Reader<'_>) -> Watch {
        let watched = StreamKey::by(site, reader);
        let mut streams = self.streams();
        let changes = streams.entry(watched.clone()).or_insert_with(|| broadcast::channel(BEHIND_MAX).0).subscribe();
        Watch { changes, watched, live: self.clone() }
    }

    /// Ends the streams of sites; their clients open others, if they still may.
    pub fn end(&self, is_over: impl Fn(&SiteKey) -> bool) {
        self.streams().retain(|key, _| match key {
            StreamKey::Person(site, _) | StreamKey::Session(site, _) => !is_over(site),
        });
    }

    fn streams(&self) -> MutexGuard<'_, OpenStreams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The changes of a reader's tickets, until this is dropped.
#[derive(Debug)]
pub struct Watch {
    /// The changes.
    pub changes: Receiver<Arc<TicketChange>>,
    watched: StreamKey,
    live: Live,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut streams = self.live.streams();
        if self.changes.is_closed() {
            // Ended; what is there now belongs to others.
            return;
        }
        // This receiver is still counted.
        if streams.get(&self.watched).is_some_and(|sender| sender.receiver_count() <= 1) {
            streams.remove(&self.watched);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::clock;
    use serde_json::json;

    fn ticket(site: &SiteKey, person: Option<&CustomerId>, session: Option<SessionHash>) -> StoredTicket {
        let new =
            json!({ "kind": "bug", "severity": "low", "message": "No", "client": { "name": "t", "version": "1" } });
        let new = serde_json::from_value(new).unwrap();
        let mut ticket = StoredTicket::new(site.clone(), "DB-00000".into(), new, clock::now());
        (ticket.person, ticket.session) = (person.cloned(), session);
        ticket
    }

    #[test]
    fn changes_wake_only_the_streams_of_their_reader() {
        let live = Live::default();
        let session = SessionHash::from([7; 32]);
        let mut watches = [
            live.watch(&"acme".into(), Reader::Person(&"ada".into())),
            live.watch(&"acme".into(), Reader::Person(&"ben".into())),
            live.watch(&"other".into(), Reader::Person(&"ada".into())),
            live.watch(&"acme".into(), Reader::Session(&session)),
        ];
        let mut woken = |ticket| {
            live.changed(ticket);
            watches.each_mut().map(|watch| watch.changes.try_recv().is_ok())
        };
        assert_eq!(woken(ticket(&"acme".into(), Some(&"ada".into()), None)), [true, false, false, false]);
        // A session's ticket belongs to the customer as soon as it was moved to them.
        assert_eq!(woken(ticket(&"acme".into(), Some(&"ada".into()), Some(session))), [true, false, false, false]);
        assert_eq!(woken(ticket(&"acme".into(), None, Some(session))), [false, false, false, true]);
        assert_eq!(woken(ticket(&"acme".into(), None, None)), [false; 4]);
    }

    #[test]
    fn streams_of_a_site_can_be_ended_without_those_that_follow() {
        let live = Live::default();
        let mut ended = live.watch(&"acme".into(), Reader::Person(&"ada".into()));
        let mut other = live.watch(&"other".into(), Reader::Person(&"ada".into()));
        live.end(|site| site.as_str() == "acme");
        assert!(matches!(ended.changes.try_recv(), Err(broadcast::error::TryRecvError::Closed)));
        let mut next = live.watch(&"acme".into(), Reader::Person(&"ada".into()));
        drop(ended);
        live.changed(ticket(&"acme".into(), Some(&"ada".into()), None));
        live.changed(ticket(&"other".into(), Some(&"ada".into()), None));
        assert!(next.changes.try_recv().is_ok() && other.changes.try_recv().is_ok());
    }

    #[test]
    fn closed_streams_leave_nothing_behind() {
        let live = Live::default();
        let one = live.watch(&"acme".into(), Reader::Person(&"ada".into()));
        let mut other = live.watch(&"acme".into(), Reader::Person(&"ada".into()));
        drop(one);
        live.changed(ticket(&"acme".into(), Some(&"ada".into()), None));
        assert!(other.changes.try_recv().is_ok());
        drop(other);
        assert!(live.streams().is_empty());
    }
}
