//! The outgoing mail port in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};

use super::PostgresStore;
use super::answer_mails;
use super::claims::new_token;
use super::columns::{RowExt, Time, text};
use super::conversations::insert_activity;
use super::error::{commit_error, store_error};
use super::locks::lock_names;
use super::queue::ticket_of_id;
use super::retry::retried;
use super::tickets::lock_ticket;
use crate::chunks::delete_in_chunks;
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::{Activity, ActivityKind, ClaimToken, StoreError, StoredTicket};
use deskbell_core::ports::{DueMail, MailOutcome, MailQuota, NewMail, OutgoingMail, ReturnedReceipt, WaitingMails};
use deskbell_core::rules::access_link::GRANT_LIFE;
use deskbell_core::rules::mail_quota::{self, MailScope};
use deskbell_core::timestamp::Timestamp;

/// Claims the receipt that has been due longest, of those that nobody has locked.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT ticket FROM mails WHERE site = $1 AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE mails SET attempts = attempts + 1, claim = $3, claimed_until = $4 FROM due WHERE mails.ticket = due.ticket
    RETURNING mails.ticket, address, attempts, created_at";
/// Ends the sending of a receipt.
const FINISH: &str = "UPDATE mails SET due_at = NULL, claim = NULL, claimed_until = NULL WHERE ticket = $1";

#[async_trait]
impl OutgoingMail for PostgresStore {
    async fn claim_mail(&self, site: &SiteKey, lease: Duration) -> Result<Option<DueMail>, StoreError> {
        retried(|| self.try_claim_mail(site, lease)).await
    }

    async fn next_mail(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                (SELECT due_at AS at FROM mails WHERE site = $1 AND due_at IS NOT NULL AND claimed_until IS NULL
                    ORDER BY due_at LIMIT 1)
                UNION ALL
                (SELECT greatest(claimed_until, due_at) AS at FROM mails WHERE site = $1 AND claimed_until IS NOT NULL
                    ORDER BY claimed_until LIMIT 1)) AS times",
        );
        let mut read = self.acquire().await?;
        let next: Option<Time> = next.bind(text(site.as_str())).fetch_one(&mut *read).await.map_err(store_error)?;
        let Some(Time(next)) = next else { return Ok(None) };
        Ok(Some(next.since(self.clock.now(&mut read).await?)))
    }

    async fn waiting_mails(&self) -> Result<Vec<WaitingMails>, StoreError> {
        let rows = query(
            "SELECT site, count(*) AS count, min(since) AS since FROM (
                SELECT site, created_at AS since FROM mails WHERE due_at IS NOT NULL
                UNION ALL
                SELECT site, queued_at FROM answer_mails WHERE due_at IS NOT NULL
                UNION ALL
                SELECT site, requested_at FROM access_links WHERE due_at IS NOT NULL) AS waiting
            GROUP BY site",
        );
        let rows = rows.fetch_all(&self.pool).await.map_err(store_error)?;
        let waiting = |row: &PgRow| {
            Ok(WaitingMails { site: row.id("site")?, count: row.number("count")?, since: row.optional_time("since")? })
        };
        rows.iter().map(waiting).collect()
    }

    async fn extend_mail(&self, ticket: &TicketId, claim: &ClaimToken, lease: Duration) -> Result<bool, StoreError> {
        retried(|| self.try_extend_mail(ticket, claim, lease)).await
    }

    async fn record_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: MailOutcome<'_>,
    ) -> Result<bool, StoreError> {
        retried(|| self.try_record_mail(ticket, claim, outcome)).await
    }

    async fn record_returned_receipt(
        &self,
        ticket: &TicketId,
        returned: ReturnedReceipt<'_>,
    ) -> Result<bool, StoreError> {
        retried(|| self.try_record_returned(ticket, returned)).await
    }

    async fn forget_bounces(&self, site: &SiteKey, mailbox: &str) -> Result<(), StoreError> {
        let forget = || async {
            query(
                "UPDATE confirmations SET bounced_at = NULL WHERE mailbox = $1 AND confirmed_at IS NULL AND bounced_at IS NOT NULL
                AND EXISTS (SELECT 1 FROM tickets WHERE tickets.id = confirmations.ticket AND tickets.site = $2)",
            )
            .bind(text(mailbox))
            .bind(text(site.as_str()))
            .execute(&self.pool)
            .await
            .map_err(store_error)
        };
        retried(forget).await?;
        Ok(())
    }

    async fn forget_mails(&self, before: Timestamp) -> Result<(), StoreError> {
        for forget in [
            "WITH old AS (SELECT ticket FROM mails WHERE due_at IS NULL AND created_at < $1
                LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM mails USING old WHERE mails.ticket = old.ticket",
            "DELETE FROM unsigned_mails WHERE ctid = ANY(ARRAY(
                SELECT ctid FROM unsigned_mails WHERE sent_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))",
            "WITH old AS (SELECT id FROM access_links WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM access_links USING old WHERE access_links.id = old.id",
        ] {
            delete_in_chunks(|most| query(forget).bind(Time(before)).bind(most).execute(&self.pool)).await?;
        }
        let forget = "WITH old AS (SELECT session, ticket FROM session_tickets WHERE opened_at < $1
                LIMIT $2 FOR UPDATE SKIP LOCKED)
            DELETE FROM session_tickets AS granted USING old
            WHERE granted.session = old.session AND granted.ticket = old.ticket";
        let before = before - GRANT_LIFE;
        delete_in_chunks(|most| query(forget).bind(Time(before)).bind(most).execute(&self.pool)).await
    }
}

impl PostgresStore {
    async fn try_claim_mail(&self, site: &SiteKey, lease: Duration) -> Result<Option<DueMail>, StoreError> {
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
            match due_mail(&mut write, &row, &token).await {
                Ok(mail) => due = Some(mail),
                Err(error) if error.concerns_row() => {
                    let id: TicketId = row.id("ticket")?;
                    tracing::error!(
                        site = site.as_str(),
                        ticket = id.as_str(),
                        %error,
                        "ticket unreadable, its mail is dropped"
                    );
                    query(FINISH).bind(text(id.as_str())).execute(&mut *write).await.map_err(store_error)?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await.map_err(commit_error)?;
        Ok(due)
    }

    async fn try_extend_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        let extend = query("UPDATE mails SET claimed_until = $1 WHERE ticket = $2 AND claim = $3");
        let extend = extend.bind(Time(now + lease)).bind(text(ticket.as_str())).bind(text(claim.as_str()));
        Ok(extend.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn try_record_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: MailOutcome<'_>,
    ) -> Result<bool, StoreError> {
        let is_failed = matches!(outcome, MailOutcome::DeadLetter | MailOutcome::Bounced { .. });
        let mut write = self.begin().await?;
        if is_failed && !lock_ticket(&mut write, ticket).await? {
            return Ok(false);
        }
        let now = self.clock.now(&mut write).await?;
        let due_at = if let MailOutcome::Retry { after } = outcome { Some(Time(now + after)) } else { None };
        let record =
            query("UPDATE mails SET due_at = $1, claim = NULL, claimed_until = NULL WHERE ticket = $2 AND claim = $3");
        let record = record.bind(due_at).bind(text(ticket.as_str())).bind(text(claim.as_str()));
        if record.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(false);
        }
        if is_failed {
            let not_sent = query("UPDATE confirmations SET sent_at = NULL WHERE ticket = $1 AND confirmed_at IS NULL");
            not_sent.bind(text(ticket.as_str())).execute(&mut *write).await.map_err(store_error)?;
        }
        if let MailOutcome::Bounced { text, recipient } = outcome {
            mark_bounced(&mut write, ticket, now).await?;
            answer_mails::block(&mut write, ticket, recipient, now).await?;
            insert_activity(&mut write, ticket, &bounce(text, now), None).await?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(true)
    }

    async fn try_record_returned(
        &self,
        ticket: &TicketId,
        ReturnedReceipt { number, text: reason, dead_recipient }: ReturnedReceipt<'_>,
    ) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        // The ticket of a mail that comes back late may be erased.
        if !lock_ticket(&mut write, ticket).await? {
            return Ok(false);
        }
        let now = self.clock.now(&mut write).await?;
        let key = number.map_or("returned mail".into(), |number| format!("returned mail {number}"));
        let known = query_scalar("SELECT EXISTS (SELECT 1 FROM activities WHERE ticket = $1 AND key = $2)");
        if known.bind(text(ticket.as_str())).bind(&key).fetch_one(&mut *write).await.map_err(store_error)? {
            return Ok(false);
        }
        let not_sent = query(
            "UPDATE confirmations SET sent_at = NULL WHERE ticket = $1 AND confirmed_at IS NULL
            AND ($2::bigint IS NULL OR code = $2)",
        );
        let not_sent = not_sent.bind(text(ticket.as_str())).bind(number.map(i64::from));
        not_sent.execute(&mut *write).await.map_err(store_error)?;
        if let Some(recipient) = dead_recipient {
            mark_bounced(&mut write, ticket, now).await?;
            answer_mails::block(&mut write, ticket, recipient, now).await?;
            query(FINISH).bind(text(ticket.as_str())).execute(&mut *write).await.map_err(store_error)?;
        }
        insert_activity(&mut write, ticket, &bounce(reason, now), Some(&key)).await?;
        write.commit().await.map_err(commit_error)?;
        Ok(true)
    }
}

/// The activity that tells agents why a mail came back.
fn bounce(text: &str, at: Timestamp) -> Activity {
    Activity { actor: "Mail".into(), kind: ActivityKind::Bounced, text: text.into(), at }
}

/// Records that the mailbox of a ticket's address does not exist.
async fn mark_bounced(write: &mut PgConnection, ticket: &TicketId, at: Timestamp) -> Result<(), StoreError> {
    let mark = query("UPDATE confirmations SET bounced_at = $1 WHERE ticket = $2 AND confirmed_at IS NULL");
    mark.bind(Time(at)).bind(text(ticket.as_str())).execute(write).await.map_err(store_error)?;
    Ok(())
}

async fn due_mail(write: &mut PgConnection, row: &PgRow, claim: &ClaimToken) -> Result<DueMail, StoreError> {
    let ticket: TicketId = row.id("ticket")?;
    let code = query("SELECT code FROM confirmations WHERE ticket = $1 AND confirmed_at IS NULL AND code > 0");
    let code = code.bind(text(ticket.as_str())).fetch_optional(&mut *write).await.map_err(store_error)?;
    Ok(DueMail {
        claim: claim.clone(),
        ticket: ticket_of_id(write, &ticket).await?,
        code: code.map(|row| row.number("code")).transpose()?,
        address: row.value("address")?,
        attempts: row.number("attempts")?,
        since: row.time("created_at")?,
    })
}

/// Queues the receipt of a ticket; `false` if a quota for unsigned addresses is used up, and no receipt is sent.
pub async fn queue_receipt(
    write: &mut PgConnection,
    ticket: &StoredTicket,
    mail: &NewMail,
    to: Mailbox,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if let Some(quota) = &mail.quota
        && spend(write, (&ticket.id, &ticket.site), quota, to, now).await?.is_some()
    {
        return Ok(false);
    }
    put(write, ticket, &mail.address, now).await?;
    Ok(true)
}

/// Queues the receipt of a ticket, again if it was sent before.
pub async fn put(
    write: &mut PgConnection,
    ticket: &StoredTicket,
    address: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO mails (ticket, site, address, created_at, due_at) VALUES ($1, $2, $3, $4, $4)
        ON CONFLICT (ticket) DO UPDATE SET address = $3, created_at = $4, due_at = $4, attempts = 0, claim = NULL,
            claimed_until = NULL",
    )
    .bind(text(ticket.id.as_str()))
    .bind(text(ticket.site.as_str()))
    .bind(text(address))
    .bind(Time(now))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Selects the newest mail in the window that counts against a column, after skipping a number of them.
macro_rules! last_mail_by {
    ($column:literal) => {
        concat!(
            "SELECT sent_at FROM unsigned_mails WHERE ",
            $column,
            " = $1 AND sent_at > $2 ORDER BY sent_at DESC LIMIT 1 OFFSET $3"
        )
    };
}

/// Whether the sender has proved that they read the mailbox. Mails to a confirmed mailbox do not count against the mailbox, but against all
/// other quotas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// The sender claims it.
    Claimed,
    /// The sender has confirmed it before.
    Confirmed,
}

/// Counts a mail about a ticket of a site to an unsigned address. If it exceeds a quota, nothing is counted, and the result is the time until there is room. Everything
/// that it counts against is locked until the transaction ends.
pub async fn spend(
    write: &mut PgConnection,
    (ticket, site): (&TicketId, &SiteKey),
    quota: &MailQuota,
    to: Mailbox,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    lock_quota(write, site, quota, to).await?;
    let since = Time(now - mail_quota::WINDOW);
    let mailbox = if to == Mailbox::Claimed { quota.mailbox.to_vec() } else { Vec::new() };
    let (session, network) = (quota.session.map(|session| session.as_bytes().to_vec()), quota.network.map(Vec::from));
    for (scope, limit) in mail_quota::limits(&quota.limits, to == Mailbox::Confirmed) {
        let last = match scope {
            MailScope::MailboxFromNetwork => query_scalar(
                "SELECT sent_at FROM unsigned_mails WHERE mailbox = $1 AND network IS NOT DISTINCT FROM $2 AND sent_at > $3
                ORDER BY sent_at DESC LIMIT 1 OFFSET $4",
            )
            .bind(&mailbox)
            .bind(&network),
            MailScope::Mailbox => query_scalar(last_mail_by!("mailbox")).bind(&mailbox),
            MailScope::Site => query_scalar(last_mail_by!("site")).bind(text(site.as_str())),
            MailScope::Session => query_scalar(last_mail_by!("session")).bind(&session),
            MailScope::Network => query_scalar(last_mail_by!("network")).bind(&network),
        };
        if limit == 0 {
            return Ok(Some(mail_quota::WINDOW));
        }
        // The mail at the limit. If it exists, there is no room.
        let last = last.bind(since).bind(i64::from(limit - 1));
        if let Some(Time(sent_at)) = last.fetch_optional(&mut *write).await.map_err(store_error)? {
            return Ok(Some((sent_at + mail_quota::WINDOW).since(now)));
        }
    }
    query(
        "INSERT INTO unsigned_mails (ticket, site, mailbox, session, network, sent_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(text(ticket.as_str()))
    .bind(text(site.as_str()))
    .bind(mailbox)
    .bind(session)
    .bind(network)
    .bind(Time(now))
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(None)
}

/// Locks what a mail counts against, so that the mails of all gateways are counted one after another.
async fn lock_quota(
    write: &mut PgConnection,
    site: &SiteKey,
    quota: &MailQuota,
    to: Mailbox,
) -> Result<(), StoreError> {
    let mailbox = (to == Mailbox::Claimed).then_some(("mails to a mailbox", &quota.mailbox[..]));
    let session = quota.session.as_ref().map(|session| ("mails for a session", &session.as_bytes()[..]));
    let network = quota.network.as_ref().map(|network| ("mails for a network", &network[..]));
    let site = ("mails of a site", site.as_str().as_bytes());
    lock_names(write, [mailbox, session, network, Some(site)].into_iter().flatten()).await
}
