//! The customer's side of a conversation: nobody but who sent a ticket reads it, and answers in it.

use std::net::IpAddr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::alike::{self, Text};
use super::error::{AmendTicketError, FindTicketError, ReaderError, ReplyError, SimilarTicketsError};
use super::{promise, quota};
use crate::app::App;
use crate::attachments::MissingFiles;
use crate::guard::Share;
use crate::site::Site;
use crate::store::{
    Activity, ActivityKind, Change, Changed, CurrentTicket, CustomerCursor, CustomerPage, Decision, Handling,
    ListedTicket, MessageKey, MessagePage, NewDelivery, NewMessage, Reader, ReaderCounts, Requester, StoreError,
    StoredTicket, SubmissionQuota, What,
};
use crate::{attachments, clock, delivery, json};
use deskbell_core::rules::customer_limits;
use domain::conversation::{self, Author, Draft, Message, Messages, Patch, Reply, Summaries, Summary, Turn};
use domain::ownership;
use domain::problem::FieldError;
use domain::targets::Owner;
use domain::ticket::{MESSAGE_MAX, Status};
use mail_in::mailbox;

/// The most tickets of a page, and how many it has where nobody says.
pub const PAGE_MAX: u32 = 100;
/// The most messages of a page, and how many it has where nobody says.
pub const MESSAGES_MAX: u32 = 100;

/// As whom a request reads. Whoever signs in takes along what they sent before.
pub async fn reader<'a>(app: &App, name: &str, requester: &'a Requester) -> Result<Reader<'a>, ReaderError> {
    take_along(app, name, requester).await?;
    requester.reader().ok_or(ReaderError::Unidentified)
}

/// Gives a person what the session sent before they signed in.
pub async fn take_along(app: &App, name: &str, requester: &Requester) -> Result<(), StoreError> {
    if let (Some(person), Some(session)) = (&requester.person, &requester.session) {
        app.store.move_to_person(name, session, &person.user.id).await?;
        if person.email_verified == Some(true) && !person.user.email.is_empty() {
            let mailbox = mailbox(&person.user.email);
            let deliveries = delivery::orders(app.site(name), What::Confirmed, Author::Customer, None);
            let confirmed =
                app.store.confirm_signed(name, &person.user.id, &mailbox, &clock::now(), &deliveries).await?;
            if !confirmed.is_empty() {
                app.lines.wake(name);
            }
            confirmed.into_iter().for_each(|ticket| app.live.changed(ticket));
        }
    }
    Ok(())
}

/// A page of the tickets of a reader: no more than `limit`, behind a place or from the first.
pub async fn list(
    app: &App,
    name: &str,
    reader: Reader<'_>,
    after: Option<&CustomerCursor>,
    limit: u32,
) -> Result<Summaries, StoreError> {
    let CustomerPage { tickets, next } = app.store.customer_tickets(name, reader, after, limit).await?;
    let next = next.map(|next| next.to_string());
    let ReaderCounts { total, open, unread } = app.store.customer_counts(name, reader).await?;
    Ok(Summaries { tickets: tickets.iter().map(listed_summary).collect(), total, open, unread, next })
}

/// The open tickets of a reader that say what they are about to say.
pub async fn alike(app: &App, name: &str, reader: Reader<'_>, body: &[u8]) -> Result<Summaries, SimilarTicketsError> {
    let draft = json::parse::<Draft>(body)?;
    let open = app.store.customer_excerpts(name, reader, alike::COMPARED_MAX as u32).await?;
    // Words and their stems take a while, which others are not to wait for.
    let found = tokio::task::spawn_blocking(move || {
        let texts: Vec<Text> =
            open.iter().map(|(ticket, message)| Text { topic: &ticket.handling.topic, message }).collect();
        let found = alike::alike(Text { topic: &draft.topic, message: &draft.message }, &texts);
        let summaries = found.iter().filter_map(|index| open.get(*index)).map(|(ticket, _)| listed_summary(ticket));
        summaries.collect::<Vec<Summary>>()
    });
    let tickets = found.await.map_err(|_| SimilarTicketsError::Comparison)?;
    let (count, unread) = (tickets.len() as u32, tickets.iter().map(|ticket| ticket.unread).sum());
    Ok(Summaries { tickets, total: count, open: count, unread, next: None })
}

/// One ticket of a reader.
pub async fn one(app: &App, name: &str, reader: Reader<'_>, id: &str) -> Result<StoredTicket, FindTicketError> {
    app.store.ticket_of(name, reader, id).await?.ok_or(FindTicketError::NoTicket)
}

/// One ticket of a reader, as lists show it.
pub async fn listed(app: &App, name: &str, reader: Reader<'_>, id: &str) -> Result<ListedTicket, FindTicketError> {
    app.store.listed_ticket_of(name, reader, id).await?.ok_or(FindTicketError::NoTicket)
}

/// A page of what was said about a ticket of a reader after a number; from the ticket itself on without one. No more than `limit`.
pub async fn messages(
    app: &App,
    name: &str,
    reader: Reader<'_>,
    id: &str,
    (after, limit): (Option<u32>, u32),
) -> Result<Messages, FindTicketError> {
    let (opening, handling) = match after {
        None => {
            let ticket = one(app, name, reader, id).await?;
            (Some(opening(&ticket)), ticket.handling)
        }
        Some(_) => (None, listed(app, name, reader, id).await?.handling),
    };
    let withheld = if handling.confirmation.is_awaited() { app.store.foreign_messages(id).await? } else { Vec::new() };
    let mut after = after.unwrap_or(0);
    let (mut messages, more) = loop {
        let MessagePage { mut messages, has_more } = app.store.message_page(id, after, limit).await?;
        after = messages.last().map_or(after, |last| last.number);
        messages.retain(|message| !withheld.contains(&message.number));
        // A page of which all is withheld says nothing about where the next begins.
        if !messages.is_empty() || !has_more {
            break (messages, has_more);
        }
    };
    messages.splice(0..0, opening);
    attachments::give(app, id, &mut messages).await?;
    Ok(Messages { messages, read_until: handling.read_until, more })
}

/// All that was said about a ticket, for somebody who may read all of it. Without files, which only its owner is given.
pub async fn all(app: &App, ticket: &StoredTicket) -> Result<Vec<Message>, StoreError> {
    let messages = app.store.messages(&ticket.id, 0).await?;
    Ok([opening(ticket)].into_iter().chain(messages).collect())
}

/// Takes in what the customer says, and tells whether it is where it is brought to. It opens a solved ticket again, and what was answered
/// automatically goes to a human. `from` is the network address that it comes from.
pub async fn reply(
    app: &App,
    (name, site): (&str, &Site),
    reader: Reader<'_>,
    id: &str,
    (key, from): (String, Option<IpAddr>),
    body: &[u8],
) -> Result<(Message, bool), ReplyError> {
    let ticket = one(app, name, reader, id).await?;
    let digest = Sha256::digest(body).into();
    // What was said once is not refused later, even if the rules have changed since.
    if let Some((sealed, message)) = app.store.message_by_key(&ticket.id, &key).await? {
        return if sealed == digest { Ok(whole(app, &ticket, message).await?) } else { Err(ReplyError::KeyReused) };
    }
    let reply = json::parse::<Reply>(body)?;
    let errors: Vec<FieldError> =
        check(&reply).into_iter().chain(attachments::check(site, &reply.attachments)).collect();
    if !errors.is_empty() {
        return Err(ReplyError::Invalid(errors));
    }
    let person = if let Reader::Person(id) = reader { Some(id) } else { None };
    app.guard.charge_site(Share::Tickets, name, person)?;
    let quota = if person.is_none() { Some(quota::of_anonymous(app, from, body.len())?) } else { None };
    let at = clock::now();
    let message = NewMessage {
        author: Author::Customer,
        name: customer(&ticket).to_string(),
        body: reply.message,
        at: at.clone(),
        attachments: reply.attachments,
    };
    let deliveries = delivery::orders(Some(site), What::Message, Author::Customer, None);
    let said = (message, deliveries, quota);
    let decide = |current: &CurrentTicket| replied(current, site, said.clone());
    let seal = MessageKey { key: &key, body: digest };
    match app.store.change(&ticket.id, &at, Some(seal), &decide).await? {
        Changed::Written(ticket, message) => {
            app.live.changed((*ticket).clone());
            Ok(whole(app, &ticket, message.ok_or(ReplyError::NotStored)?).await?)
        }
        Changed::Repeated(message) => Ok(whole(app, &ticket, message).await?),
        Changed::MissingFiles(places) => Err(MissingFiles(places).into()),
        Changed::KeyReused => Err(ReplyError::KeyReused),
        Changed::OverQuota(exceeded) => Err(quota::exceeded(name, exceeded).into()),
        Changed::Refused(limit) => Err(ReplyError::Limit(limit)),
        Changed::NotFound | Changed::Unchanged(_) => Err(FindTicketError::NoTicket.into()),
    }
}

/// A reply opens a ticket again, and a human answers what was answered automatically.
fn replied(
    current: &CurrentTicket,
    site: &Site,
    (message, deliveries, quota): (NewMessage, Vec<NewDelivery>, Option<SubmissionQuota>),
) -> Decision {
    if let Err(limit) = customer_limits::check_reply(current) {
        return Decision::Refuse(limit);
    }
    let mut change = current.unchanged();
    change.ticket.status = Status::Open;
    let test = change.ticket.ticket.test;
    let handling = &mut change.ticket.handling;
    handling.turn = Turn::Support;
    handling.updated_at = message.at.clone();
    if handling.owner == Some(Owner::Automated) {
        let covered = site.support_engineers.contains(&handling.topic);
        let owner = ownership::human_owner(covered);
        handling.owner = Some(owner);
        handling.assignee = promise::hero(site, test, owner, &handling.team);
    }
    Change { message: Some(message), deliveries, quota, ..change }.into()
}

/// Whether a change does more than to mark messages as read.
pub fn changes_status(body: &[u8]) -> bool {
    json::parse::<Patch>(body).is_ok_and(|patch| patch.status.is_some())
}

/// Changes what the customer may change.
pub async fn patch(
    app: &App,
    name: &str,
    reader: Reader<'_>,
    id: &str,
    body: &[u8],
) -> Result<Summary, AmendTicketError> {
    let ticket = listed(app, name, reader, id).await?;
    let patch = json::parse::<Patch>(body)?;
    let now = clock::timestamp();
    let orders = |what| delivery::orders(app.site(name), what, Author::Customer, None);
    let decide = |current: &CurrentTicket| patched(current, &patch, now, &orders);
    match app.store.change(&ticket.id, &clock::written(now), None, &decide).await? {
        Changed::Written(ticket, _) => {
            let summary = summary(&ticket);
            app.lines.wake(name);
            app.live.changed(*ticket);
            Ok(summary)
        }
        Changed::Unchanged(ticket) => Ok(summary(&ticket)),
        Changed::Refused(limit) => Err(AmendTicketError::Limit(limit)),
        _ => Err(FindTicketError::NoTicket.into()),
    }
}

/// What a patch changes of a ticket; nothing where it is so already.
fn patched(
    current: &CurrentTicket,
    patch: &Patch,
    now: Timestamp,
    orders: &(dyn Fn(What) -> Vec<NewDelivery> + Send + Sync),
) -> Decision {
    let mut change = current.unchanged();
    let handling = &mut change.ticket.handling;
    // Nobody has seen what was not said yet.
    let last = handling.confirmation.readable_until(current.last_message);
    handling.read_until = handling.read_until.max(patch.read_until.unwrap_or_default().min(last));
    if let Some(status) = patch.status.filter(|status| *status != current.ticket.status) {
        if let Err(limit) = customer_limits::check_status_change(current, now) {
            return Decision::Refuse(limit);
        }
        let (act, what, turn) = match status {
            Status::Open => (ActivityKind::Reopened, What::Reopened, Turn::Support),
            Status::Solved => (ActivityKind::Solved, What::Solved, Turn::Customer),
        };
        handling.turn = turn;
        change.ticket.status = status;
        change.activity = Some(Activity { operator: String::new(), act, text: String::new(), at: clock::written(now) });
        change.deliveries = orders(what);
    }
    if change.ticket == current.ticket { Decision::Nothing } else { change.into() }
}

/// A ticket as its owner sees it in a list.
pub fn summary(ticket: &StoredTicket) -> Summary {
    Summary {
        id: ticket.id.clone(),
        reference: ticket.reference.clone(),
        status: ticket.status,
        kind: ticket.ticket.kind,
        title: conversation::title(&ticket.ticket.message),
        created_at: ticket.received_at.clone(),
        updated_at: ticket.handling.updated_at.clone(),
        due_at: promised(ticket.status, &ticket.handling, ticket.due_at.as_ref()),
        unread: ticket.handling.unread,
        unconfirmed: ticket.handling.confirmation.is_awaited(),
        withheld: ticket.handling.confirmation.withheld(),
        code_sent: ticket.handling.confirmation.is_code_sent(),
    }
}

/// The same of a ticket of a list.
pub fn listed_summary(ticket: &ListedTicket) -> Summary {
    Summary {
        id: ticket.id.clone(),
        reference: ticket.reference.clone(),
        status: ticket.status,
        kind: ticket.shown.kind,
        title: ticket.shown.title.clone(),
        created_at: ticket.received_at.clone(),
        updated_at: ticket.handling.updated_at.clone(),
        due_at: promised(ticket.status, &ticket.handling, ticket.due_at.as_ref()),
        unread: ticket.handling.unread,
        unconfirmed: ticket.handling.confirmation.is_awaited(),
        withheld: ticket.handling.confirmation.withheld(),
        code_sent: ticket.handling.confirmation.is_code_sent(),
    }
}

/// When the first answer is due, as long as it is waited for.
fn promised(status: Status, handling: &Handling, due_at: Option<&String>) -> Option<String> {
    due_at.filter(|_| status == Status::Open && handling.answered_at.is_none()).cloned()
}

/// What the ticket itself says, as the first message.
fn opening(ticket: &StoredTicket) -> Message {
    Message {
        number: 0,
        author: Author::Customer,
        name: customer(ticket).into(),
        body: ticket.ticket.message.clone(),
        at: ticket.received_at.clone(),
        attachments: Vec::new(),
    }
}

fn customer(ticket: &StoredTicket) -> &str {
    let user = ticket.ticket.context.user.as_ref().map_or("", |user| &user.name);
    if user.is_empty() { &ticket.ticket.contact.name } else { user }
}

/// A message with its files, and whether all about its ticket is where it is brought to.
async fn whole(app: &App, ticket: &StoredTicket, mut message: Message) -> Result<(Message, bool), StoreError> {
    attachments::give(app, &ticket.id, std::slice::from_mut(&mut message)).await?;
    Ok((message, delivery::prompt(app, ticket).await?))
}

fn check(reply: &Reply) -> Option<FieldError> {
    let length = reply.message.chars().count();
    if (1..=MESSAGE_MAX).contains(&length) && !reply.message.trim().is_empty() {
        return None;
    }
    let what = if length > MESSAGE_MAX { "is too long" } else { "is empty" };
    let detail = format!("{what}; write 1 to {MESSAGE_MAX} characters");
    Some(FieldError { pointer: "/message".into(), detail })
}
