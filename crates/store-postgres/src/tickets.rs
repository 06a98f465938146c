//! The tickets port in PostgreSQL.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::{PgConnection, query, query_scalar};

use super::columns::{Time, text};
use super::error::{commit_error, store_error};
use super::retry::retried;
use super::rows::{json, submission_of, ticket_of};
use super::{
    NAMED_TICKET, PostgresStore, SUBMISSION, TICKET, attachments, confirmations, conversations, erasure, mails, queue,
    submissions, ticket_tokens,
};
use deskbell_core::ids::{CustomerId, IdempotencyKey, SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    InboxCursor, InboxPage, StoreError, StoredSubmission, StoredTicket, SubmissionExtras, SubmissionKey,
    SubmissionOutcome, TicketSummary, Tickets, View,
};
use deskbell_core::rules::listing::{excerpt, sort_position, summarize};
use deskbell_core::rules::{body, tokens};
use deskbell_core::timestamp::Timestamp;
use domain::targets::Owner;

#[async_trait]
impl Tickets for PostgresStore {
    async fn submit(
        &self,
        new: &StoredTicket,
        key: &SubmissionKey,
        extras: SubmissionExtras,
    ) -> Result<SubmissionOutcome, StoreError> {
        let prepared = Prepared::new(new)?;
        retried(|| self.try_submit(new, &prepared, key, &extras)).await
    }

    async fn submission(&self, site: &SiteKey, key: &IdempotencyKey) -> Result<Option<StoredSubmission>, StoreError> {
        read_submission(&mut *self.acquire().await?, site, key).await
    }

    async fn move_to_person(
        &self,
        site: &SiteKey,
        session: &SessionHash,
        person: &CustomerId,
    ) -> Result<(), StoreError> {
        let has_unowned: bool = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tickets WHERE site = $1 AND session = $2 AND person IS NULL)
            OR EXISTS (SELECT 1 FROM attachments WHERE site = $1 AND session = $2 AND person IS NULL)",
        )
        .bind(text(site.as_str()))
        .bind(&session.as_bytes()[..])
        .fetch_one(&self.pool)
        .await
        .map_err(store_error)?;
        // Most requests of a customer come after the tickets of their session were moved. They lock nothing.
        if !has_unowned {
            return Ok(());
        }
        retried(|| self.try_move(site, session, person)).await
    }

    async fn ticket(&self, id: &TicketId) -> Result<Option<StoredTicket>, StoreError> {
        read_ticket(&mut *self.acquire().await?, id).await
    }

    async fn ticket_by_name(&self, name: &str) -> Result<Option<StoredTicket>, StoreError> {
        let row = query(NAMED_TICKET).bind(text(name)).fetch_optional(&self.pool).await.map_err(store_error)?;
        row.map(|row| ticket_of(&row)).transpose()
    }

    async fn list_tickets(&self, view: &View, after: Option<InboxCursor>, limit: u32) -> Result<InboxPage, StoreError> {
        self.list(view, after, limit).await
    }
}

impl PostgresStore {
    async fn try_submit(
        &self,
        new: &StoredTicket,
        prepared: &Prepared,
        key: &SubmissionKey,
        extras: &SubmissionExtras,
    ) -> Result<SubmissionOutcome, StoreError> {
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let outcome = insert_submission(&mut write, new, prepared, key, extras, now).await?;
        match outcome {
            SubmissionOutcome::Stored => write.commit().await.map_err(commit_error)?,
            _ => write.rollback().await.map_err(store_error)?,
        }
        Ok(outcome)
    }

    async fn try_move(&self, site: &SiteKey, session: &SessionHash, person: &CustomerId) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        // Rows are locked in the order of their ids, as everywhere.
        for statement in [
            "WITH moved AS (SELECT id FROM tickets WHERE site = $2 AND session = $3 AND person IS NULL
                ORDER BY id FOR NO KEY UPDATE)
            UPDATE tickets SET person = $1 FROM moved WHERE tickets.id = moved.id",
            "WITH moved AS (SELECT site, id FROM attachments WHERE site = $2 AND session = $3 AND person IS NULL
                ORDER BY id FOR NO KEY UPDATE)
            UPDATE attachments SET person = $1 FROM moved WHERE attachments.site = moved.site AND attachments.id = moved.id",
        ] {
            query(statement)
                .bind(text(person.as_str()))
                .bind(text(site.as_str()))
                .bind(&session.as_bytes()[..])
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)
    }
}

/// The ticket with an id.
pub async fn read_ticket(read: &mut PgConnection, id: &TicketId) -> Result<Option<StoredTicket>, StoreError> {
    let row = query(TICKET).bind(text(id.as_str())).fetch_optional(read).await.map_err(store_error)?;
    row.map(|row| ticket_of(&row)).transpose()
}

async fn read_submission(
    read: &mut PgConnection,
    site: &SiteKey,
    key: &IdempotencyKey,
) -> Result<Option<StoredSubmission>, StoreError> {
    let row = query(SUBMISSION).bind(text(site.as_str())).bind(text(key.as_str()));
    let row = row.fetch_optional(read).await.map_err(store_error)?;
    row.map(|row| submission_of(&row)).transpose()
}

/// Locks a ticket until the transaction ends; `false` if there is none. Everything that depends on what a ticket has, such as the next number of
/// a message or the head of its queue, is read and written under this lock.
pub async fn lock_ticket(write: &mut PgConnection, id: &TicketId) -> Result<bool, StoreError> {
    let lock = query("SELECT 1 FROM tickets WHERE id = $1 FOR NO KEY UPDATE").bind(text(id.as_str()));
    Ok(lock.fetch_optional(write).await.map_err(store_error)?.is_some())
}

/// Locks tickets until the transaction ends, in the order in which all transactions lock them. Those that do not exist are left out.
pub async fn lock_tickets<'a>(
    write: &mut PgConnection,
    ids: impl IntoIterator<Item = &'a TicketId>,
) -> Result<(), StoreError> {
    let ids: BTreeSet<String> = ids.into_iter().map(|id| text(id.as_str()).into_owned()).collect();
    let lock = query("SELECT 1 FROM tickets WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE");
    lock.bind(Vec::from_iter(ids)).fetch_all(write).await.map_err(store_error)?;
    Ok(())
}

/// Stores a ticket inside a transaction, which has to be rolled back if the result is not [`SubmissionOutcome::Stored`].
async fn insert_submission(
    write: &mut PgConnection,
    new: &StoredTicket,
    prepared: &Prepared,
    key: &SubmissionKey,
    extras: &SubmissionExtras,
    now: Timestamp,
) -> Result<SubmissionOutcome, StoreError> {
    // Without a lock, to save the work. The unique indexes decide.
    if let Some(existing) = read_submission(write, &new.site, &key.key).await? {
        return Ok(SubmissionOutcome::KeyTaken(Box::new(existing)));
    }
    if let Some(quota) = &extras.quota
        && let Some(exceeded) = submissions::exceeded(write, &new.site, quota).await?
    {
        return Ok(SubmissionOutcome::OverQuota(exceeded));
    }
    // An automatic answer is the first unread message.
    if !insert_row(write, new, prepared, u32::from(extras.answer.is_some())).await? {
        // The ticket with the reference may be this one.
        let existing = read_submission(write, &new.site, &key.key).await?;
        return Ok(existing.map_or(SubmissionOutcome::ReferenceTaken, |one| SubmissionOutcome::KeyTaken(Box::new(one))));
    }
    if !insert_key(write, new, key).await? {
        // It was stored by another transaction for which the insert has waited.
        return match read_submission(write, &new.site, &key.key).await? {
            Some(existing) => Ok(SubmissionOutcome::KeyTaken(Box::new(existing))),
            None if erasure::is_erased(write, &new.site, &key.key).await? => Ok(SubmissionOutcome::Erased),
            None => Err(StoreError::Busy),
        };
    }
    // After the key, for which an erasure that is under way makes others wait.
    if erasure::is_erased(write, &new.site, &key.key).await? {
        return Ok(SubmissionOutcome::Erased);
    }
    insert_contents(write, new, prepared).await?;
    let missing = attachments::attach(write, new, 0, &new.ticket.attachments, new.received_at).await?;
    if !missing.is_empty() {
        return Ok(SubmissionOutcome::MissingFiles(missing));
    }
    let mut number = None;
    if let Some(answer) = &extras.answer {
        number = Some(conversations::insert_message(write, &new.id, answer.clone(), None).await?.number);
    }
    queue::enqueue_delivery(write, new, &extras.deliveries, number, now).await?;
    let claim = match &extras.unconfirmed {
        Some(address) if extras.is_confirmed || confirmations::is_confirmed(write, new, address).await? => {
            // A sender who has proved that they read the mailbox is no threat to it.
            if let Some(mail) = &extras.mail {
                mails::queue_receipt(write, new, mail, mails::Mailbox::Confirmed, now).await?;
            }
            confirmations::Claim::Confirmed
        }
        _ => match &extras.mail {
            Some(mail) if mails::queue_receipt(write, new, mail, mails::Mailbox::Claimed, now).await? => {
                confirmations::Claim::CodeMailed
            }
            _ => confirmations::Claim::Unconfirmed,
        },
    };
    if let Some(address) = &extras.unconfirmed {
        confirmations::insert_confirmation(write, new, address, claim, now).await?;
    }
    if let Some(quota) = &extras.quota
        && let Some(exceeded) = submissions::spend(write, &new.site, quota).await?
    {
        return Ok(SubmissionOutcome::OverQuota(exceeded));
    }
    Ok(SubmissionOutcome::Stored)
}

/// What is written about a new ticket besides its own columns. It is prepared before the transaction, because others wait for that.
#[derive(Debug)]
pub struct Prepared {
    body: String,
    shown: TicketSummary,
    tokens: BTreeSet<String>,
}

impl Prepared {
    /// Prepares what is written about a ticket.
    pub fn new(ticket: &StoredTicket) -> Result<Prepared, StoreError> {
        let body = body::write(&ticket.ticket).map_err(|error| StoreError::Damaged {
            record: format!("ticket {}", ticket.id),
            reason: error.to_string(),
        })?;
        Ok(Prepared { body, shown: summarize(ticket), tokens: tokens::of_ticket(ticket) })
    }
}

/// Inserts a ticket with its body and tokens; `false` if another ticket has its reference.
pub async fn insert_ticket(
    write: &mut PgConnection,
    new: &StoredTicket,
    prepared: &Prepared,
    unread: u32,
) -> Result<bool, StoreError> {
    if !insert_row(write, new, prepared, unread).await? {
        return Ok(false);
    }
    insert_contents(write, new, prepared).await?;
    Ok(true)
}

/// Inserts the row of a ticket; `false` if another ticket has its reference. It waits for a transaction that is inserting one.
async fn insert_row(
    write: &mut PgConnection,
    new: &StoredTicket,
    prepared: &Prepared,
    unread: u32,
) -> Result<bool, StoreError> {
    let (position, shown) = (sort_position(new), &prepared.shown);
    let signs: Vec<&str> = shown.robot_signs.iter().map(|sign| sign.word()).collect();
    let inserted = query(INSERT_TICKET)
        .bind(text(new.id.as_str()))
        .bind(text(new.site.as_str()))
        .bind(text(new.reference.as_str()))
        .bind(new.status.word())
        .bind(new.priority.map(|priority| priority.word()))
        .bind(new.target.as_ref().map(json).transpose()?)
        .bind(new.due_at.map(Time))
        .bind(Time(new.received_at))
        .bind(new.person.as_ref().map(|person| text(person.as_str())))
        .bind(new.session.map(|session| session.as_bytes().to_vec()))
        .bind(text(&new.handling.topic))
        .bind(new.handling.severity.word())
        .bind(new.handling.owner.map(Owner::word))
        .bind(text(&new.handling.team))
        .bind(text(&new.handling.assignee))
        .bind(new.handling.turn.word())
        .bind(new.handling.answered_at.map(Time))
        .bind(Time(new.handling.updated_at))
        .bind(i64::from(new.handling.read_until))
        .bind(i64::from(unread))
        .bind(shown.kind.word())
        .bind(text(&shown.title))
        .bind(text(&shown.requester))
        .bind(text(&shown.plan))
        .bind(shown.is_verified)
        .bind(signs.join(" "))
        .bind(shown.is_test)
        .bind(position.group)
        .bind(position.key)
        .execute(write)
        .await
        .map_err(store_error)?;
    Ok(inserted.rows_affected() > 0)
}

const INSERT_TICKET: &str = "
    INSERT INTO tickets (id, site, reference, status, priority, target, due_at, received_at, person, session, topic, severity,
        owner, team, assignee, turn, answered_at, updated_at, read_until, unread, kind, title, requester, plan, is_verified,
        robot_signs, is_test, list_group, list_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
        $26, $27, $28, $29)
    ON CONFLICT (reference) DO NOTHING";

/// Inserts the body and the tokens of a ticket.
async fn insert_contents(write: &mut PgConnection, new: &StoredTicket, prepared: &Prepared) -> Result<(), StoreError> {
    query("INSERT INTO ticket_bodies (ticket, format, excerpt, body) VALUES ($1, $2, $3, $4)")
        .bind(text(new.id.as_str()))
        .bind(body::FORMAT)
        .bind(text(excerpt(&new.ticket.message)))
        .bind(text(&prepared.body))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
    ticket_tokens::add_tokens(write, &new.id, &prepared.tokens).await
}

/// Inserts the idempotency key of a ticket; `false` if it is taken. It waits for a transaction that is inserting or erasing it.
async fn insert_key(write: &mut PgConnection, new: &StoredTicket, key: &SubmissionKey) -> Result<bool, StoreError> {
    let inserted = query(
        "INSERT INTO submission_keys (site, key, body_hash, session, ticket) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (site, key) DO NOTHING",
    )
    .bind(text(new.site.as_str()))
    .bind(text(key.key.as_str()))
    .bind(&key.body[..])
    .bind(key.session.map(|session| session.as_bytes().to_vec()))
    .bind(text(new.id.as_str()))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(inserted.rows_affected() > 0)
}
