//! The confirmations port in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{query, query_scalar};

use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::retry::retried;
use super::secrets::Secret;
use super::tickets::{lock_ticket, read_ticket};
use super::{PostgresStore, mails};
use deskbell_core::ids::{CustomerId, SiteKey, TicketId};
use deskbell_core::ports::{
    ClaimedAddress, CodeRequest, ConfirmationChange, Confirmations, MailQuota, StoreError, StoredTicket,
};
use deskbell_core::rules::address::mailbox;
use deskbell_core::rules::codes::{is_same_address, refuse_code};
use deskbell_core::timestamp::Timestamp;

#[async_trait]
impl Confirmations for PostgresStore {
    async fn claimed_address(&self, ticket: &TicketId) -> Result<Option<ClaimedAddress>, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        claimed_address(&mut read, ticket, now).await
    }

    async fn messages_of_others(&self, ticket: &TicketId) -> Result<Vec<u32>, StoreError> {
        let rows =
            query(concat!("SELECT number FROM messages WHERE ticket = $1 AND ", super::foreign!(), " ORDER BY number"));
        let rows = rows.bind(text(ticket.as_str())).fetch_all(&self.pool).await.map_err(store_error)?;
        rows.iter().map(|row| row.number("number")).collect()
    }

    async fn unconfirmed_addresses(
        &self,
        site: &SiteKey,
        person: &CustomerId,
        mailbox: &str,
    ) -> Result<Vec<(TicketId, String)>, StoreError> {
        let unconfirmed = query(
            "SELECT ticket, address FROM confirmations WHERE mailbox = $1 AND confirmed_at IS NULL
            AND ticket IN (SELECT id FROM tickets WHERE site = $2 AND person = $3)",
        );
        let unconfirmed = unconfirmed.bind(text(mailbox)).bind(text(site.as_str())).bind(text(person.as_str()));
        let rows = unconfirmed.fetch_all(&self.pool).await.map_err(store_error)?;
        rows.iter().map(|row| Ok((row.id("ticket")?, row.value("address")?))).collect()
    }

    async fn request_code(
        &self,
        ticket: &TicketId,
        pause: Duration,
        quota: &MailQuota,
    ) -> Result<CodeRequest, StoreError> {
        retried(|| self.try_request(ticket, pause, quota)).await
    }

    async fn confirmations_key(&self) -> Result<Vec<u8>, StoreError> {
        self.secret(Secret::Confirmations).await
    }
}

impl PostgresStore {
    async fn try_request(
        &self,
        ticket: &TicketId,
        pause: Duration,
        quota: &MailQuota,
    ) -> Result<CodeRequest, StoreError> {
        let mut write = self.begin().await?;
        // Codes are requested, entered and confirmed one after another.
        if !lock_ticket(&mut write, ticket).await? {
            return Ok(CodeRequest::NotNeeded);
        }
        let now = self.clock.now(&mut write).await?;
        let Some(claimed) = claimed_address(&mut write, ticket, now).await? else { return Ok(CodeRequest::NotNeeded) };
        if let Some(refusal) = refuse_code(&claimed, pause) {
            return Ok(refusal);
        }
        let Some(ticket) = read_ticket(&mut write, ticket).await? else { return Ok(CodeRequest::NotNeeded) };
        if let Some(wait) =
            mails::spend(&mut write, (&ticket.id, &ticket.site), quota, mails::Mailbox::Claimed, now).await?
        {
            return Ok(CodeRequest::QuotaUsedUp { wait });
        }
        count_code(&mut write, &ticket.id, now).await?;
        mails::put(&mut write, &ticket, &claimed.address, now).await?;
        write.commit().await.map_err(commit_error)?;
        Ok(CodeRequest::Accepted)
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
    write: &mut PgConnection,
    ticket: &StoredTicket,
    address: &str,
    claim: Claim,
    now: Timestamp,
) -> Result<(), StoreError> {
    let is_mailed = claim == Claim::CodeMailed;
    query(
        "INSERT INTO confirmations (ticket, address, mailbox, code, sent_at, confirmed_at)
        VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(text(ticket.id.as_str()))
    .bind(text(address))
    .bind(text(&mailbox(address)))
    .bind(i64::from(is_mailed))
    .bind(is_mailed.then_some(Time(now)))
    .bind((claim == Claim::Confirmed).then_some(Time(now)))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Whether the sender of a ticket, the same customer or else the same session, has confirmed an address before.
pub async fn is_confirmed(read: &mut PgConnection, ticket: &StoredTicket, address: &str) -> Result<bool, StoreError> {
    let confirmed = query_scalar(
        "SELECT DISTINCT address FROM confirmations JOIN tickets ON tickets.id = confirmations.ticket
        WHERE mailbox = $1 AND confirmed_at IS NOT NULL AND site = $2
            AND CASE WHEN $3::text IS NULL THEN person IS NULL AND session = $4 ELSE person = $3 END",
    );
    let confirmed: Vec<String> = confirmed
        .bind(text(&mailbox(address)))
        .bind(text(ticket.site.as_str()))
        .bind(ticket.person.as_ref().map(|person| text(person.as_str())))
        .bind(ticket.session.map(|session| session.as_bytes().to_vec()))
        .fetch_all(read)
        .await
        .map_err(store_error)?;
    Ok(confirmed.iter().any(|confirmed| is_same_address(confirmed, address)))
}

/// Makes the next code of a ticket the only valid one.
pub async fn count_code(write: &mut PgConnection, ticket: &TicketId, now: Timestamp) -> Result<(), StoreError> {
    let count = "UPDATE confirmations SET code = code + 1, sent_at = $1, attempts = 0
        WHERE ticket = $2 AND confirmed_at IS NULL";
    query(count).bind(Time(now)).bind(text(ticket.as_str())).execute(write).await.map_err(store_error)?;
    Ok(())
}

/// Stores what happens to the claimed address of a ticket.
pub async fn change_confirmation(
    write: &mut PgConnection,
    ticket: &TicketId,
    change: ConfirmationChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let confirm = "UPDATE confirmations SET confirmed_at = $1 WHERE ticket = $2 AND confirmed_at IS NULL";
    let count = "UPDATE confirmations SET attempts = attempts + 1 WHERE ticket = $1";
    let update = match change {
        ConfirmationChange::Confirmed => query(confirm).bind(Time(now)).bind(text(ticket.as_str())),
        ConfirmationChange::WrongCode => query(count).bind(text(ticket.as_str())),
    };
    update.execute(write).await.map_err(store_error)?;
    Ok(())
}

/// The address that the sender of a ticket claims; none if it need not be confirmed. A transaction that changes it afterwards has locked the
/// ticket.
pub async fn claimed_address(
    read: &mut PgConnection,
    ticket: &TicketId,
    now: Timestamp,
) -> Result<Option<ClaimedAddress>, StoreError> {
    let claimed =
        query("SELECT address, code, sent_at, attempts, confirmed_at, bounced_at FROM confirmations WHERE ticket = $1")
            .bind(text(ticket.as_str()));
    let row = claimed.fetch_optional(read).await.map_err(store_error)?;
    row.map(|row| claimed_of(&row, now)).transpose()
}

fn claimed_of(row: &PgRow, now: Timestamp) -> Result<ClaimedAddress, StoreError> {
    let sent_at = row.optional_time("sent_at")?;
    Ok(ClaimedAddress {
        address: row.value("address")?,
        code: row.number("code")?,
        sent_at,
        code_age: sent_at.map(|sent_at| now.since(sent_at)),
        attempts: row.number("attempts")?,
        confirmed_at: row.optional_time("confirmed_at")?,
        bounced_at: row.optional_time("bounced_at")?,
    })
}
