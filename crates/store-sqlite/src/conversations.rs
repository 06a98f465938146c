//! The conversations port in SQLite.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use serde_json::Value;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite, query, query_scalar};

use super::attachments::attach;
use super::error::{RowExt, store_error};
use super::list::listed_ticket;
use super::listed::add_tokens_of;
use super::queue::{delivery, enqueue_delivery};
use super::rows::{
    activity_of, delivery_of, json, keyed_message_of, listed_ticket_of, message_of, read_row, read_rows, ticket_of,
};
use super::{SqliteStore, TICKET, answer_mails, confirmations, mails, submissions, whole_ticket};
use deskbell_core::ids::{IdempotencyKey, SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    Activity, Change, ChangeOutcome, Conversations, CurrentTicket, CustomerCursor, CustomerPage, Decide, Decision,
    ListedTicket, MESSAGE_PAGE_BYTES, MessageKey, MessagePage, NewDelivery, NewMessage, Reader, ReaderCounts,
    StoreError, StoredTicket,
};
use deskbell_core::rules::access_link::GRANT_LIFE;
use deskbell_core::rules::coalescing::{CoalescedDeliveries, coalesce};
use deskbell_core::rules::customer_limits::STATUS_CHANGES_AN_HOUR;
use deskbell_core::rules::listing::sort_position;
use deskbell_core::rules::unread::unread;
use deskbell_core::timestamp::Timestamp;
use domain::conversation::{Author, Message};
use domain::targets::Owner;
use domain::ticket::Status;

/// Texts before and after all times.
const FIRST_TIME: &str = "";
const LAST_TIME: &str = "9999";

/// The columns of a message.
macro_rules! message {
    () => {
        "ticket, number, author, name, body, at, sealed"
    };
}

/// The columns of an activity.
macro_rules! activity {
    () => {
        "ticket, number, operator, deed, text, at"
    };
}

const MESSAGE_BY_KEY: &str = concat!("SELECT ", message!(), " FROM messages WHERE ticket = ? AND key = ?");

#[async_trait]
impl Conversations for SqliteStore {
    async fn customer_tickets(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        after: Option<&CustomerCursor>,
        limit: u32,
    ) -> Result<CustomerPage, StoreError> {
        let limit = limit as usize;
        let granted = self.grants(reader).await?;
        let (mut rows, mut statuses) = (Vec::new(), Vec::new());
        // One query for each status, so that each is a range of the index.
        for status in [Status::Open, Status::Solved] {
            if after.is_some_and(|after| after.status > status) {
                continue;
            }
            let mut query = readable(LISTED, site, reader, &granted);
            query.push(" AND status = ").push_bind(status.word());
            if let Some(after) = after.filter(|after| after.status == status) {
                query.push(" AND (updated_at, number) < (").push_bind(after.updated_at.to_string());
                query.push(", ").push_bind(after.number).push(")");
            }
            query.push(" ORDER BY updated_at DESC, number DESC LIMIT ");
            // One extra row tells whether another page follows.
            query.push_bind((limit + 1 - rows.len()) as i64);
            rows.extend(query.build().fetch_all(&self.readers).await.map_err(store_error)?);
            statuses.resize(rows.len(), status);
            if rows.len() > limit {
                break;
            }
        }
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = match (rows.last(), statuses.get(rows.len().wrapping_sub(1))) {
            (Some(last), Some(status)) if has_more => Some(CustomerCursor {
                status: *status,
                updated_at: last.time("updated_at")?,
                number: last.value("number")?,
            }),
            _ => None,
        };
        let mut tickets = read_rows(&rows, "ticket", listed_ticket_of)?;
        let revealed = tickets.iter_mut().filter(|ticket| granted.contains(&ticket.id));
        revealed.for_each(|ticket| ticket.handling.reveal_withheld());
        Ok(CustomerPage { tickets, next })
    }

    async fn customer_counts(&self, site: &SiteKey, reader: Reader<'_>) -> Result<ReaderCounts, StoreError> {
        let counts =
            "SELECT count(*) AS total, coalesce(sum(status = 'open'), 0) AS open, coalesce(sum(unread), 0) AS unread
            FROM tickets WHERE site = ";
        let granted = self.grants(reader).await?;
        let row =
            readable(counts, site, reader, &granted).build().fetch_one(&self.readers).await.map_err(store_error)?;
        Ok(ReaderCounts { total: row.value("total")?, open: row.value("open")?, unread: row.value("unread")? })
    }

    async fn customer_excerpts(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        limit: u32,
    ) -> Result<Vec<(ListedTicket, String)>, StoreError> {
        let listed = concat!(
            "SELECT ",
            listed_ticket!(),
            ", excerpt FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE site = "
        );
        let granted = self.grants(reader).await?;
        let mut query = readable(listed, site, reader, &granted);
        query.push(" AND status = 'open' ORDER BY updated_at DESC, number DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.readers).await.map_err(store_error)?;
        read_rows(&rows, "ticket", |row| Ok((listed_ticket_of(row)?, row.value("excerpt")?)))
    }

    async fn listed_ticket_of(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
    ) -> Result<Option<ListedTicket>, StoreError> {
        let granted = self.grants(reader).await?;
        let mut query = readable(LISTED, site, reader, &granted);
        query.push(" AND tickets.id = ").push_bind(id.to_string());
        let row = query.build().fetch_optional(&self.readers).await.map_err(store_error)?;
        let mut ticket = row.map(|row| listed_ticket_of(&row)).transpose()?;
        if let Some(ticket) = ticket.as_mut().filter(|ticket| granted.contains(&ticket.id)) {
            ticket.handling.reveal_withheld();
        }
        Ok(ticket)
    }

    async fn ticket_of(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
    ) -> Result<Option<StoredTicket>, StoreError> {
        let sql = concat!(
            "SELECT ",
            whole_ticket!(),
            " FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE site = "
        );
        let granted = self.grants(reader).await?;
        let mut query = readable(sql, site, reader, &granted);
        query.push(" AND tickets.id = ").push_bind(id.to_string());
        let row = query.build().fetch_optional(&self.readers).await.map_err(store_error)?;
        let mut ticket = row.map(|row| ticket_of(&row)).transpose()?;
        if let Some(ticket) = ticket.as_mut().filter(|ticket| granted.contains(&ticket.id)) {
            ticket.handling.reveal_withheld();
        }
        Ok(ticket)
    }

    async fn granted_tickets(&self, session: &SessionHash) -> Result<Vec<TicketId>, StoreError> {
        let tickets =
            query_scalar::<_, String>("SELECT ticket FROM session_tickets WHERE session = ? AND opened_at > ?");
        let tickets = tickets.bind(&session.as_bytes()[..]).bind((self.now() - GRANT_LIFE).to_string());
        let tickets = tickets.fetch_all(&self.readers).await.map_err(store_error)?;
        Ok(tickets.into_iter().map(TicketId::from).collect())
    }

    async fn messages(&self, ticket: &TicketId, after: u32) -> Result<Vec<Message>, StoreError> {
        let rows =
            query(concat!("SELECT ", message!(), " FROM messages WHERE ticket = ? AND number > ? ORDER BY number"))
                .bind(ticket.as_str())
                .bind(after);
        read_rows(&rows.fetch_all(&self.readers).await.map_err(store_error)?, "message", message_of)
    }

    async fn message_page(&self, ticket: &TicketId, after: u32, limit: u32) -> Result<MessagePage, StoreError> {
        let rows =
            query(concat!("SELECT ", message!(), " FROM messages WHERE ticket = ? AND number > ? ORDER BY number"));
        let mut rows = rows.bind(ticket.as_str()).bind(after).fetch(&self.readers);
        let (mut page, mut bytes) = (MessagePage::default(), 0);
        // Row by row, so that rows after the page are not read.
        while let Some(row) = rows.try_next().await.map_err(store_error)? {
            let Some(message) = read_row(&row, "message", message_of)? else { continue };
            bytes += message.body.len();
            if page.messages.len() >= limit as usize || (!page.messages.is_empty() && bytes > MESSAGE_PAGE_BYTES) {
                page.has_more = true;
                break;
            }
            page.messages.push(message);
        }
        Ok(page)
    }

    async fn last_messages(
        &self,
        ticket: &TicketId,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            message!(),
            " FROM messages WHERE ticket = ? AND number < ? ORDER BY number DESC LIMIT ?"
        ));
        let rows = rows
            .bind(ticket.as_str())
            .bind(before.unwrap_or(u32::MAX))
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let mut messages = read_rows(&rows, "message", message_of)?;
        messages.reverse();
        Ok(messages)
    }

    async fn last_activities(
        &self,
        ticket: &TicketId,
        (from, until): (Option<Timestamp>, Option<Timestamp>),
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            activity!(),
            " FROM deeds WHERE ticket = ? AND at >= ? AND at < ? ORDER BY number DESC LIMIT ?"
        ));
        let from = from.map_or(FIRST_TIME.into(), |from| from.to_string());
        let until = until.map_or(LAST_TIME.into(), |until| until.to_string());
        let rows = rows
            .bind(ticket.as_str())
            .bind(from)
            .bind(until)
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let mut activities = read_rows(&rows, "activity", activity_of)?;
        activities.reverse();
        Ok(activities)
    }

    async fn message_by_key(
        &self,
        ticket: &TicketId,
        key: &IdempotencyKey,
    ) -> Result<Option<([u8; 32], Message)>, StoreError> {
        let row = query(MESSAGE_BY_KEY)
            .bind(ticket.as_str())
            .bind(key.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| keyed_message_of(&row)).transpose()
    }

    async fn activities(&self, ticket: &TicketId) -> Result<Vec<Activity>, StoreError> {
        let rows = query(concat!("SELECT ", activity!(), " FROM deeds WHERE ticket = ? ORDER BY number"))
            .bind(ticket.as_str());
        read_rows(&rows.fetch_all(&self.readers).await.map_err(store_error)?, "activity", activity_of)
    }

    async fn change(
        &self,
        ticket: &TicketId,
        key: Option<MessageKey<'_>>,
        decide: Decide<'_>,
    ) -> Result<ChangeOutcome, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let Some(row) = query(TICKET).bind(ticket.as_str()).fetch_optional(&mut *write).await.map_err(store_error)?
        else {
            return Ok(ChangeOutcome::NotFound);
        };
        let stored = ticket_of(&row)?;
        if let Some(key) = &key {
            let existing = query(MESSAGE_BY_KEY).bind(stored.id.as_str()).bind(key.key.as_str());
            if let Some(row) = existing.fetch_optional(&mut *write).await.map_err(store_error)? {
                let (body_hash, message) = keyed_message_of(&row)?;
                return Ok(if body_hash == key.body_hash {
                    ChangeOutcome::Repeated(message)
                } else {
                    ChangeOutcome::KeyReused
                });
            }
        }
        let now = self.now();
        let claimed_address = match stored.handling.confirmation.is_awaited() {
            true => confirmations::claimed_address(&mut write, &stored.id, now).await?,
            false => None,
        };
        let current = CurrentTicket {
            now,
            claimed_address,
            mailed_notes: mailed_notes(&mut write, &stored.id).await?,
            last_message: last_message(&mut write, &stored.id).await?,
            customer_messages: row.value("customer_messages")?,
            customer_status_changes: customer_status_changes(&mut write, &stored.id).await?,
            ticket: stored,
        };
        let change = match decide(&current) {
            Decision::Write(change) => change,
            Decision::Nothing => return Ok(ChangeOutcome::Unchanged(Box::new(current.ticket))),
            Decision::Refuse(limit) => return Ok(ChangeOutcome::Refused(limit)),
        };
        let Change {
            ticket: mut changed,
            message: new,
            activity,
            activity_key,
            deliveries,
            mail,
            answer_mail,
            proved_recipient,
            quota,
            confirmation,
        } = *change;
        if let Some(key) = &activity_key
            && is_noted(&mut write, &changed.id, key).await?
        {
            return Ok(ChangeOutcome::Unchanged(Box::new(current.ticket)));
        }
        if let Some(quota) = &quota
            && let Some(exceeded) = submissions::spend(&mut write, &changed.site, quota).await?
        {
            return Ok(ChangeOutcome::OverQuota(exceeded));
        }
        let mut message = None;
        if let Some(new) = new {
            let files = new.attachments.clone();
            let stored_message = insert_message(&mut write, &changed.id, new, key).await?;
            let missing = attach(&mut write, &changed, stored_message.number, &files, now).await?;
            if !missing.is_empty() {
                return Ok(ChangeOutcome::MissingFiles(missing));
            }
            message = Some(stored_message);
        }
        changed.handling.unread = count_unread(&mut write, &current, &changed, message.as_ref()).await?;
        if changed != current.ticket || message.is_some() {
            let is_customers = message.as_ref().is_some_and(|message| message.author == Author::Customer);
            update_ticket(&mut write, &changed, current.customer_messages + u32::from(is_customers)).await?;
        }
        if let Some(activity) = &activity {
            insert_activity(&mut write, &changed.id, activity, activity_key.as_deref()).await?;
        }
        if let Some(confirmation) = confirmation {
            confirmations::change_confirmation(&mut write, &changed.id, confirmation, now).await?;
        }
        if let Some(mail) = &mail
            && mails::queue_receipt(&mut write, &changed, mail, mails::Mailbox::Claimed, now).await?
        {
            confirmations::count_code(&mut write, &changed.id, now).await?;
        }
        if let Some(recipient) = &proved_recipient {
            answer_mails::unblock(&mut write, &changed.site, recipient).await?;
        }
        if let Some(mail) = &answer_mail {
            let first = message.as_ref().map(|message| message.number);
            answer_mails::queue_answer(&mut write, &changed, (first, first.unwrap_or(current.last_message)), mail, now)
                .await?;
        }
        let deliveries = cancel_what_is_taken_back(&mut write, &changed.id, deliveries).await?;
        enqueue_delivery(&mut write, &changed, &deliveries, message.as_ref().map(|message| message.number), now)
            .await?;
        write.commit().await.map_err(store_error)?;
        Ok(ChangeOutcome::Written(Box::new(changed), message))
    }
}

const LISTED: &str = concat!("SELECT ", listed_ticket!(), " FROM tickets WHERE site = ");

/// A query for the tickets of a site that a reader may open; `granted` are those that links have granted them.
fn readable(select: &'static str, site: &SiteKey, reader: Reader<'_>, granted: &[TicketId]) -> QueryBuilder<Sqlite> {
    if let (Reader::Session(session), false) = (reader, granted.is_empty()) {
        return readable_with_granted(select, site, session, granted);
    }
    let mut query = QueryBuilder::new(select);
    query.push_bind(site.to_string());
    match reader {
        Reader::Person(person) => query.push(" AND person = ").push_bind(person.to_string()),
        Reader::Session(session) => {
            query.push(" AND person IS NULL AND session = ").push_bind(session.as_bytes().to_vec())
        }
    };
    query
}

/// The same for a session that links have granted tickets. The cross join begins with the session's tickets.
fn readable_with_granted(
    select: &'static str,
    site: &SiteKey,
    session: &SessionHash,
    granted: &[TicketId],
) -> QueryBuilder<Sqlite> {
    let (columns, rest) = select.split_once(" FROM tickets").unwrap_or((select, ""));
    let mut query = QueryBuilder::new(columns);
    query.push(" FROM (SELECT id FROM tickets WHERE site = ").push_bind(site.to_string());
    query.push(" AND person IS NULL AND session = ").push_bind(session.as_bytes().to_vec());
    query
        .push(" UNION SELECT value FROM json_each(")
        .push_bind(granted.iter().map(TicketId::as_str).collect::<Value>().to_string());
    query.push(")) AS readable CROSS JOIN tickets ON tickets.id = readable.id").push(rest);
    query.push_bind(site.to_string()).push(" AND person IS NULL");
    query
}

impl SqliteStore {
    /// The tickets that links have granted a reader.
    async fn grants(&self, reader: Reader<'_>) -> Result<Vec<TicketId>, StoreError> {
        match reader {
            Reader::Person(_) => Ok(Vec::new()),
            Reader::Session(session) => self.granted_tickets(session).await,
        }
    }
}

/// Inserts a message with the next number and adds its tokens to the ticket's index.
pub async fn insert_message(
    write: &mut SqliteConnection,
    ticket: &TicketId,
    new: NewMessage,
    key: Option<MessageKey<'_>>,
) -> Result<Message, StoreError> {
    let (number, at) = (last_message(write, ticket).await? + 1, new.at.to_string());
    query("INSERT INTO messages (ticket, number, author, name, body, at, key, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(ticket.as_str())
        .bind(number)
        .bind(new.author.word())
        .bind(&new.name)
        .bind(&new.body)
        .bind(&at)
        .bind(key.map(|key| key.key.as_str()))
        .bind(key.map(|key| key.body_hash.to_vec()))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
    add_tokens_of(write, ticket, &new.body).await?;
    let NewMessage { author, name, body, .. } = new;
    Ok(Message { number, author, name, body, at, attachments: Vec::new() })
}

async fn last_message(read: &mut SqliteConnection, ticket: &TicketId) -> Result<u32, StoreError> {
    let last = query_scalar("SELECT coalesce(max(number), 0) FROM messages WHERE ticket = ?").bind(ticket.as_str());
    last.fetch_one(read).await.map_err(store_error)
}

/// When the customer last changed the status, newest first.
async fn customer_status_changes(read: &mut SqliteConnection, ticket: &TicketId) -> Result<Vec<Timestamp>, StoreError> {
    let times = query(
        "SELECT at FROM deeds WHERE ticket = ? AND operator = '' AND deed IN ('solved', 'reopened')
        ORDER BY number DESC LIMIT ?",
    );
    let times =
        times.bind(ticket.as_str()).bind(STATUS_CHANGES_AN_HOUR as i64).fetch_all(read).await.map_err(store_error)?;
    let times = times.iter().map(|row| row.readable_time("at"));
    times.filter_map(Result::transpose).collect()
}

/// Deletes pending deliveries that new ones cancel. Returns the new deliveries that remain.
async fn cancel_what_is_taken_back(
    write: &mut SqliteConnection,
    ticket: &TicketId,
    new: Vec<NewDelivery>,
) -> Result<Vec<NewDelivery>, StoreError> {
    if new.is_empty() {
        return Ok(new);
    }
    let rows =
        query(concat!("SELECT ", delivery!(), " FROM deliveries WHERE ticket = ? AND state = 'waiting' ORDER BY id"))
            .bind(ticket.as_str());
    let waiting = read_rows(&rows.fetch_all(&mut *write).await.map_err(store_error)?, "delivery", delivery_of)?;
    let CoalescedDeliveries { deliveries, cancelled } = coalesce(&waiting, new);
    for id in cancelled {
        query("DELETE FROM deliveries WHERE id = ?")
            .bind(id.as_number())
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
    }
    Ok(deliveries)
}

/// How many notes of a ticket came by mail: those with an author's name.
async fn mailed_notes(read: &mut SqliteConnection, ticket: &TicketId) -> Result<u32, StoreError> {
    let count = query_scalar("SELECT count(*) FROM deeds WHERE ticket = ? AND key IS NOT NULL").bind(ticket.as_str());
    count.fetch_one(read).await.map_err(store_error)
}

async fn is_noted(read: &mut SqliteConnection, ticket: &TicketId, key: &str) -> Result<bool, StoreError> {
    let noted = query_scalar("SELECT EXISTS (SELECT 1 FROM deeds WHERE ticket = ? AND key = ?)");
    noted.bind(ticket.as_str()).bind(key).fetch_one(read).await.map_err(store_error)
}

/// Inserts an activity under its external key, if it has one, and adds its tokens to the ticket's index.
pub async fn insert_activity(
    write: &mut SqliteConnection,
    ticket: &TicketId,
    activity: &Activity,
    key: Option<&str>,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO deeds (ticket, number, operator, deed, text, at, key)
        SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM deeds WHERE ticket = ?1",
    )
    .bind(ticket.as_str())
    .bind(&activity.actor)
    .bind(activity.kind.word())
    .bind(&activity.text)
    .bind(activity.at.to_string())
    .bind(key)
    .execute(&mut *write)
    .await
    .map_err(store_error)?;
    add_tokens_of(write, ticket, &activity.text).await
}

/// How many unread messages the customer has after a change.
async fn count_unread(
    read: &mut SqliteConnection,
    current: &CurrentTicket,
    changed: &StoredTicket,
    new: Option<&Message>,
) -> Result<u32, StoreError> {
    if let Some(known) = unread(current, changed, new) {
        return Ok(known);
    }
    let count = query_scalar("SELECT count(*) FROM messages WHERE ticket = ? AND number > ? AND author <> 'customer'");
    count.bind(changed.id.as_str()).bind(changed.handling.read_until).fetch_one(read).await.map_err(store_error)
}

/// Updates the columns of a ticket that can change.
async fn update_ticket(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    customer_messages: u32,
) -> Result<(), StoreError> {
    let (handling, position) = (&ticket.handling, sort_position(ticket));
    query(
        "UPDATE tickets SET status = ?, target = ?, due_at = ?, topic = ?, severity = ?, owner = ?, team = ?, assignee = ?,
            turn = ?, answered_at = ?, updated_at = ?, read_until = ?, unread = ?, customer_messages = ?, list_group = ?,
            list_key = ? WHERE id = ?",
    )
    .bind(ticket.status.word())
    .bind(ticket.target.as_ref().map(json).transpose()?)
    .bind(ticket.due_at.map(|due_at| due_at.to_string()))
    .bind(&handling.topic)
    .bind(handling.severity.word())
    .bind(handling.owner.map(Owner::word))
    .bind(&handling.team)
    .bind(&handling.assignee)
    .bind(handling.turn.word())
    .bind(handling.answered_at.map(|answered_at| answered_at.to_string()))
    .bind(handling.updated_at.to_string())
    .bind(handling.read_until)
    .bind(handling.unread)
    .bind(customer_messages)
    .bind(position.group)
    .bind(position.key)
    .bind(ticket.id.as_str())
    .execute(write)
    .await.map_err(store_error)?;
    Ok(())
}
