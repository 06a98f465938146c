//! Replies of customers.

use std::net::IpAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::ReplyError;
use super::find::{FindTicketError, find_ticket};
use super::limits::{self, SubmissionLimits};
use super::read::customer_name;
use crate::ids::{IdempotencyKey, TicketId};
use crate::json;
use crate::ports::{
    Change, ChangeOutcome, Conversations, CurrentTicket, Decision, DeliveryKind, MessageKey, NewDelivery, NewMessage,
    Reader, StoreError, StoredTicket, SubmissionQuota,
};
use crate::rules::access_link::reply_key;
use crate::rules::{customer_limits, ownership, response_plan};
use crate::site::Site;
use crate::use_cases::attachments::{self, MissingFiles, ReadFiles};
use crate::use_cases::delivery::Dispatch;
use domain::conversation::{Author, Message, Reply, Turn};
use domain::problem::FieldError;
use domain::targets::Owner;
use domain::ticket::{MESSAGE_MAX, Status};

/// Stores the replies of customers.
pub struct ReplyToTicket {
    conversations: Arc<dyn Conversations>,
    files: ReadFiles,
    limits: SubmissionLimits,
    dispatch: Dispatch,
}

impl ReplyToTicket {
    /// Stores replies within limits.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        files: ReadFiles,
        limits: SubmissionLimits,
        dispatch: Dispatch,
    ) -> ReplyToTicket {
        ReplyToTicket { conversations, files, limits, dispatch }
    }

    /// Stores a reply under a key. Returns whether it was delivered. A reply reopens a solved ticket, and a ticket that was answered
    /// automatically goes to a human. `from` is the network address of the request.
    pub async fn reply(
        &self,
        site: &Site,
        reader: Reader<'_>,
        id: &TicketId,
        (key, from): (IdempotencyKey, Option<IpAddr>),
        body: &[u8],
    ) -> Result<(Message, bool), ReplyError> {
        let ticket = find_ticket(self.conversations.as_ref(), &site.key, reader, id).await?;
        let digest = Sha256::digest(body).into();
        let key = reply_key(reader, &ticket, key);
        // An accepted reply is not rejected later, even if the rules have changed since.
        if let Some((first_body, message)) = self.conversations.message_by_key(&ticket.id, &key).await? {
            if first_body != digest {
                return Err(ReplyError::KeyReused);
            }
            return Ok(self.with_files(&ticket, message).await?);
        }
        let reply = json::parse::<Reply>(body)?;
        let errors: Vec<FieldError> =
            check(&reply).into_iter().chain(attachments::check(site, &reply.attachments)).collect();
        if !errors.is_empty() {
            return Err(ReplyError::Invalid(errors));
        }
        let person = if let Reader::Person(id) = reader { Some(id) } else { None };
        self.limits.charge(&site.key, person).await?;
        let quota = if person.is_none() { Some(self.limits.of_anonymous(from, body.len())?) } else { None };
        let name = customer_name(&ticket).to_string();
        let deliveries = self.dispatch.deliveries(&site.key, DeliveryKind::Message, Author::Customer, None);
        let new = NewReply { name, reply, deliveries, quota };
        let decide = |current: &CurrentTicket| replied(current, site, new.clone());
        let key = MessageKey { key: &key, body_hash: digest };
        match self.conversations.change(&ticket.id, Some(key), &decide).await? {
            ChangeOutcome::Written(ticket, message) => {
                self.dispatch.announce_change(&ticket);
                Ok(self.with_files(&ticket, message.ok_or(ReplyError::NotStored)?).await?)
            }
            ChangeOutcome::Repeated(message) => Ok(self.with_files(&ticket, message).await?),
            ChangeOutcome::MissingFiles(places) => Err(MissingFiles(places).into()),
            ChangeOutcome::KeyReused => Err(ReplyError::KeyReused),
            ChangeOutcome::OverQuota(exceeded) => Err(limits::log_exceeded(&site.key, exceeded).into()),
            ChangeOutcome::Refused(limit) => Err(ReplyError::Limit(limit)),
            ChangeOutcome::NotFound | ChangeOutcome::Unchanged(_) => Err(FindTicketError::NoTicket.into()),
        }
    }

    /// A message with its files, and whether all deliveries of its ticket are made.
    async fn with_files(&self, ticket: &StoredTicket, mut message: Message) -> Result<(Message, bool), StoreError> {
        self.files.attach(&ticket.id, std::slice::from_mut(&mut message)).await?;
        Ok((message, self.dispatch.wait(ticket).await?))
    }
}

/// A valid reply that is to be stored.
#[derive(Clone)]
struct NewReply {
    /// The customer's name.
    name: String,
    reply: Reply,
    deliveries: Vec<NewDelivery>,
    quota: Option<SubmissionQuota>,
}

/// The change of a reply: the ticket is reopened, and a human takes over a ticket that was answered automatically.
fn replied(current: &CurrentTicket, site: &Site, new: NewReply) -> Decision {
    if let Err(limit) = customer_limits::check_reply(current) {
        return Decision::Refuse(limit);
    }
    let NewReply { name, reply, deliveries, quota } = new;
    let message = NewMessage {
        author: Author::Customer,
        name,
        body: reply.message,
        at: current.now,
        attachments: reply.attachments,
    };
    let mut change = current.unchanged();
    change.ticket.status = Status::Open;
    let test = change.ticket.ticket.test;
    let handling = &mut change.ticket.handling;
    handling.turn = Turn::Support;
    handling.updated_at = message.at;
    if handling.owner == Some(Owner::Automated) {
        let covered = site.support_engineers.contains(&handling.topic);
        let owner = ownership::human_owner(covered);
        handling.owner = Some(owner);
        handling.assignee = response_plan::on_call_assignee(site, test, owner, &handling.team, current.now);
    }
    Change { message: Some(message), deliveries, quota, ..change }.into()
}

fn check(reply: &Reply) -> Option<FieldError> {
    let length = reply.message.chars().count();
    if (1..=MESSAGE_MAX).contains(&length) && !reply.message.trim().is_empty() {
        return None;
    }
    let problem = if length > MESSAGE_MAX { "is too long" } else { "is empty" };
    let detail = format!("{problem}; write 1 to {MESSAGE_MAX} characters");
    Some(FieldError { pointer: "/message".into(), detail })
}
