//! The tokens that tickets are found by.

use sqlx::{PgConnection, query};

use super::columns::text;
use super::error::store_error;
use deskbell_core::ids::TicketId;
use deskbell_core::ports::StoreError;
use deskbell_core::rules::tokens::{self, TICKET_TOKENS_MAX};

/// Adds tokens to those that a ticket is found by, up to [`TICKET_TOKENS_MAX`] in total. The caller has locked the ticket or inserted it.
pub async fn add_tokens<'a>(
    write: &mut PgConnection,
    ticket: &TicketId,
    tokens: impl IntoIterator<Item = &'a String>,
) -> Result<(), StoreError> {
    let tokens: Vec<String> = tokens.into_iter().map(|token| text(token).into_owned()).collect();
    if tokens.is_empty() {
        return Ok(());
    }
    query(
        "WITH found AS (SELECT number FROM tickets WHERE id = $1)
        INSERT INTO ticket_tokens (ticket, token)
        SELECT found.number, added.token FROM found CROSS JOIN unnest($2::text[]) AS added (token)
        WHERE NOT EXISTS (SELECT 1 FROM ticket_tokens AS known WHERE known.ticket = found.number AND known.token = added.token)
        LIMIT greatest(0, $3 - (SELECT count(*) FROM ticket_tokens AS known JOIN found ON known.ticket = found.number))
        ON CONFLICT DO NOTHING",
    )
    .bind(text(ticket.as_str()))
    .bind(tokens)
    .bind(TICKET_TOKENS_MAX as i64)
    .execute(write)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Adds the tokens of a text, within the same limit.
pub async fn add_tokens_of(write: &mut PgConnection, ticket: &TicketId, text: &str) -> Result<(), StoreError> {
    add_tokens(write, ticket, &tokens::of_texts(&[text])).await
}
