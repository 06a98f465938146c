//! Converts rows to records.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::columns::RowExt;
use deskbell_core::ids::{CustomerId, DeliveryId, SessionHash, TicketId};
use deskbell_core::ports::{
    Activity, ActivityKind, Confirmation, Delivery, DeliveryKind, DeliveryState, Handling, ListedTicket, StoreError,
    StoredSubmission, StoredTicket, SubmissionKey, TicketSummary,
};
use deskbell_core::rules::body;
use domain::conversation::{Author, Message, Turn};
use domain::robot::Sign;
use domain::targets::{Owner, Target};
use domain::ticket::{Kind, Priority, Severity, Status};

/// A value as JSON for a column.
pub fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Damaged { record: "a value".into(), reason: error.to_string() })
}

/// The ticket in a row of [`super::TICKET`].
pub fn ticket_of(row: &PgRow) -> Result<StoredTicket, StoreError> {
    let id: TicketId = row.id("id")?;
    let record = format!("ticket {id}");
    let priority: Option<&str> = row.value("priority")?;
    let sent = body::read(row.value("body_format")?, row.value("body")?)
        .map_err(|reason| StoreError::Damaged { record: record.clone(), reason: format!("column body: {reason}") })?;
    Ok(StoredTicket {
        site: row.id("site")?,
        reference: row.id("reference")?,
        status: word_in(&record, row, "status", Status::from_word)?,
        priority: priority.map(|priority| word(&record, "priority", priority, Priority::from_word)).transpose()?,
        target: target_of(&record, row)?,
        due_at: row.optional_time("due_at")?,
        received_at: row.time("received_at")?,
        person: row.value::<Option<String>>("person")?.map(CustomerId::from),
        session: session_of(&record, row, "session")?,
        ticket: sent,
        handling: handling_of(&record, row)?,
        id,
    })
}

/// The SHA-256 of a session in a column that may be empty.
pub fn session_of(record: &str, row: &PgRow, column: &str) -> Result<Option<SessionHash>, StoreError> {
    let session: Option<Vec<u8>> = row.value(column)?;
    session.map(|session| digest(record, column, session).map(SessionHash::from)).transpose()
}

fn target_of(record: &str, row: &PgRow) -> Result<Option<Target>, StoreError> {
    let target: Option<&str> = row.value("target")?;
    target.map(|target| parsed(record, "target", target)).transpose()
}

fn handling_of(record: &str, row: &PgRow) -> Result<Handling, StoreError> {
    let owner: Option<&str> = row.value("owner")?;
    Ok(Handling {
        topic: row.value("topic")?,
        severity: word_in(record, row, "severity", Severity::from_word)?,
        owner: owner.map(|owner| word(record, "owner", owner, Owner::from_word)).transpose()?,
        team: row.value("team")?,
        assignee: row.value("assignee")?,
        turn: word_in(record, row, "turn", Turn::from_word)?,
        answered_at: row.optional_time("answered_at")?,
        updated_at: row.time("updated_at")?,
        read_until: row.number("read_until")?,
        unread: row.number("unread")?,
        confirmation: match row.value::<Option<bool>>("confirmed")? {
            None => Confirmation::NotNeeded,
            Some(false) => {
                let (withheld, first) = (row.number("withheld")?, row.number("withheld_from")?);
                Confirmation::Awaited { withheld, first, code_sent: row.value("code_sent")? }
            }
            Some(true) => Confirmation::Confirmed,
        },
    })
}

/// The ticket in a row of [`super::listed_ticket`], as lists show it.
pub fn listed_ticket_of(row: &PgRow) -> Result<ListedTicket, StoreError> {
    let id: TicketId = row.id("id")?;
    let record = format!("ticket {id}");
    let status = word_in(&record, row, "status", Status::from_word)?;
    let handling = handling_of(&record, row)?;
    let signs: &str = row.value("robot_signs")?;
    Ok(ListedTicket {
        site: row.id("site")?,
        reference: row.id("reference")?,
        status,
        target: target_of(&record, row)?,
        due_at: row.optional_time("due_at")?,
        received_at: row.time("received_at")?,
        shown: TicketSummary {
            kind: word_in(&record, row, "kind", Kind::from_word)?,
            title: row.value("title")?,
            requester: row.value("requester")?,
            plan: row.value("plan")?,
            is_verified: row.value("is_verified")?,
            robot_signs: signs.split(' ').filter_map(Sign::from_word).collect(),
            is_test: row.value("is_test")?,
        },
        handling,
        id,
    })
}

/// The message in a row of `messages`.
pub fn message_of(row: &PgRow) -> Result<Message, StoreError> {
    Ok(Message {
        number: row.number("number")?,
        author: word_in("a message", row, "author", Author::from_word)?,
        name: row.value("name")?,
        body: row.value("body")?,
        at: row.time("at")?.to_string(),
        attachments: Vec::new(),
    })
}

/// The message in a row and the SHA-256 of the body that it was sent with.
pub fn keyed_message_of(row: &PgRow) -> Result<([u8; 32], Message), StoreError> {
    Ok((digest("a message", "body_hash", row.value("body_hash")?)?, message_of(row)?))
}

/// The activity in a row of `activities`.
pub fn activity_of(row: &PgRow) -> Result<Activity, StoreError> {
    Ok(Activity {
        actor: row.value("actor")?,
        kind: word_in("an activity", row, "kind", ActivityKind::from_word)?,
        text: row.value("text")?,
        at: row.time("at")?,
    })
}

/// The delivery in a row of `deliveries`.
pub fn delivery_of(row: &PgRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: DeliveryId::new(row.value("id")?),
        site: row.id("site")?,
        destination: row.id("destination")?,
        ticket: row.id("ticket")?,
        kind: word_in("a delivery", row, "kind", DeliveryKind::from_word)?,
        number: row.number("number")?,
        state: word_in("a delivery", row, "state", DeliveryState::from_word)?,
        created_at: row.time("created_at")?,
        due_at: row.time("due_at")?,
        first_attempt_at: row.optional_time("first_attempt_at")?,
        settled_at: row.optional_time("settled_at")?,
        attempts: row.number("attempts")?,
        failures: row.number("failures")?,
        external_id: row.value("external_id")?,
        reason: row.value("reason")?,
    })
}

/// The ticket and idempotency key in a row that has both.
pub fn submission_of(row: &PgRow) -> Result<StoredSubmission, StoreError> {
    let ticket = ticket_of(row)?;
    let record = format!("submission of ticket {}", ticket.id);
    let key = SubmissionKey {
        key: row.id("key")?,
        body: digest(&record, "body_hash", row.value("key_body_hash")?)?,
        session: session_of(&record, row, "key_session")?,
    };
    Ok(StoredSubmission { key, ticket })
}

/// The values of rows. Rows that cannot be read are logged with their ids and left out.
pub fn read_rows<T>(
    rows: &[PgRow],
    record: &str,
    read: impl Fn(&PgRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let values = rows.iter().map(|row| read_row(row, record, &read));
    values.filter_map(Result::transpose).collect()
}

/// The value of a row; none if it cannot be read, which is logged with its id.
pub fn read_row<T>(
    row: &PgRow,
    record: &str,
    read: impl Fn(&PgRow) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match read(row) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.concerns_row() => {
            tracing::error!(id = row_id(row), %error, "{record} unreadable, left out");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The id of a row, or ticket and number if it has no id.
fn row_id(row: &PgRow) -> String {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|number| number.to_string());
    let text = |column: &str| row.try_get::<String, _>(column);
    let of_ticket = || Ok::<_, sqlx::Error>(format!("{}/{}", text("ticket")?, number("number")?));
    number("id").or_else(|_| text("id")).or_else(|_| of_ticket()).unwrap_or_default()
}

/// Parses the JSON of a column.
pub fn parsed<T: DeserializeOwned>(record: &str, column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged {
        record: record.into(),
        reason: format!("column {column}: line {} column {}", error.line(), error.column()),
    })
}

/// The enum value in a column.
pub fn word_in<T>(record: &str, row: &PgRow, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    word(record, column, row.value(column)?, read)
}

/// Parses the enum value of a column.
pub fn word<T>(record: &str, column: &str, word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(word).ok_or_else(|| StoreError::Damaged {
        record: record.into(),
        reason: format!("column {column}: unknown value {word:?}"),
    })
}

/// The SHA-256 digest in a column of a record.
pub fn digest(record: &str, column: &str, bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Damaged {
        record: record.into(),
        reason: format!("column {column}: not a SHA-256 digest"),
    })
}
