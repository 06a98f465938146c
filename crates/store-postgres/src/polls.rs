//! The polls port in PostgreSQL.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{query, query_scalar};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::external_tickets::external_ticket_of;
use super::queue::ticket_of_id;
use super::retry::retried;
use deskbell_core::ids::{DestinationName, ExternalId, QueueName, TicketId};
use deskbell_core::ports::{ChangedTicket, DuePoll, Polls, StoreError, SyncState};
use deskbell_core::rules::polling;
use deskbell_core::timestamp::Timestamp;

/// Claims due polls that nobody has locked, in an order.
macro_rules! claim {
    ($order:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                SELECT ticket FROM external_tickets WHERE site = $1 AND destination = $2 AND poll_at <= $3
                ORDER BY ",
            $order,
            " LIMIT $5 FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE external_tickets SET poll_at = $4 FROM due
            WHERE external_tickets.ticket = due.ticket AND external_tickets.destination = $2
            RETURNING external_tickets.ticket, coalesce(merged_into, external_id) AS external_id, requester, merged_after"
        )
    };
}

#[async_trait]
impl Polls for PostgresStore {
    async fn claim_polls(&self, queue: &QueueName, lease: Duration, limit: u32) -> Result<Vec<DuePoll>, StoreError> {
        retried(|| self.try_claim_polls(queue, lease, limit)).await
    }

    async fn next_poll(&self, QueueName { site, destination }: &QueueName) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(poll_at) FROM external_tickets WHERE site = $1 AND destination = $2 AND poll_at IS NOT NULL",
        );
        let mut read = self.acquire().await?;
        let next = next.bind(text(site.as_str())).bind(text(destination.as_str()));
        let next: Option<Time> = next.fetch_one(&mut *read).await.map_err(store_error)?;
        let Some(Time(next)) = next else { return Ok(None) };
        Ok(Some(next.since(self.clock.now(&mut read).await?)))
    }

    async fn record_poll(
        &self,
        poll: &DuePoll,
        destination: &DestinationName,
        poll_in: Option<Duration>,
        seen: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        retried(|| self.try_record_poll(poll, destination, poll_in, seen)).await
    }

    async fn mark_changed(&self, queue: &QueueName, changed: &[ChangedTicket]) -> Result<u64, StoreError> {
        retried(|| self.try_mark_changed(queue, changed)).await
    }

    async fn sync_state(&self, QueueName { site, destination }: &QueueName) -> Result<SyncState, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        let row = query(
            "SELECT until, listed_at, cursor, exported_at, is_behind FROM sync_states WHERE site = $1 AND destination = $2",
        );
        let row = row.bind(text(site.as_str())).bind(text(destination.as_str()));
        let Some(row) = row.fetch_optional(&mut *read).await.map_err(store_error)? else {
            return Ok(SyncState::default());
        };
        // A time that is ahead of the clock is none.
        let since = |column: &str| -> Result<Option<Duration>, StoreError> {
            Ok(row.optional_time(column)?.filter(|at| *at <= now).map(|at| now.since(at)))
        };
        Ok(SyncState {
            until: row.optional_time("until")?,
            since_list: since("listed_at")?,
            cursor: row.value("cursor")?,
            since_export: since("exported_at")?,
            is_behind: row.value("is_behind")?,
        })
    }

    async fn mark_listed(&self, QueueName { site, destination }: &QueueName) -> Result<(), StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        let set = query(
            "INSERT INTO sync_states (site, destination, listed_at) VALUES ($1, $2, $3)
            ON CONFLICT (site, destination) DO UPDATE SET listed_at = $3",
        );
        let set = set.bind(text(site.as_str())).bind(text(destination.as_str())).bind(Time(now));
        set.execute(&mut *write).await.map_err(store_error)?;
        Ok(())
    }

    async fn set_synced(
        &self,
        QueueName { site, destination }: &QueueName,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let set = query(
            "INSERT INTO sync_states (site, destination, until) VALUES ($1, $2, $3)
            ON CONFLICT (site, destination) DO UPDATE SET until = $3",
        );
        let set = set.bind(text(site.as_str())).bind(text(destination.as_str())).bind(Time(until));
        set.execute(&self.pool).await.map_err(store_error)?;
        Ok(())
    }

    async fn mark_sync_behind(&self, QueueName { site, destination }: &QueueName) -> Result<(), StoreError> {
        let set = query(
            "INSERT INTO sync_states (site, destination, is_behind) VALUES ($1, $2, true)
            ON CONFLICT (site, destination) DO UPDATE SET is_behind = true",
        );
        let set = set.bind(text(site.as_str())).bind(text(destination.as_str()));
        set.execute(&self.pool).await.map_err(store_error)?;
        Ok(())
    }

    async fn set_exported(
        &self,
        QueueName { site, destination }: &QueueName,
        cursor: Option<&str>,
        is_behind: bool,
    ) -> Result<(), StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        let set = query(
            "INSERT INTO sync_states (site, destination, cursor, is_behind, exported_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (site, destination) DO UPDATE SET cursor = $3, is_behind = $4, exported_at = $5",
        );
        let set = set.bind(text(site.as_str())).bind(text(destination.as_str())).bind(cursor.map(text));
        set.bind(is_behind).bind(Time(now)).execute(&mut *write).await.map_err(store_error)?;
        Ok(())
    }

    async fn record_notification(
        &self,
        queue: &QueueName,
        invocation: &str,
        changed: (&ExternalId, Option<Timestamp>),
        memory: Duration,
    ) -> Result<bool, StoreError> {
        retried(|| self.try_record_notification(queue, invocation, changed, memory)).await
    }
}

impl PostgresStore {
    async fn try_claim_polls(
        &self,
        QueueName { site, destination }: &QueueName,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<DuePoll>, StoreError> {
        let oldest = polling::longest_waiting(limit);
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let claimed_until = now + lease;
        let mut due = Vec::new();
        // One statement for each, so that both use the index.
        for (claim, count) in [(claim!("poll_at DESC"), limit - oldest), (claim!("poll_at"), oldest)] {
            let claimed = query(claim)
                .bind(text(site.as_str()))
                .bind(text(destination.as_str()))
                .bind(Time(now))
                .bind(Time(claimed_until))
                .bind(i64::from(count));
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
                        let stop =
                            query("UPDATE external_tickets SET poll_at = NULL WHERE ticket = $1 AND destination = $2");
                        let stop = stop.bind(text(id.as_str())).bind(text(destination.as_str()));
                        stop.execute(&mut *write).await.map_err(store_error)?;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        write.commit().await.map_err(commit_error)?;
        Ok(due)
    }

    async fn try_record_poll(
        &self,
        poll: &DuePoll,
        destination: &DestinationName,
        poll_in: Option<Duration>,
        seen: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        // `greatest` ignores nulls.
        query(
            "UPDATE external_tickets SET poll_at = CASE WHEN poll_at = $3 THEN $4 ELSE poll_at END,
                seen_at = greatest(seen_at, $5)
            WHERE ticket = $1 AND destination = $2",
        )
        .bind(text(poll.ticket.id.as_str()))
        .bind(text(destination.as_str()))
        .bind(Time(poll.claimed_until))
        .bind(poll_in.map(|poll_in| Time(now + poll_in)))
        .bind(seen.map(Time))
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn try_mark_changed(
        &self,
        QueueName { site, destination }: &QueueName,
        changed: &[ChangedTicket],
    ) -> Result<u64, StoreError> {
        let ids: Vec<_> = changed.iter().map(|ticket| text(ticket.external_id.as_str())).collect();
        let times: Vec<Time> = changed.iter().map(|ticket| Time(ticket.updated_at)).collect();
        // Most changed tickets there are not from here. Nothing is locked to find those that are.
        let unknown = query(
            "WITH changed AS (SELECT * FROM unnest($3::text[], $4::timestamptz[]) AS changed (external_id, changed_at))
            SELECT ticket, changed_at FROM changed JOIN external_tickets USING (external_id)
            WHERE site = $1 AND destination = $2 AND (seen_at IS NULL OR seen_at < changed_at)
            UNION
            SELECT ticket, changed_at FROM changed JOIN external_tickets ON merged_into = changed.external_id
            WHERE site = $1 AND destination = $2 AND (seen_at IS NULL OR seen_at < changed_at)",
        );
        let unknown = unknown.bind(text(site.as_str())).bind(text(destination.as_str())).bind(&ids).bind(&times);
        let mut changed_at: BTreeMap<String, Timestamp> = BTreeMap::new();
        for row in unknown.fetch_all(&self.pool).await.map_err(store_error)? {
            let (ticket, at): (String, Timestamp) = (row.value("ticket")?, row.time("changed_at")?);
            let latest = changed_at.entry(ticket).or_insert(at);
            *latest = at.max(*latest);
        }
        if changed_at.is_empty() {
            return Ok(0);
        }
        let (tickets, times): (Vec<String>, Vec<Time>) =
            changed_at.into_iter().map(|(ticket, at)| (ticket, Time(at))).unzip();
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        lock_external_tickets(&mut write, destination, &tickets).await?;
        // It is due since it changed there, so that a change that is listed twice keeps its position.
        let schedule = query(
            "UPDATE external_tickets SET poll_at = least($2, changed_at)
            FROM unnest($3::text[], $4::timestamptz[]) AS changed (id, changed_at)
            WHERE ticket = changed.id AND destination = $1",
        );
        let schedule = schedule.bind(text(destination.as_str())).bind(Time(now)).bind(&tickets).bind(&times);
        let scheduled = schedule.execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        Ok(scheduled.rows_affected())
    }

    async fn try_record_notification(
        &self,
        QueueName { site, destination }: &QueueName,
        invocation: &str,
        (external_id, changed_at): (&ExternalId, Option<Timestamp>),
        memory: Duration,
    ) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        // Some of them, because each delivery deletes more than it adds. Those that another gateway is deleting are left to it, except for this one.
        let forget = query(
            "WITH old AS (SELECT id FROM notifications WHERE site = $1 AND destination = $2 AND at < $3 AND id <> $4
                LIMIT 100 FOR UPDATE SKIP LOCKED)
            DELETE FROM notifications USING old
            WHERE notifications.site = $1 AND notifications.destination = $2 AND notifications.id = old.id",
        );
        let forget = forget.bind(text(site.as_str())).bind(text(destination.as_str())).bind(Time(now - memory));
        forget.bind(text(invocation)).execute(&mut *write).await.map_err(store_error)?;
        let record = query(
            "INSERT INTO notifications (site, destination, id, at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (site, destination, id) DO UPDATE SET at = $4 WHERE notifications.at < $5",
        );
        let record = record.bind(text(site.as_str())).bind(text(destination.as_str())).bind(text(invocation));
        let recorded =
            record.bind(Time(now)).bind(Time(now - memory)).execute(&mut *write).await.map_err(store_error)?;
        if recorded.rows_affected() == 0 {
            return Ok(false);
        }
        let due = query(
            "SELECT ticket FROM external_tickets WHERE site = $1 AND destination = $2 AND external_id = $3
                AND ($4::timestamptz IS NULL OR seen_at IS NULL OR seen_at < $4)
            UNION
            SELECT ticket FROM external_tickets WHERE site = $1 AND destination = $2 AND merged_into = $3
                AND ($4::timestamptz IS NULL OR seen_at IS NULL OR seen_at < $4)",
        );
        let due = due.bind(text(site.as_str())).bind(text(destination.as_str())).bind(text(external_id.as_str()));
        let due = due.bind(changed_at.map(Time)).fetch_all(&mut *write).await.map_err(store_error)?;
        let tickets: Vec<String> = due.iter().map(|row: &PgRow| row.value("ticket")).collect::<Result<_, _>>()?;
        lock_external_tickets(&mut write, destination, &tickets).await?;
        let schedule = query("UPDATE external_tickets SET poll_at = $1 WHERE ticket = ANY($2) AND destination = $3");
        let schedule = schedule.bind(Time(now)).bind(&tickets).bind(text(destination.as_str()));
        schedule.execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        Ok(true)
    }
}

/// Locks the external tickets of tickets at a destination until the transaction ends, in the order in which everybody locks them.
async fn lock_external_tickets(
    write: &mut PgConnection,
    destination: &DestinationName,
    tickets: &[String],
) -> Result<(), StoreError> {
    let lock = query(
        "SELECT 1 FROM external_tickets WHERE ticket = ANY($1) AND destination = $2 ORDER BY ticket FOR NO KEY UPDATE",
    );
    lock.bind(tickets).bind(text(destination.as_str())).fetch_all(write).await.map_err(store_error)?;
    Ok(())
}
