//! Compares what is in the database, at Zendesk, in mailboxes, at the receiver of webhooks and in streams with what was acknowledged. Each function
//! returns what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::book::{Author, Ticket, marked};
use super::database::Message;
use super::failures::Happened;
use super::mails::Mail;
use super::streams::StreamRecord;

/// A repetition may be caused by a failure that began up to this long after the first copy, which was not recorded yet.
const UNRECORDED: Duration = Duration::from_secs(5);
/// How long after a failure streams and claims may still be catching up: a panel waits a second, and gateways up to ten for the database.
const RECOVERY: Duration = Duration::from_secs(12);
/// How long an answer may take to a stream while nothing fails.
pub const STREAM_MAX: Duration = Duration::from_secs(2);

/// Every ticket is stored once, with its messages once and in order.
pub fn stored(messages: &[Message], tickets: &[Ticket]) -> Vec<String> {
    let mut by_ticket: BTreeMap<&str, Vec<Option<(usize, usize)>>> = BTreeMap::new();
    for message in messages {
        by_ticket.entry(&message.ticket).or_default().push(message.mark);
    }
    let mut faults = Vec::new();
    let mut known = BTreeSet::new();
    for ticket in tickets {
        known.insert(ticket.id.as_str());
        let expected: Vec<_> = (0..ticket.messages.len()).map(|message| Some((ticket.number, message))).collect();
        let stored = by_ticket.get(ticket.id.as_str());
        if stored != Some(&expected) {
            faults.push(format!("database: ticket {} ({}) has {stored:?}", ticket.number, ticket.reference));
        }
    }
    let unknown = by_ticket.keys().filter(|id| !known.contains(*id));
    faults.extend(unknown.map(|id| format!("database: the ticket {id} was acknowledged under another id, or never")));
    faults
}

/// Every ticket is at Zendesk once, with its messages once and in order.
pub fn at_zendesk(state: &Value, tickets: &[Ticket]) -> Vec<String> {
    let mut found: BTreeMap<usize, Vec<Vec<usize>>> = BTreeMap::new();
    let mut faults = Vec::new();
    for ticket in list(state, "tickets") {
        let comments = list(ticket, "comments").iter();
        let marks: Vec<(usize, usize)> =
            comments.filter_map(|comment| marked(comment.get("body")?.as_str()?)).collect();
        let numbers: BTreeSet<usize> = marks.iter().map(|(number, _)| *number).collect();
        match (numbers.first(), numbers.len()) {
            (Some(number), 1) => found.entry(*number).or_default().push(marks.iter().map(|(_, part)| *part).collect()),
            _ => faults.push(format!("Zendesk: a ticket with messages of the tickets {numbers:?}")),
        }
    }
    for ticket in tickets {
        let expected: Vec<usize> = (0..ticket.messages.len()).collect();
        match found.get(&ticket.number).map(Vec::as_slice) {
            Some([messages]) if *messages == expected => {}
            other => faults.push(format!("Zendesk: ticket {} is there as {other:?}", ticket.number)),
        }
    }
    faults
}

/// Every event arrived, and no more often than failures explain. Returns how many were repeated, too.
pub fn webhooks(
    events: &BTreeMap<String, Vec<Instant>>,
    tickets: &[Ticket],
    failures: &[Happened],
) -> (usize, Vec<String>) {
    let mut expected = BTreeSet::new();
    for ticket in tickets {
        let messages = (1..ticket.messages.len()).map(|message| format!("{}/{message}", ticket.id));
        expected.extend([ticket.id.clone()].into_iter().chain(messages));
    }
    let mut faults: Vec<String> = missing("webhook", &expected, |id| events.contains_key(id));
    faults.extend(events.keys().filter(|id| !expected.contains(*id)).map(|id| format!("webhook: {id} is no event")));
    let repeated = repetitions("webhook", events, failures, &mut faults);
    (repeated, faults)
}

/// Every ticket has one receipt, sent no more often than failures explain. Returns how many were repeated, too.
pub fn mails(mails: &[Mail], tickets: &[Ticket], failures: &[Happened]) -> (usize, Vec<String>) {
    let mut by_reference: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut copies: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
    for mail in mails {
        let reference = mail.subject.split_whitespace().find(|word| word.starts_with("DB-")).unwrap_or_default();
        by_reference.entry(reference).or_default().insert(&mail.id);
        copies.entry(mail.id.clone()).or_default().push(mail.at);
    }
    let references: BTreeSet<String> = tickets.iter().map(|ticket| ticket.reference.clone()).collect();
    let mut faults = missing("mail", &references, |reference| by_reference.contains_key(reference));
    for (reference, ids) in &by_reference {
        if ids.len() > 1 {
            faults.push(format!("mail: {reference} has {} different receipts", ids.len()));
        }
        if !references.contains(*reference) {
            faults.push(format!("mail: a receipt for {reference:?}, which is no ticket"));
        }
    }
    let repeated = repetitions("mail", &copies, failures, &mut faults);
    (repeated, faults)
}

/// Delays of answers in a stream.
#[derive(Debug, Default)]
pub struct Delays {
    /// From the acknowledgement to the event, for each answer.
    pub whole: Vec<Duration>,
    /// The same without the time in which something failed.
    pub calm: Vec<Duration>,
}

/// A customer's stream has every answer to their own tickets in time, and nothing of anybody else.
pub fn stream(
    person: usize,
    seen: &StreamRecord,
    tickets: &[Ticket],
    failures: &[Happened],
    delays: &mut Delays,
) -> Vec<String> {
    let mut faults = Vec::new();
    let own: BTreeSet<&str> =
        tickets.iter().filter(|ticket| ticket.person == person).map(|ticket| ticket.id.as_str()).collect();
    for event in &seen.events {
        if let Some(id) = event.ticket.as_deref().filter(|id| !own.contains(id)) {
            faults.push(format!("stream of customer {person}: the ticket {id} of somebody else"));
        }
    }
    let mut answers: Vec<Instant> = tickets
        .iter()
        .filter(|ticket| ticket.person == person)
        .flat_map(|ticket| ticket.messages.iter().filter(|(author, _)| *author == Author::Support).map(|(_, at)| *at))
        .collect();
    answers.sort_unstable();
    let last = seen.events.last().map_or(0, |event| event.unread);
    if last != answers.len() {
        faults.push(format!("stream of customer {person}: {last} answers at the end instead of {}", answers.len()));
    }
    for (unread, acknowledged) in (1..).zip(answers) {
        let Some(event) = seen.events.iter().find(|event| event.unread >= unread) else { continue };
        let whole = event.at.saturating_duration_since(acknowledged);
        let calm = calm_time(acknowledged, event.at, failures);
        if calm > STREAM_MAX {
            faults.push(format!(
                "stream of customer {person}: answer {unread} after {:.1} s in which nothing failed",
                calm.as_secs_f64()
            ));
        }
        delays.whole.push(whole);
        delays.calm.push(calm);
    }
    faults
}

/// The part of a time in which nothing failed.
fn calm_time(from: Instant, until: Instant, failures: &[Happened]) -> Duration {
    let mut spans: Vec<(Instant, Instant)> =
        failures.iter().map(|one| (one.from.max(from), (one.until + RECOVERY).min(until))).collect();
    spans.retain(|(from, until)| from < until);
    spans.sort_unstable();
    let (mut calm, mut covered) = (Duration::ZERO, from);
    for (from, until) in spans {
        calm += from.saturating_duration_since(covered);
        covered = covered.max(until);
    }
    calm + until.saturating_duration_since(covered)
}

/// Counts repetitions, and reports those that are more than the failures between the first and the last copy.
fn repetitions(
    name: &str,
    copies: &BTreeMap<String, Vec<Instant>>,
    failures: &[Happened],
    faults: &mut Vec<String>,
) -> usize {
    let mut repeated = 0;
    for (id, times) in copies {
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { continue };
        let is_between = |one: &&Happened| {
            one.failure.excuses_repeats() && one.from < *last && one.until + RECOVERY > *first - UNRECORDED
        };
        let explained = failures.iter().filter(is_between).count();
        let more = times.len() - 1;
        repeated += more;
        if more > explained {
            faults.push(format!("{name}: {id} arrived {} times, with {explained} failures meanwhile", times.len()));
        }
    }
    repeated
}

fn missing(name: &str, expected: &BTreeSet<String>, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    expected.iter().filter(|id| !is_there(id)).map(|id| format!("{name}: {id} has not arrived")).collect()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
