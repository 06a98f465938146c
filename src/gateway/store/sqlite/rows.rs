//! Rows of the database as values.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteRow;

use super::super::{Seal, Sealed, StoreError, StoredTicket};
use crate::domain::question::Question;
use crate::domain::ticket::{Priority, Status};

/// A value as it is kept.
pub fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Damaged { what: "a value".into(), reason: error.to_string() })
}

/// The ticket of a row of `tickets`.
pub fn ticket_of(row: &SqliteRow) -> Result<StoredTicket, StoreError> {
    let id: String = row.try_get("id")?;
    let what = format!("ticket {id}");
    let status: String = row.try_get("status")?;
    let priority: Option<String> = row.try_get("priority")?;
    let target: Option<String> = row.try_get("target")?;
    Ok(StoredTicket {
        site: row.try_get("site")?,
        reference: row.try_get("reference")?,
        status: word(&what, &status, Status::from_word)?,
        priority: priority.map(|priority| word(&what, &priority, Priority::from_word)).transpose()?,
        target: target.map(|target| parsed(&what, &target)).transpose()?,
        due_at: row.try_get("due_at")?,
        received_at: row.try_get("received_at")?,
        person: row.try_get("person")?,
        ticket: parsed(&what, row.try_get("ticket")?)?,
        id,
    })
}

/// The ticket and the seal of a row that has both.
pub fn sealed_of(row: &SqliteRow) -> Result<Sealed, StoreError> {
    let ticket = ticket_of(row)?;
    let body: Vec<u8> = row.try_get("seal_body")?;
    let session: Option<Vec<u8>> = row.try_get("seal_session")?;
    let seal = Seal {
        key: row.try_get("seal_key")?,
        body: digest(&ticket.id, body)?,
        session: session.map(|session| digest(&ticket.id, session)).transpose()?,
    };
    Ok(Sealed { seal, ticket })
}

/// The question of a row of `questions`.
pub fn question_of(row: &SqliteRow) -> Result<Question, StoreError> {
    let id: String = row.try_get("id")?;
    parsed(&format!("question {id}"), row.try_get("question")?)
}

fn parsed<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Damaged { what: what.into(), reason: format!("line {}", error.line()) })
}

fn word<T>(what: &str, word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(word).ok_or_else(|| StoreError::Damaged { what: what.into(), reason: format!("{word:?} is not known") })
}

fn digest(id: &str, bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Damaged { what: format!("the seal of ticket {id}"), reason: "no SHA-256".into() })
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let held = match &error {
            sqlx::Error::PoolTimedOut => true,
            // SQLITE_BUSY and its extended codes (5, 261, 517, 773).
            sqlx::Error::Database(error) if error.kind() == ErrorKind::Other => {
                error.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| code & 0xff == 5)
            }
            _ => false,
        };
        if held { StoreError::Busy } else { StoreError::Database(error) }
    }
}
