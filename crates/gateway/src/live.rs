//! Notifies streams of changed tickets.
//! A stream is woken only by changes of its own reader's tickets, and the counts for a change are queried once, however many streams the reader
//! has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;
use tokio::sync::broadcast::{self, Receiver, Sender};

use deskbell_core::ids::{CustomerId, SessionHash, SiteKey, TicketId};
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
    /// Whether a link has granted it to the reader, who may have lost it since.
    pub is_granted: bool,
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

#[derive(Debug, Default)]
struct OpenStreams {
    readers: HashMap<StreamKey, ReaderStreams>,
    /// The readers among them to whom links have granted a ticket.
    granted: HashMap<TicketId, Vec<StreamKey>>,
}

/// The streams of a reader.
#[derive(Debug)]
struct ReaderStreams {
    changes: Sender<Arc<TicketChange>>,
    /// The tickets that links have granted them.
    granted: Vec<TicketId>,
}

impl OpenStreams {
    fn remove(&mut self, key: &StreamKey) {
        for ticket in self.readers.remove(key).map(|reader| reader.granted).unwrap_or_default() {
            if let Some(readers) = self.granted.get_mut(&ticket) {
                readers.retain(|reader| reader != key);
                if readers.is_empty() {
                    self.granted.remove(&ticket);
                }
            }
        }
    }
}

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
        let own = StreamKey::by(&ticket.site, reader);
        let is_anonymous = ticket.person.is_none();
        let streams = self.streams();
        let granted = streams.granted.get(&ticket.id).filter(|_| is_anonymous).cloned().unwrap_or_default();
        let senders = |keys: &[StreamKey]| -> Vec<_> {
            keys.iter().filter_map(|key| Some(streams.readers.get(key)?.changes.clone())).collect()
        };
        let (own, granted) =
            (senders(if granted.contains(&own) { &[] } else { std::slice::from_ref(&own) }), senders(&granted));
        drop(streams);
        send(&own, &ticket, false);
        if !granted.is_empty() {
            let mut ticket = ticket;
            ticket.handling.reveal_withheld();
            send(&granted, &ticket, true);
        }
    }

    /// Whether a reader has open streams.
    pub fn is_watched(&self, site: &SiteKey, reader: Reader<'_>) -> bool {
        self.streams().readers.contains_key(&StreamKey::by(site, reader))
    }

    /// Whether links have granted a ticket to a reader with open streams.
    pub fn is_granted(&self, ticket: &TicketId) -> bool {
        self.streams().granted.contains_key(ticket)
    }

    /// Watches the tickets of a reader for changes, and those that links have granted them.
    pub fn watch(&self, site: &SiteKey, reader: Reader<'_>, granted: &[TicketId]) -> Watch {
        let watched = StreamKey::by(site, reader);
        let mut streams = self.streams();
        let none = || ReaderStreams { changes: broadcast::channel(BEHIND_MAX).0, granted: Vec::new() };
        let reader = streams.readers.entry(watched.clone()).or_insert_with(none);
        let changes = reader.changes.subscribe();
        let new: Vec<TicketId> = granted.iter().filter(|ticket| !reader.granted.contains(ticket)).cloned().collect();
        reader.granted.extend(new.iter().cloned());
        for ticket in new {
            streams.granted.entry(ticket).or_default().push(watched.clone());
        }
        Watch { changes, watched, live: self.clone() }
    }

    /// Ends the streams of sites; their clients open others, if they still may.
    pub fn end(&self, is_over: impl Fn(&SiteKey) -> bool) {
        let mut streams = self.streams();
        let ended = streams.readers.keys().filter(|key| match key {
            StreamKey::Person(site, _) | StreamKey::Session(site, _) => is_over(site),
        });
        for key in ended.cloned().collect::<Vec<_>>() {
            streams.remove(&key);
        }
    }

    /// Ends the streams of a reader, whose tickets have become more or fewer; their clients open others.
    pub fn end_reader(&self, site: &SiteKey, reader: Reader<'_>) {
        self.streams().remove(&StreamKey::by(site, reader));
    }

    fn streams(&self) -> MutexGuard<'_, OpenStreams> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a changed ticket to the streams of readers, to whom a link may have granted it.
fn send(readers: &[Sender<Arc<TicketChange>>], ticket: &StoredTicket, is_granted: bool) {
    for streams in readers {
        // Each reader has counts of their own.
        let change = TicketChange { ticket: summary(ticket), is_granted, counts: OnceCell::new() };
        // The last stream may have just ended, which is no error.
        let _ = streams.send(Arc::new(change));
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
        if streams.readers.get(&self.watched).is_some_and(|reader| reader.changes.receiver_count() <= 1) {
            streams.remove(&self.watched);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use deskbell_core::clock;
    use deskbell_core::ports::Confirmation;
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
            live.watch(&"acme".into(), Reader::Person(&"ada".into()), &[]),
            live.watch(&"acme".into(), Reader::Person(&"ben".into()), &[]),
            live.watch(&"other".into(), Reader::Person(&"ada".into()), &[]),
            live.watch(&"acme".into(), Reader::Session(&session), &[]),
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
        let mut ended = live.watch(&"acme".into(), Reader::Person(&"ada".into()), &[]);
        let mut other = live.watch(&"other".into(), Reader::Person(&"ada".into()), &[]);
        live.end(|site| site.as_str() == "acme");
        assert!(matches!(ended.changes.try_recv(), Err(broadcast::error::TryRecvError::Closed)));
        let mut next = live.watch(&"acme".into(), Reader::Person(&"ada".into()), &[]);
        drop(ended);
        live.changed(ticket(&"acme".into(), Some(&"ada".into()), None));
        live.changed(ticket(&"other".into(), Some(&"ada".into()), None));
        assert!(next.changes.try_recv().is_ok() && other.changes.try_recv().is_ok());
    }

    #[test]
    fn the_streams_of_a_reader_can_be_ended_without_those_of_others() {
        let live = Live::default();
        let (ended_reader, other_reader) = (SessionHash::from([7; 32]), SessionHash::from([8; 32]));
        let mut changed = ticket(&"acme".into(), None, Some(other_reader));
        changed.handling.confirmation = Confirmation::NotNeeded;
        let granted = [changed.id.clone()];
        let mut ended = live.watch(&"acme".into(), Reader::Session(&ended_reader), &granted);
        let mut other = live.watch(&"acme".into(), Reader::Session(&other_reader), &[]);
        live.end_reader(&"acme".into(), Reader::Session(&ended_reader));
        assert!(matches!(ended.changes.try_recv(), Err(broadcast::error::TryRecvError::Closed)));
        assert!(!live.is_granted(&changed.id));
        live.changed(changed);
        assert!(other.changes.try_recv().is_ok());
    }

    #[test]
    fn closed_streams_leave_nothing_behind() {
        let live = Live::default();
        let one = live.watch(&"acme".into(), Reader::Person(&"ada".into()), &[]);
        let mut other = live.watch(&"acme".into(), Reader::Person(&"ada".into()), &[]);
        drop(one);
        live.changed(ticket(&"acme".into(), Some(&"ada".into()), None));
        assert!(other.changes.try_recv().is_ok());
        drop(other);
        assert!(live.streams().readers.is_empty());
    }

    #[test]
    fn streams_show_the_tickets_that_links_have_granted_their_reader() {
        let live = Live::default();
        let (sender, reader) = (SessionHash::from([7; 32]), SessionHash::from([8; 32]));
        let mut changed = ticket(&"acme".into(), None, Some(sender));
        changed.handling.confirmation = Confirmation::Awaited { withheld: 1, first: 1, code_sent: true };
        let mut own = live.watch(&"acme".into(), Reader::Session(&sender), &[]);
        let granted = [changed.id.clone()];
        let mut other = live.watch(&"acme".into(), Reader::Session(&reader), &granted);
        let second = live.watch(&"acme".into(), Reader::Session(&reader), &granted);
        drop(second);
        live.changed(changed.clone());
        let states = |watch: &mut Watch| {
            let change = watch.changes.try_recv().unwrap();
            (change.ticket.unconfirmed, change.is_granted)
        };
        assert_eq!((states(&mut own), states(&mut other)), ((true, false), (false, true)));
        assert!(live.is_granted(&changed.id));
        // Its sender has signed in.
        live.changed(StoredTicket { person: Some("u-7".into()), ..changed.clone() });
        assert!(own.changes.try_recv().is_err() && other.changes.try_recv().is_err());
        drop(other);
        assert!(!live.is_granted(&changed.id) && live.is_watched(&"acme".into(), Reader::Session(&sender)));
    }
}
