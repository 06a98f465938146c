//! The erasure port in SQLite. `secure_delete` overwrites deleted content.

use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, Row, query, query_scalar};

use super::SqliteStore;
use super::attachments::attachment;
use super::error::{RowExt, store_error};
use super::external_tickets::keep_erased_places;
use super::rows::attachment_of;
use crate::chunks::delete_in_chunks;
use deskbell_core::ids::{CustomerId, DestinationName, ExternalId, IdempotencyKey, SiteKey, TicketId};
use deskbell_core::ports::{Erasure, ErasureCounts, PersonTrace, SessionTrace, TicketFilter, TicketHead, Traces};
use deskbell_core::ports::{FileOwner, StoreError, StoredAttachment};
use deskbell_core::timestamp::Timestamp;
use domain::ticket::Status;

/// How long writers may be blocked while the log is truncated.
const TRUNCATE_BUSY: Duration = Duration::from_millis(200);

macro_rules! head {
    () => {
        "SELECT id, site, reference, status, updated_at, person FROM tickets"
    };
}

#[async_trait]
impl Erasure for SqliteStore {
    async fn ticket_heads(&self, after: Option<&TicketId>, limit: u32) -> Result<Vec<TicketHead>, StoreError> {
        let heads = query(concat!(head!(), " WHERE id > ? ORDER BY id LIMIT ?"));
        heads
            .bind(after.map_or("", TicketId::as_str))
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?
            .iter()
            .map(head_of)
            .collect()
    }

    async fn ticket_head(&self, name: &str) -> Result<Option<TicketHead>, StoreError> {
        let head = query(concat!(head!(), " WHERE reference = ?1 OR id = ?1")).bind(name);
        head.fetch_optional(&self.readers).await.map_err(store_error)?.map(|row| head_of(&row)).transpose()
    }

    async fn solved_before(&self, site: &SiteKey, before: Timestamp, limit: u32) -> Result<Vec<TicketId>, StoreError> {
        let ids = query_scalar(
            "SELECT id FROM tickets WHERE site = ? AND status = 'solved' AND updated_at < ? ORDER BY updated_at LIMIT ?",
        );
        let ids: Vec<String> = ids
            .bind(site.as_str())
            .bind(before.to_string())
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        Ok(ids.into_iter().map(TicketId::from).collect())
    }

    async fn external_tickets(&self, ticket: &TicketId) -> Result<Vec<(DestinationName, ExternalId)>, StoreError> {
        let rows =
            query("SELECT destination, remote FROM places WHERE ticket = ? ORDER BY destination").bind(ticket.as_str());
        let read = |row: &SqliteRow| Ok((row.id("destination")?, row.id("remote")?));
        rows.fetch_all(&self.readers).await.map_err(store_error)?.iter().map(read).collect()
    }

    async fn erasure_counts(&self, ticket: &TicketId) -> Result<Option<ErasureCounts>, StoreError> {
        let mut read = self.readers.acquire().await.map_err(store_error)?;
        counts(&mut read, ticket).await
    }

    async fn erase_tickets(
        &self,
        tickets: &[TicketId],
        is_meant: TicketFilter<'_>,
    ) -> Result<ErasureCounts, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let (mut erased, now) = (ErasureCounts::default(), self.now_text());
        for ticket in tickets {
            let head = query(concat!(head!(), " WHERE id = ?"))
                .bind(ticket.as_str())
                .fetch_optional(&mut *write)
                .await
                .map_err(store_error)?;
            // Another process may have erased it, or it may have been reopened.
            if !head.map(|row| head_of(&row)).transpose()?.is_some_and(|head| is_meant(&head)) {
                continue;
            }
            let Some(counts) = counts(&mut write, ticket).await? else { continue };
            let seals = query("SELECT site, key FROM seals WHERE ticket = ?").bind(ticket.as_str());
            for row in seals.fetch_all(&mut *write).await.map_err(store_error)? {
                query("INSERT OR IGNORE INTO erased_submissions (site, key, erased_at) VALUES (?, ?, ?)")
                    .bind(row.value::<String>("site")?)
                    .bind(digest(row.value("key")?))
                    .bind(&now)
                    .execute(&mut *write)
                    .await
                    .map_err(store_error)?;
            }
            keep_erased_places(&mut write, ticket).await?;
            // What was requested for its address names the address.
            query(
                "DELETE FROM access_links WHERE site = (SELECT site FROM tickets WHERE id = ?1)
                AND mailbox = (SELECT mailbox FROM confirmations WHERE ticket = ?1)",
            )
            .bind(ticket.as_str())
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
            query("DELETE FROM tickets WHERE id = ?")
                .bind(ticket.as_str())
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
            erased = erased.plus(counts);
        }
        write.commit().await.map_err(store_error)?;
        Ok(erased)
    }

    async fn unsent_files(&self, site: &SiteKey, owner: FileOwner<'_>) -> Result<Vec<StoredAttachment>, StoreError> {
        let files = match owner {
            FileOwner::Person(person) => query(concat!(
                "SELECT ",
                attachment!(),
                " FROM attachments WHERE site = ? AND ticket IS NULL AND person IS NOT NULL AND person = ?",
            ))
            .bind(site.as_str())
            .bind(person.as_str()),
            FileOwner::Session(session) => query(concat!(
                "SELECT ",
                attachment!(),
                " FROM attachments WHERE site = ? AND ticket IS NULL AND session = ? AND person IS NULL"
            ))
            .bind(site.as_str())
            .bind(&session.as_bytes()[..]),
        };
        files.fetch_all(&self.readers).await.map_err(store_error)?.iter().map(attachment_of).collect()
    }

    async fn receipt_address(&self, ticket: &TicketId) -> Result<Option<(String, Timestamp)>, StoreError> {
        let mail = query("SELECT address, created_at FROM mails WHERE ticket = ?").bind(ticket.as_str());
        let row = mail.fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| Ok((row.value("address")?, row.time("created_at")?))).transpose()
    }

    async fn erase_traces(&self, traces: &Traces) -> Result<u64, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let mut count = 0;
        for PersonTrace { site, person, pseudonym } in &traces.people {
            let files = query(
                "DELETE FROM attachments WHERE site = ? AND ticket IS NULL AND person IS NOT NULL AND person = ?",
            );
            count += files
                .bind(site.as_str())
                .bind(person.as_str())
                .execute(&mut *write)
                .await
                .map_err(store_error)?
                .rows_affected();
            count += erase_affected(&mut write, site, pseudonym).await?;
        }
        for SessionTrace { site, session, person } in &traces.sessions {
            let files = query(
                "DELETE FROM attachments WHERE site = ? AND ticket IS NULL AND session = ?
                AND (person IS NULL OR person = ?)",
            );
            let files =
                files.bind(site.as_str()).bind(&session.as_bytes()[..]).bind(person.as_ref().map(CustomerId::as_str));
            count += files.execute(&mut *write).await.map_err(store_error)?.rows_affected();
        }
        write.commit().await.map_err(store_error)?;
        Ok(count)
    }

    async fn forget_erased_submissions(&self, before: Timestamp) -> Result<(), StoreError> {
        let forget = "DELETE FROM erased_submissions WHERE (site, key) IN
            (SELECT site, key FROM erased_submissions WHERE erased_at < ? LIMIT ?)";
        let before = before.to_string();
        delete_in_chunks(|most| query(forget).bind(&before).bind(most).execute(&self.writer)).await
    }

    async fn truncate_log(&self) -> Result<bool, StoreError> {
        // A connection of its own: the writer's longer busy timeout would delay tickets while readers are active.
        let options = self.writer.connect_options().as_ref().clone().busy_timeout(TRUNCATE_BUSY);
        let mut connection = options.connect().await.map_err(store_error)?;
        let busy: i64 =
            query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut connection).await.map_err(store_error)?;
        Ok(busy == 0)
    }
}

fn head_of(row: &SqliteRow) -> Result<TicketHead, StoreError> {
    Ok(TicketHead {
        id: row.id("id")?,
        site: row.id("site")?,
        reference: row.id("reference")?,
        status: Status::from_word(row.value("status")?),
        updated_at: row.readable_time("updated_at")?,
        person: row.value::<Option<String>>("person")?.map(CustomerId::from),
    })
}

/// Whether the ticket of a submission was erased.
pub async fn is_erased(read: &mut SqliteConnection, site: &SiteKey, key: &IdempotencyKey) -> Result<bool, StoreError> {
    let erased = query_scalar("SELECT EXISTS (SELECT 1 FROM erased_submissions WHERE site = ? AND key = ?)");
    erased.bind(site.as_str()).bind(digest(key.as_str())).fetch_one(read).await.map_err(store_error)
}

fn digest(key: &str) -> Vec<u8> {
    Sha256::digest(key).to_vec()
}

async fn counts(read: &mut SqliteConnection, ticket: &TicketId) -> Result<Option<ErasureCounts>, StoreError> {
    let row = query(
        "SELECT (SELECT count(*) FROM messages WHERE messages.ticket = tickets.id) AS messages,
            (SELECT count(*) FROM deeds WHERE deeds.ticket = tickets.id) AS activities,
            (SELECT count(*) FROM deliveries WHERE deliveries.ticket = tickets.id) AS deliveries,
            (SELECT count(*) FROM mails WHERE mails.ticket = tickets.id) AS mails,
            (SELECT count(*) FROM attachments WHERE attachments.ticket = tickets.id) AS files,
            (SELECT coalesce(sum(size), 0) FROM attachments WHERE attachments.ticket = tickets.id) AS file_bytes
        FROM tickets WHERE id = ?",
    );
    let Some(row) = row.bind(ticket.as_str()).fetch_optional(read).await.map_err(store_error)? else { return Ok(None) };
    let count = |name: &str| row.try_get::<i64, _>(name).map(|count| count as u64);
    Ok(Some(ErasureCounts {
        tickets: 1,
        messages: count("messages").map_err(store_error)?,
        activities: count("activities").map_err(store_error)?,
        deliveries: count("deliveries").map_err(store_error)?,
        mails: count("mails").map_err(store_error)?,
        files: count("files").map_err(store_error)?,
        file_bytes: count("file_bytes").map_err(store_error)?,
    }))
}

/// Affected customers are stored as salted hashes. For anonymous ones only the network is hashed.
async fn erase_affected(write: &mut SqliteConnection, site: &SiteKey, pseudonym: &[u8]) -> Result<u64, StoreError> {
    let affected = query("DELETE FROM affected WHERE site = ? AND who = ?").bind(site.as_str()).bind(pseudonym);
    Ok(affected.execute(write).await.map_err(store_error)?.rows_affected())
}
