//! Conversations in the SQLite file.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite, query, query_scalar};

use super::attachments::attach;
use super::deliveries::order;
use super::rows::{deed_of, delivery_of, json, message_of, sealed_message_of, ticket_of};
use super::{SqliteStore, TICKET, mails, unread, words};
use crate::domain::conversation::Message;
use crate::domain::targets::Owner;
use crate::gateway::store::coalescing::{Coalesced, coalesce};
use crate::gateway::store::{
    Change, Changed, Conversations, CurrentTicket, Decide, Decision, Deed, Delivery, MessageSeal, NewDelivery,
    NewMessage, Reader, STATUS_CHANGES_AN_HOUR, StoreError, StoredTicket,
};

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

    async fn change(
        &self,
        ticket: &str,
        at: &str,
        seal: Option<MessageSeal<'_>>,
        decide: Decide<'_>,
    ) -> Result<Changed, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let Some(row) = query(TICKET).bind(ticket).fetch_optional(&mut *write).await? else {
            return Ok(Changed::NotFound);
        };
        let stored = ticket_of(&row)?;
        if let Some(seal) = &seal {
            let held = query(SAID).bind(&stored.id).bind(seal.key);
            if let Some(row) = held.fetch_optional(&mut *write).await? {
                let (sealed, message) = sealed_message_of(&row)?;
                return Ok(if sealed == seal.body { Changed::Repeated(message) } else { Changed::KeyReused });
            }
        }
        let last_message = last_message(&mut write, &stored.id).await?;
        let customer_status_changes = customer_status_changes(&mut write, &stored.id).await?;
        let current = CurrentTicket { ticket: stored, last_message, customer_status_changes };
        let change = match decide(&current) {
            Decision::Write(change) => change,
            Decision::Nothing => return Ok(Changed::Unchanged(Box::new(current.ticket))),
            Decision::Refuse(limit) => return Ok(Changed::Refused(limit)),
        };
        let Change { ticket: changed, message: new, activity, deliveries, mail } = *change;
        let folded =
            [new.as_ref().map(|new| new.body.as_str()), activity.as_ref().map(|activity| activity.text.as_str())];
        let folded = words::folded(&folded.map(Option::unwrap_or_default).join(" "));
        let mut message = None;
        if let Some(new) = new {
            let files = new.attachments.clone();
            let kept = say(&mut write, &changed.id, new, seal).await?;
            let missing = attach(&mut write, &changed, kept.number, &files).await?;
            if !missing.is_empty() {
                return Ok(Changed::MissingFiles(missing));
            }
            message = Some(kept);
        }
        keep(&mut write, &changed, &folded).await?;
        if let Some(activity) = &activity {
            note(&mut write, &changed.id, activity).await?;
        }
        if let Some(mail) = &mail {
            mails::keep(&mut write, &changed, mail).await?;
        }
        let deliveries = cancel_what_is_taken_back(&mut write, &changed.id, deliveries).await?;
        order(&mut write, &changed, &deliveries, message.as_ref().map(|message| message.number), at).await?;
        let row = query(TICKET).bind(&changed.id).fetch_one(&mut *write).await?;
        write.commit().await?;
        Ok(Changed::Written(Box::new(ticket_of(&row)?), message))
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

/// Keeps a message under the next number.
pub async fn say(
    write: &mut SqliteConnection,
    ticket: &str,
    new: NewMessage,
    seal: Option<MessageSeal<'_>>,
) -> Result<Message, StoreError> {
    let number = last_message(write, ticket).await? + 1;
    query("INSERT INTO messages (ticket, number, author, name, body, at, key, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(ticket)
        .bind(number)
        .bind(new.author.word())
        .bind(&new.name)
        .bind(&new.body)
        .bind(&new.at)
        .bind(seal.map(|seal| seal.key))
        .bind(seal.map(|seal| seal.body.to_vec()))
        .execute(write)
        .await?;
    let NewMessage { author, name, body, at, .. } = new;
    Ok(Message { number, author, name, body, at, attachments: Vec::new() })
}

async fn last_message(read: &mut SqliteConnection, ticket: &str) -> Result<u32, StoreError> {
    let last = query_scalar("SELECT coalesce(max(number), 0) FROM messages WHERE ticket = ?").bind(ticket);
    Ok(last.fetch_one(read).await?)
}

/// When the customer last changed the status, newest first.
async fn customer_status_changes(read: &mut SqliteConnection, ticket: &str) -> Result<Vec<String>, StoreError> {
    let times = query_scalar(
        "SELECT at FROM deeds WHERE ticket = ? AND operator = '' AND deed IN ('solved', 'reopened')
        ORDER BY number DESC LIMIT ?",
    );
    Ok(times.bind(ticket).bind(STATUS_CHANGES_AN_HOUR as i64).fetch_all(read).await?)
}

/// Removes waiting deliveries that new ones take back; what of the new ones is left.
async fn cancel_what_is_taken_back(
    write: &mut SqliteConnection,
    ticket: &str,
    new: Vec<NewDelivery>,
) -> Result<Vec<NewDelivery>, StoreError> {
    if new.is_empty() {
        return Ok(new);
    }
    let rows = query("SELECT * FROM deliveries WHERE ticket = ? AND state = 'waiting' ORDER BY id").bind(ticket);
    let waiting: Vec<Delivery> =
        rows.fetch_all(&mut *write).await?.iter().map(delivery_of).collect::<Result<_, StoreError>>()?;
    let Coalesced { deliveries, cancelled } = coalesce(&waiting, new);
    for id in cancelled {
        query("DELETE FROM deliveries WHERE id = ?").bind(id).execute(&mut *write).await?;
    }
    Ok(deliveries)
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
