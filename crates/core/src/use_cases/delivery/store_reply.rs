//! Stores replies from destinations, each once.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::destinations::Destinations;
use crate::ids::{DestinationName, IdempotencyKey};
use crate::ports::destination::ExternalMessage;
use crate::ports::{
    Activity, Bus, Change, ChangeOutcome, Conversations, CurrentTicket, Decision, DeliveryKind, MessageKey, NewMessage,
    StoreError, StoredTicket, TicketLimit,
};
use crate::rules::customer_limits::check_reply;
use crate::use_cases::mail::MailAnswers;
use domain::conversation::{Author, Turn};
use domain::ticket::Status;

/// The idempotency key of an external message; keys of clients have no spaces.
fn key(from: &DestinationName, reply: &ExternalMessage) -> IdempotencyKey {
    IdempotencyKey::new(format!("{from} {}", reply.external_id))
}

/// The outcome of storing a reply from a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyOutcome {
    /// It is stored, by this call or an earlier one.
    Done,
    /// It is not stored, because the ticket has reached a limit.
    Refused(TicketLimit),
}

/// Stores replies from destinations.
#[derive(Clone)]
pub struct StoreReply {
    conversations: Arc<dyn Conversations>,
    /// The destinations of all sites.
    pub destinations: Arc<Destinations>,
    /// Announces replies.
    pub bus: Arc<dyn Bus>,
    answers: MailAnswers,
}

impl StoreReply {
    /// Stores replies, dispatches them to the other destinations, and queues the mails with answers.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
        answers: MailAnswers,
    ) -> StoreReply {
        StoreReply { conversations, destinations, bus, answers }
    }

    /// Whether a reply is stored already.
    pub async fn is_stored(
        &self,
        ticket: &StoredTicket,
        from: &DestinationName,
        reply: &ExternalMessage,
    ) -> Result<bool, StoreError> {
        Ok(self.conversations.message_by_key(&ticket.id, &key(from, reply)).await?.is_some())
    }

    /// Stores a reply with its stored files and a note for agents. A repeated reply is stored once.
    pub async fn store(
        &self,
        ticket: &StoredTicket,
        from: &DestinationName,
        reply: &ExternalMessage,
        files: Vec<String>,
        note: Option<Activity>,
    ) -> Result<ReplyOutcome, StoreError> {
        let key = key(from, reply);
        let key = MessageKey { key: &key, body_hash: Sha256::digest(&reply.body).into() };
        let deliveries = self.destinations.deliveries(&ticket.site, DeliveryKind::Message, reply.author, Some(from));
        let decide = |current: &CurrentTicket| {
            if reply.author == Author::Customer
                && let Err(limit) = check_reply(current)
            {
                return Decision::Refuse(limit);
            }
            let message = NewMessage {
                author: reply.author,
                name: reply.name.clone(),
                body: reply.body.clone(),
                at: reply.at,
                attachments: files.clone(),
            };
            let change = update_with(current, reply);
            let is_answer = reply.author == Author::Support;
            let mail = self.answers.mail(&current.ticket, reply.at, current.now).filter(|_| is_answer);
            let (activity, deliveries) = (note.clone(), deliveries.clone());
            Change { message: Some(message), activity, deliveries, answer_mail: mail, ..change }.into()
        };
        match self.conversations.change(&ticket.id, Some(key), &decide).await? {
            ChangeOutcome::Written(ticket, _) => {
                self.bus.deliveries_due(&ticket.site);
                if self.answers.has(&ticket.site) {
                    self.bus.mail_due(&ticket.site);
                }
                self.bus.ticket_changed(*ticket);
                Ok(ReplyOutcome::Done)
            }
            ChangeOutcome::Refused(limit) => Ok(ReplyOutcome::Refused(limit)),
            _ => Ok(ReplyOutcome::Done),
        }
    }
}

/// The change of a ticket by an external message.
fn update_with(current: &CurrentTicket, reply: &ExternalMessage) -> Change {
    let mut change = current.unchanged();
    let handling = &mut change.ticket.handling;
    handling.updated_at = handling.updated_at.max(reply.at);
    match reply.author {
        Author::Customer => {
            handling.turn = Turn::Support;
            change.ticket.status = Status::Open;
        }
        Author::Support | Author::Automatic => {
            handling.turn = Turn::Customer;
            handling.answered_at.get_or_insert(reply.at);
        }
    }
    change
}
