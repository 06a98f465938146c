//! The port for mailed answers in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};

use super::PostgresStore;
use super::claims::new_token;
use super::columns::{RowExt, Time, text};
use super::conversations::insert_activity;
use super::error::{commit_error, store_error};
use super::queue::ticket_of_id;
use super::retry::retried;
use super::tickets::lock_ticket;
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::{
    AnswerMailOutcome, AnswerMails, ClaimToken, DueAnswerMail, NewAnswerMail, StoreError, StoredTicket,
};
use deskbell_core::rules::answer_mail::{BLOCK_LIFE, answer_delay};
use deskbell_core::timestamp::Timestamp;

/// Claims the mail that has been due longest, of those that nobody has locked.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT ticket FROM answer_mails
        WHERE site = $1 AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE answer_mails SET attempts = attempts + 1, claim = $3, claimed_until = $4 FROM due
    WHERE answer_mails.ticket = due.ticket
    RETURNING answer_mails.ticket, mailbox, mailed_until, queued_until, last_mail, mails_sent, attempts, queued_at";
/// Gives up what is queued for a ticket.
const DROP: &str =
    "UPDATE answer_mails SET mailed_until = queued_until, due_at = NULL, claim = NULL, claimed_until = NULL
    WHERE ticket = $1";

#[async_trait]
impl AnswerMails for PostgresStore {
    async fn claim_answer_mail(&self, site: &SiteKey, lease: Duration) -> Result<Option<DueAnswerMail>, StoreError> {
        retried(|| self.try_claim_answer_mail(site, lease)).await
    }

    async fn next_answer_mail(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                (SELECT due_at AS at FROM answer_mails WHERE site = $1 AND due_at IS NOT NULL AND claimed_until IS NULL
                    ORDER BY due_at LIMIT 1)
                UNION ALL
                (SELECT greatest(claimed_until, due_at) AS at FROM answer_mails
                    WHERE site = $1 AND claimed_until IS NOT NULL ORDER BY claimed_until LIMIT 1)) AS times",
        );
        let mut read = self.acquire().await?;
        let next: Option<Time> = next.bind(text(site.as_str())).fetch_one(&mut *read).await.map_err(store_error)?;
        let Some(Time(next)) = next else { return Ok(None) };
        Ok(Some(next.since(self.clock.now(&mut read).await?)))
    }

    async fn extend_answer_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let extend = || async {
            let mut write = self.acquire().await?;
            let now = self.clock.now(&mut write).await?;
            let extend = query("UPDATE answer_mails SET claimed_until = $1 WHERE ticket = $2 AND claim = $3");
            let extend = extend.bind(Time(now + lease)).bind(text(ticket.as_str())).bind(text(claim.as_str()));
            Ok(extend.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0)
        };
        retried(extend).await
    }

    async fn record_answer_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: &AnswerMailOutcome,
    ) -> Result<bool, StoreError> {
        retried(|| self.try_record_answer_mail(ticket, claim, outcome)).await
    }

    async fn unsubscribe(&self, ticket: &TicketId) -> Result<bool, StoreError> {
        let end = || async {
            let mut write = self.acquire().await?;
            let now = self.clock.now(&mut write).await?;
            let end = query(
                "UPDATE answer_mails SET unsubscribed_at = coalesce(unsubscribed_at, $1), mailed_until = queued_until,
                    due_at = NULL, claim = NULL, claimed_until = NULL WHERE ticket = $2",
            );
            let end = end.bind(Time(now)).bind(text(ticket.as_str()));
            Ok(end.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0)
        };
        retried(end).await
    }

    async fn is_mailbox_blocked(&self, site: &SiteKey, recipient: &[u8; 32]) -> Result<bool, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        is_blocked(&mut read, site, recipient, now).await
    }

    async fn unblock_mailbox(&self, site: &SiteKey, recipient: &[u8; 32]) -> Result<(), StoreError> {
        retried(|| async { unblock(&mut *self.acquire().await?, site, recipient).await }).await
    }
}

impl PostgresStore {
    async fn try_claim_answer_mail(
        &self,
        site: &SiteKey,
        lease: Duration,
    ) -> Result<Option<DueAnswerMail>, StoreError> {
        let token = new_token()?;
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let mut due = None;
        while due.is_none() {
            let claimed = query(CLAIM)
                .bind(text(site.as_str()))
                .bind(Time(now))
                .bind(token.as_str())
                .bind(Time(now + lease))
                .fetch_optional(&mut *write)
                .await
                .map_err(store_error)?;
            let Some(row) = claimed else { break };
            let id: TicketId = row.id("ticket")?;
            match due_answer_mail(&mut write, &row, &token, now).await {
                Ok(mail) => due = Some(mail),
                Err(error) if error.concerns_row() => {
                    tracing::error!(
                        site = site.as_str(),
                        ticket = id.as_str(),
                        %error,
                        "ticket unreadable, its answers are not mailed"
                    );
                    query(DROP).bind(text(id.as_str())).execute(&mut *write).await.map_err(store_error)?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await.map_err(commit_error)?;
        Ok(due)
    }

    async fn try_record_answer_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: &AnswerMailOutcome,
    ) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        if matches!(outcome, AnswerMailOutcome::DeadLetter { .. }) && !lock_ticket(&mut write, ticket).await? {
            return Ok(false);
        }
        let now = self.clock.now(&mut write).await?;
        let record = match outcome {
            AnswerMailOutcome::Finished { until, is_sent, pause } => query(
                "UPDATE answer_mails SET mailed_until = greatest(mailed_until, $3),
                    last_mail = CASE WHEN $4 THEN $3 ELSE last_mail END, mails_sent = mails_sent + $4::int,
                    attempts = 0, claim = NULL, claimed_until = NULL,
                    due_at = CASE WHEN queued_until > $3 THEN $5 END,
                    queued_at = CASE WHEN queued_until > $3 THEN $6 ELSE queued_at END
                WHERE ticket = $1 AND claim = $2",
            )
            .bind(text(ticket.as_str()))
            .bind(text(claim.as_str()))
            .bind(i64::from(*until))
            .bind(is_sent)
            .bind(Time(now + *pause))
            .bind(Time(now)),
            AnswerMailOutcome::Retry { after } => query(
                "UPDATE answer_mails SET due_at = $3, claim = NULL, claimed_until = NULL WHERE ticket = $1 AND claim = $2",
            )
            .bind(text(ticket.as_str()))
            .bind(text(claim.as_str()))
            .bind(Time(now + *after)),
            AnswerMailOutcome::DeadLetter { until, pause, is_address_dead, .. } => query(
                "UPDATE answer_mails SET mailed_until = greatest(mailed_until, $3), attempts = 0, claim = NULL,
                    claimed_until = NULL, due_at = CASE WHEN queued_until > $3 THEN $4 END,
                    queued_at = CASE WHEN queued_until > $3 THEN $5 ELSE queued_at END,
                    blocked_at = coalesce($6, blocked_at)
                WHERE ticket = $1 AND claim = $2",
            )
            .bind(text(ticket.as_str()))
            .bind(text(claim.as_str()))
            .bind(i64::from(*until))
            .bind(Time(now + *pause))
            .bind(Time(now))
            .bind(is_address_dead.then_some(Time(now))),
        };
        if record.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(false);
        }
        if let AnswerMailOutcome::DeadLetter { activity, .. } = outcome {
            insert_activity(&mut write, ticket, activity, None).await?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(true)
    }
}

async fn is_blocked(
    read: &mut PgConnection,
    site: &SiteKey,
    recipient: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let blocked =
        query_scalar("SELECT EXISTS (SELECT 1 FROM answer_mails WHERE site = $1 AND mailbox = $2 AND blocked_at > $3)");
    let blocked = blocked.bind(text(site.as_str())).bind(recipient).bind(Time(now - BLOCK_LIFE));
    blocked.fetch_one(read).await.map_err(store_error)
}

/// Records that the mailbox of an address does not exist, to which mail about a ticket was sent. The caller has locked the ticket.
pub async fn block(
    write: &mut PgConnection,
    ticket: &TicketId,
    recipient: &[u8; 32],
    now: Timestamp,
) -> Result<(), StoreError> {
    let block = query(
        "INSERT INTO answer_mails (ticket, site, mailbox, queued_at, blocked_at)
        SELECT id, site, $2, $3, $3 FROM tickets WHERE id = $1
        ON CONFLICT (ticket) DO UPDATE SET mailbox = $2, blocked_at = $3",
    );
    let block = block.bind(text(ticket.as_str())).bind(&recipient[..]).bind(Time(now));
    block.execute(write).await.map_err(store_error)?;
    Ok(())
}

/// Clears the record that the mailbox of an address of a site does not exist.
pub async fn unblock(write: &mut PgConnection, site: &SiteKey, recipient: &[u8; 32]) -> Result<(), StoreError> {
    let unblock =
        query("UPDATE answer_mails SET blocked_at = NULL WHERE site = $1 AND mailbox = $2 AND blocked_at IS NOT NULL");
    unblock.bind(text(site.as_str())).bind(&recipient[..]).execute(write).await.map_err(store_error)?;
    Ok(())
}

async fn due_answer_mail(
    write: &mut PgConnection,
    row: &PgRow,
    claim: &ClaimToken,
    now: Timestamp,
) -> Result<DueAnswerMail, StoreError> {
    let ticket: TicketId = row.id("ticket")?;
    let code = query("SELECT code FROM confirmations WHERE ticket = $1").bind(text(ticket.as_str()));
    let code = code.fetch_optional(&mut *write).await.map_err(store_error)?;
    let has_mail = row.value::<Option<i64>>("last_mail")?.is_some();
    let ticket = ticket_of_id(write, &ticket).await?;
    Ok(DueAnswerMail {
        claim: claim.clone(),
        is_blocked: is_blocked(write, &ticket.site, &row.value::<Vec<u8>>("mailbox")?, now).await?,
        ticket,
        code: code.map(|row| row.number("code")).transpose()?.unwrap_or_default(),
        mailed_until: row.number("mailed_until")?,
        queued_until: row.number("queued_until")?,
        last_mail: has_mail.then(|| row.number("last_mail")).transpose()?,
        mails_sent: row.number("mails_sent")?,
        attempts: row.number("attempts")?,
        since: row.time("queued_at")?,
    })
}

/// Queues the mail with the answers from one message, or from the last that was mailed, to another, unless the customer wants none. The caller has
/// locked the ticket.
pub async fn queue_answer(
    write: &mut PgConnection,
    ticket: &StoredTicket,
    (first, last): (Option<u32>, u32),
    NewAnswerMail { recipient, delay }: &NewAnswerMail,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sent = query("SELECT mails_sent FROM answer_mails WHERE ticket = $1").bind(text(ticket.id.as_str()));
    let sent = sent.fetch_optional(&mut *write).await.map_err(store_error)?;
    let sent = sent.map(|row| row.number("mails_sent")).transpose()?.unwrap_or_default();
    query(
        "INSERT INTO answer_mails AS mails (ticket, site, mailbox, queued_until, mailed_until, queued_at, due_at)
        VALUES ($1, $2, $3, $4, $7, $5, $6)
        ON CONFLICT (ticket) DO UPDATE SET mailbox = $3,
            blocked_at = CASE WHEN mails.mailbox = $3 THEN mails.blocked_at END, queued_until = $4,
            mailed_until = CASE WHEN mails.due_at IS NULL THEN greatest(mails.mailed_until, $7) ELSE mails.mailed_until END,
            queued_at = CASE WHEN mails.due_at IS NULL THEN $5 ELSE mails.queued_at END,
            attempts = CASE WHEN mails.due_at IS NULL THEN 0 ELSE mails.attempts END,
            due_at = coalesce(mails.due_at, $6) WHERE mails.unsubscribed_at IS NULL",
    )
    .bind(text(ticket.id.as_str()))
    .bind(text(ticket.site.as_str()))
    .bind(&recipient[..])
    .bind(i64::from(last))
    .bind(Time(now))
    .bind(Time(now + answer_delay(*delay, sent)))
    .bind(first.map_or(0, |first| i64::from(first) - 1))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}
