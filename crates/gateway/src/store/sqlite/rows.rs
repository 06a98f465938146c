//! Rows of the database as values.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteRow;

use super::super::{
    Act, Confirmation, Deed, Delivery, Handling, ListedTicket, Seal, Sealed, Shown, State, StoreError,
    StoredAttachment, StoredTicket, What, body,
};
use domain::attachment::FileType;
use domain::conversation::{Author, Message, Turn};
use domain::question::Question;
use domain::robot::Sign;
use domain::targets::{Owner, Target};
use domain::ticket::{Kind, Priority, Severity, Status};

/// A value as it is kept.
pub fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Damaged { what: "a value".into(), reason: error.to_string() })
}

/// The ticket of a row of [`super::TICKET`].
pub fn ticket_of(row: &SqliteRow) -> Result<StoredTicket, StoreError> {
    let id: String = row.try_get("id")?;
    let what = format!("ticket {id}");
    let priority: Option<String> = row.try_get("priority")?;
    let session: Option<Vec<u8>> = row.try_get("session")?;
    let sent = body::read(row.try_get("body_format")?, row.try_get("ticket")?)
        .map_err(|reason| StoreError::Damaged { what: what.clone(), reason: format!("column body: {reason}") })?;
    Ok(StoredTicket {
        site: row.try_get("site")?,
        reference: row.try_get("reference")?,
        status: word_in(&what, row, "status", Status::from_word)?,
        priority: priority.map(|priority| word(&what, "priority", &priority, Priority::from_word)).transpose()?,
        target: target_of(&what, row)?,
        due_at: row.try_get("due_at")?,
        received_at: row.try_get("received_at")?,
        person: row.try_get("person")?,
        session: session.map(|session| digest(&id, session)).transpose()?,
        ticket: sent,
        handling: handling_of(&what, row)?,
        id,
    })
}

fn target_of(what: &str, row: &SqliteRow) -> Result<Option<Target>, StoreError> {
    let target: Option<String> = row.try_get("target")?;
    target.map(|target| parsed(what, "target", &target)).transpose()
}

fn handling_of(what: &str, row: &SqliteRow) -> Result<Handling, StoreError> {
    let owner: Option<String> = row.try_get("owner")?;
    Ok(Handling {
        topic: row.try_get("topic")?,
        severity: word_in(what, row, "severity", Severity::from_word)?,
        owner: owner.map(|owner| word(what, "owner", &owner, Owner::from_word)).transpose()?,
        team: row.try_get("team")?,
        assignee: row.try_get("assignee")?,
        turn: word_in(what, row, "turn", Turn::from_word)?,
        answered_at: row.try_get("answered_at")?,
        updated_at: row.try_get("updated_at")?,
        read_until: row.try_get("read_until")?,
        unread: row.try_get("unread")?,
        confirmation: match row.try_get::<Option<bool>, _>("confirmed")? {
            None => Confirmation::NotNeeded,
            Some(false) => {
                let (withheld, first) = (row.try_get("withheld")?, row.try_get("withheld_from")?);
                Confirmation::Awaited { withheld, first, code_sent: row.try_get("code_sent")? }
            }
            Some(true) => Confirmation::Confirmed,
        },
    })
}

/// The ticket of a row of `tickets` as lists show it.
pub fn listed_ticket_of(row: &SqliteRow) -> Result<ListedTicket, StoreError> {
    let id: String = row.try_get("id")?;
    let what = format!("ticket {id}");
    let status = word_in(&what, row, "status", Status::from_word)?;
    let handling = handling_of(&what, row)?;
    let signs: &str = row.try_get("robot_signs")?;
    Ok(ListedTicket {
        site: row.try_get("site")?,
        reference: row.try_get("reference")?,
        status,
        target: target_of(&what, row)?,
        due_at: row.try_get("due_at")?,
        received_at: row.try_get("received_at")?,
        shown: Shown {
            kind: word_in(&what, row, "kind", Kind::from_word)?,
            title: row.try_get("title")?,
            requester: row.try_get("requester")?,
            plan: row.try_get("plan")?,
            is_verified: row.try_get("is_verified")?,
            robot_signs: signs.split(' ').filter_map(Sign::from_word).collect(),
            is_test: row.try_get("is_test")?,
        },
        handling,
        id,
    })
}

/// The message of a row of `messages`.
pub fn message_of(row: &SqliteRow) -> Result<Message, StoreError> {
    Ok(Message {
        number: row.try_get("number")?,
        author: word_in("a message", row, "author", Author::from_word)?,
        name: row.try_get("name")?,
        body: row.try_get("body")?,
        at: row.try_get("at")?,
        attachments: Vec::new(),
    })
}

/// What was sealed with the message of a row, and the message.
pub fn sealed_message_of(row: &SqliteRow) -> Result<([u8; 32], Message), StoreError> {
    Ok((digest("a message", row.try_get("sealed")?)?, message_of(row)?))
}

/// The file of a row of `attachments`.
pub fn attachment_of(row: &SqliteRow) -> Result<StoredAttachment, StoreError> {
    let session: Option<Vec<u8>> = row.try_get("session")?;
    let id: String = row.try_get("id")?;
    Ok(StoredAttachment {
        site: row.try_get("site")?,
        person: row.try_get("person")?,
        session: session.map(|session| digest(&id, session)).transpose()?,
        name: row.try_get("name")?,
        media: word_in(&format!("file {id}"), row, "type", FileType::from_word)?,
        size: row.try_get("size")?,
        has_metadata: row.try_get("metadata")?,
        file: row.try_get("file")?,
        put_at: row.try_get("put_at")?,
        number: row.try_get("number")?,
        id,
    })
}

/// The deed of a row of `deeds`.
pub fn deed_of(row: &SqliteRow) -> Result<Deed, StoreError> {
    Ok(Deed {
        operator: row.try_get("operator")?,
        act: word_in("a deed", row, "deed", Act::from_word)?,
        text: row.try_get("text")?,
        at: row.try_get("at")?,
    })
}

/// The delivery of a row of `deliveries`.
pub fn delivery_of(row: &SqliteRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.try_get("id")?,
        site: row.try_get("site")?,
        destination: row.try_get("destination")?,
        ticket: row.try_get("ticket")?,
        what: word_in("a delivery", row, "what", What::from_word)?,
        number: row.try_get("number")?,
        state: word_in("a delivery", row, "state", State::from_word)?,
        created_at: row.try_get("created_at")?,
        due_at: row.try_get("due_at")?,
        tried_at: row.try_get("tried_at")?,
        settled_at: row.try_get("settled_at")?,
        tries: row.try_get("tries")?,
        failures: row.try_get("failures")?,
        remote: row.try_get("remote")?,
        told: row.try_get("told")?,
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

/// The values of rows; what cannot be read is logged with its id and left out.
pub fn read_rows<T>(
    rows: &[SqliteRow],
    what: &str,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let values = rows.iter().map(|row| read_row(row, what, &read));
    values.filter_map(Result::transpose).collect()
}

/// The value of a row; none where it cannot be read, which is logged with its id.
pub fn read_row<T>(
    row: &SqliteRow,
    what: &str,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read(row) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.concerns_row() => {
            tracing::error!(id = row_id(row), %error, "{what} unreadable, left out");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The id of a row, or the ticket and number that it has in place of one.
fn row_id(row: &SqliteRow) -> String {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|number| number.to_string());
    let text = |column: &str| row.try_get::<String, _>(column);
    let of_ticket = || Ok::<_, sqlx::Error>(format!("{}/{}", text("ticket")?, number("number")?));
    number("id").or_else(|_| text("id")).or_else(|_| of_ticket()).unwrap_or_default()
}

/// The question of a row of `questions`.
pub fn question_of(row: &SqliteRow) -> Result<Question, StoreError> {
    let id: String = row.try_get("id")?;
    parsed(&format!("question {id}"), "question", row.try_get("question")?)
}

/// What the JSON of a column says.
pub fn parsed<T: DeserializeOwned>(what: &str, column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged {
        what: what.into(),
        reason: format!("column {column}: line {} column {}", error.line(), error.column()),
    })
}

fn word_in<T>(what: &str, row: &SqliteRow, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    word(what, column, row.try_get(column)?, read)
}

/// What the word of a column stands for.
pub fn word<T>(what: &str, column: &str, word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(word).ok_or_else(|| StoreError::Damaged {
        what: what.into(),
        reason: format!("column {column}: {word:?} is not known"),
    })
}

fn digest(id: &str, bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes
        .try_into()
        .map_err(|_| StoreError::Damaged { what: format!("the seal of ticket {id}"), reason: "no SHA-256".into() })
}

const SQLITE_BUSY: i32 = 5;
const SQLITE_FULL: i32 = 13;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let code = match &error {
            sqlx::Error::PoolTimedOut => return StoreError::Busy,
            sqlx::Error::Database(error) if error.kind() == ErrorKind::Other => {
                error.code().and_then(|code| code.parse::<i32>().ok())
            }
            _ => None,
        };
        // The primary result code is the lowest byte of an extended one (sqlite.org/rescode.html).
        match code.map(|code| code & 0xff) {
            Some(SQLITE_BUSY) => StoreError::Busy,
            Some(SQLITE_FULL) => StoreError::Full,
            _ => StoreError::Database(Arc::new(error)),
        }
    }
}
