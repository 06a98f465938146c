//! The external tickets port in SQLite.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use deskbell_core::ids::{DestinationName, ExternalId, SiteKey, TicketId};
use deskbell_core::ports::{ExternalTicketRef, ExternalTickets, StoreError, StoredTicket};

const KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM places WHERE site = ? AND destination = ? AND remote = ?)
    OR EXISTS (SELECT 1 FROM erased_external_tickets WHERE digest = ?)";
/// Selects the external ticket of a ticket at a destination.
pub const EXTERNAL_TICKET: &str = "SELECT coalesce(merged_into, remote) AS remote, requester, merged_after FROM places
    WHERE ticket = ? AND destination = ?";

#[async_trait]
impl ExternalTickets for SqliteStore {
    async fn external_ticket(
        &self,
        ticket: &TicketId,
        destination: &DestinationName,
    ) -> Result<Option<ExternalTicketRef>, StoreError> {
        let row = query(EXTERNAL_TICKET)
            .bind(ticket.as_str())
            .bind(destination.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| external_ticket_of(&row)).transpose()
    }

    async fn merge_external_ticket(
        &self,
        ticket: &TicketId,
        destination: &DestinationName,
        external: &ExternalTicketRef,
    ) -> Result<(), StoreError> {
        // Which changes of the other ticket are known already is unknown.
        query(
            "UPDATE places SET merged_into = ?3, merged_after = ?4, requester = ?5, seen_at = NULL
            WHERE ticket = ?1 AND destination = ?2",
        )
        .bind(ticket.as_str())
        .bind(destination.as_str())
        .bind(external.external_id.as_str())
        .bind(&external.merged_after)
        .bind(&external.requester)
        .execute(&self.writer)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn knows_external_ticket(
        &self,
        site: &SiteKey,
        destination: &DestinationName,
        external_id: &ExternalId,
    ) -> Result<bool, StoreError> {
        is_known(
            &mut *self.readers.acquire().await.map_err(store_error)?,
            (site.as_str(), destination.as_str(), external_id.as_str()),
        )
        .await
    }

    async fn adopt(
        &self,
        ticket: &StoredTicket,
        destination: &DestinationName,
        external: &ExternalTicketRef,
    ) -> Result<bool, StoreError> {
        let prepared = super::tickets::Prepared::new(ticket)?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let is_known =
            is_known(&mut write, (ticket.site.as_str(), destination.as_str(), external.external_id.as_str())).await?;
        if is_known || !super::tickets::insert_ticket(&mut write, ticket, &prepared, 0).await? {
            return Ok(false);
        }
        query("INSERT INTO places (ticket, site, destination, remote, requester, look_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(ticket.id.as_str())
            .bind(ticket.site.as_str())
            .bind(destination.as_str())
            .bind(external.external_id.as_str())
            .bind(&external.requester)
            .bind(ticket.received_at.to_string())
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        write.commit().await.map_err(store_error)?;
        Ok(true)
    }
}

/// Whether the ticket with an external id is stored here, or was erased here.
async fn is_known(read: &mut SqliteConnection, external: (&str, &str, &str)) -> Result<bool, StoreError> {
    let (site, destination, external_id) = external;
    let known = query_scalar(KNOWN).bind(site).bind(destination).bind(external_id).bind(digest_external_id(external));
    known.fetch_one(read).await.map_err(store_error)
}

/// Stores digests of the external ids of a ticket that is erased, so that it is not adopted from there again.
pub async fn keep_erased_places(write: &mut SqliteConnection, ticket: &TicketId) -> Result<(), StoreError> {
    let rows = query("SELECT site, destination, remote FROM places WHERE ticket = ?").bind(ticket.as_str());
    for row in rows.fetch_all(&mut *write).await.map_err(store_error)? {
        let (site, destination, external_id): (String, String, String) =
            (row.value("site")?, row.value("destination")?, row.value("remote")?);
        query("INSERT OR IGNORE INTO erased_external_tickets (digest) VALUES (?)")
            .bind(digest_external_id((&site, &destination, &external_id)))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

fn digest_external_id((site, destination, external_id): (&str, &str, &str)) -> Vec<u8> {
    Sha256::digest([site, destination, external_id].join("\0")).to_vec()
}

/// Reads an external ticket from a row.
pub fn external_ticket_of(row: &SqliteRow) -> Result<ExternalTicketRef, StoreError> {
    Ok(ExternalTicketRef {
        external_id: row.id("remote")?,
        requester: row.value("requester")?,
        merged_after: row.value("merged_after")?,
    })
}
