//! Deliveries in the SQLite file.

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::rows::{delivery_of, ticket_of};
use super::{SqliteStore, TICKET};
use crate::gateway::store::deliveries::{
    Deliveries, Delivery, DueDelivery, DueLook, NewDelivery, Place, Queue, Tried, What,
};
use crate::gateway::store::{StoreError, StoredTicket};

const PLACED: &str = "SELECT EXISTS (SELECT 1 FROM places WHERE site = ? AND destination = ? AND remote = ?)";
const PLACE: &str = "SELECT remote, requester FROM places WHERE ticket = ? AND destination = ?";

#[async_trait]
impl Deliveries for SqliteStore {
    async fn take_deliveries(
        &self,
        (site, destination): (&str, &str),
        now: &str,
        until: &str,
        limit: u32,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let taken = query(
            "UPDATE deliveries SET tries = tries + 1, tried_at = coalesce(tried_at, ?3), due_at = ?4 WHERE id IN (
                SELECT id FROM deliveries AS one WHERE site = ?1 AND destination = ?2 AND state = 'waiting' AND due_at <= ?3
                AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.ticket = one.ticket
                    AND earlier.destination = one.destination AND earlier.id < one.id AND earlier.state <> 'delivered')
                ORDER BY id LIMIT ?5)
            RETURNING *",
        );
        let taken = taken.bind(site).bind(destination).bind(now).bind(until).bind(limit);
        let mut due = Vec::new();
        for row in taken.fetch_all(&mut *write).await? {
            let delivery = delivery_of(&row)?;
            let ticket = query(TICKET).bind(&delivery.ticket).fetch_one(&mut *write).await?;
            let place = query(PLACE).bind(&delivery.ticket).bind(destination).fetch_optional(&mut *write).await?;
            let place = place.map(|row| place_of(&row)).transpose()?;
            due.push(DueDelivery { delivery, ticket: ticket_of(&ticket)?, place });
        }
        write.commit().await?;
        due.sort_by_key(|due| due.delivery.id);
        Ok(due)
    }

    async fn next_delivery(&self, (site, destination): (&str, &str)) -> Result<Option<String>, StoreError> {
        let next = query_scalar(
            "SELECT min(due_at) FROM deliveries AS one WHERE site = ? AND destination = ? AND state = 'waiting'
            AND NOT EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.ticket = one.ticket
                AND earlier.destination = one.destination AND earlier.id < one.id AND earlier.state <> 'delivered')",
        );
        Ok(next.bind(site).bind(destination).fetch_one(&self.readers).await?)
    }

    async fn tried(&self, tries: &[(&Delivery, Tried)], now: &str) -> Result<(), StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for (delivery, tried) in tries {
            keep_try(&mut write, delivery, tried, now).await?;
        }
        write.commit().await?;
        Ok(())
    }

    async fn set_due(&self, ids: &[i64], at: &str) -> Result<(), StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for id in ids {
            query("UPDATE deliveries SET due_at = ? WHERE id = ? AND state = 'waiting'")
                .bind(at)
                .bind(id)
                .execute(&mut *write)
                .await?;
        }
        write.commit().await?;
        Ok(())
    }

    async fn deliveries(&self, ticket: &str) -> Result<Vec<Delivery>, StoreError> {
        let rows = query("SELECT * FROM deliveries WHERE ticket = ? ORDER BY id").bind(ticket);
        rows.fetch_all(&self.readers).await?.iter().map(delivery_of).collect()
    }

    async fn given_up(&self, limit: u32) -> Result<Vec<(Delivery, String)>, StoreError> {
        let rows = query(
            "SELECT deliveries.*, tickets.reference FROM deliveries JOIN tickets ON tickets.id = deliveries.ticket
            WHERE deliveries.state = 'given_up' ORDER BY deliveries.id LIMIT ?",
        );
        let rows = rows.bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok((delivery_of(row)?, row.try_get("reference")?))).collect()
    }

    async fn queues(&self) -> Result<Vec<Queue>, StoreError> {
        // Each half by an index of its own: most deliveries are delivered.
        let rows = query(
            "SELECT site, destination, sum(state = 'waiting') AS waiting, sum(state = 'given_up') AS given_up,
                min(CASE WHEN state = 'waiting' THEN created_at END) AS since
            FROM (SELECT site, destination, state, created_at FROM deliveries WHERE state = 'waiting'
                UNION ALL SELECT site, destination, state, created_at FROM deliveries WHERE state = 'given_up')
            GROUP BY site, destination ORDER BY site, destination",
        );
        let rows = rows.fetch_all(&self.readers).await?;
        let queue = |row: &SqliteRow| {
            Ok(Queue {
                site: row.try_get("site")?,
                destination: row.try_get("destination")?,
                waiting: row.try_get("waiting")?,
                since: row.try_get("since")?,
                given_up: row.try_get("given_up")?,
            })
        };
        rows.iter().map(queue).collect()
    }

    async fn send_again(&self, id: Option<i64>, now: &str) -> Result<u64, StoreError> {
        // As if it had just come: the time after which it is given up begins anew. When it was tried first stays, because
        // of what may have arrived then.
        let again = query(
            "UPDATE deliveries SET state = 'waiting', due_at = ?1, created_at = ?1, settled_at = NULL, failures = 0
            WHERE state = 'given_up' AND (?2 IS NULL OR id = ?2)",
        );
        Ok(again.bind(now).bind(id).execute(&self.writer).await?.rows_affected())
    }

    async fn place_of(&self, ticket: &str, destination: &str) -> Result<Option<Place>, StoreError> {
        let row = query(PLACE).bind(ticket).bind(destination).fetch_optional(&self.readers).await?;
        row.map(|row| place_of(&row)).transpose()
    }

    async fn take_looks(
        &self,
        (site, destination): (&str, &str),
        now: &str,
        until: &str,
        limit: u32,
    ) -> Result<Vec<DueLook>, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let taken = query(
            "UPDATE places SET look_at = ?4 WHERE (ticket, destination) IN (SELECT ticket, destination FROM places
                WHERE site = ?1 AND destination = ?2 AND look_at <= ?3 ORDER BY look_at LIMIT ?5)
            RETURNING ticket, remote, requester",
        );
        let taken = taken.bind(site).bind(destination).bind(now).bind(until).bind(limit);
        let mut due = Vec::new();
        for row in taken.fetch_all(&mut *write).await? {
            let ticket: String = row.try_get("ticket")?;
            let ticket = query(TICKET).bind(ticket).fetch_one(&mut *write).await?;
            due.push(DueLook { ticket: ticket_of(&ticket)?, place: place_of(&row)? });
        }
        write.commit().await?;
        Ok(due)
    }

    async fn next_look(&self, (site, destination): (&str, &str)) -> Result<Option<String>, StoreError> {
        let next =
            query_scalar("SELECT min(look_at) FROM places WHERE site = ? AND destination = ? AND look_at IS NOT NULL");
        Ok(next.bind(site).bind(destination).fetch_one(&self.readers).await?)
    }

    async fn looked(
        &self,
        ticket: &str,
        destination: &str,
        until: &str,
        again: Option<&str>,
    ) -> Result<(), StoreError> {
        query("UPDATE places SET look_at = ? WHERE ticket = ? AND destination = ? AND look_at = ?")
            .bind(again)
            .bind(ticket)
            .bind(destination)
            .bind(until)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn look(&self, queue: (&str, &str), remotes: &[String], now: &str) -> Result<u64, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut known = 0;
        for remote in remotes {
            known += look_at(&mut write, queue, remote, now).await?;
        }
        write.commit().await?;
        Ok(known)
    }

    async fn polled(&self, (site, destination): (&str, &str)) -> Result<Option<String>, StoreError> {
        let until = query_scalar("SELECT until FROM polls WHERE site = ? AND destination = ?");
        Ok(until.bind(site).bind(destination).fetch_optional(&self.readers).await?)
    }

    async fn set_polled(&self, (site, destination): (&str, &str), until: &str) -> Result<(), StoreError> {
        query("INSERT OR REPLACE INTO polls (site, destination, until) VALUES (?, ?, ?)")
            .bind(site)
            .bind(destination)
            .bind(until)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn told(
        &self,
        (site, destination): (&str, &str),
        invocation: &str,
        remote: &str,
        now: &str,
        forget: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        query("DELETE FROM invocations WHERE site = ? AND destination = ? AND at < ?")
            .bind(site)
            .bind(destination)
            .bind(forget)
            .execute(&mut *write)
            .await?;
        let new = query("INSERT OR IGNORE INTO invocations (site, destination, id, at) VALUES (?, ?, ?, ?)")
            .bind(site)
            .bind(destination)
            .bind(invocation)
            .bind(now)
            .execute(&mut *write)
            .await?;
        let new = new.rows_affected() > 0;
        if new {
            look_at(&mut write, (site, destination), remote, now).await?;
        }
        write.commit().await?;
        Ok(new)
    }

    async fn is_placed(&self, site: &str, destination: &str, remote: &str) -> Result<bool, StoreError> {
        let known = query_scalar(PLACED).bind(site).bind(destination).bind(remote);
        Ok(known.fetch_one(&self.readers).await?)
    }

    async fn adopt(&self, ticket: &StoredTicket, destination: &str, place: &Place) -> Result<bool, StoreError> {
        let mut write = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let known = query_scalar(PLACED).bind(&ticket.site).bind(destination).bind(&place.remote);
        if known.fetch_one(&mut *write).await? || !super::insert(&mut write, ticket).await? {
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
            .await?;
        write.commit().await?;
        Ok(true)
    }
}

async fn keep_try(
    write: &mut SqliteConnection,
    delivery: &Delivery,
    tried: &Tried,
    now: &str,
) -> Result<(), StoreError> {
    match tried {
        Tried::Delivered { remote, place, told } => {
            query("UPDATE deliveries SET state = 'delivered', remote = ?, told = ?, settled_at = ? WHERE id = ?")
                .bind(remote)
                .bind(told)
                .bind(now)
                .bind(delivery.id)
                .execute(&mut *write)
                .await?;
            if let Some(place) = place {
                query(
                        "INSERT INTO places (ticket, site, destination, remote, requester, look_at) VALUES (?, ?, ?, ?, ?, ?)
                        ON CONFLICT (ticket, destination) DO UPDATE SET remote = excluded.remote,
                            requester = excluded.requester, look_at = excluded.look_at",
                    )
                    .bind(&delivery.ticket)
                    .bind(&delivery.site)
                    .bind(&delivery.destination)
                    .bind(&place.remote)
                    .bind(&place.requester)
                    // Nobody has answered yet what has just come.
                    .bind((delivery.what != What::Ticket).then_some(now))
                    .execute(&mut *write)
                    .await?;
            } else {
                query("UPDATE places SET look_at = ? WHERE ticket = ? AND destination = ?")
                    .bind(now)
                    .bind(&delivery.ticket)
                    .bind(&delivery.destination)
                    .execute(&mut *write)
                    .await?;
            }
        }
        Tried::Later { due_at, blamed, told } => {
            query("UPDATE deliveries SET due_at = ?, failures = failures + ?, told = ? WHERE id = ?")
                .bind(due_at)
                .bind(blamed)
                .bind(told)
                .bind(delivery.id)
                .execute(&mut *write)
                .await?;
        }
        Tried::GivenUp { told } => {
            query("UPDATE deliveries SET state = 'given_up', told = ?, settled_at = ? WHERE id = ?")
                .bind(told)
                .bind(now)
                .bind(delivery.id)
                .execute(&mut *write)
                .await?;
        }
    }
    Ok(())
}

async fn look_at(
    write: &mut SqliteConnection,
    (site, destination): (&str, &str),
    remote: &str,
    now: &str,
) -> Result<u64, StoreError> {
    let look = query("UPDATE places SET look_at = ? WHERE site = ? AND destination = ? AND remote = ?");
    Ok(look.bind(now).bind(site).bind(destination).bind(remote).execute(write).await?.rows_affected())
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
        let known: bool = known.bind(&ticket.id).bind(destination).fetch_one(&mut *write).await?;
        let orders: &[(What, u32)] = match what {
            What::Ticket => &[(What::Ticket, 0)],
            What::Message if known => &[(What::Message, number.unwrap_or_default())],
            What::Message => &[(What::Ticket, 0), (What::Message, number.unwrap_or_default())],
            What::Solved | What::Reopened if known => &[(*what, 0)],
            What::Solved | What::Reopened => &[],
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
            .await?;
        }
    }
    Ok(())
}

fn place_of(row: &SqliteRow) -> Result<Place, StoreError> {
    Ok(Place { remote: row.try_get("remote")?, requester: row.try_get("requester")? })
}
