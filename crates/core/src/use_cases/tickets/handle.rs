//! The agents' side of a ticket: answers, notes and decisions.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::destinations::Destinations;
use crate::ids::IdempotencyKey;
use crate::ports::{
    Activity, ActivityKind, Bus, Change, ChangeOutcome, Conversations, CurrentTicket, Decision, DeliveryKind,
    MessageKey, NewDelivery, NewMessage, StoreError, StoredTicket,
};
use crate::rules::response_plan::{TicketFacts, on_call_assignee, plan_response};
use crate::site::{Site, Sites};
use crate::timestamp::Timestamp;
use crate::use_cases::mail::MailAnswers;
use domain::conversation::{Author, Turn};
use domain::targets::Owner;
use domain::ticket::{Severity, Status};

/// The name of an agent who has not logged in: in a demo, and in scripts. Customers see the word of their language instead.
pub const UNNAMED_AGENT: &str = "Support";

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
pub enum ActionOutcome {
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
    answers: MailAnswers,
}

impl HandleTicket {
    /// Changes tickets of a store by the rules of their sites, dispatches the changes, and queues the mails with answers.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        sites: Arc<Sites>,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
        answers: MailAnswers,
    ) -> HandleTicket {
        HandleTicket { conversations, sites, destinations, bus, answers }
    }

    /// Carries out an action of an agent on a ticket.
    pub async fn act(&self, ticket: &StoredTicket, agent: &str, action: Action) -> Result<ActionOutcome, StoreError> {
        let site = self.sites.get(&ticket.site);
        let key = match &action {
            Action::Answer { text, key, .. } => {
                Some((IdempotencyKey::new(format!("inbox {key}")), Sha256::digest(text).into()))
            }
            _ => None,
        };
        let key = key.as_ref().map(|(key, body_hash)| MessageKey { key, body_hash: *body_hash });
        let decide = |current: &CurrentTicket| {
            let mut decision = decide(current, (site, &self.destinations), agent, &action);
            if let Decision::Write(change) = &mut decision
                && change.message.is_some()
            {
                change.answer_mail = self.answers.mail(&current.ticket, current.now, current.now);
            }
            decision
        };
        match self.conversations.change(&ticket.id, key, &decide).await? {
            ChangeOutcome::Written(ticket, _) => {
                self.bus.deliveries_due(&ticket.site);
                if matches!(action, Action::Answer { .. }) && self.answers.has(&ticket.site) {
                    self.bus.mail_due(&ticket.site);
                }
                // Internal notes must not be visible to others, not even as an event.
                if !matches!(action, Action::Note(_) | Action::Contacted(_)) {
                    self.bus.ticket_changed(*ticket);
                }
                Ok(ActionOutcome::Done)
            }
            // The same text was submitted again with the other button.
            ChangeOutcome::Repeated(_) if matches!(action, Action::Answer { solved: true, .. }) => {
                Box::pin(self.act(ticket, agent, Action::Mark(Status::Solved))).await
            }
            ChangeOutcome::Unchanged(_) | ChangeOutcome::Repeated(_) => Ok(ActionOutcome::Done),
            ChangeOutcome::KeyReused => Ok(ActionOutcome::KeyReused),
            ChangeOutcome::MissingFiles(_)
            | ChangeOutcome::Refused(_)
            | ChangeOutcome::OverQuota(_)
            | ChangeOutcome::NotFound => Ok(ActionOutcome::NotFound),
        }
    }
}

/// The change of an action; none if the ticket is in that state already.
fn decide(
    current: &CurrentTicket,
    (site, destinations): (Option<&Site>, &Destinations),
    agent: &str,
    action: &Action,
) -> Decision {
    let (before, now) = (&current.ticket, current.now);
    let mut ticket = before.clone();
    change(&mut ticket, site, action, now);
    let message = match action {
        Action::Answer { text, .. } => Some(NewMessage {
            author: Author::Support,
            name: if agent == UNNAMED_AGENT { String::new() } else { agent.into() },
            body: text.clone(),
            at: now,
            attachments: Vec::new(),
        }),
        _ => None,
    };
    let activity = activity(before, &ticket, action);
    if message.is_none() && activity.is_none() && ticket == *before {
        return Decision::Nothing;
    }
    let activity = activity.map(|(kind, text)| Activity { actor: agent.into(), kind, text, at: now });
    let deliveries = deliveries(before, &ticket, destinations, message.is_some());
    Change { message, activity, deliveries, ticket, ..current.unchanged() }.into()
}

/// The deliveries of an action.
fn deliveries(
    before: &StoredTicket,
    after: &StoredTicket,
    destinations: &Destinations,
    is_answered: bool,
) -> Vec<NewDelivery> {
    let status = (after.status != before.status).then_some(match after.status {
        Status::Solved => DeliveryKind::Solved,
        Status::Open => DeliveryKind::Reopened,
    });
    let all = is_answered.then_some(DeliveryKind::Message).into_iter().chain(status);
    all.flat_map(|kind| destinations.deliveries(&after.site, kind, Author::Support, None)).collect()
}

fn change(ticket: &mut StoredTicket, site: Option<&Site>, action: &Action, now: Timestamp) {
    let handling = &mut ticket.handling;
    match action {
        Action::Note(_) | Action::Contacted(_) => {}
        Action::Answer { solved, .. } => {
            handling.turn = Turn::Customer;
            handling.updated_at = now;
            handling.answered_at.get_or_insert(now);
            if *solved {
                ticket.status = Status::Solved;
            }
        }
        Action::Triage { topic, severity } => {
            (handling.topic, handling.severity) = (topic.clone(), *severity);
            if let Some(site) = site {
                plan_again(ticket, site, now);
            }
        }
        Action::Assign(assignee) => handling.assignee = assignee.clone(),
        Action::HandOver { owner, team } => {
            (handling.owner, handling.team) = (Some(*owner), team.clone());
            handling.assignee =
                site.map(|site| on_call_assignee(site, ticket.ticket.test, *owner, team, now)).unwrap_or_default();
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
fn plan_again(ticket: &mut StoredTicket, site: &Site, now: Timestamp) {
    let handling = &mut ticket.handling;
    let received = ticket.received_at;
    let automatic = handling.owner == Some(Owner::Automated);
    let (severity, priority, test) = (handling.severity, ticket.priority, ticket.ticket.test);
    let facts = TicketFacts { topic: &handling.topic, severity, priority, received, now, automatic, test };
    let plan = plan_response(site, facts);
    if (handling.owner, &handling.team) != (Some(plan.owner), &plan.team) {
        handling.assignee = plan.assignee;
    }
    (handling.owner, handling.team) = (Some(plan.owner), plan.team);
    (ticket.target, ticket.due_at) = (plan.target, plan.due_at);
}

/// The activity of an action; none for an answer, which is visible by itself, and none if nothing changed.
fn activity(before: &StoredTicket, after: &StoredTicket, action: &Action) -> Option<(ActivityKind, String)> {
    let changed =
        |before: &str, after: &str| (before != after).then(|| format!("{} → {}", named(before), named(after)));
    Some(match action {
        Action::Answer { .. } | Action::Mark(_) if after.status == before.status => return None,
        Action::Answer { .. } | Action::Mark(Status::Solved) => (ActivityKind::Solved, String::new()),
        Action::Mark(Status::Open) => (ActivityKind::Reopened, String::new()),
        Action::Note(text) => (ActivityKind::Noted, text.clone()),
        Action::Contacted(channel) => (ActivityKind::Contacted, channel.clone()),
        Action::Assign(_) | Action::HandOver { .. } if after == before => return None,
        Action::Assign(assignee) => (ActivityKind::Assigned, assignee.clone()),
        Action::HandOver { owner, team } => {
            (ActivityKind::HandedOver, [owner.word(), team].join(" ").trim_end().to_string())
        }
        Action::Triage { topic, severity } => {
            let handling = &before.handling;
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
