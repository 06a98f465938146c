//! Reads tickets; only the requester who sent a ticket can read it.

use std::sync::Arc;

use super::find::{FindTicketError, find_listed_ticket, find_ticket};
use super::summary::listed_summary;
use crate::ids::{SiteKey, TicketId};
use crate::ports::{
    Confirmations, Conversations, CustomerCursor, CustomerPage, ListedTicket, MessagePage, Reader, ReaderCounts,
    StoreError, StoredTicket,
};
use crate::use_cases::attachments::ReadFiles;
use domain::conversation::{Author, Message, Messages, Summaries};

/// The largest and default number of tickets per page.
pub const PAGE_MAX: u32 = 100;
/// The largest and default number of messages per page.
pub const MESSAGES_MAX: u32 = 100;

/// Reads the tickets of customers, and their conversations.
pub struct ReadTickets {
    conversations: Arc<dyn Conversations>,
    confirmations: Arc<dyn Confirmations>,
    files: ReadFiles,
}

impl ReadTickets {
    /// Reads from a store, with the files of messages.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        confirmations: Arc<dyn Confirmations>,
        files: ReadFiles,
    ) -> ReadTickets {
        ReadTickets { conversations, confirmations, files }
    }

    /// A page of a reader's tickets: at most `limit`, after a cursor or from the first.
    pub async fn list(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        after: Option<&CustomerCursor>,
        limit: u32,
    ) -> Result<Summaries, StoreError> {
        let CustomerPage { tickets, next } = self.conversations.customer_tickets(site, reader, after, limit).await?;
        let next = next.map(|next| next.to_string());
        let ReaderCounts { total, open, unread } = self.counts(site, reader).await?;
        Ok(Summaries { tickets: tickets.iter().map(listed_summary).collect(), total, open, unread, next })
    }

    /// How many tickets a reader has.
    pub async fn counts(&self, site: &SiteKey, reader: Reader<'_>) -> Result<ReaderCounts, StoreError> {
        self.conversations.customer_counts(site, reader).await
    }

    /// The tickets that links have granted a reader.
    pub async fn granted_tickets(&self, reader: Reader<'_>) -> Result<Vec<TicketId>, StoreError> {
        match reader {
            Reader::Person(_) => Ok(Vec::new()),
            Reader::Session(session) => self.conversations.granted_tickets(session).await,
        }
    }

    /// One ticket of a reader, as in lists.
    pub async fn one(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
    ) -> Result<ListedTicket, FindTicketError> {
        find_listed_ticket(self.conversations.as_ref(), site, reader, id).await
    }

    /// A page of the messages of a reader's ticket after a number; without one, from the ticket itself. At most `limit`.
    pub async fn messages(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
        (after, limit): (Option<u32>, u32),
    ) -> Result<Messages, FindTicketError> {
        let (opening, handling) = match after {
            None => {
                let ticket = find_ticket(self.conversations.as_ref(), site, reader, id).await?;
                (Some(opening(&ticket)), ticket.handling)
            }
            Some(_) => (None, self.one(site, reader, id).await?.handling),
        };
        let is_withheld = handling.confirmation.is_awaited();
        let withheld = if is_withheld { self.confirmations.messages_of_others(id).await? } else { Vec::new() };
        let mut after = after.unwrap_or(0);
        let (mut messages, more) = loop {
            let MessagePage { mut messages, has_more } = self.conversations.message_page(id, after, limit).await?;
            after = messages.last().map_or(after, |last| last.number);
            messages.retain(|message| !withheld.contains(&message.number));
            // A page whose messages are all withheld does not say where the next page begins.
            if !messages.is_empty() || !has_more {
                break (messages, has_more);
            }
        };
        messages.splice(0..0, opening);
        self.files.attach(id, &mut messages).await?;
        Ok(Messages { messages, read_until: handling.read_until, more })
    }

    /// All messages of a ticket, for agents and others who may read all of it. Without files.
    pub async fn all(&self, ticket: &StoredTicket) -> Result<Vec<Message>, StoreError> {
        let messages = self.conversations.messages(&ticket.id, 0).await?;
        Ok([opening(ticket)].into_iter().chain(messages).collect())
    }

    /// The same with files, for whoever has shown that they read the mail of the ticket's address.
    pub async fn all_with_files(&self, ticket: &StoredTicket) -> Result<Vec<Message>, StoreError> {
        let mut messages = self.all(ticket).await?;
        self.files.attach(&ticket.id, &mut messages).await?;
        Ok(messages)
    }
}

/// The ticket itself as the first message.
fn opening(ticket: &StoredTicket) -> Message {
    Message {
        number: 0,
        author: Author::Customer,
        name: customer_name(ticket).into(),
        body: ticket.ticket.message.clone(),
        at: ticket.received_at.to_string(),
        attachments: Vec::new(),
    }
}

/// The name of the customer of a ticket.
pub fn customer_name(ticket: &StoredTicket) -> &str {
    let user = ticket.ticket.context.user.as_ref().map_or("", |user| &user.name);
    if user.is_empty() { &ticket.ticket.contact.name } else { user }
}
