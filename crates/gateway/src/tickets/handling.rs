//! The operators' side of a ticket: what they answer, note and decide.

use sha2::{Digest, Sha256};

use super::promise::{self, Terms, promise};
use crate::app::App;
use crate::site::Site;
use crate::store::{
    Activity, ActivityKind, Change, Changed, CurrentTicket, Decision, MessageKey, NewDelivery, NewMessage, StoreError,
    StoredTicket, What,
};
use crate::{clock, delivery};
use domain::conversation::{Author, Turn};
use domain::targets::Owner;
use domain::ticket::{Severity, Status};

/// What an operator is called where nobody has logged in: in a demo, and by script. Customers read their language's word for it.
pub const NOBODY_IN_PARTICULAR: &str = "Support";

/// What an operator does with a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answers the customer, in Markdown, under a key, so that a form that is sent twice answers once.
    Answer {
        /// The answer.
        text: String,
        /// The key.
        key: String,
        /// Whether that solves it.
        solved: bool,
    },
    /// Notes something that only operators read.
    Note(String),
    /// Notes where the customer was spoken to.
    Contacted(String),
    /// Corrects topic and severity; the promise follows.
    Triage {
        /// The id of a topic of the site; empty for none.
        topic: String,
        /// The severity.
        severity: Severity,
    },
    /// Gives it to somebody; to nobody where it is empty.
    Assign(String),
    /// Hands it over to others.
    HandOver {
        /// Who answers from now on.
        owner: Owner,
        /// Their team; empty for none.
        team: String,
    },
    /// Says that it is solved, or that it is not.
    Mark(Status),
}

/// What became of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is done, or was done before.
    Done,
    /// Nothing was done: another answer has its key.
    KeyReused,
    /// There is no such ticket.
    NotFound,
}

/// Carries out what an operator does.
pub async fn act(app: &App, ticket: &StoredTicket, operator: &str, action: Action) -> Result<Acted, StoreError> {
    let at = clock::now();
    let site = app.site(&ticket.site);
    let key = match &action {
        Action::Answer { text, key, .. } => Some((format!("inbox {key}"), Sha256::digest(text).into())),
        _ => None,
    };
    let seal = key.as_ref().map(|(key, body)| MessageKey { key, body: *body });
    let decide = |current: &CurrentTicket| decide(current, site, operator, &action, &at);
    match app.store.change(&ticket.id, &at, seal, &decide).await? {
        Changed::Written(ticket, _) => {
            app.lines.wake(&ticket.site);
            // Nobody else is to notice that operators talk to each other.
            if !matches!(action, Action::Note(_) | Action::Contacted(_)) {
                app.live.changed(*ticket);
            }
            Ok(Acted::Done)
        }
        // The text was sent once more, this time with the other button.
        Changed::Repeated(_) if matches!(action, Action::Answer { solved: true, .. }) => {
            Box::pin(act(app, ticket, operator, Action::Mark(Status::Solved))).await
        }
        Changed::Unchanged(_) | Changed::Repeated(_) => Ok(Acted::Done),
        Changed::KeyReused => Ok(Acted::KeyReused),
        Changed::MissingFiles(_) | Changed::Refused(_) | Changed::OverQuota(_) | Changed::NotFound => {
            Ok(Acted::NotFound)
        }
    }
}

/// What an action does to a ticket as it is; nothing where it is so already.
fn decide(current: &CurrentTicket, site: Option<&Site>, operator: &str, action: &Action, at: &str) -> Decision {
    let was = &current.ticket;
    let mut ticket = was.clone();
    change(&mut ticket, site, action, at);
    let message = match action {
        Action::Answer { text, .. } => Some(NewMessage {
            author: Author::Support,
            name: if operator == NOBODY_IN_PARTICULAR { String::new() } else { operator.into() },
            body: text.clone(),
            at: at.into(),
            attachments: Vec::new(),
        }),
        _ => None,
    };
    let deed = deed(was, &ticket, action);
    if message.is_none() && deed.is_none() && ticket == *was {
        return Decision::Nothing;
    }
    let activity = deed.map(|(act, text)| Activity { operator: operator.into(), act, text, at: at.into() });
    let deliveries = orders(was, &ticket, site, message.is_some());
    Change { message, activity, deliveries, ticket, ..current.unchanged() }.into()
}

/// What of it is brought to the destinations.
fn orders(was: &StoredTicket, is: &StoredTicket, site: Option<&Site>, is_answered: bool) -> Vec<NewDelivery> {
    let status = (is.status != was.status).then_some(match is.status {
        Status::Solved => What::Solved,
        Status::Open => What::Reopened,
    });
    let orders = is_answered.then_some(What::Message).into_iter().chain(status);
    orders.flat_map(|what| delivery::orders(site, what, Author::Support, None)).collect()
}

fn change(ticket: &mut StoredTicket, site: Option<&Site>, action: &Action, at: &str) {
    let handling = &mut ticket.handling;
    match action {
        Action::Note(_) | Action::Contacted(_) => {}
        Action::Answer { solved, .. } => {
            handling.turn = Turn::Customer;
            handling.updated_at = at.into();
            handling.answered_at.get_or_insert_with(|| at.into());
            if *solved {
                ticket.status = Status::Solved;
            }
        }
        Action::Triage { topic, severity } => {
            (handling.topic, handling.severity) = (topic.clone(), *severity);
            if let Some(site) = site {
                promise_again(ticket, site);
            }
        }
        Action::Assign(assignee) => handling.assignee = assignee.clone(),
        Action::HandOver { owner, team } => {
            (handling.owner, handling.team) = (Some(*owner), team.clone());
            handling.assignee =
                site.map(|site| promise::hero(site, ticket.ticket.test, *owner, team)).unwrap_or_default();
        }
        // Who presses what somebody else has just pressed changes nothing.
        Action::Mark(status) if *status == ticket.status => {}
        Action::Mark(status) => {
            handling.turn = if *status == Status::Open { Turn::Support } else { Turn::Customer };
            ticket.status = *status;
        }
    }
}

/// Promises what goes with the corrected topic and severity, counted from when the ticket came.
fn promise_again(ticket: &mut StoredTicket, site: &Site) {
    let handling = &mut ticket.handling;
    let received = ticket.received_at.parse().unwrap_or_else(|_| clock::timestamp());
    let automatic = handling.owner == Some(Owner::Automated);
    let (severity, priority, test) = (handling.severity, ticket.priority, ticket.ticket.test);
    let promise = promise(site, Terms { topic: &handling.topic, severity, priority, received, automatic, test });
    if (handling.owner, &handling.team) != (Some(promise.owner), &promise.team) {
        handling.assignee = promise.assignee;
    }
    (handling.owner, handling.team) = (Some(promise.owner), promise.team);
    (ticket.target, ticket.due_at) = (promise.target, promise.due_at);
}

/// What operators read about it; nothing about an answer, which speaks for itself, nor about what was so already.
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
