//! The outgoing mail port in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::claims::new_token;
use super::error::{RowExt, store_error};
use super::rows::ticket_of;
use super::{SqliteStore, TICKET, answer_mails, conversations};
use crate::chunks::delete_in_chunks;
use deskbell_core::ids::{SiteKey, TicketId};
use deskbell_core::ports::{Activity, ActivityKind, ClaimToken, StoreError, StoredTicket};
use deskbell_core::ports::{DueMail, MailOutcome, MailQuota, NewMail, OutgoingMail, ReturnedReceipt, WaitingMails};
use deskbell_core::rules::access_link::GRANT_LIFE;
use deskbell_core::rules::mail_quota::{self, MailScope};
use deskbell_core::timestamp::Timestamp;

#[async_trait]
impl OutgoingMail for SqliteStore {
    async fn claim_mail(&self, site: &SiteKey, lease: Duration) -> Result<Option<DueMail>, StoreError> {
        let token = new_token()?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let (now, until) = (self.now_text(), self.lease_end(lease));
        let mut due = None;
        while due.is_none() {
            let claimed = query(
                "UPDATE mails SET tries = tries + 1, claim = ?3, claimed_until = ?4 WHERE ticket =
                    (SELECT ticket FROM mails WHERE site = ?1 AND due_at <= ?2
                        AND (claimed_until IS NULL OR claimed_until <= ?2) ORDER BY due_at LIMIT 1)
                RETURNING ticket, address, tries, created_at",
            );
            let claimed = claimed.bind(site.as_str()).bind(&now).bind(token.as_str()).bind(&until);
            let Some(row) = claimed.fetch_optional(&mut *write).await.map_err(store_error)? else { break };
            match due_mail(&mut write, &row, &token).await {
                Ok(mail) => due = Some(mail),
                Err(error) if error.concerns_row() => {
                    let id: String = row.value("ticket")?;
                    tracing::error!(
                        site = site.as_str(),
                        ticket = id,
                        %error,
                        "ticket unreadable, its mail is dropped"
                    );
                    let end = "UPDATE mails SET due_at = NULL, claim = NULL, claimed_until = NULL WHERE ticket = ?";
                    query(end).bind(id).execute(&mut *write).await.map_err(store_error)?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await.map_err(store_error)?;
        Ok(due)
    }

    async fn next_mail(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                SELECT * FROM (SELECT due_at AS at FROM mails WHERE site = ?1 AND due_at IS NOT NULL
                    AND claimed_until IS NULL ORDER BY due_at LIMIT 1)
                UNION ALL
                SELECT * FROM (SELECT max(claimed_until, due_at) AS at FROM mails WHERE site = ?1
                    AND claimed_until IS NOT NULL ORDER BY claimed_until LIMIT 1))",
        );
        let next: Option<String> = next.bind(site.as_str()).fetch_one(&self.readers).await.map_err(store_error)?;
        Ok(self.time_until(next))
    }

    async fn waiting_mails(&self) -> Result<Vec<WaitingMails>, StoreError> {
        let rows = query(
            "SELECT site, count(*) AS count, min(since) AS since FROM (
                SELECT site, created_at AS since FROM mails WHERE due_at IS NOT NULL
                UNION ALL
                SELECT site, queued_at FROM answer_mails WHERE due_at IS NOT NULL
                UNION ALL
                SELECT site, requested_at FROM access_links WHERE due_at IS NOT NULL)
            GROUP BY site",
        );
        let rows = rows.fetch_all(&self.readers).await.map_err(store_error)?;
        let waiting = |row: &SqliteRow| {
            Ok(WaitingMails { site: row.id("site")?, count: row.value("count")?, since: row.readable_time("since")? })
        };
        rows.iter().map(waiting).collect()
    }

    async fn extend_mail(&self, ticket: &TicketId, claim: &ClaimToken, lease: Duration) -> Result<bool, StoreError> {
        let extend = query("UPDATE mails SET claimed_until = ? WHERE ticket = ? AND claim = ?");
        Ok(extend
            .bind(self.lease_end(lease))
            .bind(ticket.as_str())
            .bind(claim.as_str())
            .execute(&self.writer)
            .await
            .map_err(store_error)?
            .rows_affected()
            > 0)
    }

    async fn record_mail(
        &self,
        ticket: &TicketId,
        claim: &ClaimToken,
        outcome: MailOutcome<'_>,
    ) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let due_at = if let MailOutcome::Retry { after } = outcome { Some((now + after).to_string()) } else { None };
        let record = "UPDATE mails SET due_at = ?, claim = NULL, claimed_until = NULL WHERE ticket = ? AND claim = ?";
        let recorded = query(record)
            .bind(due_at)
            .bind(ticket.as_str())
            .bind(claim.as_str())
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        let is_recorded = recorded.rows_affected() > 0;
        if is_recorded && matches!(outcome, MailOutcome::DeadLetter | MailOutcome::Bounced { .. }) {
            let not_sent = "UPDATE confirmations SET sent_at = NULL WHERE ticket = ? AND confirmed_at IS NULL";
            query(not_sent).bind(ticket.as_str()).execute(&mut *write).await.map_err(store_error)?;
        }
        if let (true, MailOutcome::Bounced { text, recipient }) = (is_recorded, outcome) {
            mark_bounced(&mut write, ticket, now).await?;
            answer_mails::block(&mut write, ticket, recipient, now).await?;
            let activity = Activity { actor: "Mail".into(), kind: ActivityKind::Bounced, text: text.into(), at: now };
            conversations::insert_activity(&mut write, ticket, &activity, None).await?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(is_recorded)
    }

    async fn record_returned_receipt(
        &self,
        ticket: &TicketId,
        returned: ReturnedReceipt<'_>,
    ) -> Result<bool, StoreError> {
        let ReturnedReceipt { number, text, dead_recipient } = returned;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let key = number.map_or("returned mail".into(), |number| format!("returned mail {number}"));
        let known = query_scalar("SELECT EXISTS (SELECT 1 FROM deeds WHERE ticket = ? AND key = ?)");
        if known.bind(ticket.as_str()).bind(&key).fetch_one(&mut *write).await.map_err(store_error)? {
            return Ok(false);
        }
        let not_sent = "UPDATE confirmations SET sent_at = NULL WHERE ticket = ?1 AND confirmed_at IS NULL
            AND (?2 IS NULL OR code = ?2)";
        query(not_sent).bind(ticket.as_str()).bind(number).execute(&mut *write).await.map_err(store_error)?;
        if let Some(recipient) = dead_recipient {
            mark_bounced(&mut write, ticket, now).await?;
            answer_mails::block(&mut write, ticket, recipient, now).await?;
            let nothing_more = "UPDATE mails SET due_at = NULL, claim = NULL, claimed_until = NULL WHERE ticket = ?";
            query(nothing_more).bind(ticket.as_str()).execute(&mut *write).await.map_err(store_error)?;
        }
        let activity = Activity { actor: "Mail".into(), kind: ActivityKind::Bounced, text: text.into(), at: now };
        conversations::insert_activity(&mut write, ticket, &activity, Some(&key)).await?;
        write.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn forget_bounces(&self, site: &SiteKey, mailbox: &str) -> Result<(), StoreError> {
        let forget = "UPDATE confirmations SET bounced_at = NULL WHERE mailbox = ? AND confirmed_at IS NULL
            AND bounced_at IS NOT NULL
            AND EXISTS (SELECT 1 FROM tickets WHERE tickets.id = confirmations.ticket AND tickets.site = ?)";
        query(forget).bind(mailbox).bind(site.as_str()).execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }

    async fn forget_mails(&self, before: Timestamp) -> Result<(), StoreError> {
        let (before, granted_before) = (before.to_string(), (before - GRANT_LIFE).to_string());
        for forget in [
            "DELETE FROM mails WHERE ticket IN (SELECT ticket FROM mails WHERE due_at IS NULL AND created_at < ? LIMIT ?)",
            "DELETE FROM unsigned_mails WHERE rowid IN (SELECT rowid FROM unsigned_mails WHERE sent_at < ? LIMIT ?)",
            "DELETE FROM access_links WHERE id IN (SELECT id FROM access_links WHERE expires_at < ? LIMIT ?)",
        ] {
            delete_in_chunks(|most| query(forget).bind(&before).bind(most).execute(&self.writer)).await?;
        }
        let forget = "DELETE FROM session_tickets WHERE (session, ticket) IN
            (SELECT session, ticket FROM session_tickets WHERE opened_at < ? LIMIT ?)";
        delete_in_chunks(|most| query(forget).bind(&granted_before).bind(most).execute(&self.writer)).await
    }
}

/// Records that the mailbox of a ticket's address does not exist.
async fn mark_bounced(write: &mut SqliteConnection, ticket: &TicketId, at: Timestamp) -> Result<(), StoreError> {
    let mark = "UPDATE confirmations SET bounced_at = ? WHERE ticket = ? AND confirmed_at IS NULL";
    query(mark).bind(at.to_string()).bind(ticket.as_str()).execute(write).await.map_err(store_error)?;
    Ok(())
}

async fn due_mail(write: &mut SqliteConnection, row: &SqliteRow, claim: &ClaimToken) -> Result<DueMail, StoreError> {
    let ticket: String = row.value("ticket")?;
    let code = query_scalar("SELECT code FROM confirmations WHERE ticket = ? AND confirmed_at IS NULL AND code > 0");
    let code = code.bind(&ticket).fetch_optional(&mut *write).await.map_err(store_error)?;
    let ticket = query(TICKET).bind(ticket.as_str()).fetch_one(write).await.map_err(store_error)?;
    Ok(DueMail {
        claim: claim.clone(),
        ticket: ticket_of(&ticket)?,
        code,
        address: row.value("address")?,
        attempts: row.value("tries")?,
        since: row.time("created_at")?,
    })
}

/// Queues the receipt of a ticket; `false` if a quota for unsigned addresses is used up, and no receipt is sent.
pub async fn queue_receipt(
    write: &mut SqliteConnection,
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
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    address: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO mails (ticket, site, address, created_at, due_at) VALUES (?1, ?2, ?3, ?4, ?4)
        ON CONFLICT (ticket) DO UPDATE SET address = ?3, created_at = ?4, due_at = ?4, tries = 0, claim = NULL,
            claimed_until = NULL",
    )
    .bind(ticket.id.as_str())
    .bind(ticket.site.as_str())
    .bind(address)
    .bind(now.to_string())
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
            " = ? AND sent_at > ? ORDER BY sent_at DESC LIMIT 1 OFFSET ?"
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

/// Counts a mail about a ticket of a site to an unsigned address. If it exceeds a quota, nothing is counted, and the result is the time until there is room.
pub async fn spend(
    write: &mut SqliteConnection,
    (ticket, site): (&TicketId, &SiteKey),
    quota: &MailQuota,
    to: Mailbox,
    now: Timestamp,
) -> Result<Option<Duration>, StoreError> {
    let since = (now - mail_quota::WINDOW).to_string();
    let mailbox = if to == Mailbox::Claimed { quota.mailbox.to_vec() } else { Vec::new() };
    let (session, network) = (quota.session.map(|session| session.as_bytes().to_vec()), quota.network.map(Vec::from));
    for (scope, limit) in mail_quota::limits(&quota.limits, to == Mailbox::Confirmed) {
        let last = match scope {
            MailScope::MailboxFromNetwork => query_scalar(
                "SELECT sent_at FROM unsigned_mails WHERE mailbox = ? AND network IS ? AND sent_at > ?
                ORDER BY sent_at DESC LIMIT 1 OFFSET ?",
            )
            .bind(&mailbox)
            .bind(&network),
            MailScope::Mailbox => query_scalar(last_mail_by!("mailbox")).bind(&mailbox),
            MailScope::Site => query_scalar(last_mail_by!("site")).bind(site.as_str()),
            MailScope::Session => query_scalar(last_mail_by!("session")).bind(&session),
            MailScope::Network => query_scalar(last_mail_by!("network")).bind(&network),
        };
        if limit == 0 {
            return Ok(Some(mail_quota::WINDOW));
        }
        // The mail at the limit. If it exists, there is no room.
        let oldest: Option<String> =
            last.bind(&since).bind(limit - 1).fetch_optional(&mut *write).await.map_err(store_error)?;
        if let Some(oldest) = oldest {
            let sent_at: Timestamp = oldest.parse().unwrap_or(now);
            return Ok(Some((sent_at + mail_quota::WINDOW).since(now)));
        }
    }
    query("INSERT INTO unsigned_mails (ticket, site, mailbox, session, network, sent_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(ticket.as_str())
        .bind(site.as_str())
        .bind(mailbox)
        .bind(session)
        .bind(network)
        .bind(now.to_string())
        .execute(write)
        .await
        .map_err(store_error)?;
    Ok(None)
}
