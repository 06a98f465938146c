//! The conversations port in PostgreSQL.

use async_trait::async_trait;
use sqlx::{PgConnection, Postgres, QueryBuilder, query, query_scalar};

use super::attachments::attach;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::list::listed_ticket;
use super::queue::{delivery, enqueue_delivery};
use super::retry::retried;
use super::rows::{
    activity_of, delivery_of, json, keyed_message_of, listed_ticket_of, message_of, read_row, read_rows, ticket_of,
};
use super::ticket_tokens::add_tokens_of;
use super::tickets::lock_ticket;
use super::{PostgresStore, TICKET, answer_mails, confirmations, mails, submissions, whole_ticket};
use deskbell_core::ids::{IdempotencyKey, SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    Activity, Change, ChangeOutcome, Conversations, CurrentTicket, CustomerCursor, CustomerPage, Decide, Decision,
    ListedTicket, MESSAGE_PAGE_BYTES, MessageKey, MessagePage, NewDelivery, NewMessage, Reader, ReaderCounts,
    StoreError, StoredTicket,
};
use deskbell_core::rules::access_link::is_granted;
use deskbell_core::rules::coalescing::coalesce;
use deskbell_core::rules::customer_limits::STATUS_CHANGES_AN_HOUR;
use deskbell_core::rules::listing::sort_position;
use deskbell_core::rules::unread::unread;
use deskbell_core::timestamp::Timestamp;
use domain::conversation::{Author, Message};
use domain::targets::Owner;
use domain::ticket::Status;

/// How many messages are read at a time for a page, whose size is limited in bytes.
const PAGE_STEP: i64 = 32;

/// The columns of a message.
macro_rules! message {
    () => {
        "ticket, number, author, name, body, at, body_hash"
    };
}

/// The columns of an activity.
macro_rules! activity {
    () => {
        "ticket, number, actor, kind, text, at"
    };
}

const MESSAGE_BY_KEY: &str = concat!("SELECT ", message!(), " FROM messages WHERE ticket = $1 AND key = $2");

#[async_trait]
impl Conversations for PostgresStore {
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
                query.push(" AND (updated_at, number) < (").push_bind(Time(after.updated_at));
                query.push(", ").push_bind(after.number).push(")");
            }
            query.push(" ORDER BY updated_at DESC, number DESC LIMIT ");
            // One extra row tells whether another page follows.
            query.push_bind((limit + 1 - rows.len()) as i64);
            rows.extend(query.build().fetch_all(&self.pool).await.map_err(store_error)?);
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
        let counts = "SELECT count(*) AS total, count(*) FILTER (WHERE status = 'open') AS open,
            coalesce(sum(unread), 0)::bigint AS unread FROM tickets WHERE site = ";
        let granted = self.grants(reader).await?;
        let row = readable(counts, site, reader, &granted).build().fetch_one(&self.pool).await.map_err(store_error)?;
        Ok(ReaderCounts { total: row.number("total")?, open: row.number("open")?, unread: row.number("unread")? })
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
        query.push(" AND status = 'open' ORDER BY updated_at DESC, number DESC LIMIT ").push_bind(i64::from(limit));
        let rows = query.build().fetch_all(&self.pool).await.map_err(store_error)?;
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
        query.push(" AND tickets.id = ").push_bind(text(id.as_str()));
        let row = query.build().fetch_optional(&self.pool).await.map_err(store_error)?;
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
        query.push(" AND tickets.id = ").push_bind(text(id.as_str()));
        let row = query.build().fetch_optional(&self.pool).await.map_err(store_error)?;
        let mut ticket = row.map(|row| ticket_of(&row)).transpose()?;
        if let Some(ticket) = ticket.as_mut().filter(|ticket| granted.contains(&ticket.id)) {
            ticket.handling.reveal_withheld();
        }
        Ok(ticket)
    }

    async fn granted_tickets(&self, session: &SessionHash) -> Result<Vec<TicketId>, StoreError> {
        let mut read = self.acquire().await?;
        let tickets = query("SELECT ticket, opened_at FROM session_tickets WHERE session = $1");
        let rows = tickets.bind(&session.as_bytes()[..]).fetch_all(&mut *read).await.map_err(store_error)?;
        // Most sessions have none, and need no clock.
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now(&mut read).await?;
        let mut granted = Vec::new();
        for row in rows {
            if is_granted(row.time("opened_at")?, now) {
                granted.push(row.id("ticket")?);
            }
        }
        Ok(granted)
    }

    async fn messages(&self, ticket: &TicketId, after: u32) -> Result<Vec<Message>, StoreError> {
        let rows =
            query(concat!("SELECT ", message!(), " FROM messages WHERE ticket = $1 AND number > $2 ORDER BY number"));
        let rows = rows.bind(text(ticket.as_str())).bind(i64::from(after));
        read_rows(&rows.fetch_all(&self.pool).await.map_err(store_error)?, "message", message_of)
    }

    async fn message_page(&self, ticket: &TicketId, after: u32, limit: u32) -> Result<MessagePage, StoreError> {
        let (mut page, mut bytes, mut after) = (MessagePage::default(), 0, i64::from(after));
        let mut read = self.acquire().await?;
        loop {
            let rows = query(concat!(
                "SELECT ",
                message!(),
                " FROM messages WHERE ticket = $1 AND number > $2 ORDER BY number LIMIT $3"
            ));
            let rows = rows.bind(text(ticket.as_str())).bind(after).bind(PAGE_STEP);
            let rows = rows.fetch_all(&mut *read).await.map_err(store_error)?;
            for row in &rows {
                let Some(message) = read_row(row, "message", message_of)? else { continue };
                bytes += message.body.len();
                if page.messages.len() >= limit as usize || (!page.messages.is_empty() && bytes > MESSAGE_PAGE_BYTES) {
                    page.has_more = true;
                    return Ok(page);
                }
                page.messages.push(message);
            }
            match rows.last() {
                Some(last) if rows.len() as i64 == PAGE_STEP => after = last.value("number")?,
                _ => return Ok(page),
            }
        }
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
            " FROM messages WHERE ticket = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
        ));
        let rows = rows
            .bind(text(ticket.as_str()))
            .bind(before.map_or(i64::MAX, i64::from))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
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
            " FROM activities WHERE ticket = $1 AND ($2::timestamptz IS NULL OR at >= $2)
                AND ($3::timestamptz IS NULL OR at < $3)
            ORDER BY number DESC LIMIT $4"
        ));
        let rows = rows
            .bind(text(ticket.as_str()))
            .bind(from.map(Time))
            .bind(until.map(Time))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
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
        let row = query(MESSAGE_BY_KEY).bind(text(ticket.as_str())).bind(text(key.as_str()));
        let row = row.fetch_optional(&self.pool).await.map_err(store_error)?;
        row.map(|row| keyed_message_of(&row)).transpose()
    }

    async fn activities(&self, ticket: &TicketId) -> Result<Vec<Activity>, StoreError> {
        let rows = query(concat!("SELECT ", activity!(), " FROM activities WHERE ticket = $1 ORDER BY number"));
        let rows = rows.bind(text(ticket.as_str())).fetch_all(&self.pool).await.map_err(store_error)?;
        read_rows(&rows, "activity", activity_of)
    }

    async fn change(
        &self,
        ticket: &TicketId,
        key: Option<MessageKey<'_>>,
        decide: Decide<'_>,
    ) -> Result<ChangeOutcome, StoreError> {
        retried(|| self.try_change(ticket, key, decide)).await
    }
}

impl PostgresStore {
    async fn try_change(
        &self,
        ticket: &TicketId,
        key: Option<MessageKey<'_>>,
        decide: Decide<'_>,
    ) -> Result<ChangeOutcome, StoreError> {
        let mut write = self.begin().await?;
        let outcome = change(self, &mut write, ticket, key, decide).await?;
        match outcome {
            ChangeOutcome::Written(..) => write.commit().await.map_err(commit_error)?,
            _ => write.rollback().await.map_err(store_error)?,
        }
        Ok(outcome)
    }
}

/// Changes a ticket inside a transaction, which has to be rolled back if the result is not [`ChangeOutcome::Written`].
async fn change(
    store: &PostgresStore,
    write: &mut PgConnection,
    ticket: &TicketId,
    key: Option<MessageKey<'_>>,
    decide: Decide<'_>,
) -> Result<ChangeOutcome, StoreError> {
    // A statement of its own: the next one sees what was committed while this one waited.
    if !lock_ticket(write, ticket).await? {
        return Ok(ChangeOutcome::NotFound);
    }
    let Some(row) = query(TICKET).bind(text(ticket.as_str())).fetch_optional(&mut *write).await.map_err(store_error)?
    else {
        return Ok(ChangeOutcome::NotFound);
    };
    let stored = ticket_of(&row)?;
    if let Some(key) = &key {
        let existing = query(MESSAGE_BY_KEY).bind(text(stored.id.as_str())).bind(text(key.key.as_str()));
        if let Some(row) = existing.fetch_optional(&mut *write).await.map_err(store_error)? {
            let (body_hash, message) = keyed_message_of(&row)?;
            return Ok(if body_hash == key.body_hash {
                ChangeOutcome::Repeated(message)
            } else {
                ChangeOutcome::KeyReused
            });
        }
    }
    let now = store.clock.now(write).await?;
    let claimed_address = match stored.handling.confirmation.is_awaited() {
        true => confirmations::claimed_address(write, &stored.id, now).await?,
        false => None,
    };
    let current = CurrentTicket {
        now,
        claimed_address,
        mailed_notes: mailed_notes(write, &stored.id).await?,
        last_message: last_message(write, &stored.id).await?,
        customer_messages: row.number("customer_messages")?,
        customer_status_changes: customer_status_changes(write, &stored.id).await?,
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
        && is_noted(write, &changed.id, key).await?
    {
        return Ok(ChangeOutcome::Unchanged(Box::new(current.ticket)));
    }
    if let Some(quota) = &quota
        && let Some(exceeded) = submissions::exceeded(write, &changed.site, quota).await?
    {
        return Ok(ChangeOutcome::OverQuota(exceeded));
    }
    let mut message = None;
    if let Some(new) = new {
        let files = new.attachments.clone();
        let stored_message = insert_message(write, &changed.id, new, key).await?;
        let missing = attach(write, &changed, stored_message.number, &files, now).await?;
        if !missing.is_empty() {
            return Ok(ChangeOutcome::MissingFiles(missing));
        }
        message = Some(stored_message);
    }
    changed.handling.unread = count_unread(write, &current, &changed, message.as_ref()).await?;
    if changed != current.ticket || message.is_some() {
        let is_customers = message.as_ref().is_some_and(|message| message.author == Author::Customer);
        update_ticket(write, &changed, current.customer_messages + u32::from(is_customers)).await?;
    }
    if let Some(activity) = &activity {
        insert_activity(write, &changed.id, activity, activity_key.as_deref()).await?;
    }
    let deliveries = cancel_reverted(write, &changed.id, deliveries).await?;
    enqueue_delivery(write, &changed, &deliveries, message.as_ref().map(|message| message.number), now).await?;
    if let Some(confirmation) = confirmation {
        confirmations::change_confirmation(write, &changed.id, confirmation, now).await?;
    }
    if let Some(mail) = &mail
        && mails::queue_receipt(write, &changed, mail, mails::Mailbox::Claimed, now).await?
    {
        confirmations::count_code(write, &changed.id, now).await?;
    }
    if let Some(recipient) = &proved_recipient {
        answer_mails::unblock(write, &changed.site, recipient).await?;
    }
    if let Some(mail) = &answer_mail {
        let first = message.as_ref().map(|message| message.number);
        answer_mails::queue_answer(write, &changed, (first, first.unwrap_or(current.last_message)), mail, now).await?;
    }
    if let Some(quota) = &quota
        && let Some(exceeded) = submissions::spend(write, &changed.site, quota).await?
    {
        return Ok(ChangeOutcome::OverQuota(exceeded));
    }
    Ok(ChangeOutcome::Written(Box::new(changed), message))
}

const LISTED: &str = concat!("SELECT ", listed_ticket!(), " FROM tickets WHERE site = ");

/// A query for the tickets of a site that a reader may open; `granted` are those that links have granted them.
fn readable(select: &'static str, site: &SiteKey, reader: Reader<'_>, granted: &[TicketId]) -> QueryBuilder<Postgres> {
    if let (Reader::Session(session), false) = (reader, granted.is_empty()) {
        return readable_with_granted(select, site, session, granted);
    }
    let mut query = QueryBuilder::new(select);
    query.push_bind(text(site.as_str()).into_owned());
    match reader {
        Reader::Person(person) => query.push(" AND person = ").push_bind(text(person.as_str()).into_owned()),
        Reader::Session(session) => {
            query.push(" AND person IS NULL AND session = ").push_bind(session.as_bytes().to_vec())
        }
    };
    query
}

/// The same for a session that links have granted tickets.
fn readable_with_granted(
    select: &'static str,
    site: &SiteKey,
    session: &SessionHash,
    granted: &[TicketId],
) -> QueryBuilder<Postgres> {
    let granted: Vec<String> = granted.iter().map(|ticket| text(ticket.as_str()).into_owned()).collect();
    let (columns, rest) = select.split_once(" FROM tickets").unwrap_or((select, ""));
    let mut query = QueryBuilder::new(columns);
    query.push(" FROM (SELECT id FROM tickets WHERE site = ").push_bind(text(site.as_str()).into_owned());
    query.push(" AND person IS NULL AND session = ").push_bind(session.as_bytes().to_vec());
    query.push(" UNION SELECT unnest(").push_bind(granted);
    query.push(")) AS readable JOIN tickets ON tickets.id = readable.id").push(rest);
    query.push_bind(text(site.as_str()).into_owned()).push(" AND person IS NULL");
    query
}

impl PostgresStore {
    /// The tickets that links have granted a reader.
    async fn grants(&self, reader: Reader<'_>) -> Result<Vec<TicketId>, StoreError> {
        match reader {
            Reader::Person(_) => Ok(Vec::new()),
            Reader::Session(session) => self.granted_tickets(session).await,
        }
    }
}

/// Inserts a message with the next number and adds its tokens to the ticket's index. The caller has locked the ticket or inserted it.
pub async fn insert_message(
    write: &mut PgConnection,
    ticket: &TicketId,
    new: NewMessage,
    key: Option<MessageKey<'_>>,
) -> Result<Message, StoreError> {
    let number = last_message(write, ticket).await? + 1;
    query(
        "INSERT INTO messages (ticket, number, author, name, body, at, key, body_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(text(ticket.as_str()))
    .bind(i64::from(number))
    .bind(new.author.word())
    .bind(text(&new.name))
    .bind(text(&new.body))
    .bind(Time(new.at))
    .bind(key.map(|key| text(key.key.as_str())))
    .bind(key.map(|key| key.body_hash.to_vec()))
    .execute(&mut *write)
    .await
    .map_err(store_error)?;
    add_tokens_of(write, ticket, &new.body).await?;
    Ok(Message {
        number,
        author: new.author,
        // As they are read again.
        name: text(&new.name).into_owned(),
        body: text(&new.body).into_owned(),
        at: new.at.to_string(),
        attachments: Vec::new(),
    })
}

async fn last_message(read: &mut PgConnection, ticket: &TicketId) -> Result<u32, StoreError> {
    let last = query("SELECT coalesce(max(number), 0) AS number FROM messages WHERE ticket = $1");
    last.bind(text(ticket.as_str())).fetch_one(read).await.map_err(store_error)?.number("number")
}

/// When the customer last changed the status, newest first.
async fn customer_status_changes(read: &mut PgConnection, ticket: &TicketId) -> Result<Vec<Timestamp>, StoreError> {
    let times = query_scalar(
        "SELECT at FROM activities WHERE ticket = $1 AND actor = '' AND kind IN ('solved', 'reopened')
        ORDER BY number DESC LIMIT $2",
    );
    let times = times.bind(text(ticket.as_str())).bind(STATUS_CHANGES_AN_HOUR as i64);
    let times = times.fetch_all(read).await.map_err(store_error)?;
    Ok(times.into_iter().map(|Time(time)| time).collect())
}

/// Deletes pending deliveries that new ones cancel. Returns the new deliveries that remain.
async fn cancel_reverted(
    write: &mut PgConnection,
    ticket: &TicketId,
    new: Vec<NewDelivery>,
) -> Result<Vec<NewDelivery>, StoreError> {
    if new.is_empty() {
        return Ok(new);
    }
    loop {
        let rows = query(concat!(
            "SELECT ",
            delivery!(),
            " FROM deliveries WHERE ticket = $1 AND state = 'waiting' AND state <> 'delivered' ORDER BY id"
        ));
        let rows = rows.bind(text(ticket.as_str())).fetch_all(&mut *write).await.map_err(store_error)?;
        let waiting = read_rows(&rows, "delivery", delivery_of)?;
        let coalesced = coalesce(&waiting, new.clone());
        let cancelled: Vec<i64> = coalesced.cancelled.iter().map(|id| id.as_number()).collect();
        if cancelled.is_empty() {
            return Ok(coalesced.deliveries);
        }
        // The lock of the ticket does not keep workers from claiming them.
        let lock = query_scalar::<_, i64>(
            "SELECT id FROM deliveries WHERE id = ANY($1) AND state = 'waiting' AND attempts = 0 ORDER BY id FOR UPDATE",
        );
        if lock.bind(&cancelled).fetch_all(&mut *write).await.map_err(store_error)?.len() == cancelled.len() {
            let delete = query("DELETE FROM deliveries WHERE id = ANY($1)").bind(&cancelled);
            delete.execute(&mut *write).await.map_err(store_error)?;
            return Ok(coalesced.deliveries);
        }
    }
}

/// How many notes of a ticket came by mail: those with an author's name.
async fn mailed_notes(read: &mut PgConnection, ticket: &TicketId) -> Result<u32, StoreError> {
    let count = query("SELECT count(*) AS count FROM activities WHERE ticket = $1 AND key IS NOT NULL");
    count.bind(text(ticket.as_str())).fetch_one(read).await.map_err(store_error)?.number("count")
}

async fn is_noted(read: &mut PgConnection, ticket: &TicketId, key: &str) -> Result<bool, StoreError> {
    let noted = query_scalar("SELECT EXISTS (SELECT 1 FROM activities WHERE ticket = $1 AND key = $2)");
    noted.bind(text(ticket.as_str())).bind(text(key)).fetch_one(read).await.map_err(store_error)
}

/// Inserts an activity under its external key, if it has one, and adds its tokens to the ticket's index. The caller has locked the ticket.
pub async fn insert_activity(
    write: &mut PgConnection,
    ticket: &TicketId,
    activity: &Activity,
    key: Option<&str>,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO activities (ticket, number, actor, kind, text, at, key)
        SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6 FROM activities WHERE ticket = $1",
    )
    .bind(text(ticket.as_str()))
    .bind(text(&activity.actor))
    .bind(activity.kind.word())
    .bind(text(&activity.text))
    .bind(Time(activity.at))
    .bind(key.map(text))
    .execute(&mut *write)
    .await
    .map_err(store_error)?;
    add_tokens_of(write, ticket, &activity.text).await
}

/// How many unread messages the customer has after a change.
async fn count_unread(
    read: &mut PgConnection,
    current: &CurrentTicket,
    changed: &StoredTicket,
    new: Option<&Message>,
) -> Result<u32, StoreError> {
    if let Some(known) = unread(current, changed, new) {
        return Ok(known);
    }
    let count =
        query("SELECT count(*) AS count FROM messages WHERE ticket = $1 AND number > $2 AND author <> 'customer'");
    let count = count.bind(text(changed.id.as_str())).bind(i64::from(changed.handling.read_until));
    count.fetch_one(read).await.map_err(store_error)?.number("count")
}

/// Updates the columns of a ticket that can change.
async fn update_ticket(
    write: &mut PgConnection,
    ticket: &StoredTicket,
    customer_messages: u32,
) -> Result<(), StoreError> {
    let (handling, position) = (&ticket.handling, sort_position(ticket));
    query(
        "UPDATE tickets SET status = $1, target = $2, due_at = $3, topic = $4, severity = $5, owner = $6, team = $7,
            assignee = $8, turn = $9, answered_at = $10, updated_at = $11, read_until = $12, unread = $13,
            customer_messages = $14, list_group = $15, list_key = $16 WHERE id = $17",
    )
    .bind(ticket.status.word())
    .bind(ticket.target.as_ref().map(json).transpose()?)
    .bind(ticket.due_at.map(Time))
    .bind(text(&handling.topic))
    .bind(handling.severity.word())
    .bind(handling.owner.map(Owner::word))
    .bind(text(&handling.team))
    .bind(text(&handling.assignee))
    .bind(handling.turn.word())
    .bind(handling.answered_at.map(Time))
    .bind(Time(handling.updated_at))
    .bind(i64::from(handling.read_until))
    .bind(i64::from(handling.unread))
    .bind(i64::from(customer_messages))
    .bind(position.group)
    .bind(position.key)
    .bind(text(ticket.id.as_str()))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}
