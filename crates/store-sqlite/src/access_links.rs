//! The port for one-time links in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::claims::new_token;
use super::error::{RowExt, store_error};
use super::mails;
use super::rows::{digest, read_rows};
use deskbell_core::ids::{SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    AccessGrant, AccessLinkOutcome, AccessLinks, ClaimToken, DueAccessLink, LinkTerms, MailQuota, NewAccessLink,
    StoreError,
};
use deskbell_core::rules::access_link::{CANDIDATES_MAX, TICKETS_MAX, is_given_up, matching_tickets};
use deskbell_core::timestamp::Timestamp;

/// How many requests for nothing are deleted before the caller is asked again.
const DROPPED_AT_ONCE: usize = 100;

/// What became of a due request.
enum ClaimOutcome {
    /// Its mail is claimed.
    Claimed(DueAccessLink),
    /// It was deleted, because nobody is to get a mail.
    Dropped,
    /// Somebody else has claimed or deleted it.
    Taken,
}

#[async_trait]
impl AccessLinks for SqliteStore {
    async fn request_access_link(&self, new: &NewAccessLink) -> Result<(), StoreError> {
        let id = new_token()?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let full_queue =
            query_scalar("SELECT 1 FROM access_links WHERE site = ? AND due_at IS NOT NULL LIMIT 1 OFFSET ?")
                .bind(new.site.as_str())
                .bind(new.queue_max.saturating_sub(1));
        let is_full: Option<i64> = full_queue.fetch_optional(&mut *write).await.map_err(store_error)?;
        if is_full.is_some() {
            tracing::warn!(site = new.site.as_str(), "request for a link dropped: too many wait");
            return Ok(());
        }
        query(
            "INSERT INTO access_links
                (id, site, address, mailbox, language, quota_mailbox, network, requested_at, due_at, expires_at)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9 WHERE NOT EXISTS
                (SELECT 1 FROM access_links WHERE site = ?2 AND mailbox = ?4 AND address = ?3 AND due_at IS NOT NULL)",
        )
        .bind(id.as_str())
        .bind(new.site.as_str())
        .bind(&new.address)
        .bind(&new.mailbox)
        .bind(&new.language)
        .bind(&new.quota.mailbox[..])
        .bind(new.quota.network.map(Vec::from))
        .bind(now.to_string())
        .bind((now + new.life).to_string())
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        write.commit().await.map_err(store_error)
    }

    async fn claim_access_link(
        &self,
        site: &SiteKey,
        lease: Duration,
        terms: &LinkTerms,
    ) -> Result<Option<DueAccessLink>, StoreError> {
        for _ in 0..DROPPED_AT_ONCE {
            let due = query(
                "SELECT id, mailbox, address FROM access_links WHERE site = ?1 AND due_at <= ?2
                    AND (claimed_until IS NULL OR claimed_until <= ?2) ORDER BY due_at LIMIT 1",
            );
            let due = due.bind(site.as_str()).bind(self.now_text());
            let Some(due) = due.fetch_optional(&self.readers).await.map_err(store_error)? else { return Ok(None) };
            // Before the transaction, because anybody can send many tickets with one mailbox.
            let tickets = match self.tickets_of_link(site, &due, TICKETS_MAX).await {
                Err(error) if error.concerns_row() => {
                    tracing::error!(site = site.as_str(), %error, "request for a link unreadable, dropped");
                    Vec::new()
                }
                tickets => tickets?,
            };
            let id: String = due.value("id")?;
            match self.claim_or_drop(site, &id, &tickets, lease, terms).await? {
                ClaimOutcome::Claimed(link) => return Ok(Some(link)),
                ClaimOutcome::Dropped => {}
                ClaimOutcome::Taken => return Ok(None),
            }
        }
        Ok(None)
    }

    async fn next_access_link(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                SELECT * FROM (SELECT due_at AS at FROM access_links WHERE site = ?1 AND due_at IS NOT NULL
                    AND claimed_until IS NULL ORDER BY due_at LIMIT 1)
                UNION ALL
                SELECT * FROM (SELECT max(claimed_until, due_at) AS at FROM access_links WHERE site = ?1
                    AND claimed_until IS NOT NULL ORDER BY claimed_until LIMIT 1))",
        );
        let next: Option<String> = next.bind(site.as_str()).fetch_one(&self.readers).await.map_err(store_error)?;
        Ok(self.time_until(next))
    }

    async fn extend_access_link(&self, id: &str, claim: &ClaimToken, lease: Duration) -> Result<bool, StoreError> {
        let extend = query("UPDATE access_links SET claimed_until = ? WHERE id = ? AND claim = ?");
        let extend = extend.bind(self.lease_end(lease)).bind(id).bind(claim.as_str());
        Ok(extend.execute(&self.writer).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn record_access_link(
        &self,
        id: &str,
        claim: &ClaimToken,
        outcome: AccessLinkOutcome,
    ) -> Result<bool, StoreError> {
        let end_claim =
            "UPDATE access_links SET due_at = ?3, claim = NULL, claimed_until = NULL WHERE id = ?1 AND claim = ?2";
        let record = match outcome {
            AccessLinkOutcome::Sent => query(end_claim).bind(id).bind(claim.as_str()).bind(None::<String>),
            AccessLinkOutcome::Retry { after } => {
                query(end_claim).bind(id).bind(claim.as_str()).bind((self.now() + after).to_string())
            }
            AccessLinkOutcome::Dropped => {
                query("DELETE FROM access_links WHERE id = ?1 AND claim = ?2").bind(id).bind(claim.as_str())
            }
        };
        Ok(record.execute(&self.writer).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn is_access_link_valid(&self, site: &SiteKey, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let valid = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM access_links WHERE token_hash = ? AND site = ? AND expires_at > ?)",
        );
        let valid = valid.bind(&token_hash[..]).bind(site.as_str()).bind(self.now_text());
        valid.fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn access_grant(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        limit: u32,
    ) -> Result<Option<AccessGrant>, StoreError> {
        let link =
            query("SELECT mailbox, address FROM access_links WHERE token_hash = ? AND site = ? AND expires_at > ?");
        let link = link.bind(&token_hash[..]).bind(site.as_str()).bind(self.now_text());
        let Some(row) = link.fetch_optional(&self.readers).await.map_err(store_error)? else { return Ok(None) };
        let tickets = self.tickets_of_link(site, &row, limit).await?;
        Ok(Some(AccessGrant { address: row.value("address")?, tickets }))
    }

    async fn open_access_link(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        grant: Option<(&SessionHash, &[TicketId])>,
    ) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now_text();
        let consume = query_scalar(
            "DELETE FROM access_links WHERE token_hash = ? AND site = ? AND expires_at > ? RETURNING mailbox",
        );
        let consume = consume.bind(&token_hash[..]).bind(site.as_str()).bind(&now);
        let mailbox: Option<String> = consume.fetch_optional(&mut *write).await.map_err(store_error)?;
        let Some(mailbox) = mailbox else { return Ok(false) };
        query("DELETE FROM access_links WHERE site = ? AND mailbox = ? AND token_hash IS NOT NULL")
            .bind(site.as_str())
            .bind(&mailbox)
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        let (session, tickets) =
            grant.map_or((None, &[] as &[TicketId]), |(session, tickets)| (Some(session), tickets));
        for ticket in tickets {
            // One that was erased meanwhile is left out.
            query(
                "INSERT INTO session_tickets (session, ticket, opened_at) SELECT ?, id, ? FROM tickets WHERE id = ?
                ON CONFLICT (session, ticket) DO UPDATE SET opened_at = excluded.opened_at",
            )
            .bind(session.map(|session| session.as_bytes().to_vec()))
            .bind(&now)
            .bind(ticket.as_str())
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn forget_grants(&self, session: &SessionHash) -> Result<(), StoreError> {
        let forget = query("DELETE FROM session_tickets WHERE session = ?").bind(session.as_bytes().to_vec());
        forget.execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }
}

impl SqliteStore {
    /// Claims a due request for a link that opens these tickets; if nobody is to get its mail, it is deleted instead.
    async fn claim_or_drop(
        &self,
        site: &SiteKey,
        id: &str,
        tickets: &[TicketId],
        lease: Duration,
        terms: &LinkTerms,
    ) -> Result<ClaimOutcome, StoreError> {
        let token = new_token()?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let claim = query(
            "UPDATE access_links SET attempts = attempts + 1, claim = ?3, claimed_until = ?4, token_hash = ?5, expires_at = ?6
            WHERE id = ?1 AND due_at <= ?2 AND (claimed_until IS NULL OR claimed_until <= ?2)
            RETURNING id, address, language, quota_mailbox, network, attempts, requested_at",
        );
        let claim = claim
            .bind(id)
            .bind(now.to_string())
            .bind(token.as_str())
            .bind(self.lease_end(lease))
            .bind(&terms.token_hash[..])
            .bind((now + terms.life).to_string());
        let Some(row) = claim.fetch_optional(&mut *write).await.map_err(store_error)? else {
            return Ok(ClaimOutcome::Taken);
        };
        let link = match due_access_link(&mut write, &row, (site, &token), tickets, terms, now).await {
            Ok(link) => link,
            Err(error) if error.concerns_row() => {
                tracing::error!(site = site.as_str(), %error, "request for a link unreadable, dropped");
                None
            }
            Err(error) => return Err(error),
        };
        if link.is_none() {
            query("DELETE FROM access_links WHERE id = ?").bind(id).execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(link.map_or(ClaimOutcome::Dropped, ClaimOutcome::Claimed))
    }

    /// The tickets of anonymous sessions of a site with exactly the address of a link: first those whose sender has confirmed it, then newest first.
    async fn tickets_of_link(&self, site: &SiteKey, link: &SqliteRow, limit: u32) -> Result<Vec<TicketId>, StoreError> {
        let (mailbox, address): (String, String) = (link.value("mailbox")?, link.value("address")?);
        // Two ranges, because each index has one of them; the cross join begins with them.
        let candidates = query(
            "SELECT tickets.id, claimed.address FROM (
                SELECT ticket, address, 0 AS is_confirmed FROM confirmations WHERE mailbox = ?1 AND confirmed_at IS NULL
                UNION ALL
                SELECT ticket, address, 1 FROM confirmations WHERE mailbox = ?1 AND confirmed_at IS NOT NULL) AS claimed
            CROSS JOIN tickets ON tickets.id = claimed.ticket
            WHERE site = ?2 AND person IS NULL AND session IS NOT NULL
            ORDER BY claimed.is_confirmed DESC, tickets.number DESC LIMIT ?3",
        );
        let candidates = candidates.bind(mailbox).bind(site.as_str()).bind(CANDIDATES_MAX);
        let rows = candidates.fetch_all(&self.readers).await.map_err(store_error)?;
        let candidates = read_rows(&rows, "ticket", |row| Ok((row.id("id")?, row.value("address")?)))?;
        Ok(matching_tickets(candidates, &address, limit))
    }
}

/// What is claimed; none if none of the tickets is there any more, if a limit of mails is reached, or if nobody waits for it.
async fn due_access_link(
    write: &mut SqliteConnection,
    row: &SqliteRow,
    (site, claim): (&SiteKey, &ClaimToken),
    tickets: &[TicketId],
    terms: &LinkTerms,
    now: Timestamp,
) -> Result<Option<DueAccessLink>, StoreError> {
    let (id, attempts, since): (String, u32, _) = (row.value("id")?, row.value("attempts")?, row.time("requested_at")?);
    if is_given_up(since, now) {
        return Ok(None);
    }
    let Some(ticket) = first_present(write, tickets).await? else { return Ok(None) };
    if attempts == 1 {
        let record = format!("request for a link {id}");
        let network: Option<Vec<u8>> = row.value("network")?;
        let quota = MailQuota {
            mailbox: digest(&record, "quota_mailbox", row.value("quota_mailbox")?)?,
            session: None,
            network: network.map(|network| digest(&record, "network", network)).transpose()?,
            limits: terms.limits,
        };
        if mails::spend(write, (ticket, site), &quota, mails::Mailbox::Claimed, now).await?.is_some() {
            tracing::info!(site = site.as_str(), "link not mailed: limit reached");
            return Ok(None);
        }
    }
    let (address, language) = (row.value("address")?, row.value("language")?);
    Ok(Some(DueAccessLink { id, claim: claim.clone(), address, language, attempts, since }))
}

/// The first of these tickets that was not erased meanwhile.
async fn first_present<'a>(
    read: &mut SqliteConnection,
    tickets: &'a [TicketId],
) -> Result<Option<&'a TicketId>, StoreError> {
    for ticket in tickets {
        let present = query("SELECT 1 FROM tickets WHERE id = ?").bind(ticket.as_str());
        if present.fetch_optional(&mut *read).await.map_err(store_error)?.is_some() {
            return Ok(Some(ticket));
        }
    }
    Ok(None)
}
