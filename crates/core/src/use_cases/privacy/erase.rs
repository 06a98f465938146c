//! Erases tickets with everything that belongs to them, and what is stored about people apart from tickets.
//! Events, search misses and rate limits identify nobody. Copies at destinations are not erased: [`Erased::external`] lists them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::PrivacyError;
use super::log::empty_log;
use super::selection::{Matched, Selection, for_each_chunk};
use crate::ids::{CustomerId, DestinationName, ExternalId, Reference, SiteKey, TicketId};
use crate::ports::{
    Attachments, Erasure, ErasureCounts, Files, PersonTrace, SessionTrace, StoreError, TicketHead, Tickets, Traces,
};
use crate::pseudonym::Pseudonyms;
use crate::use_cases::attachments::remove_deleted;

/// How many tickets are erased per transaction.
const CHUNK: usize = 20;
/// The pause between transactions, for other writers.
const PAUSE: Duration = Duration::from_millis(50);
/// The largest number of external tickets in a report.
const EXTERNAL_MAX: usize = 1_000;

/// What was erased, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Whether it was only counted.
    pub is_dry_run: bool,
    /// The counts.
    pub counts: ErasureCounts,
    /// Rows about people apart from tickets, such as files that were never sent.
    pub traces: u64,
    /// Tickets that changed owner during the run, such as by signing in, and were left.
    pub changed_hands: u64,
    /// Tickets that could not be read, so that their owner is unknown.
    pub unreadable: u64,
    /// Tickets that remain at destinations: reference, destination name, external id.
    pub external: Vec<(Reference, DestinationName, ExternalId)>,
    /// Whether the write-ahead log, which contains the erased pages, was emptied as well.
    pub is_log_empty: bool,
}

/// Erases the tickets of a selection, with or without a running gateway.
pub struct EraseSelection {
    tickets: Arc<dyn Tickets>,
    erasure: Arc<dyn Erasure>,
    attachments: Arc<dyn Attachments>,
    files: Arc<dyn Files>,
    pseudonyms: Pseudonyms,
}

impl EraseSelection {
    /// Erases from a store and its files. `pseudonyms` are those under which people are counted.
    pub fn new(
        tickets: Arc<dyn Tickets>,
        erasure: Arc<dyn Erasure>,
        attachments: Arc<dyn Attachments>,
        files: Arc<dyn Files>,
        pseudonyms: Pseudonyms,
    ) -> EraseSelection {
        EraseSelection { tickets, erasure, attachments, files, pseudonyms }
    }

    /// Erases the tickets of a selection. Without `confirmed` it only counts them.
    pub async fn erase(&self, selection: &Selection, confirmed: bool) -> Result<Erased, PrivacyError> {
        let mut erased = Erased { is_dry_run: !confirmed, ..Erased::default() };
        let mut traces = Traces::default();
        let store = self.erasure.as_ref();
        let person_trace = |site: &SiteKey, person: &CustomerId| PersonTrace {
            site: site.clone(),
            person: person.clone(),
            pseudonym: self.pseudonyms.of_affected_person(site, person),
        };
        if let Selection::Person { site, id } = selection {
            traces.people.push(person_trace(site, id));
        }
        erased.unreadable = for_each_chunk((store, self.tickets.as_ref()), selection, async |tickets: Vec<Matched>| {
            for chunk in tickets.chunks(CHUNK) {
                for Matched { head, session } in chunk {
                    for (destination, external_id) in store.external_tickets(&head.id).await? {
                        if erased.external.len() < EXTERNAL_MAX {
                            erased.external.push((head.reference.clone(), destination, external_id));
                        }
                    }
                    if !selection.is_of_people() {
                        continue;
                    }
                    let trace =
                        |session| SessionTrace { site: head.site.clone(), session, person: head.person.clone() };
                    let session = session.map(trace);
                    traces.sessions.extend(session.filter(|session| !traces.sessions.contains(session)));
                    let person = head.person.as_ref().map(|person| person_trace(&head.site, person));
                    traces.people.extend(person.filter(|person| !traces.people.contains(person)));
                }
                if confirmed {
                    let ids: Vec<TicketId> = chunk.iter().map(|matched| matched.head.id.clone()).collect();
                    let filter = ChunkFilter { selection, chunk, changed_hands: AtomicU64::new(0) };
                    let is_meant = |head: &TicketHead| filter.includes(head);
                    erased.counts = erased.counts.plus(store.erase_tickets(&ids, &is_meant).await?);
                    erased.changed_hands += filter.changed_hands.into_inner();
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                for Matched { head, .. } in chunk {
                    let counts = store.erasure_counts(&head.id).await?.unwrap_or_default();
                    erased.counts = erased.counts.plus(counts);
                }
            }
            Ok(())
        })
        .await?;
        if confirmed {
            erased.traces = store.erase_traces(&traces).await?;
            finish((store, self.attachments.as_ref()), self.files.as_ref(), &mut erased).await?;
            log(selection.word(), "command", &erased);
        }
        Ok(erased)
    }
}

/// Whether a ticket that was found still matches the selection.
struct ChunkFilter<'a> {
    selection: &'a Selection,
    chunk: &'a [Matched],
    /// How many had changed owner.
    changed_hands: AtomicU64,
}

impl ChunkFilter<'_> {
    /// Whether the ticket was neither reopened nor moved to another owner since it was found.
    fn includes(&self, head: &TicketHead) -> bool {
        let found = self.chunk.iter().find(|matched| matched.head.id == head.id);
        let is_same_person = found.is_some_and(|found| found.head.person == head.person);
        let is_meant = self.selection.admits(head);
        if is_meant && !is_same_person {
            self.changed_hands.fetch_add(1, Ordering::Relaxed);
        }
        is_meant && is_same_person
    }
}

/// Erases single tickets, for agents.
#[derive(Clone)]
pub struct EraseTicket {
    erasure: Arc<dyn Erasure>,
    attachments: Arc<dyn Attachments>,
    files: Arc<dyn Files>,
}

impl EraseTicket {
    /// Erases tickets from a store, and their files.
    pub fn new(erasure: Arc<dyn Erasure>, attachments: Arc<dyn Attachments>, files: Arc<dyn Files>) -> EraseTicket {
        EraseTicket { erasure, attachments, files }
    }

    /// The head of a ticket, which can be read even if the ticket cannot.
    pub async fn find(&self, name: &str) -> Result<Option<TicketHead>, StoreError> {
        self.erasure.ticket_head(name).await
    }

    /// What erasing a ticket would erase: the counts, and the external tickets that remain, as destination and external id.
    pub async fn preview(
        &self,
        ticket: &TicketHead,
    ) -> Result<(ErasureCounts, Vec<(DestinationName, ExternalId)>), StoreError> {
        let counts = self.erasure.erasure_counts(&ticket.id).await?.unwrap_or_default();
        Ok((counts, self.erasure.external_tickets(&ticket.id).await?))
    }

    /// Erases a ticket for an agent.
    pub async fn erase(&self, ticket: &TicketHead, agent: &str) -> Result<Erased, StoreError> {
        let external = self.erasure.external_tickets(&ticket.id).await?;
        let external =
            external.into_iter().map(|(to, external_id)| (ticket.reference.clone(), to, external_id)).collect();
        let ids = std::slice::from_ref(&ticket.id);
        let counts = self.erasure.erase_tickets(ids, &|_| true).await?;
        let mut erased = Erased { counts, external, ..Erased::default() };
        finish((self.erasure.as_ref(), self.attachments.as_ref()), self.files.as_ref(), &mut erased).await?;
        tracing::info!(reference = ticket.reference.as_str(), agent, "ticket erased");
        Ok(erased)
    }
}

async fn finish(
    (erasure, attachments): (&dyn Erasure, &dyn Attachments),
    files: &dyn Files,
    erased: &mut Erased,
) -> Result<(), StoreError> {
    remove_deleted(attachments, files).await?;
    erased.is_log_empty = empty_log(erasure).await?;
    Ok(())
}

/// Writes an audit log line, which identifies no customer.
fn log(selection: &str, by: &str, erased: &Erased) {
    let ErasureCounts { tickets, messages, files, .. } = erased.counts;
    tracing::info!(selection, by, tickets, messages, files, traces = erased.traces, "erase finished");
}

impl fmt::Display for Erased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErasureCounts { tickets, messages, activities, deliveries, mails, files, file_bytes } = self.counts;
        let done = if self.is_dry_run { "would be erased" } else { "erased" };
        writeln!(
            f,
            "{tickets} tickets {done}, with {messages} messages, {activities} activities and notes, {deliveries} deliveries, \
             {mails} receipts and {files} files ({file_bytes} bytes)"
        )?;
        if self.traces > 0 {
            writeln!(f, "{} unsent files and other traces of the same people erased", self.traces)?;
        }
        if self.changed_hands > 0 {
            let tickets = if self.changed_hands == 1 { "ticket" } else { "tickets" };
            writeln!(f, "{} {tickets} got another owner meanwhile; run the command again", self.changed_hands)?;
        }
        if self.unreadable > 0 {
            writeln!(f, "{} tickets cannot be read and were not erased; see the log", self.unreadable)?;
        }
        for (reference, destination, external_id) in &self.external {
            writeln!(f, "not erased: {reference} in {destination}, where it is {external_id}")?;
        }
        writeln!(f, "not erased: mails and notifications already sent, backups, copies of the disk")?;
        if !self.is_dry_run && !self.is_log_empty {
            writeln!(f, "the write-ahead log is in use; erased data stays in it until the gateway's next checkpoint")?;
        }
        if self.is_dry_run {
            writeln!(f, "dry run, nothing was erased; use --yes to erase")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::time;
    use domain::ticket::Status;

    #[test]
    fn tickets_with_a_new_owner_are_counted_and_reopened_ones_are_skipped() {
        let head = |id: &'static str, person: Option<&'static str>, status| TicketHead {
            id: id.into(),
            site: "acme".into(),
            reference: Reference::new(format!("DB-{id}")),
            status: Some(status),
            updated_at: Some(time("2020-01-01T00:00:00Z")),
            person: person.map(CustomerId::from),
        };
        let found = |id: &'static str| Matched { head: head(id, None, Status::Solved), session: None };
        let chunk = [found("1"), found("2"), found("3")];
        let selection = Selection::before("2025-01-31", None, false).unwrap();
        let filter = ChunkFilter { selection: &selection, chunk: &chunk, changed_hands: AtomicU64::new(0) };
        assert!(filter.includes(&head("1", None, Status::Solved)));
        assert!(!filter.includes(&head("2", Some("u-7"), Status::Solved)));
        assert!(!filter.includes(&head("3", None, Status::Open)));
        let erased = Erased { changed_hands: filter.changed_hands.into_inner(), ..Erased::default() };
        assert!(
            erased.to_string().contains("\n1 ticket got another owner meanwhile; run the command again\n"),
            "{erased}"
        );
        assert!(!Erased::default().to_string().contains("hands"));
    }
}
