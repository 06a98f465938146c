//! Receipts by e-mail in the SQLite file.

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::rows::{is_damage, ticket_of};
use super::{SqliteStore, TICKET};
use crate::gateway::clock;
use crate::gateway::store::mails::{DueMail, Mails, NewMail, UNSIGNED_A_DAY};
use crate::gateway::store::{Claim, StoreError, StoredTicket};

#[async_trait]
impl Mails for SqliteStore {
    async fn claim_mail(&self, site: &str, claim: Claim<'_>) -> Result<Option<DueMail>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut due = None;
        while due.is_none() {
            let claimed = query(
                "UPDATE mails SET tries = tries + 1, claim = ?3, claimed_until = ?4 WHERE ticket =
                    (SELECT ticket FROM mails WHERE site = ?1 AND due_at <= ?2
                        AND (claimed_until IS NULL OR claimed_until <= ?2) ORDER BY due_at LIMIT 1)
                RETURNING ticket, address, tries, created_at",
            );
            let claimed = claimed.bind(site).bind(claim.now).bind(claim.token).bind(claim.until);
            let Some(row) = claimed.fetch_optional(&mut *write).await? else { break };
            match due_mail(&mut write, &row).await {
                Ok(mail) => due = Some(mail),
                Err(error) if is_damage(&error) => {
                    let id: String = row.try_get("ticket")?;
                    tracing::error!(site, ticket = id, %error, "ticket unreadable, its mail is given up");
                    let end = "UPDATE mails SET due_at = NULL, claim = NULL, claimed_until = NULL WHERE ticket = ?";
                    query(end).bind(id).execute(&mut *write).await?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await?;
        Ok(due)
    }

    async fn next_mail(&self, site: &str) -> Result<Option<String>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                SELECT * FROM (SELECT due_at AS at FROM mails WHERE site = ?1 AND due_at IS NOT NULL
                    AND claimed_until IS NULL ORDER BY due_at LIMIT 1)
                UNION ALL
                SELECT * FROM (SELECT max(claimed_until, due_at) AS at FROM mails WHERE site = ?1
                    AND claimed_until IS NOT NULL ORDER BY claimed_until LIMIT 1))",
        );
        Ok(next.bind(site).fetch_one(&self.readers).await?)
    }

    async fn extend_mail(&self, ticket: &str, token: &str, until: &str) -> Result<bool, StoreError> {
        let extend = query("UPDATE mails SET claimed_until = ? WHERE ticket = ? AND claim = ?");
        Ok(extend.bind(until).bind(ticket).bind(token).execute(&self.writer).await?.rows_affected() > 0)
    }

    async fn record_mail(&self, ticket: &str, token: &str, again: Option<&str>, now: &str) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let record = "UPDATE mails SET due_at = ?, claim = NULL, claimed_until = NULL WHERE ticket = ? AND claim = ?";
        let recorded = query(record).bind(again).bind(ticket).bind(token).execute(&mut *write).await?;
        let forget = "DELETE FROM mails WHERE due_at IS NULL AND created_at < ?";
        query(forget).bind(day_before(now)).execute(&mut *write).await?;
        write.commit().await?;
        Ok(recorded.rows_affected() > 0)
    }
}

async fn due_mail(write: &mut SqliteConnection, row: &SqliteRow) -> Result<DueMail, StoreError> {
    let ticket: String = row.try_get("ticket")?;
    let ticket = query(TICKET).bind(ticket).fetch_one(write).await?;
    Ok(DueMail {
        ticket: ticket_of(&ticket)?,
        address: row.try_get("address")?,
        tries: row.try_get("tries")?,
        since: row.try_get("created_at")?,
    })
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
