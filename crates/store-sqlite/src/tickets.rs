//! The tickets port in SQLite.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;

use super::error::{RowExt, store_error};
use super::rows::{json, submission_of, ticket_of};
use super::{
    NAMED_TICKET, SUBMISSION, SqliteStore, TICKET, attachments, confirmations, conversations, erasure, listed, mails,
    queue, submissions,
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
impl Tickets for SqliteStore {
    async fn submit(
        &self,
        new: &StoredTicket,
        key: &SubmissionKey,
        extras: SubmissionExtras,
    ) -> Result<SubmissionOutcome, StoreError> {
        self.batches.submit(new, key, extras).await
    }

    async fn submission(&self, site: &SiteKey, key: &IdempotencyKey) -> Result<Option<StoredSubmission>, StoreError> {
        let row = sqlx::query(SUBMISSION)
            .bind(site.as_str())
            .bind(key.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| submission_of(&row)).transpose()
    }

    async fn move_to_person(
        &self,
        site: &SiteKey,
        session: &SessionHash,
        person: &CustomerId,
    ) -> Result<(), StoreError> {
        let session = &session.as_bytes()[..];
        let has_unowned: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tickets WHERE site = ?1 AND session = ?2 AND person IS NULL)
            OR EXISTS (SELECT 1 FROM attachments WHERE site = ?1 AND session = ?2 AND person IS NULL)",
        )
        .bind(site.as_str())
        .bind(session)
        .fetch_one(&self.readers)
        .await
        .map_err(store_error)?;
        // Most requests of a customer come after the tickets of their session were moved. They do not wait for the writer.
        if !has_unowned {
            return Ok(());
        }
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        for statement in [
            "UPDATE tickets SET person = ? WHERE site = ? AND session = ? AND person IS NULL",
            "UPDATE attachments SET person = ? WHERE site = ? AND session = ? AND person IS NULL",
        ] {
            sqlx::query(statement)
                .bind(person.as_str())
                .bind(site.as_str())
                .bind(session)
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(())
    }

    async fn ticket(&self, id: &TicketId) -> Result<Option<StoredTicket>, StoreError> {
        let row = sqlx::query(TICKET).bind(id.as_str()).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| ticket_of(&row)).transpose()
    }

    async fn ticket_by_name(&self, name: &str) -> Result<Option<StoredTicket>, StoreError> {
        let row = sqlx::query(NAMED_TICKET).bind(name).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| ticket_of(&row)).transpose()
    }

    async fn list_tickets(&self, view: &View, after: Option<InboxCursor>, limit: u32) -> Result<InboxPage, StoreError> {
        self.list(view, after, limit).await
    }
}

/// Stores a ticket inside a transaction, which is rolled back if it is not new.
pub async fn insert_submission(
    transaction: &mut SqliteConnection,
    new: &StoredTicket,
    prepared: &Prepared,
    key: &SubmissionKey,
    extras: SubmissionExtras,
    now: Timestamp,
) -> Result<SubmissionOutcome, StoreError> {
    let existing = sqlx::query(SUBMISSION)
        .bind(new.site.as_str())
        .bind(key.key.as_str())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(store_error)?;
    if let Some(row) = existing {
        return Ok(SubmissionOutcome::KeyTaken(Box::new(submission_of(&row)?)));
    }
    if erasure::is_erased(transaction, &new.site, &key.key).await? {
        return Ok(SubmissionOutcome::Erased);
    }
    if let Some(quota) = &extras.quota
        && let Some(exceeded) = submissions::spend(transaction, &new.site, quota).await?
    {
        return Ok(SubmissionOutcome::OverQuota(exceeded));
    }
    // An automatic answer is the first unread message.
    if !insert_ticket(transaction, new, prepared, u32::from(extras.answer.is_some())).await? {
        return Ok(SubmissionOutcome::ReferenceTaken);
    }
    sqlx::query("INSERT INTO seals (site, key, body, session, ticket) VALUES (?, ?, ?, ?, ?)")
        .bind(new.site.as_str())
        .bind(key.key.as_str())
        .bind(key.body.to_vec())
        .bind(key.session.map(|session| session.as_bytes().to_vec()))
        .bind(new.id.as_str())
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    let missing = attachments::attach(transaction, new, 0, &new.ticket.attachments, new.received_at).await?;
    if !missing.is_empty() {
        return Ok(SubmissionOutcome::MissingFiles(missing));
    }
    let mut number = None;
    if let Some(answer) = extras.answer {
        number = Some(conversations::insert_message(transaction, &new.id, answer, None).await?.number);
    }
    let claim = match &extras.unconfirmed {
        Some(address) if extras.is_confirmed || confirmations::is_confirmed(transaction, new, address).await? => {
            // A sender who has proved that they read the mailbox is no threat to it.
            if let Some(mail) = &extras.mail {
                mails::queue_receipt(transaction, new, mail, mails::Mailbox::Confirmed, now).await?;
            }
            confirmations::Claim::Confirmed
        }
        _ => match &extras.mail {
            Some(mail) if mails::queue_receipt(transaction, new, mail, mails::Mailbox::Claimed, now).await? => {
                confirmations::Claim::CodeMailed
            }
            _ => confirmations::Claim::Unconfirmed,
        },
    };
    if let Some(address) = &extras.unconfirmed {
        confirmations::insert_confirmation(transaction, new, address, claim, now).await?;
    }
    queue::enqueue_delivery(transaction, new, &extras.deliveries, number, now).await?;
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

    /// How many tokens the ticket is found by; they are most of what is written.
    pub fn token_count(&self) -> usize {
        self.tokens.len()
    }
}

/// Inserts a ticket with its list columns and tokens; `false` if another ticket has its reference.
pub async fn insert_ticket(
    write: &mut SqliteConnection,
    new: &StoredTicket,
    prepared: &Prepared,
    unread: u32,
) -> Result<bool, StoreError> {
    let position = sort_position(new);
    let inserted = sqlx::query(INSERT_TICKET)
        .bind(new.id.as_str())
        .bind(new.site.as_str())
        .bind(new.reference.as_str())
        .bind(new.status.word())
        .bind(new.priority.map(|priority| priority.word()))
        .bind(new.target.as_ref().map(json).transpose()?)
        .bind(new.due_at.map(|due_at| due_at.to_string()))
        .bind(new.received_at.to_string())
        .bind(new.person.as_ref().map(CustomerId::as_str))
        .bind(new.session.map(|session| session.as_bytes().to_vec()))
        .bind(&new.handling.topic)
        .bind(new.handling.severity.word())
        .bind(new.handling.owner.map(Owner::word))
        .bind(&new.handling.team)
        .bind(&new.handling.assignee)
        .bind(new.handling.turn.word())
        .bind(new.handling.answered_at.map(|answered_at| answered_at.to_string()))
        .bind(new.handling.updated_at.to_string())
        .bind(new.handling.read_until)
        .bind(unread)
        .bind(position.group)
        .bind(position.key)
        .fetch_optional(&mut *write)
        .await
        .map_err(store_error)?;
    let Some(inserted) = inserted else { return Ok(false) };
    let number: i64 = inserted.value("number")?;
    sqlx::query("INSERT INTO ticket_bodies (ticket, format, excerpt, body) VALUES (?, ?, ?, ?)")
        .bind(new.id.as_str())
        .bind(body::FORMAT)
        .bind(excerpt(&new.ticket.message))
        .bind(&prepared.body)
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
    listed::write_list_columns(write, number, &prepared.shown).await?;
    listed::add_tokens(write, number, &prepared.tokens).await?;
    Ok(true)
}

const INSERT_TICKET: &str = "
    INSERT INTO tickets (id, site, reference, status, priority, target, due_at, received_at, person, session,
        topic, severity, owner, team, assignee, turn, answered_at, updated_at, read_until, unread, list_group, list_key, number)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM tickets))
    ON CONFLICT (reference) DO NOTHING RETURNING number";
