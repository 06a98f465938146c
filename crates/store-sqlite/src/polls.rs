//! The polls port in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use super::external_tickets::external_ticket_of;
use super::queue::ticket_of_id;
use super::rows::json;
use deskbell_core::ids::{DestinationName, ExternalId, QueueName, TicketId};
use deskbell_core::ports::{ChangedTicket, DuePoll, Polls, StoreError, SyncState};
use deskbell_core::rules::polling;
use deskbell_core::timestamp::Timestamp;

#[async_trait]
impl Polls for SqliteStore {
    async fn claim_polls(
        &self,
        QueueName { site, destination }: &QueueName,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<DuePoll>, StoreError> {
        // Usually nothing is due. A reader finds that out without blocking writers.
        let any =
            query_scalar("SELECT EXISTS (SELECT 1 FROM places WHERE site = ? AND destination = ? AND look_at <= ?)");
        if !any
            .bind(site.as_str())
            .bind(destination.as_str())
            .bind(self.now_text())
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)?
        {
            return Ok(Vec::new());
        }
        let oldest = polling::longest_waiting(limit);
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let claimed_until = now + lease;
        let (now, until) = (now.to_string(), claimed_until.to_string());
        let mut due = Vec::new();
        // One statement for each, so that both use the index.
        let newest_first =
            "UPDATE places SET look_at = ?4 WHERE (ticket, destination) IN (SELECT ticket, destination FROM places
                WHERE site = ?1 AND destination = ?2 AND look_at <= ?3 ORDER BY look_at DESC LIMIT ?5)
            RETURNING ticket, coalesce(merged_into, remote) AS remote, requester, merged_after";
        let oldest_first =
            "UPDATE places SET look_at = ?4 WHERE (ticket, destination) IN (SELECT ticket, destination FROM places
                WHERE site = ?1 AND destination = ?2 AND look_at <= ?3 ORDER BY look_at LIMIT ?5)
            RETURNING ticket, coalesce(merged_into, remote) AS remote, requester, merged_after";
        for (take, count) in [(newest_first, limit - oldest), (oldest_first, oldest)] {
            let claimed =
                query(take).bind(site.as_str()).bind(destination.as_str()).bind(&now).bind(&until).bind(count);
            for row in claimed.fetch_all(&mut *write).await.map_err(store_error)? {
                let id: TicketId = row.id("ticket")?;
                match ticket_of_id(&mut write, &id).await {
                    Ok(ticket) => due.push(DuePoll { ticket, external: external_ticket_of(&row)?, claimed_until }),
                    Err(error) if error.concerns_row() => {
                        tracing::error!(
                            site = site.as_str(),
                            destination = destination.as_str(),
                            ticket = id.as_str(),
                            %error,
                            "ticket unreadable, not synced"
                        );
                        // It is polled again when it changes there.
                        query("UPDATE places SET look_at = NULL WHERE ticket = ? AND destination = ?")
                            .bind(id.as_str())
                            .bind(destination.as_str())
                            .execute(&mut *write)
                            .await
                            .map_err(store_error)?;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        write.commit().await.map_err(store_error)?;
        Ok(due)
    }

    async fn next_poll(&self, QueueName { site, destination }: &QueueName) -> Result<Option<Duration>, StoreError> {
        let next =
            query_scalar("SELECT min(look_at) FROM places WHERE site = ? AND destination = ? AND look_at IS NOT NULL");
        let next: Option<String> =
            next.bind(site.as_str()).bind(destination.as_str()).fetch_one(&self.readers).await.map_err(store_error)?;
        Ok(self.time_until(next))
    }

    async fn record_poll(
        &self,
        poll: &DuePoll,
        destination: &DestinationName,
        poll_in: Option<Duration>,
        seen: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let poll_in = poll_in.map(|poll_in| (self.now() + poll_in).to_string());
        query(
            "UPDATE places SET look_at = CASE WHEN look_at = ?3 THEN ?4 ELSE look_at END,
                seen_at = CASE WHEN coalesce(seen_at, '') < ?5 THEN ?5 ELSE seen_at END
            WHERE ticket = ?1 AND destination = ?2",
        )
        .bind(poll.ticket.id.as_str())
        .bind(destination.as_str())
        .bind(poll.claimed_until.to_string())
        .bind(poll_in)
        .bind(seen.map(|seen| seen.to_string()))
        .execute(&self.writer)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn mark_changed(
        &self,
        QueueName { site, destination }: &QueueName,
        changed: &[ChangedTicket],
    ) -> Result<u64, StoreError> {
        let changed: Vec<(&str, Timestamp)> =
            changed.iter().map(|ticket| (ticket.external_id.as_str(), ticket.updated_at)).collect();
        let changed = json(&changed)?;
        // Most changed tickets there are not from here. A reader finds those that are.
        let unknown = query(
            "SELECT ticket, json_extract(changed.value, '$[1]') AS changed_at FROM json_each(?3) AS changed CROSS JOIN places
                ON site = ?1 AND destination = ?2 AND remote = json_extract(changed.value, '$[0]')
            WHERE seen_at IS NULL OR seen_at < json_extract(changed.value, '$[1]')
            UNION
            SELECT ticket, json_extract(changed.value, '$[1]') FROM json_each(?3) AS changed CROSS JOIN places
                ON site = ?1 AND destination = ?2 AND merged_into = json_extract(changed.value, '$[0]')
            WHERE seen_at IS NULL OR seen_at < json_extract(changed.value, '$[1]')",
        );
        let unknown = unknown
            .bind(site.as_str())
            .bind(destination.as_str())
            .bind(&changed)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        if unknown.is_empty() {
            return Ok(0);
        }
        let unknown: Vec<(String, String)> = unknown
            .iter()
            .map(|row| Ok((row.value("ticket")?, row.value("changed_at")?)))
            .collect::<Result<_, StoreError>>()?;
        // It is due since it changed there, so that a change that is listed twice keeps its position.
        let statement = query(
            "UPDATE places SET look_at = min(?1, json_extract(changed.value, '$[1]')) FROM json_each(?3) AS changed
            WHERE ticket = json_extract(changed.value, '$[0]') AND destination = ?2",
        );
        let statement = statement.bind(self.now_text()).bind(destination.as_str()).bind(json(&unknown)?);
        Ok(statement.execute(&self.writer).await.map_err(store_error)?.rows_affected())
    }

    async fn sync_state(&self, QueueName { site, destination }: &QueueName) -> Result<SyncState, StoreError> {
        let row =
            query("SELECT until, listed_at, cursor, exported_at, behind FROM polls WHERE site = ? AND destination = ?")
                .bind(site.as_str())
                .bind(destination.as_str());
        let Some(row) = row.fetch_optional(&self.readers).await.map_err(store_error)? else {
            return Ok(SyncState::default());
        };
        let until: String = row.value("until")?;
        let until = Some(until).filter(|until| !until.is_empty());
        let now = self.now();
        // A time that cannot be read, or is ahead of the clock, is none.
        let since = |column: &str| -> Result<Option<Duration>, StoreError> {
            let time: Option<Timestamp> = row.value::<Option<String>>(column)?.and_then(|time| time.parse().ok());
            Ok(time.filter(|time| *time <= now).map(|time| now.since(time)))
        };
        Ok(SyncState {
            until: until.and_then(|until| until.parse().ok()),
            since_list: since("listed_at")?,
            cursor: row.value("cursor")?,
            since_export: since("exported_at")?,
            is_behind: row.value("behind")?,
        })
    }

    async fn mark_listed(&self, queue: &QueueName) -> Result<(), StoreError> {
        let set = "INSERT INTO polls (site, destination, until, listed_at) VALUES (?1, ?2, '', ?3)
            ON CONFLICT (site, destination) DO UPDATE SET listed_at = excluded.listed_at";
        let set = query(set).bind(queue.site.as_str()).bind(queue.destination.as_str()).bind(self.now_text());
        set.execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }

    async fn set_synced(&self, queue: &QueueName, until: Timestamp) -> Result<(), StoreError> {
        let set = "INSERT INTO polls (site, destination, until) VALUES (?1, ?2, ?3)
            ON CONFLICT (site, destination) DO UPDATE SET until = excluded.until";
        let set = query(set).bind(queue.site.as_str()).bind(queue.destination.as_str()).bind(until.to_string());
        set.execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }

    async fn mark_sync_behind(&self, queue: &QueueName) -> Result<(), StoreError> {
        let set = "INSERT INTO polls (site, destination, until, behind) VALUES (?1, ?2, '', 1)
            ON CONFLICT (site, destination) DO UPDATE SET behind = 1";
        query(set)
            .bind(queue.site.as_str())
            .bind(queue.destination.as_str())
            .execute(&self.writer)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn set_exported(&self, queue: &QueueName, cursor: Option<&str>, is_behind: bool) -> Result<(), StoreError> {
        let set =
            "INSERT INTO polls (site, destination, until, cursor, behind, exported_at) VALUES (?1, ?2, '', ?3, ?4, ?5)
            ON CONFLICT (site, destination) DO UPDATE SET cursor = excluded.cursor, behind = excluded.behind,
                exported_at = excluded.exported_at";
        let set = query(set)
            .bind(queue.site.as_str())
            .bind(queue.destination.as_str())
            .bind(cursor)
            .bind(is_behind)
            .bind(self.now_text());
        set.execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }

    async fn record_notification(
        &self,
        queue: &QueueName,
        invocation: &str,
        (external_id, changed_at): (&ExternalId, Option<Timestamp>),
        memory: Duration,
    ) -> Result<bool, StoreError> {
        let QueueName { site, destination } = queue;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now();
        let now_text = now.to_string();
        // Some of them, because each delivery deletes more than it adds.
        query(
            "DELETE FROM invocations WHERE (site, destination, id) IN
                (SELECT site, destination, id FROM invocations WHERE site = ? AND destination = ? AND at < ? LIMIT 100)",
        )
        .bind(site.as_str())
        .bind(destination.as_str())
        .bind((now - memory).to_string())
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        let new = query(
            "INSERT INTO invocations (site, destination, id, at) VALUES (?, ?, ?, ?)
            ON CONFLICT (site, destination, id) DO UPDATE SET at = excluded.at WHERE invocations.at < ?",
        )
        .bind(site.as_str())
        .bind(destination.as_str())
        .bind(invocation)
        .bind(&now_text)
        .bind((now - memory).to_string())
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        let new = new.rows_affected() > 0;
        if new {
            let changed_at = changed_at.map(|changed_at| changed_at.to_string());
            look_at(&mut write, queue, (external_id.as_str(), changed_at.as_deref()), &now_text).await?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(new)
    }
}

async fn look_at(
    write: &mut SqliteConnection,
    QueueName { site, destination }: &QueueName,
    (external_id, changed_at): (&str, Option<&str>),
    now: &str,
) -> Result<(), StoreError> {
    // One statement for each, so that both use an index.
    let by_name = "UPDATE places SET look_at = ?1 WHERE site = ?2 AND destination = ?3 AND remote = ?4
            AND (?5 IS NULL OR seen_at IS NULL OR seen_at < ?5)";
    let merged = "UPDATE places SET look_at = ?1 WHERE site = ?2 AND destination = ?3 AND merged_into = ?4
            AND (?5 IS NULL OR seen_at IS NULL OR seen_at < ?5)";
    for statement in [by_name, merged] {
        let statement = query(statement)
            .bind(now)
            .bind(site.as_str())
            .bind(destination.as_str())
            .bind(external_id)
            .bind(changed_at);
        statement.execute(&mut *write).await.map_err(store_error)?;
    }
    Ok(())
}
