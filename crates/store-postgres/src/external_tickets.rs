//! The external tickets port in PostgreSQL.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::retry::retried;
use super::tickets::{Prepared, insert_ticket};
use deskbell_core::ids::{DestinationName, ExternalId, SiteKey, TicketId};
use deskbell_core::ports::{ExternalTicketRef, ExternalTickets, StoreError, StoredTicket};

const IS_STORED: &str =
    "SELECT EXISTS (SELECT 1 FROM external_tickets WHERE site = $1 AND destination = $2 AND external_id = $3)";
const IS_ERASED: &str = "SELECT EXISTS (SELECT 1 FROM erased_external_tickets WHERE digest = $1)";
/// Selects the external ticket of a ticket at a destination.
pub const EXTERNAL_TICKET: &str =
    "SELECT coalesce(merged_into, external_id) AS external_id, requester, merged_after FROM external_tickets
    WHERE ticket = $1 AND destination = $2";

#[async_trait]
impl ExternalTickets for PostgresStore {
    async fn external_ticket(
        &self,
        ticket: &TicketId,
        destination: &DestinationName,
    ) -> Result<Option<ExternalTicketRef>, StoreError> {
        let row = query(EXTERNAL_TICKET).bind(text(ticket.as_str())).bind(text(destination.as_str()));
        let row = row.fetch_optional(&self.pool).await.map_err(store_error)?;
        row.map(|row| external_ticket_of(&row)).transpose()
    }

    async fn merge_external_ticket(
        &self,
        ticket: &TicketId,
        destination: &DestinationName,
        external: &ExternalTicketRef,
    ) -> Result<(), StoreError> {
        // Which changes of the other ticket are known already is unknown.
        let merge = || async {
            query(
                "UPDATE external_tickets SET merged_into = $3, merged_after = $4, requester = $5, seen_at = NULL
                WHERE ticket = $1 AND destination = $2",
            )
            .bind(text(ticket.as_str()))
            .bind(text(destination.as_str()))
            .bind(text(external.external_id.as_str()))
            .bind(external.merged_after.as_deref().map(text))
            .bind(text(&external.requester))
            .execute(&self.pool)
            .await
            .map_err(store_error)
        };
        retried(merge).await?;
        Ok(())
    }

    async fn knows_external_ticket(
        &self,
        site: &SiteKey,
        destination: &DestinationName,
        external_id: &ExternalId,
    ) -> Result<bool, StoreError> {
        let external = (site.as_str(), destination.as_str(), external_id.as_str());
        let mut read = self.acquire().await?;
        Ok(is_stored(&mut read, external).await? || is_erased(&mut read, external).await?)
    }

    async fn adopt(
        &self,
        ticket: &StoredTicket,
        destination: &DestinationName,
        external: &ExternalTicketRef,
    ) -> Result<bool, StoreError> {
        let prepared = Prepared::new(ticket)?;
        retried(|| self.try_adopt(ticket, &prepared, destination, external)).await
    }
}

impl PostgresStore {
    async fn try_adopt(
        &self,
        ticket: &StoredTicket,
        prepared: &Prepared,
        destination: &DestinationName,
        external: &ExternalTicketRef,
    ) -> Result<bool, StoreError> {
        let id = (ticket.site.as_str(), destination.as_str(), external.external_id.as_str());
        let mut write = self.begin().await?;
        // Without a lock, to save the work. The unique index decides.
        if is_stored(&mut write, id).await? || !insert_ticket(&mut write, ticket, prepared, 0).await? {
            return Ok(false);
        }
        // It waits for a transaction that is adopting or erasing the same ticket.
        let inserted = query(
            "INSERT INTO external_tickets (ticket, site, destination, external_id, requester, poll_at)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (site, destination, external_id) DO NOTHING",
        )
        .bind(text(ticket.id.as_str()))
        .bind(text(ticket.site.as_str()))
        .bind(text(destination.as_str()))
        .bind(text(external.external_id.as_str()))
        .bind(text(&external.requester))
        .bind(Time(ticket.received_at))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        if inserted.rows_affected() == 0 || is_erased(&mut write, id).await? {
            return Ok(false);
        }
        write.commit().await.map_err(commit_error)?;
        Ok(true)
    }
}

/// Whether the ticket with an external id is stored here.
async fn is_stored(
    read: &mut PgConnection,
    (site, destination, external_id): (&str, &str, &str),
) -> Result<bool, StoreError> {
    let stored = query_scalar(IS_STORED).bind(text(site)).bind(text(destination)).bind(text(external_id));
    stored.fetch_one(read).await.map_err(store_error)
}

/// Whether the ticket with an external id was erased here.
async fn is_erased(read: &mut PgConnection, external: (&str, &str, &str)) -> Result<bool, StoreError> {
    query_scalar(IS_ERASED).bind(digest_external_id(external)).fetch_one(read).await.map_err(store_error)
}

/// Stores digests of the external ids of a ticket that is erased, so that it is not adopted from there again.
pub async fn keep_erased_external_tickets(write: &mut PgConnection, ticket: &TicketId) -> Result<(), StoreError> {
    let rows = query("SELECT site, destination, external_id FROM external_tickets WHERE ticket = $1");
    for row in rows.bind(text(ticket.as_str())).fetch_all(&mut *write).await.map_err(store_error)? {
        let external: (&str, &str, &str) = (row.value("site")?, row.value("destination")?, row.value("external_id")?);
        query("INSERT INTO erased_external_tickets (digest) VALUES ($1) ON CONFLICT DO NOTHING")
            .bind(digest_external_id(external))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

/// The digest is made of texts as columns have them.
fn digest_external_id((site, destination, external_id): (&str, &str, &str)) -> Vec<u8> {
    Sha256::digest([text(site), text(destination), text(external_id)].join("\0")).to_vec()
}

/// Reads an external ticket from a row.
pub fn external_ticket_of(row: &PgRow) -> Result<ExternalTicketRef, StoreError> {
    Ok(ExternalTicketRef {
        external_id: row.id("external_id")?,
        requester: row.value("requester")?,
        merged_after: row.value("merged_after")?,
    })
}
