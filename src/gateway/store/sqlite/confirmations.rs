//! Confirmations of addresses in the SQLite file.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::deliveries::order;
use super::rows::ticket_of;
use super::{SqliteStore, TICKET, conversations, mails};
use crate::gateway::identity::mailbox;
use crate::gateway::store::confirmations::{
    ATTEMPTS_MAX, CODES_MAX, ClaimedAddress, CodeCheck, CodeRequest, Confirmations,
};
use crate::gateway::store::{Act, Deed, MailQuota, NewDelivery, StoreError, StoredTicket};

const CLAIMED: &str = "SELECT * FROM confirmations WHERE ticket = ?";

#[async_trait]
impl Confirmations for SqliteStore {
    async fn claimed_address(&self, ticket: &str) -> Result<Option<ClaimedAddress>, StoreError> {
        let row = query(CLAIMED).bind(ticket).fetch_optional(&self.readers).await?;
        row.map(|row| claimed_of(&row)).transpose()
    }

    async fn foreign_messages(&self, ticket: &str) -> Result<Vec<u32>, StoreError> {
        let numbers = query_scalar(concat!(
            "SELECT number FROM messages INDEXED BY messages_foreign WHERE ticket = ? AND ",
            super::foreign!(),
            " ORDER BY number"
        ));
        Ok(numbers.bind(ticket).fetch_all(&self.readers).await?)
    }

    async fn confirm(
        &self,
        ticket: &str,
        now: &str,
        oldest: &str,
        is_code: &(dyn Fn(u32) -> bool + Send + Sync),
        deliveries: &[NewDelivery],
    ) -> Result<CodeCheck, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let row = query(CLAIMED).bind(ticket).fetch_optional(&mut *write).await?;
        let Some(claimed) = row.map(|row| claimed_of(&row)).transpose()?.filter(|one| one.confirmed_at.is_none())
        else {
            return Ok(CodeCheck::NotNeeded);
        };
        let is_old = claimed.sent_at.as_deref().is_none_or(|sent| sent < oldest);
        if claimed.code == 0 || is_old || claimed.attempts >= ATTEMPTS_MAX {
            return Ok(CodeCheck::NoneValid);
        }
        if !is_code(claimed.code) {
            let count = "UPDATE confirmations SET attempts = attempts + 1 WHERE ticket = ?";
            query(count).bind(ticket).execute(&mut *write).await?;
            write.commit().await?;
            return Ok(CodeCheck::Wrong(ATTEMPTS_MAX - claimed.attempts - 1));
        }
        let row = query(TICKET).bind(ticket).fetch_one(&mut *write).await?;
        settle(&mut write, &ticket_of(&row)?, &claimed.address, now).await?;
        order(&mut write, &ticket_of(&row)?, deliveries, None, now).await?;
        write.commit().await?;
        Ok(CodeCheck::Confirmed)
    }

    async fn confirm_signed(&self, site: &str, person: &str, mailbox: &str, now: &str) -> Result<(), StoreError> {
        let waiting = "SELECT ticket, address FROM confirmations WHERE mailbox = ? AND confirmed_at IS NULL
            AND ticket IN (SELECT id FROM tickets WHERE site = ? AND person = ?)";
        let rows = query(waiting).bind(mailbox).bind(site).bind(person).fetch_all(&self.readers).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for row in rows {
            let ticket = query(TICKET).bind(row.try_get::<String, _>("ticket")?).fetch_one(&mut *write).await?;
            settle(&mut write, &ticket_of(&ticket)?, row.try_get("address")?, now).await?;
        }
        write.commit().await?;
        Ok(())
    }

    async fn request_code(
        &self,
        ticket: &str,
        now: &str,
        before: &str,
        quota: &MailQuota,
    ) -> Result<CodeRequest, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let row = query(CLAIMED).bind(ticket).fetch_optional(&mut *write).await?;
        let Some(claimed) = row.map(|row| claimed_of(&row)).transpose()?.filter(|one| one.confirmed_at.is_none())
        else {
            return Ok(CodeRequest::NotNeeded);
        };
        let is_recent = claimed.sent_at.as_deref().is_some_and(|sent| sent > before);
        if is_recent || claimed.code >= CODES_MAX {
            return Ok(CodeRequest::TooMany);
        }
        let ticket = ticket_of(&query(TICKET).bind(ticket).fetch_one(&mut *write).await?)?;
        if !mails::spend(&mut write, &ticket.site, quota, now).await? {
            return Ok(CodeRequest::TooMany);
        }
        count_code(&mut write, &ticket.id, now).await?;
        mails::put(&mut write, &ticket, &claimed.address, now).await?;
        write.commit().await?;
        Ok(CodeRequest::Accepted)
    }

    async fn confirmations_key(&self) -> Result<Vec<u8>, StoreError> {
        let key = query_scalar("SELECT key FROM signing WHERE what = 'confirmations'");
        Ok(key.fetch_one(&self.readers).await?)
    }
}

/// Keeps that the sender of a ticket claims an address, and whether a code for it is on its way.
pub async fn keep(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    address: &str,
    is_mailed: bool,
) -> Result<(), StoreError> {
    query("INSERT INTO confirmations (ticket, address, mailbox, code, sent_at) VALUES (?, ?, ?, ?, ?)")
        .bind(&ticket.id)
        .bind(address)
        .bind(mailbox(address))
        .bind(u32::from(is_mailed))
        .bind(is_mailed.then_some(&ticket.received_at))
        .execute(write)
        .await?;
    Ok(())
}

/// The next code of a ticket is valid from now on, and no other.
pub async fn count_code(write: &mut SqliteConnection, ticket: &str, now: &str) -> Result<(), StoreError> {
    let count =
        "UPDATE confirmations SET code = code + 1, sent_at = ?, attempts = 0 WHERE ticket = ? AND confirmed_at IS NULL";
    query(count).bind(now).bind(ticket).execute(write).await?;
    Ok(())
}

async fn settle(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    address: &str,
    now: &str,
) -> Result<(), StoreError> {
    let confirm = "UPDATE confirmations SET confirmed_at = ? WHERE ticket = ?";
    query(confirm).bind(now).bind(&ticket.id).execute(&mut *write).await?;
    let deed = Deed { operator: String::new(), act: Act::Confirmed, text: address.into(), at: now.into() };
    conversations::note(write, &ticket.id, &deed).await
}

fn claimed_of(row: &SqliteRow) -> Result<ClaimedAddress, StoreError> {
    Ok(ClaimedAddress {
        address: row.try_get("address")?,
        code: row.try_get("code")?,
        sent_at: row.try_get("sent_at")?,
        attempts: row.try_get("attempts")?,
        confirmed_at: row.try_get("confirmed_at")?,
    })
}
