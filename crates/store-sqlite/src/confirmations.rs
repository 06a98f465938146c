//! The confirmations port in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::error::{RowExt, store_error};
use super::queue::enqueue_delivery;
use super::rows::{read_row, ticket_of};
use super::{SqliteStore, TICKET, conversations, mails};
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::{Activity, ActivityKind, MailQuota, NewDelivery, StoreError, StoredTicket};
use deskbell_core::ports::{ClaimedAddress, CodeCheck, CodeRequest, Confirmations};
use deskbell_core::rules::address::mailbox;
use deskbell_core::rules::codes::{check_code, refuse_code};
use deskbell_core::timestamp::Timestamp;

const CLAIMED: &str = "SELECT * FROM confirmations WHERE ticket = ?";

#[async_trait]
impl Confirmations for SqliteStore {
    async fn claimed_address(&self, ticket: &TicketId) -> Result<Option<ClaimedAddress>, StoreError> {
        let row = query(CLAIMED).bind(ticket.as_str()).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| claimed_of(&row, self.now())).transpose()
    }

    async fn messages_of_others(&self, ticket: &TicketId) -> Result<Vec<u32>, StoreError> {
        let numbers = query_scalar(concat!(
            "SELECT number FROM messages INDEXED BY messages_foreign WHERE ticket = ? AND ",
            super::foreign!(),
            " ORDER BY number"
        ));
        numbers.bind(ticket.as_str()).fetch_all(&self.readers).await.map_err(store_error)
    }

    async fn confirm(
        &self,
        ticket: &TicketId,
        code_life: Duration,
        is_code: &(dyn Fn(u32) -> bool + Send + Sync),
        deliveries: &[NewDelivery],
    ) -> Result<CodeCheck, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let row = query(CLAIMED).bind(ticket.as_str()).fetch_optional(&mut *write).await.map_err(store_error)?;
        let Some(claimed) = row.map(|row| claimed_of(&row, now)).transpose()? else { return Ok(CodeCheck::NotNeeded) };
        let check = check_code(&claimed, code_life, is_code);
        match check {
            CodeCheck::Confirmed => {}
            CodeCheck::Wrong(_) => {
                let count = "UPDATE confirmations SET attempts = attempts + 1 WHERE ticket = ?";
                query(count).bind(ticket.as_str()).execute(&mut *write).await.map_err(store_error)?;
                write.commit().await.map_err(store_error)?;
                return Ok(check);
            }
            CodeCheck::NotNeeded | CodeCheck::NoneValid | CodeCheck::TooManyAttempts => return Ok(check),
        }
        settle(&mut write, ticket, &claimed.address, now).await?;
        let row = query(TICKET).bind(ticket.as_str()).fetch_one(&mut *write).await.map_err(store_error)?;
        enqueue_delivery(&mut write, &ticket_of(&row)?, deliveries, None, now).await?;
        write.commit().await.map_err(store_error)?;
        Ok(CodeCheck::Confirmed)
    }

    async fn confirm_signed(
        &self,
        site: &SiteKey,
        person: &str,
        mailbox: &str,
        deliveries: &[NewDelivery],
    ) -> Result<Vec<StoredTicket>, StoreError> {
        let waiting = "SELECT ticket, address FROM confirmations WHERE mailbox = ? AND confirmed_at IS NULL
            AND ticket IN (SELECT id FROM tickets WHERE site = ? AND person = ?)";
        let rows = query(waiting)
            .bind(mailbox)
            .bind(site.as_str())
            .bind(person)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        let mut confirmed = Vec::new();
        if rows.is_empty() {
            return Ok(confirmed);
        }
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        for row in rows {
            let id: TicketId = row.id("ticket")?;
            // The ticket may have been erased or confirmed meanwhile.
            if settle(&mut write, &id, row.value("address")?, now).await? {
                let row = query(TICKET).bind(id.as_str()).fetch_one(&mut *write).await.map_err(store_error)?;
                // A ticket that cannot be read does not block the others.
                let Some(ticket) = read_row(&row, "ticket", ticket_of)? else { continue };
                enqueue_delivery(&mut write, &ticket, deliveries, None, now).await?;
                confirmed.push(ticket);
            }
        }
        write.commit().await.map_err(store_error)?;
        Ok(confirmed)
    }

    async fn request_code(
        &self,
        ticket: &TicketId,
        pause: Duration,
        quota: &MailQuota,
    ) -> Result<CodeRequest, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let row = query(CLAIMED).bind(ticket.as_str()).fetch_optional(&mut *write).await.map_err(store_error)?;
        let Some(claimed) = row.map(|row| claimed_of(&row, now)).transpose()? else {
            return Ok(CodeRequest::NotNeeded);
        };
        if let Some(refusal) = refuse_code(&claimed, pause) {
            return Ok(refusal);
        }
        let ticket =
            ticket_of(&query(TICKET).bind(ticket.as_str()).fetch_one(&mut *write).await.map_err(store_error)?)?;
        if let Some(wait) = mails::spend(&mut write, &ticket, quota, mails::Mailbox::Claimed, now).await? {
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

/// Whether the sender of a ticket, the same customer or else the same session, has confirmed the mailbox of an address before.
pub async fn is_confirmed(
    read: &mut SqliteConnection,
    ticket: &StoredTicket,
    address: &str,
) -> Result<bool, StoreError> {
    let confirmed = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM confirmations JOIN tickets ON tickets.id = confirmations.ticket
            WHERE mailbox = ?1 AND confirmed_at IS NOT NULL AND site = ?2
                AND CASE WHEN ?3 IS NULL THEN person IS NULL AND session = ?4 ELSE person = ?3 END)",
    );
    let confirmed = confirmed.bind(mailbox(address)).bind(ticket.site.as_str()).bind(&ticket.person);
    confirmed.bind(ticket.session.map(|session| session.as_bytes().to_vec())).fetch_one(read).await.map_err(store_error)
}

/// Makes the next code of a ticket the only valid one.
pub async fn count_code(write: &mut SqliteConnection, ticket: &TicketId, now: Timestamp) -> Result<(), StoreError> {
    let count =
        "UPDATE confirmations SET code = code + 1, sent_at = ?, attempts = 0 WHERE ticket = ? AND confirmed_at IS NULL";
    query(count).bind(now.to_string()).bind(ticket.as_str()).execute(write).await.map_err(store_error)?;
    Ok(())
}

/// Marks the address of a ticket as confirmed; `false` if it was before.
async fn settle(
    write: &mut SqliteConnection,
    ticket: &TicketId,
    address: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let confirm = "UPDATE confirmations SET confirmed_at = ? WHERE ticket = ? AND confirmed_at IS NULL";
    let confirm = query(confirm).bind(now.to_string()).bind(ticket.as_str());
    if confirm.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
        return Ok(false);
    }
    let activity = Activity { actor: String::new(), kind: ActivityKind::Confirmed, text: address.into(), at: now };
    conversations::insert_activity(write, ticket, &activity, None).await?;
    Ok(true)
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
