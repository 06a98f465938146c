//! Receipts by e-mail in the SQLite file.

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, query, query_scalar};

use super::rows::ticket_of;
use super::{SqliteStore, TICKET};
use crate::gateway::clock;
use crate::gateway::store::mails::{DueMail, Mails, NewMail, UNSIGNED_A_DAY};
use crate::gateway::store::{StoreError, StoredTicket};

#[async_trait]
impl Mails for SqliteStore {
    async fn take_mail(&self, site: &str, now: &str, until: &str) -> Result<Option<DueMail>, StoreError> {
        let taken = query(
            "UPDATE mails SET tries = tries + 1, due_at = ?3 WHERE ticket =
                (SELECT ticket FROM mails WHERE site = ?1 AND due_at <= ?2 ORDER BY due_at LIMIT 1)
            RETURNING ticket, address, tries, created_at",
        );
        let Some(taken) = taken.bind(site).bind(now).bind(until).fetch_optional(&self.writer).await? else {
            return Ok(None);
        };
        let ticket: String = taken.try_get("ticket")?;
        let row = query(TICKET).bind(ticket).fetch_one(&self.writer).await?;
        Ok(Some(DueMail {
            ticket: ticket_of(&row)?,
            address: taken.try_get("address")?,
            tries: taken.try_get("tries")?,
            since: taken.try_get("created_at")?,
        }))
    }

    async fn next_mail(&self, site: &str) -> Result<Option<String>, StoreError> {
        let next = query_scalar("SELECT min(due_at) FROM mails WHERE site = ? AND due_at IS NOT NULL");
        Ok(next.bind(site).fetch_one(&self.readers).await?)
    }

    async fn put_off_mail(&self, ticket: &str, until: &str) -> Result<(), StoreError> {
        query("UPDATE mails SET due_at = ? WHERE ticket = ?").bind(until).bind(ticket).execute(&self.writer).await?;
        Ok(())
    }

    async fn end_mail(&self, ticket: &str, now: &str) -> Result<(), StoreError> {
        let end = "UPDATE mails SET due_at = NULL WHERE ticket = ?";
        query(end).bind(ticket).execute(&self.writer).await?;
        let forget = "DELETE FROM mails WHERE due_at IS NULL AND created_at < ?";
        query(forget).bind(day_before(now)).execute(&self.writer).await?;
        Ok(())
    }
}

/// Keeps the receipt of a ticket, unless its address got enough of them.
pub async fn keep(write: &mut SqliteConnection, ticket: &StoredTicket, mail: &NewMail) -> Result<(), StoreError> {
    let now = &ticket.received_at;
    let counted = (!mail.verified).then(|| mailbox(&mail.address));
    if let Some(counted) = &counted {
        let count = query_scalar("SELECT count(*) FROM mails WHERE counted = ? AND created_at > ?");
        let count: u32 = count.bind(counted).bind(day_before(now)).fetch_one(&mut *write).await?;
        if count >= UNSIGNED_A_DAY {
            return Ok(());
        }
    }
    query("INSERT INTO mails (ticket, site, address, counted, created_at, due_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(&ticket.id)
        .bind(&ticket.site)
        .bind(&mail.address)
        .bind(counted)
        .bind(now)
        .bind(now)
        .execute(write)
        .await?;
    Ok(())
}

/// An address as it is counted: most servers bring `Ada+shop@…` to where they bring `ada@…`.
fn mailbox(address: &str) -> String {
    let address = address.to_lowercase();
    match address.rsplit_once('@') {
        Some((local, domain)) => [local.split('+').next().unwrap_or_default(), "@", domain].concat(),
        None => address,
    }
}

fn day_before(time: &str) -> String {
    let time = time.parse().unwrap_or_else(|_| Timestamp::now());
    clock::written(time.checked_sub(24.hours()).unwrap_or(time))
}
