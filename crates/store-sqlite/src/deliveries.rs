//! Deliveries in the SQLite file.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{query, query_scalar};

use super::error::{Columns, failed};
use super::rows::{delivery_of, json, read_rows, ticket_of};
use super::{SqliteStore, TICKET};
use deskbell_core::clock;
use deskbell_core::ports::{
    ChangedTicket, Claim, Deliveries, Delivery, DueDelivery, DueLook, NewDelivery, Place, Queue, SyncState, Tried, What,
};
use deskbell_core::ports::{QUEUE_COUNT_MAX, StoreError, StoredTicket};

/// The heads of a queue that are due: of a site, a destination, at a time, but for those of a list in JSON.
macro_rules! due {
    () => {
        "SELECT id FROM deliveries WHERE site = ?1 AND destination = ?2 AND head = 1 AND state = 'waiting' AND due_at <= ?3
            AND (claimed_until IS NULL OR claimed_until <= ?3) AND id NOT IN (SELECT value FROM json_each(?4))"
    };
}

const KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM places WHERE site = ? AND destination = ? AND remote = ?)
    OR EXISTS (SELECT 1 FROM erased_external_tickets WHERE digest = ?)";
const PLACE: &str = "SELECT coalesce(merged_into, remote) AS remote, requester, merged_after FROM places
    WHERE ticket = ? AND destination = ?";

/// The queues in which something is: from one to the next by an index that holds only what is not delivered.
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
impl Deliveries for SqliteStore {
    async fn claim_deliveries(
        &self,
        (site, destination): (&str, &str),
        claim: Claim<'_>,
        held: &[i64],
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let held = json(&held)?;
        // Most of the time nothing is due, which a reader finds out without keeping anybody from writing.
        let any = query_scalar(concat!("SELECT EXISTS (", due!(), ")")).bind(site).bind(destination).bind(claim.now);
        if !any.bind(&held).fetch_one(&self.readers).await.map_err(failed)? {
            return Ok(Vec::new());
        }
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let claimed = query(concat!(
            "UPDATE deliveries SET tries = tries + 1, tried_at = coalesce(tried_at, ?3), claim = ?5, claimed_until = ?6
            WHERE id IN (",
            due!(),
            " ORDER BY due_at, id LIMIT ?7) RETURNING *"
        ));
        let claimed = claimed.bind(site).bind(destination).bind(claim.now).bind(&held);
        let claimed =
            claimed.bind(claim.token).bind(claim.until).bind(limit).fetch_all(&mut *write).await.map_err(failed)?;
        let mut due = Vec::new();
        for row in claimed {
            match due_delivery(&mut write, &row, claim.token).await {
                Ok(one) => due.push(one),
                Err(error) if error.concerns_row() => {
                    let id: i64 = row.value("id")?;
                    tracing::error!(site, destination, delivery = id, %error, "delivery unreadable, dead letter");
                    let reason = format!("its ticket cannot be read: {error}");
                    dead_letter(&mut write, id, &reason, claim.now).await?;
                }
                Err(error) => return Err(error),
            }
        }
        write.commit().await.map_err(failed)?;
        due.sort_by(|a, b| (&a.delivery.due_at, a.delivery.id).cmp(&(&b.delivery.due_at, b.delivery.id)));
        Ok(due)
    }

    async fn next_delivery(
        &self,
        (site, destination): (&str, &str),
        held: &[i64],
    ) -> Result<Option<String>, StoreError> {
        let next = query_scalar(
            "SELECT min(at) FROM (
                SELECT * FROM (SELECT due_at AS at FROM deliveries WHERE site = ?1 AND destination = ?2 AND head = 1
                    AND state = 'waiting' AND claimed_until IS NULL AND id NOT IN (SELECT value FROM json_each(?3))
                    ORDER BY due_at LIMIT 1)
                UNION ALL
                SELECT * FROM (SELECT claimed_until AS at FROM deliveries WHERE site = ?1 AND destination = ?2
                    AND claimed_until IS NOT NULL AND id NOT IN (SELECT value FROM json_each(?3))
                    ORDER BY claimed_until LIMIT 1))",
        );
        next.bind(site).bind(destination).bind(json(&held)?).fetch_one(&self.readers).await.map_err(failed)
    }

    async fn record_attempts(&self, attempts: &[(&DueDelivery, &Tried)], now: &str) -> Result<Vec<i64>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut lost = Vec::new();
        for (due, outcome) in attempts {
            if !record_attempt(&mut write, due, outcome, now).await? {
                lost.push(due.delivery.id);
            }
        }
        write.commit().await.map_err(failed)?;
        Ok(lost)
    }

    async fn extend_claims(&self, claims: &[(i64, &str)], until: &str) -> Result<Vec<i64>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut lost = Vec::new();
        for (id, token) in claims {
            let extend = query("UPDATE deliveries SET claimed_until = ? WHERE id = ? AND claim = ?");
            if extend.bind(until).bind(id).bind(token).execute(&mut *write).await.map_err(failed)?.rows_affected() == 0
            {
                lost.push(*id);
            }
        }
        write.commit().await.map_err(failed)?;
        Ok(lost)
    }

    async fn retry_at_once(&self, ids: &[i64]) -> Result<(), StoreError> {
        let retry = "UPDATE deliveries SET due_at = created_at
            WHERE id IN (SELECT value FROM json_each(?)) AND state = 'waiting'";
        query(retry).bind(json(&ids)?).execute(&self.writer).await.map_err(failed)?;
        Ok(())
    }

    async fn deliveries(&self, ticket: &str) -> Result<Vec<Delivery>, StoreError> {
        let rows = query("SELECT * FROM deliveries WHERE ticket = ? ORDER BY id").bind(ticket);
        let rows = rows.fetch_all(&self.readers).await.map_err(failed)?;
        read_rows(&rows, "delivery", delivery_of)
    }

    async fn given_up(&self, limit: u32) -> Result<Vec<(Delivery, String)>, StoreError> {
        let rows = query(
            "SELECT deliveries.*, tickets.reference FROM deliveries JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.state = 'given_up' ORDER BY deliveries.id LIMIT ?",
        );
        let rows = rows.bind(limit).fetch_all(&self.readers).await.map_err(failed)?;
        read_rows(&rows, "delivery", |row| Ok((delivery_of(row)?, row.value("reference")?)))
    }

    async fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        let rows = query(QUEUES).bind(QUEUE_COUNT_MAX).fetch_all(&self.readers).await.map_err(failed)?;
        let queue = |row: &SqliteRow| {
            Ok(Queue {
                site: row.value("site")?,
                destination: row.value("destination")?,
                waiting: row.value("waiting")?,
                since: row.value("since")?,
                given_up: row.value("given_up")?,
            })
        };
        rows.iter().map(queue).collect()
    }

    async fn send_again(&self, id: Option<i64>, now: &str) -> Result<u64, StoreError> {
        // As if it had just come: the time after which it is given up begins anew. When it was tried first stays, because
        // of what may have arrived then.
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let behind = query(
            "UPDATE deliveries SET due_at = ?1, created_at = ?1, failures = 0 WHERE id IN (
                SELECT behind.id FROM deliveries AS dead JOIN deliveries AS behind
                    ON behind.ticket = dead.ticket AND behind.destination = dead.destination
                WHERE dead.state = 'given_up' AND (?2 IS NULL OR dead.id = ?2)
                    AND behind.state <> 'delivered' AND behind.state = 'waiting' AND behind.id > dead.id)",
        );
        behind.bind(now).bind(id).execute(&mut *write).await.map_err(failed)?;
        let again = query(
            "UPDATE deliveries SET state = 'waiting', due_at = ?1, created_at = ?1, settled_at = NULL, failures = 0
            WHERE state = 'given_up' AND (?2 IS NULL OR id = ?2)",
        );
        let renewed = again.bind(now).bind(id).execute(&mut *write).await.map_err(failed)?.rows_affected();
        write.commit().await.map_err(failed)?;
        Ok(renewed)
    }

    async fn return_delivery(&self, id: i64, told: &str, now: &str) -> Result<bool, StoreError> {
        let give_up = "UPDATE deliveries SET state = 'given_up', told = ?, settled_at = ?
            WHERE id = ? AND state = 'delivered'";
        let given_up = query(give_up).bind(told).bind(now).bind(id).execute(&self.writer).await.map_err(failed)?;
        Ok(given_up.rows_affected() > 0)
    }

    async fn place_of(&self, ticket: &str, destination: &str) -> Result<Option<Place>, StoreError> {
        let row = query(PLACE).bind(ticket).bind(destination).fetch_optional(&self.readers).await.map_err(failed)?;
        row.map(|row| place_of(&row)).transpose()
    }

    async fn take_looks(
        &self,
        (site, destination): (&str, &str),
        now: &str,
        until: &str,
        limit: u32,
    ) -> Result<Vec<DueLook>, StoreError> {
        // Most of the time nothing is due, which a reader finds out without keeping anybody from writing.
        let any =
            query_scalar("SELECT EXISTS (SELECT 1 FROM places WHERE site = ? AND destination = ? AND look_at <= ?)");
        if !any.bind(site).bind(destination).bind(now).fetch_one(&self.readers).await.map_err(failed)? {
            return Ok(Vec::new());
        }
        let oldest = limit.div_ceil(5);
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut due = Vec::new();
        // A statement each, so that both are found by the index.
        let newest_first =
            "UPDATE places SET look_at = ?4 WHERE (ticket, destination) IN (SELECT ticket, destination FROM places
                WHERE site = ?1 AND destination = ?2 AND look_at <= ?3 ORDER BY look_at DESC LIMIT ?5)
            RETURNING ticket, coalesce(merged_into, remote) AS remote, requester, merged_after";
        let oldest_first =
            "UPDATE places SET look_at = ?4 WHERE (ticket, destination) IN (SELECT ticket, destination FROM places
                WHERE site = ?1 AND destination = ?2 AND look_at <= ?3 ORDER BY look_at LIMIT ?5)
            RETURNING ticket, coalesce(merged_into, remote) AS remote, requester, merged_after";
        for (take, count) in [(newest_first, limit - oldest), (oldest_first, oldest)] {
            let taken = query(take).bind(site).bind(destination).bind(now).bind(until).bind(count);
            for row in taken.fetch_all(&mut *write).await.map_err(failed)? {
                let id: String = row.value("ticket")?;
                match ticket(&mut write, &id).await {
                    Ok(ticket) => due.push(DueLook { ticket, place: place_of(&row)? }),
                    Err(error) if error.concerns_row() => {
                        tracing::error!(site, destination, ticket = id, %error, "ticket unreadable, not synced");
                        // Polled again when it changes there.
                        query("UPDATE places SET look_at = NULL WHERE ticket = ? AND destination = ?")
                            .bind(&id)
                            .bind(destination)
                            .execute(&mut *write)
                            .await
                            .map_err(failed)?;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        write.commit().await.map_err(failed)?;
        Ok(due)
    }

    async fn next_look(&self, (site, destination): (&str, &str)) -> Result<Option<String>, StoreError> {
        let next =
            query_scalar("SELECT min(look_at) FROM places WHERE site = ? AND destination = ? AND look_at IS NOT NULL");
        next.bind(site).bind(destination).fetch_one(&self.readers).await.map_err(failed)
    }

    async fn looked(
        &self,
        ticket: &str,
        destination: &str,
        until: &str,
        again: Option<&str>,
        seen: Option<&str>,
    ) -> Result<(), StoreError> {
        query(
            "UPDATE places SET look_at = CASE WHEN look_at = ?3 THEN ?4 ELSE look_at END,
                seen_at = CASE WHEN coalesce(seen_at, '') < ?5 THEN ?5 ELSE seen_at END
            WHERE ticket = ?1 AND destination = ?2",
        )
        .bind(ticket)
        .bind(destination)
        .bind(until)
        .bind(again)
        .bind(seen)
        .execute(&self.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn mark_changed(
        &self,
        (site, destination): (&str, &str),
        changed: &[ChangedTicket],
        now: &str,
    ) -> Result<u64, StoreError> {
        let changed: Vec<(&str, String)> =
            changed.iter().map(|ticket| (ticket.remote.as_str(), clock::written(ticket.updated_at))).collect();
        let changed = json(&changed)?;
        // Most of what changes there is not from here: a reader finds what is.
        let unknown = query(
            "SELECT ticket, json_extract(changed.value, '$[1]') AS changed_at FROM json_each(?3) AS changed CROSS JOIN places
                ON site = ?1 AND destination = ?2 AND remote = json_extract(changed.value, '$[0]')
            WHERE seen_at IS NULL OR seen_at < json_extract(changed.value, '$[1]')
            UNION
            SELECT ticket, json_extract(changed.value, '$[1]') FROM json_each(?3) AS changed CROSS JOIN places
                ON site = ?1 AND destination = ?2 AND merged_into = json_extract(changed.value, '$[0]')
            WHERE seen_at IS NULL OR seen_at < json_extract(changed.value, '$[1]')",
        );
        let unknown =
            unknown.bind(site).bind(destination).bind(&changed).fetch_all(&self.readers).await.map_err(failed)?;
        if unknown.is_empty() {
            return Ok(0);
        }
        let unknown: Vec<(String, String)> = unknown
            .iter()
            .map(|row| Ok((row.value("ticket")?, row.value("changed_at")?)))
            .collect::<Result<_, StoreError>>()?;
        // Since when it is due is when it changed there, so that the same change that is listed again keeps its place.
        let look = query(
            "UPDATE places SET look_at = min(?1, json_extract(changed.value, '$[1]')) FROM json_each(?3) AS changed
            WHERE ticket = json_extract(changed.value, '$[0]') AND destination = ?2",
        );
        let look = look.bind(now).bind(destination).bind(json(&unknown)?);
        Ok(look.execute(&self.writer).await.map_err(failed)?.rows_affected())
    }

    async fn move_place(&self, ticket: &str, destination: &str, place: &Place) -> Result<(), StoreError> {
        // What of the other ticket has changed so far is not known.
        query(
            "UPDATE places SET merged_into = ?3, merged_after = ?4, requester = ?5, seen_at = NULL
            WHERE ticket = ?1 AND destination = ?2",
        )
        .bind(ticket)
        .bind(destination)
        .bind(&place.remote)
        .bind(&place.merged_after)
        .bind(&place.requester)
        .execute(&self.writer)
        .await
        .map_err(failed)?;
        Ok(())
    }

    async fn sync_state(&self, (site, destination): (&str, &str)) -> Result<SyncState, StoreError> {
        let row = query("SELECT * FROM polls WHERE site = ? AND destination = ?").bind(site).bind(destination);
        let Some(row) = row.fetch_optional(&self.readers).await.map_err(failed)? else {
            return Ok(SyncState::default());
        };
        let until: String = row.value("until")?;
        Ok(SyncState {
            until: Some(until).filter(|until| !until.is_empty()),
            listed_at: row.value("listed_at")?,
            cursor: row.value("cursor")?,
            exported_at: row.value("exported_at")?,
            is_behind: row.value("behind")?,
        })
    }

    async fn set_listed(&self, queue: (&str, &str), at: &str) -> Result<(), StoreError> {
        let set = "INSERT INTO polls (site, destination, until, listed_at) VALUES (?1, ?2, '', ?3)
            ON CONFLICT (site, destination) DO UPDATE SET listed_at = excluded.listed_at";
        query(set).bind(queue.0).bind(queue.1).bind(at).execute(&self.writer).await.map_err(failed)?;
        Ok(())
    }

    async fn set_synced(&self, queue: (&str, &str), until: &str) -> Result<(), StoreError> {
        let set = "INSERT INTO polls (site, destination, until) VALUES (?1, ?2, ?3)
            ON CONFLICT (site, destination) DO UPDATE SET until = excluded.until";
        query(set).bind(queue.0).bind(queue.1).bind(until).execute(&self.writer).await.map_err(failed)?;
        Ok(())
    }

    async fn set_behind(&self, queue: (&str, &str)) -> Result<(), StoreError> {
        let set = "INSERT INTO polls (site, destination, until, behind) VALUES (?1, ?2, '', 1)
            ON CONFLICT (site, destination) DO UPDATE SET behind = 1";
        query(set).bind(queue.0).bind(queue.1).execute(&self.writer).await.map_err(failed)?;
        Ok(())
    }

    async fn set_exported(
        &self,
        queue: (&str, &str),
        cursor: Option<&str>,
        is_behind: bool,
        at: &str,
    ) -> Result<(), StoreError> {
        let set =
            "INSERT INTO polls (site, destination, until, cursor, behind, exported_at) VALUES (?1, ?2, '', ?3, ?4, ?5)
            ON CONFLICT (site, destination) DO UPDATE SET cursor = excluded.cursor, behind = excluded.behind,
                exported_at = excluded.exported_at";
        let set = query(set).bind(queue.0).bind(queue.1).bind(cursor).bind(is_behind).bind(at);
        set.execute(&self.writer).await.map_err(failed)?;
        Ok(())
    }

    async fn told(
        &self,
        (site, destination): (&str, &str),
        invocation: &str,
        (remote, changed_at): (&str, Option<&str>),
        now: &str,
        forget: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        query("DELETE FROM invocations WHERE site = ? AND destination = ? AND at < ?")
            .bind(site)
            .bind(destination)
            .bind(forget)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        let new = query("INSERT OR IGNORE INTO invocations (site, destination, id, at) VALUES (?, ?, ?, ?)")
            .bind(site)
            .bind(destination)
            .bind(invocation)
            .bind(now)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        let new = new.rows_affected() > 0;
        if new {
            look_at(&mut write, (site, destination), (remote, changed_at), now).await?;
        }
        write.commit().await.map_err(failed)?;
        Ok(new)
    }

    async fn is_placed(&self, site: &str, destination: &str, remote: &str) -> Result<bool, StoreError> {
        is_known(&mut *self.readers.acquire().await.map_err(failed)?, (site, destination, remote)).await
    }

    async fn adopt(&self, ticket: &StoredTicket, destination: &str, place: &Place) -> Result<bool, StoreError> {
        let prepared = super::Prepared::new(ticket)?;
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let is_known = is_known(&mut write, (&ticket.site, destination, &place.remote)).await?;
        if is_known || !super::insert(&mut write, ticket, &prepared, 0).await? {
            return Ok(false);
        }
        query("INSERT INTO places (ticket, site, destination, remote, requester, look_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(&ticket.id)
            .bind(&ticket.site)
            .bind(destination)
            .bind(&place.remote)
            .bind(&place.requester)
            .bind(&ticket.received_at)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        write.commit().await.map_err(failed)?;
        Ok(true)
    }
}

/// Whether the ticket with an id at a destination is here, or was erased here.
async fn is_known(read: &mut SqliteConnection, place: (&str, &str, &str)) -> Result<bool, StoreError> {
    let (site, destination, remote) = place;
    let known = query_scalar(KNOWN).bind(site).bind(destination).bind(remote).bind(place_digest(place));
    known.fetch_one(read).await.map_err(failed)
}

/// Keeps where a ticket that is erased is at destinations, as digests, so that it is not taken over again from there.
pub async fn keep_erased_places(write: &mut SqliteConnection, ticket: &str) -> Result<(), StoreError> {
    let places = query("SELECT site, destination, remote FROM places WHERE ticket = ?").bind(ticket);
    for row in places.fetch_all(&mut *write).await.map_err(failed)? {
        let (site, destination, remote): (String, String, String) =
            (row.value("site")?, row.value("destination")?, row.value("remote")?);
        query("INSERT OR IGNORE INTO erased_external_tickets (digest) VALUES (?)")
            .bind(place_digest((&site, &destination, &remote)))
            .execute(&mut *write)
            .await
            .map_err(failed)?;
    }
    Ok(())
}

fn place_digest((site, destination, remote): (&str, &str, &str)) -> Vec<u8> {
    Sha256::digest([site, destination, remote].join("\0")).to_vec()
}

/// A claimed delivery with all that belongs to it.
async fn due_delivery(write: &mut SqliteConnection, row: &SqliteRow, claim: &str) -> Result<DueDelivery, StoreError> {
    let delivery = delivery_of(row)?;
    let ticket = ticket(write, &delivery.ticket).await?;
    let place = query(PLACE)
        .bind(&delivery.ticket)
        .bind(&delivery.destination)
        .fetch_optional(&mut *write)
        .await
        .map_err(failed)?;
    let place = place.map(|row| place_of(&row)).transpose()?;
    Ok(DueDelivery { claim: claim.into(), delivery, ticket, place })
}

async fn ticket(write: &mut SqliteConnection, id: &str) -> Result<StoredTicket, StoreError> {
    let row = query(TICKET).bind(id).fetch_optional(write).await.map_err(failed)?;
    row.map_or_else(
        || Err(StoreError::Damaged { what: format!("ticket {id}"), reason: "it is gone".into() }),
        |row| ticket_of(&row),
    )
}

async fn dead_letter(write: &mut SqliteConnection, id: i64, reason: &str, now: &str) -> Result<(), StoreError> {
    query(
        "UPDATE deliveries SET state = 'given_up', told = ?, settled_at = ?, claim = NULL, claimed_until = NULL
        WHERE id = ?",
    )
    .bind(reason)
    .bind(now)
    .bind(id)
    .execute(write)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Records what became of an attempt; `false` where somebody else holds the claim by now.
async fn record_attempt(
    write: &mut SqliteConnection,
    due: &DueDelivery,
    outcome: &Tried,
    now: &str,
) -> Result<bool, StoreError> {
    let DueDelivery { claim, delivery, .. } = due;
    let record = match outcome {
        Tried::Delivered { remote, told, .. } => query(
            "UPDATE deliveries SET state = 'delivered', remote = ?, told = ?, settled_at = ?, claim = NULL,
                claimed_until = NULL WHERE id = ? AND claim = ?",
        )
        .bind(remote)
        .bind(told)
        .bind(now),
        Tried::Later { due_at, blamed, told } => query(
            "UPDATE deliveries SET due_at = ?, failures = failures + ?, told = ?, claim = NULL, claimed_until = NULL
            WHERE id = ? AND claim = ?",
        )
        .bind(due_at)
        .bind(blamed)
        .bind(told),
        Tried::GivenUp { told } => query(
            "UPDATE deliveries SET state = 'given_up', told = ?, settled_at = ?, claim = NULL, claimed_until = NULL
            WHERE id = ? AND claim = ?",
        )
        .bind(told)
        .bind(now),
    };
    if record.bind(delivery.id).bind(claim).execute(&mut *write).await.map_err(failed)?.rows_affected() == 0 {
        return Ok(false);
    }
    match outcome {
        Tried::Delivered { place: Some(place), .. } => {
            query(
                "INSERT INTO places (ticket, site, destination, remote, requester, look_at) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (ticket, destination) DO UPDATE SET remote = excluded.remote,
                    requester = excluded.requester, look_at = excluded.look_at, merged_into = NULL, merged_after = NULL,
                    seen_at = NULL",
            )
            .bind(&delivery.ticket)
            .bind(&delivery.site)
            .bind(&delivery.destination)
            .bind(&place.remote)
            .bind(&place.requester)
            // Nobody has answered yet what has just come.
            .bind((delivery.what != What::Ticket).then_some(now))
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        }
        Tried::Delivered { place: None, .. } => {
            query("UPDATE places SET look_at = ? WHERE ticket = ? AND destination = ?")
                .bind(now)
                .bind(&delivery.ticket)
                .bind(&delivery.destination)
                .execute(&mut *write)
                .await
                .map_err(failed)?;
        }
        Tried::Later { .. } | Tried::GivenUp { .. } => {}
    }
    Ok(true)
}

async fn look_at(
    write: &mut SqliteConnection,
    (site, destination): (&str, &str),
    (remote, changed_at): (&str, Option<&str>),
    now: &str,
) -> Result<(), StoreError> {
    // A statement each, so that both are found by an index.
    let by_name = "UPDATE places SET look_at = ?1 WHERE site = ?2 AND destination = ?3 AND remote = ?4
            AND (?5 IS NULL OR seen_at IS NULL OR seen_at < ?5)";
    let merged = "UPDATE places SET look_at = ?1 WHERE site = ?2 AND destination = ?3 AND merged_into = ?4
            AND (?5 IS NULL OR seen_at IS NULL OR seen_at < ?5)";
    for look in [by_name, merged] {
        let look = query(look).bind(now).bind(site).bind(destination).bind(remote).bind(changed_at);
        look.execute(&mut *write).await.map_err(failed)?;
    }
    Ok(())
}

/// Keeps what is to be brought to destinations: about a ticket and, where it is one, the message of a number. Where the ticket itself was
/// never meant to be there, because the destination was configured after it came, it goes ahead of what is said about it.
pub async fn order(
    write: &mut SqliteConnection,
    ticket: &StoredTicket,
    deliveries: &[NewDelivery],
    number: Option<u32>,
    at: &str,
) -> Result<(), StoreError> {
    for NewDelivery { destination, what } in deliveries {
        let known = query_scalar(
            "SELECT EXISTS (SELECT 1 FROM deliveries WHERE ticket = ?1 AND destination = ?2)
            OR EXISTS (SELECT 1 FROM places WHERE ticket = ?1 AND destination = ?2)",
        );
        let known: bool = known.bind(&ticket.id).bind(destination).fetch_one(&mut *write).await.map_err(failed)?;
        let orders: &[(What, u32)] = match what {
            What::Ticket => &[(What::Ticket, 0)],
            What::Message if known => &[(What::Message, number.unwrap_or_default())],
            What::Message => &[(What::Ticket, 0), (What::Message, number.unwrap_or_default())],
            What::Solved | What::Reopened | What::Confirmed if known => &[(*what, 0)],
            What::Solved | What::Reopened | What::Confirmed => &[],
        };
        for (what, number) in orders {
            query(
                "INSERT INTO deliveries (site, destination, ticket, what, number, created_at, due_at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            )
            .bind(&ticket.site)
            .bind(destination)
            .bind(&ticket.id)
            .bind(what.word())
            .bind(number)
            .bind(at)
            .execute(&mut *write)
            .await
            .map_err(failed)?;
        }
    }
    Ok(())
}

fn place_of(row: &SqliteRow) -> Result<Place, StoreError> {
    Ok(Place {
        remote: row.value("remote")?,
        requester: row.value("requester")?,
        merged_after: row.value("merged_after")?,
    })
}
