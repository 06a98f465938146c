//! The agents' side of a ticket: answers, notes and decisions.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::delivery::Destinations;
use deskbell_core::clock;
use deskbell_core::ports::{
    Activity, ActivityKind, Bus, Change, Changed, Conversations, CurrentTicket, Decision, DeliveryKind, MessageKey,
    NewDelivery, NewMessage, StoreError, StoredTicket,
};
use deskbell_core::rules::promise::{self, Terms, promise};
use deskbell_core::site::{Site, Sites};
use domain::conversation::{Author, Turn};
use domain::targets::Owner;
use domain::ticket::{Severity, Status};

/// The name of an agent who has not logged in: in a demo, and in scripts. Customers see the word of their language instead.
pub const NOBODY_IN_PARTICULAR: &str = "Support";

/// An action of an agent on a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answers the customer in Markdown. The idempotency key makes a form that is submitted twice answer once.
    Answer {
        /// The answer.
        text: String,
        /// The idempotency key.
        key: String,
        /// Whether the answer solves the ticket.
        solved: bool,
    },
    /// Adds an internal note.
    Note(String),
    /// Notes where the customer was contacted.
    Contacted(String),
    /// Corrects topic and severity, and with them the response target.
    Triage {
        /// The id of a topic of the site; empty for none.
        topic: String,
        /// The severity.
        severity: Severity,
    },
    /// Assigns it to an agent; unassigns it if empty.
    Assign(String),
    /// Hands it over to another owner.
    HandOver {
        /// The new owner.
        owner: Owner,
        /// Their team; empty for none.
        team: String,
    },
    /// Solves or reopens it.
    Mark(Status),
}

/// The result of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is done, by this request or an earlier one.
    Done,
    /// Nothing was changed: another answer has this key.
    KeyReused,
    /// The ticket does not exist.
    NotFound,
}

/// Carries out the actions of agents.
pub struct HandleTicket {
    conversations: Arc<dyn Conversations>,
    sites: Arc<Sites>,
    destinations: Arc<Destinations>,
    bus: Arc<dyn Bus>,
}

impl HandleTicket {
    /// Changes tickets of a store by the rules of their sites, and dispatches the changes.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        sites: Arc<Sites>,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
    ) -> HandleTicket {
        HandleTicket { conversations, sites, destinations, bus }
    }

    /// Carries out an action of an agent on a ticket.
    pub async fn act(&self, ticket: &StoredTicket, agent: &str, action: Action) -> Result<Acted, StoreError> {
        let site = self.sites.get(&ticket.site);
        let key = match &action {
            Action::Answer { text, key, .. } => Some((format!("inbox {key}"), Sha256::digest(text).into())),
            _ => None,
        };
        let seal = key.as_ref().map(|(key, body)| MessageKey { key, body: *body });
        let decide = |current: &CurrentTicket| decide(current, (site, &self.destinations), agent, &action);
        match self.conversations.change(&ticket.id, seal, &decide).await? {
            Changed::Written(ticket, _) => {
                self.bus.deliveries_due(&ticket.site);
                // Internal notes must not be visible to others, not even as an event.
                if !matches!(action, Action::Note(_) | Action::Contacted(_)) {
                    self.bus.ticket_changed(*ticket);
                }
                Ok(Acted::Done)
            }
            // The same text was submitted again with the other button.
            Changed::Repeated(_) if matches!(action, Action::Answer { solved: true, .. }) => {
                Box::pin(self.act(ticket, agent, Action::Mark(Status::Solved))).await
            }
            Changed::Unchanged(_) | Changed::Repeated(_) => Ok(Acted::Done),
            Changed::KeyReused => Ok(Acted::KeyReused),
            Changed::MissingFiles(_) | Changed::Refused(_) | Changed::OverQuota(_) | Changed::NotFound => {
                Ok(Acted::NotFound)
            }
        }
    }
}

/// The change of an action; none if the ticket is in that state already.
fn decide(
    current: &CurrentTicket,
    (site, destinations): (Option<&Site>, &Destinations),
    operator: &str,
    action: &Action,
) -> Decision {
    let (was, now) = (&current.ticket, current.now);
    let at = clock::written(now);
    let mut ticket = was.clone();
    change(&mut ticket, site, action, now);
    let message = match action {
        Action::Answer { text, .. } => Some(NewMessage {
            author: Author::Support,
            name: if operator == NOBODY_IN_PARTICULAR { String::new() } else { operator.into() },
            body: text.clone(),
            at: at.clone(),
            attachments: Vec::new(),
        }),
        _ => None,
    };
    let deed = deed(was, &ticket, action);
    if message.is_none() && deed.is_none() && ticket == *was {
        return Decision::Nothing;
    }
    let activity = deed.map(|(act, text)| Activity { operator: operator.into(), act, text, at });
    let deliveries = deliveries(was, &ticket, destinations, message.is_some());
    Change { message, activity, deliveries, ticket, ..current.unchanged() }.into()
}

/// The deliveries of an action.
fn deliveries(
    was: &StoredTicket,
    is: &StoredTicket,
    destinations: &Destinations,
    is_answered: bool,
) -> Vec<NewDelivery> {
    let status = (is.status != was.status).then_some(match is.status {
        Status::Solved => DeliveryKind::Solved,
        Status::Open => DeliveryKind::Reopened,
    });
    let all = is_answered.then_some(DeliveryKind::Message).into_iter().chain(status);
    all.flat_map(|what| destinations.deliveries(&is.site, what, Author::Support, None)).collect()
}

fn change(ticket: &mut StoredTicket, site: Option<&Site>, action: &Action, now: Timestamp) {
    let handling = &mut ticket.handling;
    match action {
        Action::Note(_) | Action::Contacted(_) => {}
        Action::Answer { solved, .. } => {
            handling.turn = Turn::Customer;
            handling.updated_at = clock::written(now);
            handling.answered_at.get_or_insert_with(|| clock::written(now));
            if *solved {
                ticket.status = Status::Solved;
            }
        }
        Action::Triage { topic, severity } => {
            (handling.topic, handling.severity) = (topic.clone(), *severity);
            if let Some(site) = site {
                promise_again(ticket, site, now);
            }
        }
        Action::Assign(assignee) => handling.assignee = assignee.clone(),
        Action::HandOver { owner, team } => {
            (handling.owner, handling.team) = (Some(*owner), team.clone());
            handling.assignee = site
                .map(|site| promise::on_call_assignee(site, ticket.ticket.test, *owner, team, now))
                .unwrap_or_default();
        }
        // An action that another agent has just taken changes nothing.
        Action::Mark(status) if *status == ticket.status => {}
        Action::Mark(status) => {
            handling.turn = if *status == Status::Open { Turn::Support } else { Turn::Customer };
            ticket.status = *status;
        }
    }
}

/// Sets the response target of the corrected topic and severity, counted from when the ticket arrived.
fn promise_again(ticket: &mut StoredTicket, site: &Site, now: Timestamp) {
    let handling = &mut ticket.handling;
    let received = ticket.received_at.parse().unwrap_or(now);
    let automatic = handling.owner == Some(Owner::Automated);
    let (severity, priority, test) = (handling.severity, ticket.priority, ticket.ticket.test);
    let promise = promise(site, Terms { topic: &handling.topic, severity, priority, received, now, automatic, test });
    if (handling.owner, &handling.team) != (Some(promise.owner), &promise.team) {
        handling.assignee = promise.assignee;
    }
    (handling.owner, handling.team) = (Some(promise.owner), promise.team);
    (ticket.target, ticket.due_at) = (promise.target, promise.due_at);
}

/// The activity of an action; none for an answer, which is visible by itself, and none if nothing changed.
fn deed(was: &StoredTicket, is: &StoredTicket, action: &Action) -> Option<(ActivityKind, String)> {
    let changed = |was: &str, is: &str| (was != is).then(|| format!("{} → {}", named(was), named(is)));
    Some(match action {
        Action::Answer { .. } | Action::Mark(_) if is.status == was.status => return None,
        Action::Answer { .. } | Action::Mark(Status::Solved) => (ActivityKind::Solved, String::new()),
        Action::Mark(Status::Open) => (ActivityKind::Reopened, String::new()),
        Action::Note(text) => (ActivityKind::Noted, text.clone()),
        Action::Contacted(place) => (ActivityKind::Contacted, place.clone()),
        Action::Assign(_) | Action::HandOver { .. } if is == was => return None,
        Action::Assign(assignee) => (ActivityKind::Assigned, assignee.clone()),
        Action::HandOver { owner, team } => {
            (ActivityKind::HandedOver, [owner.word(), team].join(" ").trim_end().to_string())
        }
        Action::Triage { topic, severity } => {
            let handling = &was.handling;
            let parts = [changed(&handling.topic, topic), changed(handling.severity.word(), severity.word())];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            if parts.is_empty() {
                return None;
            }
            (ActivityKind::Triaged, parts.join(", "))
        }
    })
}

fn named(word: &str) -> &str {
    if word.is_empty() { "none" } else { word }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use deskbell_core::fixtures;
    use deskbell_core::ports::{SubmissionExtras, SubmissionKey, Tickets};
    use store_sqlite::SqliteStore;

    /// Records announced changes.
    #[derive(Default)]
    struct Announced(Mutex<Vec<&'static str>>);

    impl Announced {
        fn take(&self) -> Vec<&'static str> {
            std::mem::take(&mut *self.0.lock().unwrap())
        }
    }

    impl Bus for Announced {
        fn ticket_changed(&self, _ticket: StoredTicket) {
            self.0.lock().unwrap().push("ticket changed");
        }

        fn deliveries_due(&self, _site: &str) {
            self.0.lock().unwrap().push("deliveries due");
        }

        fn mail_due(&self, _site: &str) {
            self.0.lock().unwrap().push("mail due");
        }

        fn polls_due(&self, _site: &str, _destination: &str) {
            self.0.lock().unwrap().push("polls due");
        }
    }

    #[tokio::test]
    async fn customers_see_answers_at_once_and_never_that_agents_talk_to_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&folder.path().join("test.db")).await.unwrap());
        let ticket = fixtures::stored();
        let seal = SubmissionKey { key: "k".into(), body: [0; 32], session: None };
        store.submit(&ticket, &seal, SubmissionExtras::default()).await.unwrap();
        let announced = Arc::new(Announced::default());
        let handle = HandleTicket::new(store.clone(), Arc::default(), Arc::default(), announced.clone());

        let note = Action::Note("Seen before.".into());
        assert_eq!(handle.act(&ticket, "Ana", note).await.unwrap(), Acted::Done);
        assert_eq!(announced.take(), ["deliveries due"]);

        let answer = |text: &str| Action::Answer { text: text.into(), key: "1".into(), solved: false };
        assert_eq!(handle.act(&ticket, "Ana", answer("Try again.")).await.unwrap(), Acted::Done);
        assert_eq!(announced.take(), ["deliveries due", "ticket changed"]);
        assert_eq!(handle.act(&ticket, "Ana", answer("Try again.")).await.unwrap(), Acted::Done);
        assert_eq!(handle.act(&ticket, "Ana", answer("Try later.")).await.unwrap(), Acted::KeyReused);
        assert_eq!(announced.take(), [""; 0]);
        let texts: Vec<String> =
            store.messages(&ticket.id, 0).await.unwrap().into_iter().map(|message| message.body).collect();
        assert_eq!(texts, ["Try again."]);
    }
}
