//! Conversations in the SQLite file.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite, query, query_scalar};

use super::attachments::attach;
use super::deliveries::order;
use super::rows::{deed_of, json, message_of, sealed_message_of, ticket_of};
use super::{SqliteStore, TICKET, unread, words};
use crate::domain::conversation::Message;
use crate::domain::targets::Owner;
use crate::gateway::store::{Conversations, Deed, Reader, Said, Step, Stepped, StoreError, StoredTicket};

const SAID: &str = "SELECT * FROM messages WHERE ticket = ? AND key = ?";

#[async_trait]
impl Conversations for SqliteStore {
    async fn tickets_of(&self, site: &str, reader: Reader<'_>, limit: u32) -> Result<Vec<StoredTicket>, StoreError> {
        let mut query = readable(site, reader);
        query.push(" ORDER BY updated_at DESC, id LIMIT ").push_bind(limit);
        query.build().fetch_all(&self.readers).await?.iter().map(ticket_of).collect()
    }

    async fn ticket_of(&self, site: &str, reader: Reader<'_>, id: &str) -> Result<Option<StoredTicket>, StoreError> {
        let mut query = readable(site, reader);
        query.push(" AND id = ").push_bind(id.to_string());
        query.build().fetch_optional(&self.readers).await?.map(|row| ticket_of(&row)).transpose()
    }

    async fn messages(&self, ticket: &str, after: u32) -> Result<Vec<Message>, StoreError> {
        let rows =
            query("SELECT * FROM messages WHERE ticket = ? AND number > ? ORDER BY number").bind(ticket).bind(after);
        rows.fetch_all(&self.readers).await?.iter().map(message_of).collect()
    }

    async fn said(&self, ticket: &str, key: &str) -> Result<Option<([u8; 32], Message)>, StoreError> {
        let row = query(SAID).bind(ticket).bind(key).fetch_optional(&self.readers).await?;
        row.map(|row| sealed_message_of(&row)).transpose()
    }

    async fn deeds(&self, ticket: &str) -> Result<Vec<Deed>, StoreError> {
        let rows = query("SELECT * FROM deeds WHERE ticket = ? ORDER BY number").bind(ticket);
        rows.fetch_all(&self.readers).await?.iter().map(deed_of).collect()
    }

    async fn step(&self, ticket: &str, step: Step<'_>) -> Result<Stepped, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let Some(row) = query(TICKET).bind(ticket).fetch_optional(&mut *write).await? else { return Ok(Stepped::Gone) };
        let mut stored = ticket_of(&row)?;
        if let Some((key, body)) = step.said.as_ref().and_then(|said| said.seal.as_ref()) {
            let held = query(SAID).bind(&stored.id).bind(key);
            if let Some(row) = held.fetch_optional(&mut *write).await? {
                let (sealed, message) = sealed_message_of(&row)?;
                return Ok(if sealed == *body { Stepped::Again(message) } else { Stepped::KeyReused });
            }
        }
        (step.change)(&mut stored);
        let files = step.said.as_ref().map(|said| said.attachments.clone()).unwrap_or_default();
        let message = match step.said {
            Some(said) => Some(say(&mut write, &stored.id, said, step.at).await?),
            None => None,
        };
        if let Some(message) = &message {
            let missing = attach(&mut write, &stored, message.number, &files).await?;
            if !missing.is_empty() {
                return Ok(Stepped::Missing(missing));
            }
        }
        let said =
            [message.as_ref().map(|message| message.body.as_str()), step.deed.as_ref().map(|deed| deed.text.as_str())];
        keep(&mut write, &stored, &words::folded(&said.map(Option::unwrap_or_default).join(" "))).await?;
        if let Some(deed) = &step.deed {
            note(&mut write, &stored.id, deed).await?;
        }
        let number = message.as_ref().map(|message| message.number);
        order(&mut write, &stored, &step.deliveries, number, step.at).await?;
        let row = query(TICKET).bind(&stored.id).fetch_one(&mut *write).await?;
        write.commit().await?;
        Ok(Stepped::Done(Box::new(ticket_of(&row)?), message))
    }
}

fn readable(site: &str, reader: Reader<'_>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(concat!("SELECT *, ", unread!(), " FROM tickets WHERE site = "));
    query.push_bind(site.to_string());
    match reader {
        Reader::Person(person) => query.push(" AND person = ").push_bind(person.to_string()),
        Reader::Session(session) => query.push(" AND person IS NULL AND session = ").push_bind(session.to_vec()),
    };
    query
}

pub async fn say(write: &mut SqliteConnection, ticket: &str, said: Said, at: &str) -> Result<Message, StoreError> {
    let number = query_scalar("SELECT coalesce(max(number), 0) + 1 FROM messages WHERE ticket = ?").bind(ticket);
    let number: u32 = number.fetch_one(&mut *write).await?;
    let (key, sealed) = said.seal.map(|(key, sealed)| (key, sealed.to_vec())).unzip();
    query("INSERT INTO messages (ticket, number, author, name, body, at, key, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(ticket)
        .bind(number)
        .bind(said.author.word())
        .bind(&said.name)
        .bind(&said.body)
        .bind(at)
        .bind(key)
        .bind(sealed)
        .execute(write)
        .await?;
    Ok(Message {
        number,
        author: said.author,
        name: said.name,
        body: said.body,
        at: at.into(),
        attachments: Vec::new(),
    })
}

async fn note(write: &mut SqliteConnection, ticket: &str, deed: &Deed) -> Result<(), StoreError> {
    query(
        "INSERT INTO deeds (ticket, number, operator, deed, text, at)
        SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5 FROM deeds WHERE ticket = ?1",
    )
    .bind(ticket)
    .bind(&deed.operator)
    .bind(deed.act.word())
    .bind(&deed.text)
    .bind(&deed.at)
    .execute(write)
    .await?;
    Ok(())
}

/// Writes what can change of a ticket, and what it is found by from now on.
async fn keep(write: &mut SqliteConnection, ticket: &StoredTicket, said: &str) -> Result<(), StoreError> {
    let handling = &ticket.handling;
    query(
        "UPDATE tickets SET status = ?, target = ?, due_at = ?, topic = ?, severity = ?, owner = ?, team = ?, assignee = ?,
            turn = ?, answered_at = ?, updated_at = ?, read_until = ?, words = words || ' ' || ? WHERE id = ?",
    )
    .bind(ticket.status.word())
    .bind(ticket.target.as_ref().map(json).transpose()?)
    .bind(&ticket.due_at)
    .bind(&handling.topic)
    .bind(handling.severity.word())
    .bind(handling.owner.map(Owner::word))
    .bind(&handling.team)
    .bind(&handling.assignee)
    .bind(handling.turn.word())
    .bind(&handling.answered_at)
    .bind(&handling.updated_at)
    .bind(handling.read_until)
    .bind(said)
    .bind(&ticket.id)
    .execute(write)
    .await?;
    Ok(())
}
