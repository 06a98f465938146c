//! Taking tickets in, once for every key, on disk before it is acknowledged; and what is said about them after that.

mod alike;
mod automatic;
pub mod confirmation;
pub mod conversation;
mod error;
pub mod foreign;
pub mod handling;
mod keys_in_use;
mod promise;
mod quota;

use std::mem;
use std::net::IpAddr;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::app::App;
use super::attachments::MissingFiles;
use super::guard::Share;
use super::site::Site;
use super::store::{
    Handling, Person, Requester, StoredSubmission, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome,
    What,
};
use super::{attachments, clock, delivery, json, mail};
use domain::context::User;
use domain::conversation::{Author, Turn};
use domain::reference;
use domain::targets::Owner;
use domain::ticket::{self, NewTicket, Receipt, Status};
use domain::{config, context};
use redaction::Rules;

pub use error::{AmendTicketError, FindTicketError, ReaderError, ReplyError, SimilarTicketsError, TakeTicketError};
pub use foreign::Asked;
pub use keys_in_use::{KeyGuard, KeysInUse};
use promise::{Terms, promise};
pub use quota::QuotaError;

/// How often another reference is drawn. With a million tickets three in a hundred of the shortest are taken.
const DRAWS: usize = 20;
/// How many draws of one length may be taken before the reference grows.
const DRAWS_A_LENGTH: usize = 5;

/// Takes a ticket in, or answers again what it answered to the same body under the same key; and whether it is where it is brought to.
/// `from` is the network address that it comes from.
pub async fn take(
    app: &App,
    (name, site): (&str, &Site),
    key: String,
    requester: Requester,
    from: Option<IpAddr>,
    body: &[u8],
) -> Result<(Receipt, bool), TakeTicketError> {
    conversation::take_along(app, name, &requester).await?;
    let seal = SubmissionKey { key, body: Sha256::digest(body).into(), session: requester.session };
    // Before the body is judged: what was accepted once is not refused later, even if the rules have changed since.
    if let Some(held) = app.store.submission(name, &seal.key).await? {
        return again(app, &held, &seal).await;
    }
    let new = json::parse::<NewTicket>(body)?;
    let mut errors = ticket::check(&new);
    errors.extend(attachments::check(site, &new.attachments));
    if !errors.is_empty() {
        return Err(TakeTicketError::Invalid(errors));
    }
    let guard = app.keys_in_use.hold(name, &seal.key).ok_or(TakeTicketError::InProgress)?;
    let quota = if requester.person.is_none() { Some(quota::of_anonymous(app, from, body.len())?) } else { None };
    app.guard.charge_site(Share::Tickets, name, requester.person.as_ref().map(|person| person.user.id.as_str()))?;
    let email_verified = requester.person.as_ref().and_then(|person| person.email_verified);
    let mut stored = stored(name, site, requester, new);
    let answer = automatic::answer(app, &stored);
    let mut deliveries = delivery::orders_of_new(site, stored.ticket.test);
    if answer.is_some() {
        deliveries.extend(delivery::orders(Some(site), What::Message, Author::Automatic, None));
    }
    stored.handling.unread = u32::from(answer.is_some());
    let network = from.map(|address| app.pseudonyms.of_network("mail", "", address));
    let mail = mail::receipt(site, &stored, &app.codes, network);
    let unconfirmed = mail::unconfirmed(site, &stored, email_verified);
    let along = SubmissionExtras { answer, mail, unconfirmed, deliveries, quota };
    for drawn in 1..=DRAWS {
        match app.store.submit(&stored, &seal, along.clone()).await? {
            SubmissionOutcome::Stored => {
                app.mailed.wake(name);
                let receipt = receipt(&stored);
                app.live.changed(stored.clone());
                // It is kept: whoever sends it again meanwhile is answered.
                drop(guard);
                return Ok((receipt, delivery::prompt(app, &stored).await?));
            }
            SubmissionOutcome::KeyTaken(held) => return again(app, &held, &seal).await,
            SubmissionOutcome::Erased => return Err(TakeTicketError::Erased),
            SubmissionOutcome::MissingFiles(places) => return Err(MissingFiles(places).into()),
            SubmissionOutcome::OverQuota(exceeded) => return Err(quota::exceeded(name, exceeded).into()),
            SubmissionOutcome::ReferenceTaken => stored.reference = draw(drawn),
        }
    }
    tracing::error!("drawing a reference failed");
    Err(TakeTicketError::NoReference)
}

/// The answer where something is sealed under the key already.
async fn again(app: &App, held: &StoredSubmission, seal: &SubmissionKey) -> Result<(Receipt, bool), TakeTicketError> {
    if held.seal != *seal {
        return Err(TakeTicketError::KeyReused);
    }
    Ok((receipt(&held.ticket), delivery::prompt(app, &held.ticket).await?))
}

fn stored(name: &str, site: &Site, requester: Requester, mut new: NewTicket) -> StoredTicket {
    let id = requester.person.as_ref().map(|person| person.user.id.clone());
    let priority = match requester.person {
        Some(person) => {
            let priority = person.priority.or_else(|| config::priority_of(&site.config, &person.user.plan));
            believe(&mut new, person);
            priority
        }
        None => {
            let plan = new.context.user.as_mut().map(|user| {
                // Nobody has signed it, whatever the page says about itself.
                user.verified = false;
                user.plan.clone()
            });
            plan.filter(|_| site.config.trust_page).and_then(|plan| config::priority_of(&site.config, &plan))
        }
    };
    // A page that could not read the configuration does not know what the site wants from nobody.
    context::drop_groups(&mut new.context, &site.config.context.off);
    // A page that was loaded earlier may not know all names, or not how they are told.
    let names = site.config.redact.names.clone();
    context::document::hide_configured_names(&mut new.context, &Rules { names, ..Rules::default() });
    // No page knows where the site's other tools are.
    let links = context::document::links_for(&new.context, &site.config.context);
    new.context.links.extend(links);
    let received = clock::timestamp();
    let NewTicket { topic, severity, automatic, test, .. } = &new;
    let terms = Terms { topic, severity: *severity, priority, received, automatic: *automatic, test: *test };
    let promise = promise(site, terms);
    let received_at = clock::written(received);
    StoredTicket {
        id: Uuid::now_v7().to_string(),
        site: name.into(),
        reference: draw(0),
        status: Status::Open,
        priority,
        target: promise.target,
        due_at: promise.due_at,
        person: id,
        session: requester.session,
        handling: Handling {
            owner: Some(promise.owner),
            team: promise.team,
            assignee: promise.assignee,
            turn: if promise.owner == Owner::Automated { Turn::Customer } else { Turn::Support },
            ..Handling::of(&new, &received_at)
        },
        received_at,
        ticket: new,
    }
}

/// Puts whom the host has signed in the place of whom the page has named. What else the page says of them stays, as it is not
/// among what can be signed. An address that the host says is not verified is a claim, as if it had been typed into the form.
fn believe(new: &mut NewTicket, person: Person) {
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
        id: ticket.id.clone(),
        reference: ticket.reference.clone(),
        status: ticket.status,
        due_at: ticket.due_at.clone(),
    }
}

/// Draws a reference; a longer one where many before it were taken.
fn draw(drawn: usize) -> String {
    let length = reference::LENGTH_MIN + drawn / DRAWS_A_LENGTH;
    reference::from_random(Uuid::new_v4().as_u128() as u64, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_grow_when_draw_after_draw_is_taken() {
        let lengths: Vec<usize> = (0..=DRAWS).map(|drawn| draw(drawn).len() - 3).collect();
        assert_eq!((lengths[0], lengths[4], lengths[5], lengths[DRAWS]), (5, 5, 6, reference::LENGTH_MAX));
    }
}
