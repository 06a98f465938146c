//! The columns and tokens that tickets are listed and found by.

use std::collections::BTreeSet;

use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{query, query_scalar};

use super::error::{RowExt, store_error};
use super::rows::{json, ticket_of};
use super::whole_ticket;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{StoreError, StoredTicket, TicketSummary};
use deskbell_core::rules::listing::{UNREADABLE_GROUP, excerpt, sort_position, summarize};
use deskbell_core::rules::tokens::{self, TICKET_TOKENS_MAX};

/// The version of columns and tokens, stored in `tickets.listed`. Tickets with an older version are written again.
const LISTED: i64 = 2;
/// The value of `tickets.listed` for a ticket that cannot be read.
const UNREADABLE: i64 = -1;
/// How many tickets are backfilled in a transaction.
const CHUNK: i64 = 200;

/// Writes what lists show of a ticket.
pub async fn write_list_columns(
    write: &mut SqliteConnection,
    number: i64,
    shown: &TicketSummary,
) -> Result<(), StoreError> {
    let signs: Vec<&str> = shown.robot_signs.iter().map(|sign| sign.word()).collect();
    query(
        "UPDATE tickets SET kind = ?, title = ?, requester = ?, plan = ?, is_verified = ?, robot_signs = ?, is_test = ?, listed = ?
        WHERE number = ?",
    )
    .bind(shown.kind.word())
    .bind(&shown.title)
    .bind(&shown.requester)
    .bind(&shown.plan)
    .bind(shown.is_verified)
    .bind(signs.join(" "))
    .bind(shown.is_test)
    .bind(LISTED)
    .bind(number)
    .execute(write)
    .await.map_err(store_error)?;
    Ok(())
}

/// Adds tokens to those that a ticket is found by, up to [`TICKET_TOKENS_MAX`] in total.
pub async fn add_tokens(
    write: &mut SqliteConnection,
    number: i64,
    tokens: &BTreeSet<String>,
) -> Result<(), StoreError> {
    if tokens.is_empty() {
        return Ok(());
    }
    let add = "
        INSERT INTO ticket_tokens (ticket, token)
        SELECT ?1, value FROM json_each(?2) WHERE NOT EXISTS (SELECT 1 FROM ticket_tokens WHERE ticket = ?1 AND token = value)
        LIMIT max(0, ?3 - (SELECT count(*) FROM ticket_tokens WHERE ticket = ?1))";
    query(add)
        .bind(number)
        .bind(json(tokens)?)
        .bind(TICKET_TOKENS_MAX as i64)
        .execute(write)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Adds the tokens of a text to the ticket with an id, within the same limit.
pub async fn add_tokens_of(write: &mut SqliteConnection, ticket: &TicketId, text: &str) -> Result<(), StoreError> {
    let tokens = tokens::of_texts(&[text]);
    if tokens.is_empty() {
        return Ok(());
    }
    let number = query_scalar("SELECT number FROM tickets WHERE id = ?")
        .bind(ticket.as_str())
        .fetch_one(&mut *write)
        .await
        .map_err(store_error)?;
    add_tokens(write, number, &tokens).await
}

/// Whether the columns or tokens of a ticket are of an older version.
pub async fn has_unlisted_tickets(read: &mut SqliteConnection) -> Result<bool, StoreError> {
    let unlisted = query_scalar("SELECT EXISTS (SELECT 1 FROM tickets WHERE listed BETWEEN 0 AND ?)").bind(LISTED - 1);
    unlisted.fetch_one(read).await.map_err(store_error)
}

/// Backfills the tickets stored by an older gateway. If interrupted, it continues at the next start.
pub async fn backfill_list_columns(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut done = 0_u64;
    loop {
        let mut write = writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let rows = query(concat!(
            "SELECT ",
            whole_ticket!(),
            " FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE listed BETWEEN 0 AND ? ORDER BY listed, number LIMIT ?"
        ));
        let rows = rows.bind(LISTED - 1).bind(CHUNK).fetch_all(&mut *write).await.map_err(store_error)?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            backfill_ticket(&mut write, row).await?;
        }
        write.commit().await.map_err(store_error)?;
        done += rows.len() as u64;
        tracing::info!(tickets = done, "list columns backfilled");
    }
    Ok(())
}

async fn backfill_ticket(write: &mut SqliteConnection, row: &SqliteRow) -> Result<(), StoreError> {
    let number: i64 = row.value("number")?;
    let ticket = match ticket_of(row) {
        Ok(ticket) => ticket,
        Err(error) => {
            tracing::error!(%error, "ticket unreadable, left out of lists");
            query("UPDATE tickets SET listed = ?, list_group = ? WHERE number = ?")
                .bind(UNREADABLE)
                .bind(UNREADABLE_GROUP)
                .bind(number)
                .execute(&mut *write)
                .await
                .map_err(store_error)?;
            return Ok(());
        }
    };
    write_list_columns(write, number, &summarize(&ticket)).await?;
    let position = sort_position(&ticket);
    query("UPDATE tickets SET list_group = ?, list_key = ? WHERE number = ?")
        .bind(position.group)
        .bind(position.key)
        .bind(number)
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
    query("UPDATE ticket_bodies SET excerpt = ? WHERE ticket = ?")
        .bind(excerpt(&ticket.ticket.message))
        .bind(ticket.id.as_str())
        .execute(&mut *write)
        .await
        .map_err(store_error)?;
    // Tokens of an older version would never match.
    query("DELETE FROM ticket_tokens WHERE ticket = ?").bind(number).execute(&mut *write).await.map_err(store_error)?;
    add_tokens(write, number, &tokens::of_ticket(&ticket)).await?;
    for text in said_about(write, &ticket).await? {
        add_tokens(write, number, &tokens::of_texts(&[&text])).await?;
    }
    Ok(())
}

async fn said_about(read: &mut SqliteConnection, ticket: &StoredTicket) -> Result<Vec<String>, StoreError> {
    let texts = query_scalar(
        "SELECT body FROM messages WHERE ticket = ?1 UNION ALL SELECT text FROM deeds WHERE ticket = ?1 AND text <> ''",
    );
    texts.bind(ticket.id.as_str()).fetch_all(read).await.map_err(store_error)
}
