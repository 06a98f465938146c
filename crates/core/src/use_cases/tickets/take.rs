//! Stores tickets, once per idempotency key; a ticket is on disk before it is acknowledged.

use std::mem;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::TakeTicketError;
use super::extras::PlanExtras;
use super::keys_in_use::KeysInUse;
use super::limits::{self, SubmissionLimits};
use super::reference::{self, DRAWS};
use crate::clock::Clock;
use crate::ids::{IdempotencyKey, TicketId};
use crate::json::{self, JsonError};
use crate::ports::{
    Handling, Person, Requester, StoredSubmission, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome,
    Tickets,
};
use crate::rules::response_plan::{TicketFacts, plan_response};
use crate::site::Site;
use crate::timestamp::Timestamp;
use crate::use_cases::access::SignIn;
use crate::use_cases::attachments::{self, MissingFiles};
use crate::use_cases::delivery::Dispatch;
use domain::context::User;
use domain::conversation::Turn;
use domain::targets::Owner;
use domain::ticket::{self, NewTicket, Receipt, Status};
use domain::{config, context};
use redaction::Rules;

/// Stores submitted tickets.
pub struct TakeTicket {
    pub(super) tickets: Arc<dyn Tickets>,
    sign_in: Arc<SignIn>,
    pub(super) keys_in_use: KeysInUse,
    pub(super) limits: SubmissionLimits,
    pub(super) extras: PlanExtras,
    pub(super) dispatch: Dispatch,
    pub(super) clock: Arc<dyn Clock>,
}

impl TakeTicket {
    /// Stores tickets in a store, within limits.
    pub fn new(
        tickets: Arc<dyn Tickets>,
        sign_in: Arc<SignIn>,
        limits: SubmissionLimits,
        extras: PlanExtras,
        dispatch: Dispatch,
        clock: Arc<dyn Clock>,
    ) -> TakeTicket {
        TakeTicket { tickets, sign_in, keys_in_use: KeysInUse::default(), limits, extras, dispatch, clock }
    }

    /// Stores a ticket, or repeats the answer to the same body under the same key. Returns also whether the ticket was delivered. `from` is the
    /// network address of the request.
    pub async fn take(
        &self,
        site: &Site,
        key: IdempotencyKey,
        requester: Requester,
        from: Option<IpAddr>,
        body: &[u8],
    ) -> Result<(Receipt, bool), TakeTicketError> {
        self.sign_in.adopt_session(&site.key, &requester).await?;
        let key = SubmissionKey { key, body: Sha256::digest(body).into(), session: requester.session };
        // Checked before the body is validated: an accepted ticket is not rejected later, even if the rules have changed since.
        if let Some(first) = self.tickets.submission(&site.key, &key.key).await? {
            return self.repeat(&first, &key).await;
        }
        let new = parse(body)?;
        let mut errors = ticket::check(&new);
        errors.extend(attachments::check(site, &new.attachments));
        if !errors.is_empty() {
            return Err(TakeTicketError::Invalid(errors));
        }
        let guard = self.keys_in_use.acquire(&site.key, &key.key).ok_or(TakeTicketError::InProgress)?;
        let is_anonymous = requester.person.is_none();
        let quota = if is_anonymous { Some(self.limits.of_anonymous(from, body.len())?) } else { None };
        self.limits.charge(&site.key, requester.person.as_ref().map(|person| &person.id)).await?;
        let email_verified = requester.person.as_ref().and_then(|person| person.email_verified);
        let mut stored = stored(site, requester, new, self.clock.now());
        let extras = self.extras.plan(site, &stored, email_verified, from, quota).await;
        if let Some(first) = self.submit(&mut stored, &key, extras).await? {
            return self.repeat(&first, &key).await;
        }
        self.dispatch.announce_new(&stored);
        // The ticket is stored, so a repeated request gets its answer.
        drop(guard);
        Ok((receipt(&stored), self.dispatch.wait(&stored).await?))
    }

    /// Stores a ticket with its extras, and draws its reference again while that is taken. Returns the ticket that was submitted under the key
    /// before, if there is one.
    pub(super) async fn submit(
        &self,
        stored: &mut StoredTicket,
        key: &SubmissionKey,
        extras: SubmissionExtras,
    ) -> Result<Option<Box<StoredSubmission>>, TakeTicketError> {
        stored.handling.unread = u32::from(extras.answer.is_some());
        for drawn in 1..=DRAWS {
            match self.tickets.submit(stored, key, extras.clone()).await? {
                SubmissionOutcome::Stored => return Ok(None),
                SubmissionOutcome::KeyTaken(first) => return Ok(Some(first)),
                SubmissionOutcome::Erased => return Err(TakeTicketError::Erased),
                SubmissionOutcome::MissingFiles(places) => return Err(MissingFiles(places).into()),
                SubmissionOutcome::OverQuota(exceeded) => {
                    return Err(limits::log_exceeded(&stored.site, exceeded).into());
                }
                SubmissionOutcome::ReferenceTaken => stored.reference = reference::draw(drawn),
            }
        }
        tracing::error!("drawing a reference failed");
        Err(TakeTicketError::NoReference)
    }

    /// The answer to a repeated submission, if it is the same as the first with its key.
    async fn repeat(&self, first: &StoredSubmission, key: &SubmissionKey) -> Result<(Receipt, bool), TakeTicketError> {
        if first.key != *key {
            return Err(TakeTicketError::KeyReused);
        }
        Ok((receipt(&first.ticket), self.dispatch.wait(&first.ticket).await?))
    }
}

/// The ticket of a body; or everything that is wrong with it, so that a client learns it at once.
fn parse(body: &[u8]) -> Result<NewTicket, TakeTicketError> {
    let error = match json::parse::<NewTicket>(body) {
        Err(error @ JsonError::Mismatched(_)) => error,
        parsed => return Ok(parsed?),
    };
    let Ok(object) = serde_json::from_slice::<Map<String, Value>>(body) else { return Err(error.into()) };
    let (parsed, mut errors) = json::mismatches::<NewTicket>(object, &valid_members());
    errors.extend(parsed.iter().flat_map(ticket::check));
    Err(if errors.is_empty() { error.into() } else { TakeTicketError::Invalid(errors) })
}

/// Members with which every rule for tickets is met.
fn valid_members() -> Map<String, Value> {
    let members = [
        ("kind", json!("question")),
        ("severity", json!("low")),
        ("message", json!("valid")),
        ("contact", json!({"email": "valid@example.com"})),
        ("context", json!({"user": {"id": "valid"}})),
        ("client", json!({"name": "", "version": ""})),
    ];
    members.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

/// A new ticket of a requester, received now.
pub(super) fn stored(site: &Site, requester: Requester, mut new: NewTicket, now: Timestamp) -> StoredTicket {
    let id = requester.person.as_ref().map(|person| person.id.clone());
    let priority = match requester.person {
        Some(person) => {
            let priority = person.priority.or_else(|| config::priority_of(&site.config, &person.user.plan));
            replace_claimed_customer(&mut new, person);
            priority
        }
        None => {
            let plan = new.context.user.as_mut().map(|user| {
                // Unverified, whatever the page claims.
                user.verified = false;
                user.plan.clone()
            });
            plan.filter(|_| site.config.trust_page).and_then(|plan| config::priority_of(&site.config, &plan))
        }
    };
    // A page that could not load the configuration does not know which groups the site turns off.
    context::drop_groups(&mut new.context, &site.config.context.off);
    // A page that was loaded earlier may not have all names, or only an older form of them.
    let names = site.config.redact.names.clone();
    context::document::redact_configured_names(&mut new.context, &Rules { names, ..Rules::default() });
    // Pages do not have the links to the site's other tools.
    let links = context::document::links_for(&new.context, &site.config.context);
    new.context.links.extend(links);
    let NewTicket { topic, severity, automatic, test, .. } = &new;
    let facts =
        TicketFacts { topic, severity: *severity, priority, received: now, now, automatic: *automatic, test: *test };
    let plan = plan_response(site, facts);
    StoredTicket {
        id: TicketId::new(Uuid::now_v7()),
        site: site.key.clone(),
        reference: reference::draw(0),
        status: Status::Open,
        priority,
        target: plan.target,
        due_at: plan.due_at,
        person: id,
        session: requester.session,
        handling: Handling {
            owner: Some(plan.owner),
            team: plan.team,
            assignee: plan.assignee,
            turn: if plan.owner == Owner::Automated { Turn::Customer } else { Turn::Support },
            ..Handling::new(&new, now)
        },
        received_at: now,
        ticket: new,
    }
}

/// Replaces the customer that the page claims by the one that the host has signed. Other claims of the page that cannot be signed stay. An
/// address that the host reports as unverified is a claim, as if it had been entered in the form.
fn replace_claimed_customer(new: &mut NewTicket, person: Person) {
    let Person { user: mut signed, email_verified, .. } = person;
    if email_verified == Some(false) {
        let claim = mem::take(&mut signed.email);
        if new.contact.email.trim().is_empty() {
            new.contact.email = claim;
        }
    }
    let claimed = new.context.user.take().unwrap_or_default();
    new.context.user = Some(User { attributes: claimed.attributes, ..signed });
}

fn receipt(ticket: &StoredTicket) -> Receipt {
    Receipt {
        id: ticket.id.to_string(),
        reference: ticket.reference.to_string(),
        status: ticket.status,
        due_at: ticket.due_at.map(|due_at| due_at.to_string()),
    }
}
