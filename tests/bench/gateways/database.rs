//! What the database has, read with SQL.

use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::Outcome;
use super::book::marked;

/// A stored message: the id of its ticket, its number in it, and what its text names.
pub struct Message {
    /// The id of the ticket.
    pub ticket: String,
    /// Its number; 0 is the ticket itself.
    pub number: usize,
    /// The ticket and the message that its text names.
    pub mark: Option<(usize, usize)>,
}

/// How much is not done yet, and what was given up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Deliveries that wait.
    pub deliveries: i64,
    /// Mails that wait.
    pub mails: i64,
    /// Dead letters.
    pub dead_letters: i64,
}

/// All messages, by ticket and in order.
pub async fn messages(url: &str) -> Outcome<Vec<Message>> {
    let mut connection = PgConnection::connect(url).await?;
    let tickets: Vec<(String, String)> =
        sqlx::query_as("SELECT ticket, body FROM ticket_bodies").fetch_all(&mut connection).await?;
    let others: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT ticket, number, body FROM messages").fetch_all(&mut connection).await?;
    let mut messages = Vec::new();
    for (ticket, body) in tickets {
        let body: Value = serde_json::from_str(&body)?;
        let mark = body.get("message").and_then(Value::as_str).and_then(marked);
        messages.push(Message { ticket, number: 0, mark });
    }
    for (ticket, number, body) in others {
        messages.push(Message { ticket, number: number.try_into()?, mark: marked(&body) });
    }
    messages.sort_by(|one, other| (&one.ticket, one.number).cmp(&(&other.ticket, other.number)));
    Ok(messages)
}

/// What is pending.
pub async fn pending(url: &str) -> Outcome<Pending> {
    let mut connection = PgConnection::connect(url).await?;
    let mut count = async |from: &str| -> Outcome<i64> {
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM {from}"));
        Ok(sqlx::query_scalar(sql).fetch_one(&mut connection).await?)
    };
    Ok(Pending {
        deliveries: count("deliveries WHERE state = 'waiting'").await?,
        mails: count("mails WHERE due_at IS NOT NULL").await?,
        dead_letters: count("deliveries WHERE state NOT IN ('waiting', 'delivered')").await?,
    })
}
