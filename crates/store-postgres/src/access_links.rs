//! The port for one-time links in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};

use super::PostgresStore;
use super::claims::new_token;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::mails;
use super::queue::ticket_of_id;
use super::retry::retried;
use super::rows::digest;
use deskbell_core::ids::{SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    AccessLinkOutcome, AccessLinks, ClaimToken, DueAccessLink, LinkTerms, MailQuota, NewAccessLink, OpenedLink,
    StoreError,
};
use deskbell_core::rules::access_link::{CANDIDATES_MAX, is_opened_by};
use deskbell_core::timestamp::Timestamp;

/// How many requests for nothing one transaction deletes.
const DROPPED_AT_ONCE: usize = 100;
/// Claims the mail that has been due longest, of those that nobody has locked.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT id FROM access_links
        WHERE site = $1 AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2)
        ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE access_links SET attempts = attempts + 1, claim = $3, claimed_until = $4, token_hash = $5, expires_at = $6 FROM due
    WHERE access_links.id = due.id
    RETURNING access_links.id, address, mailbox, language, quota_mailbox, network, attempts, requested_at";
const DELETE: &str = "DELETE FROM access_links WHERE id = $1";

#[async_trait]
impl AccessLinks for PostgresStore {
    async fn request_access_link(&self, new: &NewAccessLink) -> Result<(), StoreError> {
        retried(|| self.try_request_access_link(new)).await
    }

    async fn claim_access_link(
        &self,
        site: &SiteKey,
        lease: Duration,
        terms: &LinkTerms,
    ) -> Result<Option<DueAccessLink>, StoreError> {
        retried(|| self.try_claim_access_link(site, lease, terms)).await
    }

    async fn next_access_link(&self, site: &SiteKey) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                (SELECT due_at AS at FROM access_links WHERE site = $1 AND due_at IS NOT NULL AND claimed_until IS NULL
                    ORDER BY due_at LIMIT 1)
                UNION ALL
                (SELECT greatest(claimed_until, due_at) AS at FROM access_links
                    WHERE site = $1 AND claimed_until IS NOT NULL ORDER BY claimed_until LIMIT 1)) AS times",
        );
        let mut read = self.acquire().await?;
        let next: Option<Time> = next.bind(text(site.as_str())).fetch_one(&mut *read).await.map_err(store_error)?;
        let Some(Time(next)) = next else { return Ok(None) };
        Ok(Some(next.since(self.clock.now(&mut read).await?)))
    }

    async fn extend_access_link(&self, id: &str, claim: &ClaimToken, lease: Duration) -> Result<bool, StoreError> {
        let extend = || async {
            let mut write = self.acquire().await?;
            let now = self.clock.now(&mut write).await?;
            let extend = query("UPDATE access_links SET claimed_until = $1 WHERE id = $2 AND claim = $3");
            let extend = extend.bind(Time(now + lease)).bind(text(id)).bind(text(claim.as_str()));
            Ok(extend.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0)
        };
        retried(extend).await
    }

    async fn record_access_link(
        &self,
        id: &str,
        claim: &ClaimToken,
        outcome: AccessLinkOutcome,
    ) -> Result<bool, StoreError> {
        let record = || async {
            let mut write = self.acquire().await?;
            let now = self.clock.now(&mut write).await?;
            let end =
                "UPDATE access_links SET due_at = $3, claim = NULL, claimed_until = NULL WHERE id = $1 AND claim = $2";
            let record = match outcome {
                AccessLinkOutcome::Sent => query(end).bind(text(id)).bind(text(claim.as_str())).bind(None::<Time>),
                AccessLinkOutcome::Retry { after } => {
                    query(end).bind(text(id)).bind(text(claim.as_str())).bind(Time(now + after))
                }
                AccessLinkOutcome::Dropped => query("DELETE FROM access_links WHERE id = $1 AND claim = $2")
                    .bind(text(id))
                    .bind(text(claim.as_str())),
            };
            Ok(record.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0)
        };
        retried(record).await
    }

    async fn is_access_link_valid(&self, site: &SiteKey, token_hash: &[u8; 32]) -> Result<bool, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        let valid = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM access_links WHERE token_hash = $1 AND site = $2 AND expires_at > $3)",
        );
        let valid = valid.bind(&token_hash[..]).bind(text(site.as_str())).bind(Time(now));
        valid.fetch_one(&mut *read).await.map_err(store_error)
    }

    async fn open_access_link(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        session: Option<&SessionHash>,
        limit: u32,
    ) -> Result<Option<OpenedLink>, StoreError> {
        retried(|| self.try_open_access_link(site, token_hash, session, limit)).await
    }
}

impl PostgresStore {
    async fn try_request_access_link(&self, new: &NewAccessLink) -> Result<(), StoreError> {
        let id = new_token()?;
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let full = query("SELECT 1 AS one FROM access_links WHERE site = $1 AND due_at IS NOT NULL LIMIT 1 OFFSET $2")
            .bind(text(new.site.as_str()))
            .bind(i64::from(new.queue_max.saturating_sub(1)));
        if full.fetch_optional(&mut *write).await.map_err(store_error)?.is_some() {
            tracing::warn!(site = new.site.as_str(), "request for a link dropped: too many wait");
            return Ok(());
        }
        query(
            "INSERT INTO access_links
                (id, site, address, mailbox, language, quota_mailbox, network, requested_at, due_at, expires_at)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8, $9 WHERE NOT EXISTS
                (SELECT 1 FROM access_links WHERE site = $2 AND mailbox = $4 AND address = $3 AND due_at IS NOT NULL)",
        )
        .bind(text(id.as_str()))
        .bind(text(new.site.as_str()))
        .bind(text(&new.address))
        .bind(text(&new.mailbox))
        .bind(text(&new.language))
        .bind(&new.quota.mailbox[..])
        .bind(new.quota.network.map(Vec::from))
        .bind(Time(now))
        .bind(Time(now + new.life))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        write.commit().await.map_err(commit_error)
    }

    async fn try_claim_access_link(
        &self,
        site: &SiteKey,
        lease: Duration,
        terms: &LinkTerms,
    ) -> Result<Option<DueAccessLink>, StoreError> {
        let token = new_token()?;
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let mut due = None;
        for _ in 0..DROPPED_AT_ONCE {
            let claimed = query(CLAIM)
                .bind(text(site.as_str()))
                .bind(Time(now))
                .bind(token.as_str())
                .bind(Time(now + lease))
                .bind(&terms.token_hash[..])
                .bind(Time(now + terms.life))
                .fetch_optional(&mut *write)
                .await
                .map_err(store_error)?;
            let Some(row) = claimed else { break };
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
            query(DELETE).bind(row.value::<String>("id")?).execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(due)
    }

    async fn try_open_access_link(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        session: Option<&SessionHash>,
        limit: u32,
    ) -> Result<Option<OpenedLink>, StoreError> {
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let used = query(
            "DELETE FROM access_links WHERE token_hash = $1 AND site = $2 AND expires_at > $3 RETURNING mailbox, address",
        );
        let used = used.bind(&token_hash[..]).bind(text(site.as_str())).bind(Time(now));
        let Some(row) = used.fetch_optional(&mut *write).await.map_err(store_error)? else { return Ok(None) };
        let (mailbox, address): (String, String) = (row.value("mailbox")?, row.value("address")?);
        query("DELETE FROM access_links WHERE site = $1 AND mailbox = $2 AND token_hash IS NOT NULL")
            .bind(text(site.as_str()))
            .bind(text(&mailbox))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        let tickets = opened_tickets(&mut write, site, (&mailbox, &address), limit).await?;
        if let Some(session) = session {
            // Locked, so that none is erased meanwhile.
            let ids: Vec<String> = tickets.iter().map(|ticket| text(ticket.as_str()).into_owned()).collect();
            let grant = query(
                "INSERT INTO session_tickets (session, ticket, opened_at)
                SELECT $1, id, $2 FROM tickets WHERE id = ANY($3) ORDER BY id FOR KEY SHARE
                ON CONFLICT (session, ticket) DO NOTHING",
            );
            let grant = grant.bind(&session.as_bytes()[..]).bind(Time(now)).bind(ids);
            grant.execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(Some(OpenedLink { address, tickets }))
    }
}

/// What is claimed; none if there is no ticket that the link would open, or if a limit of mails is reached.
async fn due_access_link(
    write: &mut PgConnection,
    row: &PgRow,
    (site, claim): (&SiteKey, &ClaimToken),
    terms: &LinkTerms,
    now: Timestamp,
) -> Result<Option<DueAccessLink>, StoreError> {
    let (mailbox, address): (String, String) = (row.value("mailbox")?, row.value("address")?);
    let tickets = opened_tickets(write, site, (&mailbox, &address), 1).await?;
    let Some(ticket) = tickets.first() else { return Ok(None) };
    let (id, attempts): (String, u32) = (row.value("id")?, row.number("attempts")?);
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
    read: &mut PgConnection,
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
    read: &mut PgConnection,
    site: &SiteKey,
    mailbox: &str,
    limit: u32,
) -> Result<Vec<TicketId>, StoreError> {
    // Two ranges, because each index has one of them.
    let tickets = query(
        "WITH claimed AS MATERIALIZED (
            SELECT ticket FROM confirmations WHERE mailbox = $1 AND confirmed_at IS NULL
            UNION ALL
            SELECT ticket FROM confirmations WHERE mailbox = $1 AND confirmed_at IS NOT NULL)
        SELECT tickets.id FROM claimed JOIN tickets ON tickets.id = claimed.ticket
        WHERE site = $2 AND person IS NULL AND session IS NOT NULL ORDER BY tickets.number DESC LIMIT $3",
    );
    let tickets = tickets.bind(text(mailbox)).bind(text(site.as_str())).bind(i64::from(limit));
    let rows = tickets.fetch_all(read).await.map_err(store_error)?;
    rows.iter().map(|row| row.id("id")).collect()
}
