//! The queue port in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::agents::site_list;
use super::claims::new_token;
use super::error::{RowExt, store_error};
use super::external_tickets::{EXTERNAL_TICKET, external_ticket_of};
use super::rows::{delivery_of, json, read_rows, ticket_of};
use super::{SqliteStore, TICKET};
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
        "deliveries.id, deliveries.site, deliveries.destination, deliveries.ticket, deliveries.what, deliveries.number,
        deliveries.state, deliveries.created_at, deliveries.due_at, deliveries.tried_at, deliveries.settled_at,
        deliveries.tries, deliveries.failures, deliveries.remote, deliveries.told"
    };
}
pub(super) use delivery;

/// The due heads of a queue, by site, destination and time, without the ids in a JSON list.
macro_rules! due {
    () => {
        "SELECT id FROM deliveries WHERE site = ?1 AND destination = ?2 AND head = 1 AND state = 'waiting' AND due_at <= ?3
            AND (claimed_until IS NULL OR claimed_until <= ?3) AND id NOT IN (SELECT value FROM json_each(?4))"
    };
}

/// Marks the heads of the queues in which dead letters are: those with a number, of sites in a JSON list, for a destination.
const MARK_HEADS: &str = "
    UPDATE deliveries SET head = NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.ticket = deliveries.ticket
        AND earlier.destination = deliveries.destination AND earlier.id < deliveries.id AND earlier.state <> 'delivered')
    WHERE state <> 'delivered' AND (ticket, destination) IN (SELECT ticket, destination FROM deliveries
        WHERE state = 'given_up' AND (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR site IN (SELECT value FROM json_each(?2)))
            AND (?3 IS NULL OR destination = ?3))";

/// The queues with pending deliveries or dead letters. It skips from one to the next in an index that contains only undelivered ones.
const QUEUES: &str = "
    WITH RECURSIVE queues (id, site, destination) AS (
        SELECT * FROM (SELECT id, site, destination FROM deliveries INDEXED BY deliveries_open
            WHERE state <> 'delivered' ORDER BY site, destination LIMIT 1)
        UNION ALL
        SELECT deliveries.id, deliveries.site, deliveries.destination
        FROM queues CROSS JOIN deliveries ON deliveries.id = coalesce(
            (SELECT id FROM deliveries AS next INDEXED BY deliveries_open WHERE state <> 'delivered'
                AND next.site = queues.site AND next.destination > queues.destination
                ORDER BY next.destination LIMIT 1),
            (SELECT id FROM deliveries AS next INDEXED BY deliveries_open WHERE state <> 'delivered'
                AND next.site > queues.site ORDER BY next.site, next.destination LIMIT 1)))
    SELECT site, destination,
        (SELECT count(*) FROM (SELECT 1 FROM deliveries AS open INDEXED BY deliveries_open WHERE state <> 'delivered'
            AND open.site = queues.site AND open.destination = queues.destination AND state = 'waiting' LIMIT ?1)) AS waiting,
        (SELECT min(created_at) FROM deliveries AS open INDEXED BY deliveries_open WHERE state <> 'delivered'
            AND open.site = queues.site AND open.destination = queues.destination AND state = 'waiting') AS since,
        (SELECT count(*) FROM (SELECT 1 FROM deliveries AS open INDEXED BY deliveries_open WHERE state <> 'delivered'
            AND open.site = queues.site AND open.destination = queues.destination AND state = 'given_up' LIMIT ?1)) AS given_up
    FROM queues ORDER BY site, destination";

#[async_trait]
impl Queue for SqliteStore {
    async fn claim_deliveries(
        &self,
        QueueName { site, destination }: &QueueName,
        lease: Duration,
        claimed_ids: &[DeliveryId],
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let claimed_ids = json(&claimed_ids)?;
        // Usually nothing is due. A reader finds that out without blocking writers.
        let any = query_scalar(concat!("SELECT EXISTS (", due!(), ")"))
            .bind(site.as_str())
            .bind(destination.as_str())
            .bind(self.now_text());
        if !any.bind(&claimed_ids).fetch_one(&self.readers).await.map_err(store_error)? {
            return Ok(Vec::new());
        }
        let token = new_token()?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        // Taken inside, so that waiting for the writer shortens no lease.
        let (now, until) = (self.now_text(), self.lease_end(lease));
        let claimed = query(concat!(
            "UPDATE deliveries SET tries = tries + 1, tried_at = coalesce(tried_at, ?3), claim = ?5, claimed_until = ?6
            WHERE id IN (",
            due!(),
            " ORDER BY due_at, id LIMIT ?7) RETURNING ",
            delivery!()
        ));
        let claimed = claimed.bind(site.as_str()).bind(destination.as_str()).bind(&now).bind(&claimed_ids);
        let claimed =
            claimed.bind(token.as_str()).bind(&until).bind(limit).fetch_all(&mut *write).await.map_err(store_error)?;
        let mut due = Vec::new();
        for row in claimed {
            match due_delivery(&mut write, &row, &token).await {
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
                    dead_letter(&mut write, id, &reason, &now).await?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await.map_err(store_error)?;
        due.sort_by_key(|due| (due.delivery.due_at, due.delivery.id));
        Ok(due)
    }

    async fn next_delivery(
        &self,
        QueueName { site, destination }: &QueueName,
        claimed_ids: &[DeliveryId],
    ) -> Result<Option<Duration>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                SELECT * FROM (SELECT due_at AS at FROM deliveries WHERE site = ?1 AND destination = ?2 AND head = 1
                    AND state = 'waiting' AND claimed_until IS NULL AND id NOT IN (SELECT value FROM json_each(?3))
                    ORDER BY due_at LIMIT 1)
                UNION ALL
                SELECT * FROM (SELECT claimed_until AS at FROM deliveries WHERE site = ?1 AND destination = ?2
                    AND head = 1 AND state = 'waiting' AND claimed_until IS NOT NULL AND id NOT IN (SELECT value FROM json_each(?3))
                    ORDER BY claimed_until LIMIT 1))",
        );
        let next = next.bind(site.as_str()).bind(destination.as_str()).bind(json(&claimed_ids)?);
        let next: Option<String> = next.fetch_one(&self.readers).await.map_err(store_error)?;
        Ok(self.time_until(next))
    }

    async fn record_attempts(
        &self,
        attempts: &[(&DueDelivery, &DeliveryOutcome)],
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let (mut lost, now) = (Vec::new(), self.now());
        for (due, outcome) in attempts {
            if !record_attempt(&mut write, due, outcome, now).await? {
                lost.push(due.delivery.id);
            }
        }
        write.commit().await.map_err(store_error)?;
        Ok(lost)
    }

    async fn extend_claims(
        &self,
        claims: &[(DeliveryId, &ClaimToken)],
        lease: Duration,
    ) -> Result<Vec<DeliveryId>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let (mut lost, until) = (Vec::new(), self.lease_end(lease));
        for (id, token) in claims {
            let extend = query("UPDATE deliveries SET claimed_until = ? WHERE id = ? AND claim = ?");
            if extend
                .bind(&until)
                .bind(id.as_number())
                .bind(token.as_str())
                .execute(&mut *write)
                .await
                .map_err(store_error)?
                .rows_affected()
                == 0
            {
                lost.push(*id);
            }
        }
        write.commit().await.map_err(store_error)?;
        Ok(lost)
    }

    async fn retry_at_once(&self, ids: &[DeliveryId]) -> Result<(), StoreError> {
        let retry = "UPDATE deliveries SET due_at = created_at
            WHERE id IN (SELECT value FROM json_each(?)) AND state = 'waiting'";
        query(retry).bind(json(&ids)?).execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }

    async fn deliveries(&self, ticket: &TicketId) -> Result<Vec<Delivery>, StoreError> {
        let rows = query(concat!("SELECT ", delivery!(), " FROM deliveries WHERE ticket = ? ORDER BY id"))
            .bind(ticket.as_str());
        let rows = rows.fetch_all(&self.readers).await.map_err(store_error)?;
        read_rows(&rows, "delivery", delivery_of)
    }

    async fn dead_letters(&self, sites: &SiteScope, limit: u32) -> Result<Vec<(Delivery, Reference)>, StoreError> {
        let rows = query(concat!(
            "SELECT ",
            delivery!(),
            ", tickets.reference FROM deliveries JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.state = 'given_up'
                AND (?1 IS NULL OR deliveries.site IN (SELECT value FROM json_each(?1)))
            ORDER BY deliveries.id LIMIT ?2",
        ));
        let rows = rows.bind(site_list(sites)?).bind(limit).fetch_all(&self.readers).await.map_err(store_error)?;
        read_rows(&rows, "delivery", |row| Ok((delivery_of(row)?, row.id("reference")?)))
    }

    async fn dead_letter(&self, id: DeliveryId) -> Result<Option<(Delivery, Reference)>, StoreError> {
        let row = query(concat!(
            "SELECT ",
            delivery!(),
            ", tickets.reference FROM deliveries JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.id = ? AND deliveries.state = 'given_up'",
        ));
        let row = row.bind(id.as_number()).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| Ok((delivery_of(&row)?, row.id("reference")?))).transpose()
    }

    async fn queues(&self) -> Result<Vec<QueueStatus>, StoreError> {
        let rows = query(QUEUES).bind(QUEUE_COUNT_MAX).fetch_all(&self.readers).await.map_err(store_error)?;
        let queue = |row: &SqliteRow| {
            Ok(QueueStatus {
                name: QueueName { site: row.id("site")?, destination: row.id("destination")? },
                waiting: row.value("waiting")?,
                since: row.readable_time("since")?,
                dead_letters: row.value("given_up")?,
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
            ", tickets.reference FROM deliveries INDEXED BY deliveries_open
            CROSS JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.state <> 'delivered' AND (?1 IS NULL OR deliveries.state = ?1)
                AND (?2 IS NULL OR deliveries.site = ?2) AND (?3 IS NULL OR deliveries.destination = ?3)
                AND deliveries.id > ?4
            ORDER BY deliveries.id LIMIT ?5",
        ));
        let rows = rows
            .bind(state.map(|state| state.word()))
            .bind(site.as_ref().map(|site| site.as_str()))
            .bind(destination.as_ref().map(|destination| destination.as_str()))
            .bind(after.map_or(0, DeliveryId::as_number))
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        read_rows(&rows, "delivery", |row| Ok((delivery_of(row)?, row.id("reference")?)))
    }

    async fn send_again(&self, letters: &DeadLetters, sites: &SiteScope) -> Result<u64, StoreError> {
        let (number, destination) = match letters {
            DeadLetters::One(id) => (Some(id.as_number()), None),
            DeadLetters::To(destination) => (None, Some(destination.as_str())),
            DeadLetters::All => (None, None),
        };
        // As if it had just been queued: the time until it becomes a dead letter starts again. `first_attempt_at` stays, because an earlier attempt may
        // have arrived.
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let (now, sites) = (self.now_text(), site_list(sites)?);
        let behind = query(
            "UPDATE deliveries SET due_at = ?1, created_at = ?1, failures = 0 WHERE id IN (
                SELECT behind.id FROM deliveries AS dead JOIN deliveries AS behind
                    ON behind.ticket = dead.ticket AND behind.destination = dead.destination
                WHERE dead.state = 'given_up' AND (?2 IS NULL OR dead.id = ?2)
                    AND (?3 IS NULL OR dead.site IN (SELECT value FROM json_each(?3)))
                    AND (?4 IS NULL OR dead.destination = ?4)
                    AND behind.state <> 'delivered' AND behind.state = 'waiting' AND behind.id > dead.id)",
        );
        let behind = behind.bind(&now).bind(number).bind(&sites).bind(destination);
        behind.execute(&mut *write).await.map_err(store_error)?;
        // Gateways of earlier versions marked no head when a delivery came back.
        let mark = query(MARK_HEADS).bind(number).bind(&sites).bind(destination);
        mark.execute(&mut *write).await.map_err(store_error)?;
        let again = query(
            "UPDATE deliveries SET state = 'waiting', due_at = ?1, created_at = ?1, settled_at = NULL, failures = 0
            WHERE state = 'given_up' AND (?2 IS NULL OR id = ?2)
                AND (?3 IS NULL OR site IN (SELECT value FROM json_each(?3)))
                AND (?4 IS NULL OR destination = ?4)",
        );
        let again = again.bind(&now).bind(number).bind(&sites).bind(destination);
        let renewed = again.execute(&mut *write).await.map_err(store_error)?.rows_affected();
        let note = query("UPDATE resends SET count = count + 1");
        note.execute(&mut *write).await.map_err(store_error)?;
        write.commit().await.map_err(store_error)?;
        Ok(renewed)
    }

    async fn resend_count(&self) -> Result<i64, StoreError> {
        query_scalar("SELECT count FROM resends").fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn return_delivery(&self, id: DeliveryId, reason: &str) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let give_up = "UPDATE deliveries SET state = 'given_up', told = ?, settled_at = ?
            WHERE id = ? AND state = 'delivered'";
        let give_up = query(give_up).bind(reason).bind(self.now_text()).bind(id.as_number());
        let is_returned = give_up.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0;
        if is_returned {
            // It is before what its ticket has queued since, which it now holds up.
            let mark = query(MARK_HEADS).bind(id.as_number()).bind(None::<String>).bind(None::<String>);
            mark.execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(store_error)?;
        Ok(is_returned)
    }
}

/// A claimed delivery with its ticket and external ticket.
async fn due_delivery(
    write: &mut SqliteConnection,
    row: &SqliteRow,
    claim: &ClaimToken,
) -> Result<DueDelivery, StoreError> {
    let delivery = delivery_of(row)?;
    let ticket = ticket_of_id(write, &delivery.ticket).await?;
    let external = query(EXTERNAL_TICKET)
        .bind(delivery.ticket.as_str())
        .bind(delivery.destination.as_str())
        .fetch_optional(&mut *write)
        .await
        .map_err(store_error)?;
    let external = external.map(|row| external_ticket_of(&row)).transpose()?;
    Ok(DueDelivery { claim: claim.clone(), delivery, ticket, external })
}

async fn dead_letter(write: &mut SqliteConnection, id: DeliveryId, reason: &str, now: &str) -> Result<(), StoreError> {
    query(
        "UPDATE deliveries SET state = 'given_up', told = ?, settled_at = ?, claim = NULL, claimed_until = NULL
        WHERE id = ?",
    )
    .bind(reason)
    .bind(now)
    .bind(id.as_number())
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Records the outcome of an attempt; `false` if another worker has claimed the delivery since.
async fn record_attempt(
    write: &mut SqliteConnection,
    due: &DueDelivery,
    outcome: &DeliveryOutcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let DueDelivery { claim, delivery, .. } = due;
    let now_text = now.to_string();
    let record = match outcome {
        DeliveryOutcome::Delivered { external_id, reason, .. } => query(
            "UPDATE deliveries SET state = 'delivered', remote = ?, told = ?, settled_at = ?, claim = NULL,
                claimed_until = NULL WHERE id = ? AND claim = ?",
        )
        .bind(external_id)
        .bind(reason)
        .bind(&now_text),
        DeliveryOutcome::Retry { after, blamed, reason } => query(
            "UPDATE deliveries SET due_at = coalesce(?, due_at), failures = failures + ?, told = ?, claim = NULL, claimed_until = NULL
            WHERE id = ? AND claim = ?",
        )
        .bind(after.map(|after| (now + after).to_string()))
        .bind(blamed)
        .bind(reason),
        DeliveryOutcome::DeadLetter { reason } => query(
            "UPDATE deliveries SET state = 'given_up', told = ?, settled_at = ?, claim = NULL, claimed_until = NULL
            WHERE id = ? AND claim = ?",
        )
        .bind(reason)
        .bind(&now_text),
    };
    if record
        .bind(delivery.id.as_number())
        .bind(claim.as_str())
        .execute(&mut *write)
        .await
        .map_err(store_error)?
        .rows_affected()
        == 0
    {
        return Ok(false);
    }
    match outcome {
        DeliveryOutcome::Delivered { external: Some(external), .. } => {
            query(
                "INSERT INTO places (ticket, site, destination, remote, requester, look_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (ticket, destination) DO UPDATE SET remote = excluded.remote,
                    requester = excluded.requester, look_at = excluded.look_at, merged_into = NULL, merged_after = NULL,
                    seen_at = NULL",
            )
            .bind(delivery.ticket.as_str())
            .bind(delivery.site.as_str())
            .bind(delivery.destination.as_str())
            .bind(external.external_id.as_str())
            .bind(&external.requester)
            .bind(polling::is_polled_after(delivery.kind).then_some(&now_text))
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        }
        DeliveryOutcome::Delivered { external: None, .. } => {
            query("UPDATE places SET look_at = ? WHERE ticket = ? AND destination = ?")
                .bind(&now_text)
                .bind(delivery.ticket.as_str())
                .bind(delivery.destination.as_str())
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
        }
        DeliveryOutcome::Retry { .. } | DeliveryOutcome::DeadLetter { .. } => {}
    }
    Ok(true)
}

/// Queues deliveries of a ticket; those of kind message are for the message with a number.
pub async fn enqueue_delivery(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    deliveries: &[NewDelivery],
    number: Option<u32>,
    at: Timestamp,
) -> Result<(), StoreError> {
    for NewDelivery { destination, kind } in deliveries {
        let known = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM deliveries WHERE ticket = ?1 AND destination = ?2)
            OR EXISTS (SELECT 1 FROM places WHERE ticket = ?1 AND destination = ?2)",
        );
        let known: bool = known
            .bind(ticket.id.as_str())
            .bind(destination.as_str())
            .fetch_one(&mut *write)
            .await
            .map_err(store_error)?;
        for (kind, number) in delivery_plan::plan(*kind, known, number) {
            query(
                "INSERT INTO deliveries (site, destination, ticket, what, number, created_at, due_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            )
            .bind(ticket.site.as_str())
            .bind(destination.as_str())
            .bind(ticket.id.as_str())
            .bind(kind.word())
            .bind(number)
            .bind(at.to_string())
            .execute(&mut *write)
            .await
            .map_err(store_error)?;
        }
    }
    Ok(())
}

/// The ticket with an id. It has to exist.
pub async fn ticket_of_id(write: &mut SqliteConnection, id: &TicketId) -> Result<StoredTicket, StoreError> {
    let row = query(TICKET).bind(id.as_str()).fetch_optional(write).await.map_err(store_error)?;
    row.map_or_else(
        || Err(StoreError::Damaged { record: format!("ticket {id}"), reason: "it no longer exists".into() }),
        |row| ticket_of(&row),
    )
}
