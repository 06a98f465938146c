//! The port for one-time links in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::claims::new_token;
use super::error::{RowExt, store_error};
use super::mails;
use super::queue::ticket_of_id;
use super::rows::digest;
use deskbell_core::ids::{SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    AccessLinkOutcome, AccessLinks, ClaimToken, DueAccessLink, LinkTerms, MailQuota, NewAccessLink, OpenedLink,
    StoreError,
};
use deskbell_core::rules::access_link::{CANDIDATES_MAX, is_opened_by};
use deskbell_core::timestamp::Timestamp;

/// How many requests for nothing one transaction deletes, so that other writers get their turn.
const DROPPED_AT_ONCE: usize = 100;
const DELETE: &str = "DELETE FROM access_links WHERE id = ?";

#[async_trait]
impl AccessLinks for SqliteStore {
    async fn request_access_link(&self, new: &NewAccessLink) -> Result<(), StoreError> {
        let id = new_token()?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let full = query_scalar("SELECT 1 FROM access_links WHERE site = ? AND due_at IS NOT NULL LIMIT 1 OFFSET ?")
            .bind(new.site.as_str())
            .bind(new.queue_max.saturating_sub(1));
        let full: Option<i64> = full.fetch_optional(&mut *write).await.map_err(store_error)?;
        if full.is_some() {
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
        let token = new_token()?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let (now, until) = (self.now(), self.lease_end(lease));
        let mut due = None;
        for _ in 0..DROPPED_AT_ONCE {
            let claimed = query(
                "UPDATE access_links SET attempts = attempts + 1, claim = ?3, claimed_until = ?4, token_hash = ?5,
                    expires_at = ?6 WHERE id =
                    (SELECT id FROM access_links WHERE site = ?1 AND due_at <= ?2
                        AND (claimed_until IS NULL OR claimed_until <= ?2) ORDER BY due_at LIMIT 1)
                RETURNING id, address, mailbox, language, quota_mailbox, network, attempts, requested_at",
            );
            let claimed = claimed
                .bind(site.as_str())
                .bind(now.to_string())
                .bind(token.as_str())
                .bind(&until)
                .bind(&terms.token_hash[..])
                .bind((now + terms.life).to_string());
            let Some(row) = claimed.fetch_optional(&mut *write).await.map_err(store_error)? else { break };
            let id: String = row.value("id")?;
            match due_access_link(&mut write, &row, (site, &token), terms, now).await {
                Ok(Some(link)) => {
                    due = Some(link);
                    break;
                }
                Ok(None) => {}
                Err(error) if error.concerns_row() => {
                    tracing::error!(site = site.as_str(), %error, "request for a link unreadable, dropped");
                }
                Err(error) => return Err(error),
            }
            query(DELETE).bind(id).execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(due)
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
        let end =
            "UPDATE access_links SET due_at = ?3, claim = NULL, claimed_until = NULL WHERE id = ?1 AND claim = ?2";
        let record = match outcome {
            AccessLinkOutcome::Sent => query(end).bind(id).bind(claim.as_str()).bind(None::<String>),
            AccessLinkOutcome::Retry { after } => {
                query(end).bind(id).bind(claim.as_str()).bind((self.now() + after).to_string())
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

    async fn open_access_link(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        session: Option<&SessionHash>,
        limit: u32,
    ) -> Result<Option<OpenedLink>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let used = query(
            "DELETE FROM access_links WHERE token_hash = ? AND site = ? AND expires_at > ? RETURNING mailbox, address",
        );
        let now = self.now_text();
        let used = used.bind(&token_hash[..]).bind(site.as_str()).bind(&now);
        let Some(row) = used.fetch_optional(&mut *write).await.map_err(store_error)? else { return Ok(None) };
        let (mailbox, address): (String, String) = (row.value("mailbox")?, row.value("address")?);
        query("DELETE FROM access_links WHERE site = ? AND mailbox = ? AND token_hash IS NOT NULL")
            .bind(site.as_str())
            .bind(&mailbox)
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        let tickets = opened_tickets(&mut write, site, (&mailbox, &address), limit).await?;
        for ticket in tickets.iter().filter(|_| session.is_some()) {
            query("INSERT OR IGNORE INTO session_tickets (session, ticket, opened_at) VALUES (?, ?, ?)")
                .bind(session.map(|session| session.as_bytes().to_vec()))
                .bind(ticket.as_str())
                .bind(&now)
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(Some(OpenedLink { address, tickets }))
    }
}

/// What is claimed; none if there is no ticket that the link would open, or if a limit of mails is reached.
async fn due_access_link(
    write: &mut SqliteConnection,
    row: &SqliteRow,
    (site, claim): (&SiteKey, &ClaimToken),
    terms: &LinkTerms,
    now: Timestamp,
) -> Result<Option<DueAccessLink>, StoreError> {
    let (mailbox, address): (String, String) = (row.value("mailbox")?, row.value("address")?);
    let tickets = opened_tickets(write, site, (&mailbox, &address), 1).await?;
    let Some(ticket) = tickets.first() else { return Ok(None) };
    let (id, attempts): (String, u32) = (row.value("id")?, row.value("attempts")?);
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
    Ok(Some(DueAccessLink {
        id,
        claim: claim.clone(),
        address,
        language: row.value("language")?,
        attempts,
        since: row.time("requested_at")?,
    }))
}

/// The tickets of a site that a link to an address opens, newest first.
async fn opened_tickets(
    read: &mut SqliteConnection,
    site: &SiteKey,
    (mailbox, address): (&str, &str),
    limit: u32,
) -> Result<Vec<TicketId>, StoreError> {
    let mut opened = Vec::new();
    for id in tickets_of_mailbox(read, site, mailbox, CANDIDATES_MAX).await? {
        if opened.len() >= limit as usize {
            break;
        }
        match ticket_of_id(read, &id).await {
            Ok(ticket) if is_opened_by(&ticket, site, address) => opened.push(id),
            Ok(_) => {}
            // A ticket that cannot be read does not hide the others.
            Err(error) if error.concerns_row() => {
                tracing::error!(ticket = id.as_str(), %error, "ticket unreadable, not opened by a link");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(opened)
}

/// The tickets of anonymous sessions of a site whose claimed address has a mailbox, newest first.
async fn tickets_of_mailbox(
    read: &mut SqliteConnection,
    site: &SiteKey,
    mailbox: &str,
    limit: u32,
) -> Result<Vec<TicketId>, StoreError> {
    // Two ranges, because each index has one of them; the cross join begins with them.
    let tickets = query_scalar::<_, String>(
        "SELECT tickets.id FROM (
            SELECT ticket FROM confirmations WHERE mailbox = ?1 AND confirmed_at IS NULL
            UNION ALL
            SELECT ticket FROM confirmations WHERE mailbox = ?1 AND confirmed_at IS NOT NULL) AS claimed
        CROSS JOIN tickets ON tickets.id = claimed.ticket
        WHERE site = ?2 AND person IS NULL AND session IS NOT NULL ORDER BY tickets.number DESC LIMIT ?3",
    );
    let tickets = tickets.bind(mailbox).bind(site.as_str()).bind(limit);
    let tickets = tickets.fetch_all(read).await.map_err(store_error)?;
    Ok(tickets.into_iter().map(TicketId::from).collect())
}
