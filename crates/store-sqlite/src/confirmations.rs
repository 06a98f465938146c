//! The confirmations port in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::error::{RowExt, store_error};
use super::rows::ticket_of;
use super::{SqliteStore, TICKET, mails};
use deskbell_core::ids::{CustomerId, SiteKey, TicketId};
use deskbell_core::ports::{
    ClaimedAddress, CodeRequest, ConfirmationChange, Confirmations, MailQuota, StoreError, StoredTicket,
};
use deskbell_core::rules::address::mailbox;
use deskbell_core::rules::codes::{is_same_address, refuse_code};
use deskbell_core::timestamp::Timestamp;

const CLAIMED: &str =
    "SELECT address, code, sent_at, attempts, confirmed_at, bounced_at FROM confirmations WHERE ticket = ?";

#[async_trait]
impl Confirmations for SqliteStore {
    async fn claimed_address(&self, ticket: &TicketId) -> Result<Option<ClaimedAddress>, StoreError> {
        claimed_address(&mut *self.readers.acquire().await.map_err(store_error)?, ticket, self.now()).await
    }

    async fn messages_of_others(&self, ticket: &TicketId) -> Result<Vec<u32>, StoreError> {
        let numbers = query_scalar(concat!(
            "SELECT number FROM messages INDEXED BY messages_foreign WHERE ticket = ? AND ",
            super::foreign!(),
            " ORDER BY number"
        ));
        numbers.bind(ticket.as_str()).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn unconfirmed_addresses(
        &self,
        site: &SiteKey,
        person: &CustomerId,
        mailbox: &str,
    ) -> Result<Vec<(TicketId, String)>, StoreError> {
        let unconfirmed = "SELECT ticket, address FROM confirmations WHERE mailbox = ? AND confirmed_at IS NULL
            AND ticket IN (SELECT id FROM tickets WHERE site = ? AND person = ?)";
        let rows = query(unconfirmed).bind(mailbox).bind(site.as_str()).bind(person.as_str());
        let rows = rows.fetch_all(&self.readers).await.map_err(store_error)?;
        rows.iter().map(|row| Ok((row.id("ticket")?, row.value("address")?))).collect()
    }

    async fn request_code(
        &self,
        ticket: &TicketId,
        pause: Duration,
        quota: &MailQuota,
    ) -> Result<CodeRequest, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let Some(claimed) = claimed_address(&mut write, ticket, now).await? else { return Ok(CodeRequest::NotNeeded) };
        if let Some(refusal) = refuse_code(&claimed, pause) {
            return Ok(refusal);
        }
        let ticket =
            ticket_of(&query(TICKET).bind(ticket.as_str()).fetch_one(&mut *write).await.map_err(store_error)?)?;
        if let Some(wait) =
            mails::spend(&mut write, (&ticket.id, &ticket.site), quota, mails::Mailbox::Claimed, now).await?
        {
            return Ok(CodeRequest::QuotaUsedUp { wait });
        }
        count_code(&mut write, &ticket.id, now).await?;
        mails::put(&mut write, &ticket, &claimed.address, now).await?;
        write.commit().await.map_err(store_error)?;
        Ok(CodeRequest::Accepted)
    }

    async fn confirmations_key(&self) -> Result<Vec<u8>, StoreError> {
        let key = query_scalar("SELECT key FROM signing WHERE what = 'confirmations'");
        key.fetch_one(&self.readers).await.map_err(store_error)
    }
}

/// The state of the sender's claimed address when a ticket arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The sender has confirmed it for an earlier ticket.
    Confirmed,
    /// A code for it is queued.
    CodeMailed,
    /// No code was mailed.
    Unconfirmed,
}

/// Stores the address that the sender of a ticket claims.
pub async fn insert_confirmation(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    address: &str,
    claim: Claim,
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_mailed = claim == Claim::CodeMailed;
    query(
        "INSERT INTO confirmations (ticket, address, mailbox, code, sent_at, confirmed_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(ticket.id.as_str())
    .bind(address)
    .bind(mailbox(address))
    .bind(u32::from(is_mailed))
    .bind(is_mailed.then(|| now.to_string()))
    .bind((claim == Claim::Confirmed).then(|| now.to_string()))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Whether the sender of a ticket, the same customer or else the same session, has confirmed an address before.
pub async fn is_confirmed(
    read: &mut SqliteConnection,
    ticket: &StoredTicket,
    address: &str,
) -> Result<bool, StoreError> {
    let confirmed = query_scalar(
        "SELECT DISTINCT address FROM confirmations JOIN tickets ON tickets.id = confirmations.ticket
        WHERE mailbox = ?1 AND confirmed_at IS NOT NULL AND site = ?2
            AND CASE WHEN ?3 IS NULL THEN person IS NULL AND session = ?4 ELSE person = ?3 END",
    );
    let confirmed = confirmed
        .bind(mailbox(address))
        .bind(ticket.site.as_str())
        .bind(ticket.person.as_ref().map(CustomerId::as_str));
    let confirmed = confirmed.bind(ticket.session.map(|session| session.as_bytes().to_vec()));
    let confirmed: Vec<String> = confirmed.fetch_all(read).await.map_err(store_error)?;
    Ok(confirmed.iter().any(|confirmed| is_same_address(confirmed, address)))
}

/// Makes the next code of a ticket the only valid one.
pub async fn count_code(write: &mut SqliteConnection, ticket: &TicketId, now: Timestamp) -> Result<(), StoreError> {
    let count =
        "UPDATE confirmations SET code = code + 1, sent_at = ?, attempts = 0 WHERE ticket = ? AND confirmed_at IS NULL";
    query(count).bind(now.to_string()).bind(ticket.as_str()).execute(write).await.map_err(store_error)?;
    Ok(())
}

/// Stores what happens to the claimed address of a ticket.
pub async fn change_confirmation(
    write: &mut SqliteConnection,
    ticket: &TicketId,
    change: ConfirmationChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let confirm = "UPDATE confirmations SET confirmed_at = ? WHERE ticket = ? AND confirmed_at IS NULL";
    let count = "UPDATE confirmations SET attempts = attempts + 1 WHERE ticket = ?";
    let update = match change {
        ConfirmationChange::Confirmed => query(confirm).bind(now.to_string()).bind(ticket.as_str()),
        ConfirmationChange::WrongCode => query(count).bind(ticket.as_str()),
    };
    update.execute(write).await.map_err(store_error)?;
    Ok(())
}

/// The address that the sender of a ticket claims; none if it need not be confirmed.
pub async fn claimed_address(
    read: &mut SqliteConnection,
    ticket: &TicketId,
    now: Timestamp,
) -> Result<Option<ClaimedAddress>, StoreError> {
    let row = query(CLAIMED).bind(ticket.as_str()).fetch_optional(read).await.map_err(store_error)?;
    row.map(|row| claimed_of(&row, now)).transpose()
}

fn claimed_of(row: &SqliteRow, now: Timestamp) -> Result<ClaimedAddress, StoreError> {
    let sent_at = row.optional_time("sent_at")?;
    Ok(ClaimedAddress {
        address: row.value("address")?,
        code: row.value("code")?,
        sent_at,
        code_age: sent_at.map(|sent_at| now.since(sent_at)),
        attempts: row.value("attempts")?,
        confirmed_at: row.optional_time("confirmed_at")?,
        bounced_at: row.optional_time("bounced_at")?,
    })
}
