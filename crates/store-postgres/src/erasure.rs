//! The erasure port in PostgreSQL.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{query, query_scalar};

use super::PostgresStore;
use super::attachments::{attachment, attachment_of};
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::external_tickets::keep_erased_external_tickets;
use super::retry::retried;
use super::tickets::lock_tickets;
use crate::chunks::delete_in_chunks;
use deskbell_core::ids::{CustomerId, DestinationName, ExternalId, IdempotencyKey, SiteKey, TicketId};
use deskbell_core::ports::{Erasure, ErasureCounts, PersonTrace, SessionTrace, TicketFilter, TicketHead, Traces};
use deskbell_core::ports::{FileOwner, StoreError, StoredAttachment};
use deskbell_core::timestamp::Timestamp;
use domain::ticket::Status;

macro_rules! head {
    () => {
        "SELECT id, site, reference, status, updated_at, person FROM tickets"
    };
}

#[async_trait]
impl Erasure for PostgresStore {
    async fn ticket_heads(&self, after: Option<&TicketId>, limit: u32) -> Result<Vec<TicketHead>, StoreError> {
        let heads = query(concat!(head!(), " WHERE id > $1 ORDER BY id LIMIT $2"));
        let heads = heads.bind(text(after.map_or("", TicketId::as_str))).bind(i64::from(limit));
        heads.fetch_all(&self.pool).await.map_err(store_error)?.iter().map(head_of).collect()
    }

    async fn ticket_head(&self, name: &str) -> Result<Option<TicketHead>, StoreError> {
        let head = query(concat!(head!(), " WHERE reference = $1 OR id = $1")).bind(text(name));
        head.fetch_optional(&self.pool).await.map_err(store_error)?.map(|row| head_of(&row)).transpose()
    }

    async fn solved_before(&self, site: &SiteKey, before: Timestamp, limit: u32) -> Result<Vec<TicketId>, StoreError> {
        let rows = query(
            "SELECT id FROM tickets WHERE site = $1 AND status = 'solved' AND updated_at < $2 ORDER BY updated_at LIMIT $3",
        );
        let rows = rows.bind(text(site.as_str())).bind(Time(before)).bind(i64::from(limit));
        rows.fetch_all(&self.pool).await.map_err(store_error)?.iter().map(|row| row.id("id")).collect()
    }

    async fn external_tickets(&self, ticket: &TicketId) -> Result<Vec<(DestinationName, ExternalId)>, StoreError> {
        let rows =
            query("SELECT destination, external_id FROM external_tickets WHERE ticket = $1 ORDER BY destination");
        let read = |row: &PgRow| Ok((row.id("destination")?, row.id("external_id")?));
        rows.bind(text(ticket.as_str())).fetch_all(&self.pool).await.map_err(store_error)?.iter().map(read).collect()
    }

    async fn erasure_counts(&self, ticket: &TicketId) -> Result<Option<ErasureCounts>, StoreError> {
        counts(&mut *self.acquire().await?, ticket).await
    }

    async fn erase_tickets(
        &self,
        tickets: &[TicketId],
        is_meant: TicketFilter<'_>,
    ) -> Result<ErasureCounts, StoreError> {
        retried(|| self.try_erase(tickets, is_meant)).await
    }

    async fn unsent_files(&self, site: &SiteKey, owner: FileOwner<'_>) -> Result<Vec<StoredAttachment>, StoreError> {
        let files = match owner {
            FileOwner::Person(person) => query(concat!(
                "SELECT ",
                attachment!(),
                " FROM attachments WHERE site = $1 AND ticket IS NULL AND person IS NOT NULL AND person = $2"
            ))
            .bind(text(site.as_str()))
            .bind(text(person.as_str())),
            FileOwner::Session(session) => query(concat!(
                "SELECT ",
                attachment!(),
                " FROM attachments WHERE site = $1 AND ticket IS NULL AND session = $2 AND person IS NULL"
            ))
            .bind(text(site.as_str()))
            .bind(&session.as_bytes()[..]),
        };
        files.fetch_all(&self.pool).await.map_err(store_error)?.iter().map(attachment_of).collect()
    }

    async fn receipt_address(&self, ticket: &TicketId) -> Result<Option<(String, Timestamp)>, StoreError> {
        let mail = query("SELECT address, created_at FROM mails WHERE ticket = $1").bind(text(ticket.as_str()));
        let row = mail.fetch_optional(&self.pool).await.map_err(store_error)?;
        row.map(|row| Ok((row.value("address")?, row.time("created_at")?))).transpose()
    }

    async fn erase_traces(&self, traces: &Traces) -> Result<u64, StoreError> {
        retried(|| self.try_erase_traces(traces)).await
    }

    async fn forget_erased_submissions(&self, before: Timestamp) -> Result<(), StoreError> {
        let forget = "WITH old AS (SELECT site, key FROM erased_submissions WHERE erased_at < $1
                LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM erased_submissions AS erased USING old WHERE erased.site = old.site AND erased.key = old.key";
        delete_in_chunks(|most| query(forget).bind(Time(before)).bind(most).execute(&self.pool)).await
    }

    async fn truncate_log(&self) -> Result<bool, StoreError> {
        // The server recycles its log itself, and its archive is the administrator's.
        Ok(true)
    }
}

impl PostgresStore {
    async fn try_erase(&self, tickets: &[TicketId], is_meant: TicketFilter<'_>) -> Result<ErasureCounts, StoreError> {
        let mut write = self.begin().await?;
        lock_tickets(&mut write, tickets).await?;
        let now = self.clock.now(&mut write).await?;
        let mut erased = ErasureCounts::default();
        for ticket in tickets {
            let head = query(concat!(head!(), " WHERE id = $1")).bind(text(ticket.as_str()));
            let head = head.fetch_optional(&mut *write).await.map_err(store_error)?;
            // Another process may have erased it, or it may have been reopened.
            if !head.map(|row| head_of(&row)).transpose()?.is_some_and(|head| is_meant(&head)) {
                continue;
            }
            let Some(counts) = counts(&mut write, ticket).await? else { continue };
            keep_erased_keys(&mut write, ticket, now).await?;
            keep_erased_external_tickets(&mut write, ticket).await?;
            // What was requested for its address names the address.
            let links = query(
                "DELETE FROM access_links USING confirmations JOIN tickets ON tickets.id = confirmations.ticket
                WHERE confirmations.ticket = $1 AND access_links.site = tickets.site
                    AND access_links.mailbox = confirmations.mailbox",
            );
            links.bind(text(ticket.as_str())).execute(&mut *write).await.map_err(store_error)?;
            let delete = query("DELETE FROM tickets WHERE id = $1").bind(text(ticket.as_str()));
            delete.execute(&mut *write).await.map_err(store_error)?;
            erased = erased.plus(counts);
        }
        write.commit().await.map_err(commit_error)?;
        Ok(erased)
    }

    async fn try_erase_traces(&self, traces: &Traces) -> Result<u64, StoreError> {
        let mut write = self.begin().await?;
        let mut count = 0;
        for PersonTrace { site, person, pseudonym } in &traces.people {
            let files = query(
                "DELETE FROM attachments WHERE site = $1 AND ticket IS NULL AND person IS NOT NULL AND person = $2",
            );
            let files = files.bind(text(site.as_str())).bind(text(person.as_str()));
            count += files.execute(&mut *write).await.map_err(store_error)?.rows_affected();
            // For anonymous customers only the network is hashed.
            let affected = query("DELETE FROM affected_customers WHERE site = $1 AND pseudonym = $2");
            let affected = affected.bind(text(site.as_str())).bind(&pseudonym[..]);
            count += affected.execute(&mut *write).await.map_err(store_error)?.rows_affected();
        }
        for SessionTrace { site, session, person } in &traces.sessions {
            let files = query(
                "DELETE FROM attachments WHERE site = $1 AND ticket IS NULL AND session = $2
                AND (person IS NULL OR person = $3)",
            );
            let files = files
                .bind(text(site.as_str()))
                .bind(&session.as_bytes()[..])
                .bind(person.as_ref().map(|person| text(person.as_str())));
            count += files.execute(&mut *write).await.map_err(store_error)?.rows_affected();
        }
        write.commit().await.map_err(commit_error)?;
        Ok(count)
    }
}

fn head_of(row: &PgRow) -> Result<TicketHead, StoreError> {
    Ok(TicketHead {
        id: row.id("id")?,
        site: row.id("site")?,
        reference: row.id("reference")?,
        status: Status::from_word(row.value("status")?),
        updated_at: Some(row.time("updated_at")?),
        person: row.value::<Option<String>>("person")?.map(CustomerId::from),
    })
}

/// Whether the ticket of a submission was erased.
pub async fn is_erased(read: &mut PgConnection, site: &SiteKey, key: &IdempotencyKey) -> Result<bool, StoreError> {
    let erased = query_scalar("SELECT EXISTS (SELECT 1 FROM erased_submissions WHERE site = $1 AND key = $2)");
    erased.bind(text(site.as_str())).bind(digest(key.as_str())).fetch_one(read).await.map_err(store_error)
}

/// Stores digests of the idempotency keys of a ticket that is erased.
async fn keep_erased_keys(write: &mut PgConnection, ticket: &TicketId, now: Timestamp) -> Result<(), StoreError> {
    let keys = query("SELECT site, key FROM submission_keys WHERE ticket = $1").bind(text(ticket.as_str()));
    for row in keys.fetch_all(&mut *write).await.map_err(store_error)? {
        query("INSERT INTO erased_submissions (site, key, erased_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(row.value::<&str>("site")?)
            .bind(digest(row.value("key")?))
            .bind(Time(now))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// The digest under which an idempotency key is stored after its ticket was erased. Keys are stored as [`text`].
fn digest(key: &str) -> Vec<u8> {
    Sha256::digest(text(key).as_bytes()).to_vec()
}

async fn counts(read: &mut PgConnection, ticket: &TicketId) -> Result<Option<ErasureCounts>, StoreError> {
    let row = query(
        "SELECT (SELECT count(*) FROM messages WHERE messages.ticket = tickets.id) AS messages,
            (SELECT count(*) FROM activities WHERE activities.ticket = tickets.id) AS activities,
            (SELECT count(*) FROM deliveries WHERE deliveries.ticket = tickets.id) AS deliveries,
            (SELECT count(*) FROM mails WHERE mails.ticket = tickets.id) AS mails,
            (SELECT count(*) FROM attachments WHERE attachments.ticket = tickets.id) AS files,
            (SELECT coalesce(sum(size), 0)::bigint FROM attachments WHERE attachments.ticket = tickets.id) AS file_bytes
        FROM tickets WHERE id = $1",
    );
    let row = row.bind(text(ticket.as_str())).fetch_optional(read).await.map_err(store_error)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ErasureCounts {
        tickets: 1,
        messages: row.number("messages")?,
        activities: row.number("activities")?,
        deliveries: row.number("deliveries")?,
        mails: row.number("mails")?,
        files: row.number("files")?,
        file_bytes: row.number("file_bytes")?,
    }))
}
