//! The port for mailed answers in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::claims::new_token;
use super::error::{RowExt, store_error};
use super::rows::ticket_of;
use super::{SqliteStore, TICKET, conversations};
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::{
    AnswerMailOutcome, AnswerMails, ClaimToken, DueAnswerMail, NewAnswerMail, StoreError, StoredTicket,
};
use deskbell_core::rules::answer_mail::{BLOCK_LIFE, answer_delay};
use deskbell_core::timestamp::Timestamp;

/// Gives up what is queued for a ticket.
const DROP: &str =
    "UPDATE answer_mails SET mailed_until = queued_until, due_at = NULL, claim = NULL, claimed_until = NULL
    WHERE ticket = ?";

#[async_trait]
impl AnswerMails for SqliteStore {
    async fn claim_answer_mail(&self, site: &SiteKey, lease: Duration) -> Result<Option<DueAnswerMail>, StoreError> {
        let token = new_token()?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let (now, until) = (self.now_text(), self.lease_end(lease));
        let mut due = None;
        while due.is_none() {
            let claimed = query(
                "UPDATE answer_mails SET attempts = attempts + 1, claim = ?3, claimed_until = ?4 WHERE ticket =
                    (SELECT ticket FROM answer_mails WHERE site = ?1 AND due_at <= ?2
                        AND (claimed_until IS NULL OR claimed_until <= ?2) ORDER BY due_at LIMIT 1)
                RETURNING ticket, mailbox, mailed_until, queued_until, last_mail, mails_sent, attempts, queued_at",
            );
            let claimed = claimed.bind(site.as_str()).bind(&now).bind(token.as_str()).bind(&until);
            let Some(row) = claimed.fetch_optional(&mut *write).await.map_err(store_error)? else { break };
            let id: String = row.value("ticket")?;
            match due_answer_mail(&mut write, &row, &token, self.now()).await {
                Ok(mail) => due = Some(mail),
                Err(error) if error.concerns_row() => {
                    tracing::error!(
                        site = site.as_str(),
                        ticket = id,
                        %error,
                        "ticket unreadable, its answers are not mailed"
                    );
                    query(DROP).bind(id).execute(&mut *write).await.map_err(store_error)?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await.map_err(store_error)?;
        Ok(due)
    }

    async fn next_answer_mail(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                SELECT * FROM (SELECT due_at AS at FROM answer_mails WHERE site = ?1 AND due_at IS NOT NULL
                    AND claimed_until IS NULL ORDER BY due_at LIMIT 1)
                UNION ALL
                SELECT * FROM (SELECT max(claimed_until, due_at) AS at FROM answer_mails WHERE site = ?1
                    AND claimed_until IS NOT NULL ORDER BY claimed_until LIMIT 1))",
        );
        let next: Option<String> = next.bind(site.as_str()).fetch_one(&self.readers).await.map_err(store_error)?;
        Ok(self.time_until(next))
    }

    async fn extend_answer_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let extend = query("UPDATE answer_mails SET claimed_until = ? WHERE ticket = ? AND claim = ?");
        let extend = extend.bind(self.lease_end(lease)).bind(ticket.as_str()).bind(claim.as_str());
        Ok(extend.execute(&self.writer).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn record_answer_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: &AnswerMailOutcome,
    ) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let record = match outcome {
            AnswerMailOutcome::Finished { until, is_sent, pause } => query(
                "UPDATE answer_mails SET mailed_until = max(mailed_until, ?3), last_mail = iif(?4, ?3, last_mail),
                    mails_sent = mails_sent + ?4, attempts = 0, claim = NULL, claimed_until = NULL,
                    due_at = iif(queued_until > ?3, ?5, NULL), queued_at = iif(queued_until > ?3, ?6, queued_at)
                WHERE ticket = ?1 AND claim = ?2",
            )
            .bind(ticket.as_str())
            .bind(claim.as_str())
            .bind(until)
            .bind(is_sent)
            .bind((now + *pause).to_string())
            .bind(now.to_string()),
            AnswerMailOutcome::Retry { after } => query(
                "UPDATE answer_mails SET due_at = ?3, claim = NULL, claimed_until = NULL WHERE ticket = ?1 AND claim = ?2",
            )
            .bind(ticket.as_str())
            .bind(claim.as_str())
            .bind((now + *after).to_string()),
            AnswerMailOutcome::DeadLetter { until, pause, is_address_dead, .. } => query(
                "UPDATE answer_mails SET mailed_until = max(mailed_until, ?3), attempts = 0, claim = NULL,
                    claimed_until = NULL, due_at = iif(queued_until > ?3, ?4, NULL),
                    queued_at = iif(queued_until > ?3, ?5, queued_at), blocked_at = coalesce(?6, blocked_at)
                WHERE ticket = ?1 AND claim = ?2",
            )
            .bind(ticket.as_str())
            .bind(claim.as_str())
            .bind(until)
            .bind((now + *pause).to_string())
            .bind(now.to_string())
            .bind(is_address_dead.then(|| now.to_string())),
        };
        if record.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(false);
        }
        if let AnswerMailOutcome::DeadLetter { activity, .. } = outcome {
            conversations::insert_activity(&mut write, ticket, activity, None).await?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn unsubscribe(&self, ticket: &TicketId) -> Result<bool, StoreError> {
        let end = query(
            "UPDATE answer_mails SET unsubscribed_at = coalesce(unsubscribed_at, ?), mailed_until = queued_until,
                due_at = NULL, claim = NULL, claimed_until = NULL WHERE ticket = ?",
        );
        let end = end.bind(self.now_text()).bind(ticket.as_str());
        Ok(end.execute(&self.writer).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn is_mailbox_blocked(&self, site: &SiteKey, recipient: &[u8; 32]) -> Result<bool, StoreError> {
        let mut read = self.readers.acquire().await.map_err(store_error)?;
        is_blocked(&mut read, site, recipient, self.now()).await
    }

    async fn unblock_mailbox(&self, site: &SiteKey, recipient: &[u8; 32]) -> Result<(), StoreError> {
        unblock(&mut *self.writer.acquire().await.map_err(store_error)?, site, recipient).await
    }
}

async fn is_blocked(
    read: &mut SqliteConnection,
    site: &SiteKey,
    recipient: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let blocked =
        query_scalar("SELECT EXISTS (SELECT 1 FROM answer_mails WHERE site = ? AND mailbox = ? AND blocked_at > ?)");
    let blocked = blocked.bind(site.as_str()).bind(recipient).bind((now - BLOCK_LIFE).to_string());
    blocked.fetch_one(read).await.map_err(store_error)
}

/// Records that the mailbox of an address does not exist, to which mail about a ticket was sent.
pub async fn block(
    write: &mut SqliteConnection,
    ticket: &TicketId,
    recipient: &[u8; 32],
    now: Timestamp,
) -> Result<(), StoreError> {
    let block = query(
        "INSERT INTO answer_mails (ticket, site, mailbox, queued_at, blocked_at)
        SELECT id, site, ?2, ?3, ?3 FROM tickets WHERE id = ?1
        ON CONFLICT (ticket) DO UPDATE SET mailbox = ?2, blocked_at = ?3",
    );
    let block = block.bind(ticket.as_str()).bind(&recipient[..]).bind(now.to_string());
    block.execute(write).await.map_err(store_error)?;
    Ok(())
}

/// Clears the record that the mailbox of an address of a site does not exist.
pub async fn unblock(write: &mut SqliteConnection, site: &SiteKey, recipient: &[u8; 32]) -> Result<(), StoreError> {
    let unblock =
        query("UPDATE answer_mails SET blocked_at = NULL WHERE site = ? AND mailbox = ? AND blocked_at IS NOT NULL");
    unblock.bind(site.as_str()).bind(&recipient[..]).execute(write).await.map_err(store_error)?;
    Ok(())
}

async fn due_answer_mail(
    write: &mut SqliteConnection,
    row: &SqliteRow,
    claim: &ClaimToken,
    now: Timestamp,
) -> Result<DueAnswerMail, StoreError> {
    let id: String = row.value("ticket")?;
    let code = query_scalar("SELECT code FROM confirmations WHERE ticket = ?").bind(&id);
    let code: Option<u32> = code.fetch_optional(&mut *write).await.map_err(store_error)?;
    let ticket = query(TICKET).bind(&id).fetch_one(&mut *write).await.map_err(store_error)?;
    let ticket = ticket_of(&ticket)?;
    Ok(DueAnswerMail {
        claim: claim.clone(),
        is_blocked: is_blocked(write, &ticket.site, &row.value::<Vec<u8>>("mailbox")?, now).await?,
        ticket,
        code: code.unwrap_or_default(),
        mailed_until: row.value("mailed_until")?,
        queued_until: row.value("queued_until")?,
        last_mail: row.value("last_mail")?,
        mails_sent: row.value("mails_sent")?,
        attempts: row.value("attempts")?,
        since: row.time("queued_at")?,
    })
}

/// Queues the mail with the answers from one message, or from the last that was mailed, to another, unless the customer wants none.
pub async fn queue_answer(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    (first, last): (Option<u32>, u32),
    NewAnswerMail { recipient, delay }: &NewAnswerMail,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sent = query_scalar("SELECT mails_sent FROM answer_mails WHERE ticket = ?").bind(ticket.id.as_str());
    let sent: Option<u32> = sent.fetch_optional(&mut *write).await.map_err(store_error)?;
    let due_at = now + answer_delay(*delay, sent.unwrap_or_default());
    query(
        "INSERT INTO answer_mails (ticket, site, mailbox, queued_until, mailed_until, queued_at, due_at)
        VALUES (?1, ?2, ?3, ?4, ?7, ?5, ?6)
        ON CONFLICT (ticket) DO UPDATE SET mailbox = ?3, blocked_at = iif(mailbox = ?3, blocked_at, NULL), queued_until = ?4,
            mailed_until = iif(due_at IS NULL, max(mailed_until, ?7), mailed_until),
            queued_at = iif(due_at IS NULL, ?5, queued_at), attempts = iif(due_at IS NULL, 0, attempts),
            due_at = coalesce(due_at, ?6) WHERE unsubscribed_at IS NULL",
    )
    .bind(ticket.id.as_str())
    .bind(ticket.site.as_str())
    .bind(&recipient[..])
    .bind(last)
    .bind(now.to_string())
    .bind(due_at.to_string())
    .bind(first.map_or(0, |first| first - 1))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}
