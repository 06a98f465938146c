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
use super::retry::retried;
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
/// Claims a mail, unless somebody else has claimed or locked it.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT id FROM access_links
        WHERE id = $1 AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until <= $2) FOR UPDATE SKIP LOCKED)
    UPDATE access_links SET attempts = attempts + 1, claim = $3, claimed_until = $4, token_hash = $5, expires_at = $6 FROM due
    WHERE access_links.id = due.id
    RETURNING access_links.id, address, language, quota_mailbox, network, attempts, requested_at";
const DELETE: &str = "DELETE FROM access_links WHERE id = $1";

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
        for _ in 0..DROPPED_AT_ONCE {
            let mut read = self.acquire().await?;
            let now = self.clock.now(&mut read).await?;
            let due = query(
                "SELECT id, mailbox, address FROM access_links WHERE site = $1 AND due_at <= $2
                    AND (claimed_until IS NULL OR claimed_until <= $2) ORDER BY due_at LIMIT 1",
            );
            let due = due.bind(text(site.as_str())).bind(Time(now));
            let Some(due) = due.fetch_optional(&mut *read).await.map_err(store_error)? else { return Ok(None) };
            // Before the transaction, because anybody can send many tickets with one mailbox.
            let tickets = match tickets_of_link(&mut read, site, &due, TICKETS_MAX).await {
                Err(error) if error.concerns_row() => {
                    tracing::error!(site = site.as_str(), %error, "request for a link unreadable, dropped");
                    Vec::new()
                }
                tickets => tickets?,
            };
            drop(read);
            let id: String = due.value("id")?;
            match retried(|| self.claim_or_drop(site, &id, &tickets, lease, terms)).await? {
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
            let end_claim =
                "UPDATE access_links SET due_at = $3, claim = NULL, claimed_until = NULL WHERE id = $1 AND claim = $2";
            let record = match outcome {
                AccessLinkOutcome::Sent => {
                    query(end_claim).bind(text(id)).bind(text(claim.as_str())).bind(None::<Time>)
                }
                AccessLinkOutcome::Retry { after } => {
                    query(end_claim).bind(text(id)).bind(text(claim.as_str())).bind(Time(now + after))
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

    async fn access_grant(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        limit: u32,
    ) -> Result<Option<AccessGrant>, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        let link =
            query("SELECT mailbox, address FROM access_links WHERE token_hash = $1 AND site = $2 AND expires_at > $3");
        let link = link.bind(&token_hash[..]).bind(text(site.as_str())).bind(Time(now));
        let Some(row) = link.fetch_optional(&mut *read).await.map_err(store_error)? else { return Ok(None) };
        let tickets = tickets_of_link(&mut read, site, &row, limit).await?;
        Ok(Some(AccessGrant { address: row.value("address")?, tickets }))
    }

    async fn open_access_link(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        grant: Option<(&SessionHash, &[TicketId])>,
    ) -> Result<bool, StoreError> {
        retried(|| self.try_open_access_link(site, token_hash, grant)).await
    }

    async fn forget_grants(&self, session: &SessionHash) -> Result<(), StoreError> {
        let forget = || async {
            let forget = query("DELETE FROM session_tickets WHERE session = $1").bind(&session.as_bytes()[..]);
            forget.execute(&self.pool).await.map_err(store_error)
        };
        retried(forget).await?;
        Ok(())
    }
}

impl PostgresStore {
    async fn try_request_access_link(&self, new: &NewAccessLink) -> Result<(), StoreError> {
        let id = new_token()?;
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let full_queue =
            query("SELECT 1 AS one FROM access_links WHERE site = $1 AND due_at IS NOT NULL LIMIT 1 OFFSET $2")
                .bind(text(new.site.as_str()))
                .bind(i64::from(new.queue_max.saturating_sub(1)));
        if full_queue.fetch_optional(&mut *write).await.map_err(store_error)?.is_some() {
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
        let mut write = self.begin().await?;
        // Before the request, as whoever erases it does. Locked, so that it is not erased before its mail is counted.
        let present = query("SELECT id FROM tickets WHERE id = ANY($1) LIMIT 1 FOR KEY SHARE").bind(ids(tickets));
        let present = present.fetch_optional(&mut *write).await.map_err(store_error)?;
        let ticket: Option<TicketId> = present.map(|row| row.id("id")).transpose()?;
        let now = self.clock.now(&mut write).await?;
        let claim = query(CLAIM)
            .bind(text(id))
            .bind(Time(now))
            .bind(token.as_str())
            .bind(Time(now + lease))
            .bind(&terms.token_hash[..])
            .bind(Time(now + terms.life));
        let Some(row) = claim.fetch_optional(&mut *write).await.map_err(store_error)? else {
            return Ok(ClaimOutcome::Taken);
        };
        let link = match due_access_link(&mut write, &row, (site, &token), ticket.as_ref(), terms, now).await {
            Ok(link) => link,
            Err(error) if error.concerns_row() => {
                tracing::error!(site = site.as_str(), %error, "request for a link unreadable, dropped");
                None
            }
            Err(error) => return Err(error),
        };
        if link.is_none() {
            query(DELETE).bind(text(id)).execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(link.map_or(ClaimOutcome::Dropped, ClaimOutcome::Claimed))
    }

    async fn try_open_access_link(
        &self,
        site: &SiteKey,
        token_hash: &[u8; 32],
        grant: Option<(&SessionHash, &[TicketId])>,
    ) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let consume = query_scalar(
            "DELETE FROM access_links WHERE token_hash = $1 AND site = $2 AND expires_at > $3 RETURNING mailbox",
        );
        let consume = consume.bind(&token_hash[..]).bind(text(site.as_str())).bind(Time(now));
        let mailbox: Option<String> = consume.fetch_optional(&mut *write).await.map_err(store_error)?;
        let Some(mailbox) = mailbox else { return Ok(false) };
        query("DELETE FROM access_links WHERE site = $1 AND mailbox = $2 AND token_hash IS NOT NULL")
            .bind(text(site.as_str()))
            .bind(text(&mailbox))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        if let Some((session, tickets)) = grant {
            // Locked, so that none is erased meanwhile.
            let grant = query(
                "INSERT INTO session_tickets (session, ticket, opened_at)
                SELECT $1, id, $2 FROM tickets WHERE id = ANY($3) ORDER BY id FOR KEY SHARE
                ON CONFLICT (session, ticket) DO UPDATE SET opened_at = excluded.opened_at",
            );
            let grant = grant.bind(&session.as_bytes()[..]).bind(Time(now)).bind(ids(tickets));
            grant.execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)?;
        Ok(true)
    }
}

/// What is claimed; none if none of the tickets is there any more, if a limit of mails is reached, or if nobody waits for it.
async fn due_access_link(
    write: &mut PgConnection,
    row: &PgRow,
    (site, claim): (&SiteKey, &ClaimToken),
    ticket: Option<&TicketId>,
    terms: &LinkTerms,
    now: Timestamp,
) -> Result<Option<DueAccessLink>, StoreError> {
    let (id, attempts, since): (String, u32, _) =
        (row.value("id")?, row.number("attempts")?, row.time("requested_at")?);
    if is_given_up(since, now) {
        return Ok(None);
    }
    let Some(ticket) = ticket else { return Ok(None) };
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

/// The tickets of anonymous sessions of a site with exactly the address of a link: first those whose sender has confirmed it, then newest first.
async fn tickets_of_link(
    read: &mut PgConnection,
    site: &SiteKey,
    link: &PgRow,
    limit: u32,
) -> Result<Vec<TicketId>, StoreError> {
    let (mailbox, address): (String, String) = (link.value("mailbox")?, link.value("address")?);
    // Two ranges, because each index has one of them.
    let candidates = query(
        "WITH claimed AS MATERIALIZED (
            SELECT ticket, address, FALSE AS is_confirmed FROM confirmations WHERE mailbox = $1 AND confirmed_at IS NULL
            UNION ALL
            SELECT ticket, address, TRUE FROM confirmations WHERE mailbox = $1 AND confirmed_at IS NOT NULL)
        SELECT tickets.id, claimed.address FROM claimed JOIN tickets ON tickets.id = claimed.ticket
        WHERE site = $2 AND person IS NULL AND session IS NOT NULL
        ORDER BY claimed.is_confirmed DESC, tickets.number DESC LIMIT $3",
    );
    let candidates = candidates.bind(mailbox).bind(text(site.as_str())).bind(i64::from(CANDIDATES_MAX));
    let rows = candidates.fetch_all(read).await.map_err(store_error)?;
    let candidates = read_rows(&rows, "ticket", |row| Ok((row.id("id")?, row.value("address")?)))?;
    Ok(matching_tickets(candidates, &address, limit))
}

/// Ids as a parameter.
fn ids(tickets: &[TicketId]) -> Vec<String> {
    tickets.iter().map(|ticket| text(ticket.as_str()).into_owned()).collect()
}
