//! The queue port in PostgreSQL.
//!
//! Claims lock rows with SKIP LOCKED, so nobody waits for another's claim. What changes the state of deliveries locks their tickets first, because
//! the head of a queue moves with it (migration 12).

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query, query_scalar};

use super::PostgresStore;
use super::agents::site_list;
use super::claims::new_token;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::external_tickets::{EXTERNAL_TICKET, external_ticket_of};
use super::retry::retried;
use super::rows::{delivery_of, read_rows};
use super::tickets::{lock_ticket, lock_tickets, read_ticket};
use deskbell_core::ids::{DeliveryId, QueueName, Reference, TicketId};
use deskbell_core::ports::{
    ClaimToken, DeadLetters, Delivery, DeliveryFilter, DeliveryOutcome, DueDelivery, NewDelivery, QUEUE_COUNT_MAX,
    Queue, QueueStatus, SiteScope, StoreError, StoredTicket,
};
use deskbell_core::rules::{delivery_plan, polling};
use deskbell_core::timestamp::Timestamp;

/// The columns of a delivery.
macro_rules! delivery {
    () => {
        "deliveries.id, deliveries.site, deliveries.destination, deliveries.ticket, deliveries.kind, deliveries.number,
        deliveries.state, deliveries.created_at, deliveries.due_at, deliveries.first_attempt_at, deliveries.settled_at,
        deliveries.attempts, deliveries.failures, deliveries.external_id, deliveries.reason"
    };
}
pub(super) use delivery;

/// Claims the due heads of a queue that nobody has locked.
macro_rules! claim {
    () => {
        concat!(
            "WITH due AS MATERIALIZED (
                SELECT id FROM deliveries WHERE site = $1 AND destination = $2 AND is_head AND state = 'waiting' AND due_at <= $3
                    AND (claimed_until IS NULL OR claimed_until <= $3) AND id <> ALL($4)
                ORDER BY due_at, id LIMIT $5 FOR UPDATE SKIP LOCKED)
            UPDATE deliveries SET attempts = attempts + 1, first_attempt_at = coalesce(first_attempt_at, $3), claim = $6,
                claimed_until = $7
            FROM due WHERE deliveries.id = due.id RETURNING ",
            $crate::queue::delivery!()
        )
    };
}
#[cfg(test)]
pub(super) use claim;

/// The queues with pending deliveries or dead letters. It skips from one to the next in an index that contains only undelivered ones.
const QUEUES: &str = "
    WITH RECURSIVE queues (site, destination) AS (
        (SELECT site, destination FROM deliveries WHERE state <> 'delivered' ORDER BY site, destination LIMIT 1)
        UNION ALL
        SELECT next.site, next.destination FROM queues CROSS JOIN LATERAL (
            SELECT site, destination FROM deliveries WHERE state <> 'delivered'
                AND (deliveries.site, deliveries.destination) > (queues.site, queues.destination)
            ORDER BY site, destination LIMIT 1) AS next)
    SELECT site, destination,
        (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE state <> 'delivered' AND deliveries.site = queues.site
            AND deliveries.destination = queues.destination AND state = 'waiting' LIMIT $1) AS counted) AS waiting,
        (SELECT min(created_at) FROM deliveries WHERE state <> 'delivered' AND deliveries.site = queues.site
            AND deliveries.destination = queues.destination AND state = 'waiting') AS since,
        (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE state <> 'delivered' AND deliveries.site = queues.site
            AND deliveries.destination = queues.destination AND state = 'given_up' LIMIT $1) AS counted) AS dead_letters
    FROM queues ORDER BY site, destination";

#[async_trait]
impl Queue for PostgresStore {
    async fn claim_deliveries(
        &self,
        queue: &QueueName,
        lease: Duration,
        claimed_ids: &[DeliveryId],
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        retried(|| self.try_claim(queue, lease, claimed_ids, limit)).await
    }

    async fn next_delivery(
        &self,
        QueueName { site, destination }: &QueueName,
        claimed_ids: &[DeliveryId],
    ) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                (SELECT due_at AS at FROM deliveries WHERE site = $1 AND destination = $2 AND is_head
                    AND state = 'waiting' AND claimed_until IS NULL AND id <> ALL($3) ORDER BY due_at LIMIT 1)
                UNION ALL
                (SELECT claimed_until AS at FROM deliveries WHERE site = $1 AND destination = $2 AND is_head
                    AND state = 'waiting' AND claimed_until IS NOT NULL AND id <> ALL($3) ORDER BY claimed_until LIMIT 1)) AS times",
        );
        let mut read = self.acquire().await?;
        let next = next.bind(text(site.as_str())).bind(text(destination.as_str())).bind(numbers(claimed_ids));
        let next: Option<Time> = next.fetch_one(&mut *read).await.map_err(store_error)?;
        let Some(Time(next)) = next else { return Ok(None) };
        Ok(Some(next.since(self.clock.now(&mut read).await?)))
    }

    async fn record_attempts(
        &self,
        attempts: &[(&DueDelivery, &DeliveryOutcome)],
    ) -> Result<Vec<DeliveryId>, StoreError> {
        retried(|| self.try_record(attempts)).await
    }

    async fn extend_claims(
        &self,
        claims: &[(DeliveryId, &ClaimToken)],
        lease: Duration,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        retried(|| self.try_extend(claims, lease)).await
    }

    async fn retry_at_once(&self, ids: &[DeliveryId]) -> Result<(), StoreError> {
        let retry = || async {
            query(
                "WITH retried AS (SELECT id FROM deliveries WHERE id = ANY($1) AND state = 'waiting' ORDER BY id FOR UPDATE)
                UPDATE deliveries SET due_at = created_at FROM retried WHERE deliveries.id = retried.id",
            )
            .bind(numbers(ids))
            .execute(&self.pool)
            .await
            .map_err(store_error)
        };
        retried(retry).await?;
        Ok(())
    }

    async fn deliveries(&self, ticket: &TicketId) -> Result<Vec<Delivery>, StoreError> {
        let rows = query(concat!("SELECT ", delivery!(), " FROM deliveries WHERE ticket = $1 ORDER BY id"));
        let rows = rows.bind(text(ticket.as_str())).fetch_all(&self.pool).await.map_err(store_error)?;
        read_rows(&rows, "delivery", delivery_of)
    }

    async fn dead_letters(&self, sites: &SiteScope, limit: u32) -> Result<Vec<(Delivery, Reference)>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            delivery!(),
            ", tickets.reference FROM deliveries JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.state = 'given_up' AND ($1::text[] IS NULL OR deliveries.site = ANY($1))
            ORDER BY deliveries.id LIMIT $2"
        ));
        let rows = rows.bind(site_list(sites)).bind(i64::from(limit));
        let rows = rows.fetch_all(&self.pool).await.map_err(store_error)?;
        read_rows(&rows, "delivery", |row| Ok((delivery_of(row)?, row.id("reference")?)))
    }

    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<(Delivery, Reference)>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            delivery!(),
            ", tickets.reference FROM deliveries JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.id = $1 AND deliveries.state = 'given_up'"
        ));
        let row = row.bind(id.as_number()).fetch_optional(&self.pool).await.map_err(store_error)?;
        row.map(|row| Ok((delivery_of(&row)?, row.id("reference")?))).transpose()
    }

    async fn queues(&self) -> Result<Vec<QueueStatus>, StoreError> {
        let rows = query(QUEUES).bind(i64::from(QUEUE_COUNT_MAX)).fetch_all(&self.pool).await.map_err(store_error)?;
        let queue = |row: &PgRow| {
            Ok(QueueStatus {
                name: QueueName { site: row.id("site")?, destination: row.id("destination")? },
                waiting: row.number("waiting")?,
                since: row.optional_time("since")?,
                dead_letters: row.number("dead_letters")?,
            })
        };
        rows.iter().map(queue).collect()
    }

    async fn undelivered(
        &self,
        DeliveryFilter { state, site, destination }: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<(Delivery, Reference)>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            delivery!(),
            ", tickets.reference FROM deliveries JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.state <> 'delivered' AND ($1::text IS NULL OR deliveries.state = $1)
                AND ($2::text IS NULL OR deliveries.site = $2) AND ($3::text IS NULL OR deliveries.destination = $3)
                AND deliveries.id > $4
            ORDER BY deliveries.id LIMIT $5"
        ));
        let rows = rows
            .bind(state.map(|state| state.word()))
            .bind(site.as_ref().map(|site| text(site.as_str())))
            .bind(destination.as_ref().map(|destination| text(destination.as_str())))
            .bind(after.map_or(0, DeliveryId::as_number))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(store_error)?;
        read_rows(&rows, "delivery", |row| Ok((delivery_of(row)?, row.id("reference")?)))
    }

    async fn send_again(&self, letters: &DeadLetters, sites: &SiteScope) -> Result<u64, StoreError> {
        retried(|| self.try_send_again(letters, sites)).await
    }

    async fn resend_count(&self) -> Result<i64, StoreError> {
        query_scalar("SELECT count FROM resends").fetch_one(&self.pool).await.map_err(store_error)
    }

    async fn return_delivery(&self, id: DeliveryId, reason: &str) -> Result<bool, StoreError> {
        retried(|| self.try_return(id, reason)).await
    }
}

impl PostgresStore {
    async fn try_claim(
        &self,
        QueueName { site, destination }: &QueueName,
        lease: Duration,
        claimed_ids: &[DeliveryId],
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let token = new_token()?;
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let claimed = query(claim!()).bind(text(site.as_str())).bind(text(destination.as_str())).bind(Time(now));
        let claimed = claimed.bind(numbers(claimed_ids)).bind(i64::from(limit)).bind(token.as_str());
        let claimed = claimed.bind(Time(now + lease)).fetch_all(&mut *write).await.map_err(store_error)?;
        let mut due = Vec::new();
        for row in &claimed {
            match due_delivery(&mut write, row, &token).await {
                Ok(one) => due.push(one),
                Err(error) if error.concerns_row() => {
                    let id = DeliveryId::new(row.value("id")?);
                    tracing::error!(
                        site = site.as_str(),
                        destination = destination.as_str(),
                        delivery = id.as_number(),
                        %error,
                        "delivery unreadable, dead letter"
                    );
                    let reason = format!("its ticket cannot be read: {error}");
                    dead_letter(&mut write, id, &reason, now).await?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await.map_err(commit_error)?;
        due.sort_by_key(|due| (due.delivery.due_at, due.delivery.id));
        Ok(due)
    }

    async fn try_record(&self, attempts: &[(&DueDelivery, &DeliveryOutcome)]) -> Result<Vec<DeliveryId>, StoreError> {
        let mut attempts = attempts.to_vec();
        attempts.sort_by_key(|(due, _)| due.delivery.id);
        let mut write = self.begin().await?;
        lock_tickets(&mut write, attempts.iter().map(|(due, _)| &due.delivery.ticket)).await?;
        let (mut lost, now) = (Vec::new(), self.clock.now(&mut write).await?);
        for (due, outcome) in attempts {
            if !record_attempt(&mut write, due, outcome, now).await? {
                lost.push(due.delivery.id);
            }
        }
        write.commit().await.map_err(commit_error)?;
        Ok(lost)
    }

    async fn try_extend(
        &self,
        claims: &[(DeliveryId, &ClaimToken)],
        lease: Duration,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let mut claims = claims.to_vec();
        claims.sort_by_key(|(id, _)| *id);
        let mut write = self.begin().await?;
        let (mut lost, until) = (Vec::new(), self.clock.now(&mut write).await? + lease);
        for (id, token) in claims {
            let extend = query("UPDATE deliveries SET claimed_until = $1 WHERE id = $2 AND claim = $3");
            let extend = extend.bind(Time(until)).bind(id.as_number()).bind(text(token.as_str()));
            if extend.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
                lost.push(id);
            }
        }
        write.commit().await.map_err(commit_error)?;
        Ok(lost)
    }

    async fn try_send_again(&self, letters: &DeadLetters, sites: &SiteScope) -> Result<u64, StoreError> {
        let (number, destination) = match letters {
            DeadLetters::One(id) => (Some(id.as_number()), None),
            DeadLetters::To(destination) => (None, Some(text(destination.as_str()))),
            DeadLetters::All => (None, None),
        };
        let mut write = self.begin().await?;
        // The dead letters and what waits behind them, locked in the order of their ids.
        let locked = query(
            "WITH dead AS (
                SELECT id, ticket, destination FROM deliveries WHERE state = 'given_up' AND ($1::bigint IS NULL OR id = $1)
                    AND ($2::text[] IS NULL OR site = ANY($2)) AND ($3::text IS NULL OR destination = $3)),
            meant AS (
                SELECT id FROM dead
                UNION
                SELECT behind.id FROM dead JOIN deliveries AS behind
                    ON behind.ticket = dead.ticket AND behind.destination = dead.destination AND behind.id > dead.id
                WHERE behind.state <> 'delivered' AND behind.state = 'waiting')
            SELECT id, state FROM deliveries WHERE id IN (SELECT id FROM meant) AND state <> 'delivered'
            ORDER BY id FOR UPDATE",
        );
        let locked = locked.bind(number).bind(site_list(sites)).bind(destination);
        let locked = locked.fetch_all(&mut *write).await.map_err(store_error)?;
        let ids: Vec<i64> = locked.iter().map(|row| row.value("id")).collect::<Result<_, _>>()?;
        let states: Vec<&str> = locked.iter().map(|row| row.value("state")).collect::<Result<_, _>>()?;
        let now = self.clock.now(&mut write).await?;
        // As if they had just been queued: the time until they become dead letters starts again. `first_attempt_at` stays, because an earlier
        // attempt may have arrived.
        let again = query(
            "UPDATE deliveries SET state = 'waiting', due_at = $1, created_at = $1, settled_at = NULL, failures = 0
            WHERE id = ANY($2)",
        );
        again.bind(Time(now)).bind(&ids).execute(&mut *write).await.map_err(store_error)?;
        let note = query("UPDATE resends SET count = count + 1");
        note.execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(commit_error)?;
        Ok(states.iter().filter(|state| **state == "given_up").count() as u64)
    }

    async fn try_return(&self, id: DeliveryId, reason: &str) -> Result<bool, StoreError> {
        let mut write = self.begin().await?;
        let ticket = query_scalar::<_, String>("SELECT ticket FROM deliveries WHERE id = $1").bind(id.as_number());
        let Some(ticket) = ticket.fetch_optional(&mut *write).await.map_err(store_error)? else { return Ok(false) };
        lock_ticket(&mut write, &TicketId::from(ticket)).await?;
        let now = self.clock.now(&mut write).await?;
        let returned = query(
            "UPDATE deliveries SET state = 'given_up', reason = $1, settled_at = $2 WHERE id = $3 AND state = 'delivered'",
        );
        let returned = returned.bind(text(reason)).bind(Time(now)).bind(id.as_number());
        let returned = returned.execute(&mut *write).await.map_err(store_error)?.rows_affected();
        write.commit().await.map_err(commit_error)?;
        Ok(returned > 0)
    }
}

fn numbers(ids: &[DeliveryId]) -> Vec<i64> {
    ids.iter().map(|id| id.as_number()).collect()
}

/// A claimed delivery with its ticket and external ticket.
async fn due_delivery(write: &mut PgConnection, row: &PgRow, claim: &ClaimToken) -> Result<DueDelivery, StoreError> {
    let delivery = delivery_of(row)?;
    let ticket = ticket_of_id(write, &delivery.ticket).await?;
    let external =
        query(EXTERNAL_TICKET).bind(text(delivery.ticket.as_str())).bind(text(delivery.destination.as_str()));
    let external = external.fetch_optional(write).await.map_err(store_error)?;
    let external = external.map(|row| external_ticket_of(&row)).transpose()?;
    Ok(DueDelivery { claim: claim.clone(), delivery, ticket, external })
}

async fn dead_letter(write: &mut PgConnection, id: DeliveryId, reason: &str, now: Timestamp) -> Result<(), StoreError> {
    query(
        "UPDATE deliveries SET state = 'given_up', reason = $1, settled_at = $2, claim = NULL, claimed_until = NULL
        WHERE id = $3",
    )
    .bind(text(reason))
    .bind(Time(now))
    .bind(id.as_number())
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Records the outcome of an attempt, under the lock of the ticket; `false` if another worker has claimed the delivery since.
async fn record_attempt(
    write: &mut PgConnection,
    due: &DueDelivery,
    outcome: &DeliveryOutcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let DueDelivery { claim, delivery, .. } = due;
    let record = match outcome {
        DeliveryOutcome::Delivered { external_id, reason, .. } => query(
            "UPDATE deliveries SET state = 'delivered', external_id = $3, reason = $4, settled_at = $5, claim = NULL,
                claimed_until = NULL WHERE id = $1 AND claim = $2",
        )
        .bind(delivery.id.as_number())
        .bind(text(claim.as_str()))
        .bind(text(external_id))
        .bind(text(reason))
        .bind(Time(now)),
        DeliveryOutcome::Retry { after, blamed, reason } => query(
            "UPDATE deliveries SET due_at = coalesce($3, due_at), failures = failures + $4, reason = $5, claim = NULL,
                claimed_until = NULL WHERE id = $1 AND claim = $2",
        )
        .bind(delivery.id.as_number())
        .bind(text(claim.as_str()))
        .bind(after.map(|after| Time(now + after)))
        .bind(i64::from(*blamed))
        .bind(text(reason)),
        DeliveryOutcome::DeadLetter { reason } => query(
            "UPDATE deliveries SET state = 'given_up', reason = $3, settled_at = $4, claim = NULL, claimed_until = NULL
            WHERE id = $1 AND claim = $2",
        )
        .bind(delivery.id.as_number())
        .bind(text(claim.as_str()))
        .bind(text(reason))
        .bind(Time(now)),
    };
    if record.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
        return Ok(false);
    }
    match outcome {
        DeliveryOutcome::Delivered { external: Some(external), .. } => {
            query(
                "INSERT INTO external_tickets (ticket, site, destination, external_id, requester, poll_at)
                VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (ticket, destination) DO UPDATE SET external_id = excluded.external_id,
                    requester = excluded.requester, poll_at = excluded.poll_at, merged_into = NULL, merged_after = NULL,
                    seen_at = NULL",
            )
            .bind(text(delivery.ticket.as_str()))
            .bind(text(delivery.site.as_str()))
            .bind(text(delivery.destination.as_str()))
            .bind(text(external.external_id.as_str()))
            .bind(text(&external.requester))
            .bind(polling::is_polled_after(delivery.kind).then_some(Time(now)))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        }
        DeliveryOutcome::Delivered { external: None, .. } => {
            query("UPDATE external_tickets SET poll_at = $1 WHERE ticket = $2 AND destination = $3")
                .bind(Time(now))
                .bind(text(delivery.ticket.as_str()))
                .bind(text(delivery.destination.as_str()))
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
        }
        DeliveryOutcome::Retry { .. } | DeliveryOutcome::DeadLetter { .. } => {}
    }
    Ok(true)
}

/// Queues deliveries of a ticket; those of kind message are for the message with a number. The caller has locked the ticket or inserted it.
pub async fn enqueue_delivery(
    write: &mut PgConnection,
    ticket: &StoredTicket,
    deliveries: &[NewDelivery],
    number: Option<u32>,
    at: Timestamp,
) -> Result<(), StoreError> {
    for NewDelivery { destination, kind } in deliveries {
        let known = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM deliveries WHERE ticket = $1 AND destination = $2)
            OR EXISTS (SELECT 1 FROM external_tickets WHERE ticket = $1 AND destination = $2)",
        );
        let known = known.bind(text(ticket.id.as_str())).bind(text(destination.as_str()));
        let known: bool = known.fetch_one(&mut *write).await.map_err(store_error)?;
        for (kind, number) in delivery_plan::plan(*kind, known, number) {
            query(
                "INSERT INTO deliveries (site, destination, ticket, kind, number, created_at, due_at)
                VALUES ($1, $2, $3, $4, $5, $6, $6)",
            )
            .bind(text(ticket.site.as_str()))
            .bind(text(destination.as_str()))
            .bind(text(ticket.id.as_str()))
            .bind(kind.word())
            .bind(i64::from(number))
            .bind(Time(at))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        }
    }
    Ok(())
}

/// The ticket with an id. It has to exist.
pub async fn ticket_of_id(read: &mut PgConnection, id: &TicketId) -> Result<StoredTicket, StoreError> {
    let missing = || StoreError::Damaged { record: format!("ticket {id}"), reason: "it no longer exists".into() };
    read_ticket(read, id).await?.ok_or_else(missing)
}
