//! Converts rows to records.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::RowExt;
use deskbell_core::ids::{CustomerId, DeliveryId, SessionHash, TicketId};
use deskbell_core::ports::{
    Activity, ActivityKind, Confirmation, Delivery, DeliveryKind, DeliveryState, Handling, ListedTicket, StoreError,
    StoredAttachment, StoredSubmission, StoredTicket, SubmissionKey, TicketSummary,
};
use deskbell_core::rules::body;
use domain::attachment::FileType;
use domain::conversation::{Author, Message, Turn};
use domain::question::Question;
use domain::robot::Sign;
use domain::targets::{Owner, Target};
use domain::ticket::{Kind, Priority, Severity, Status};

/// A value as JSON for a column.
pub fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Damaged { record: "a value".into(), reason: error.to_string() })
}

/// The ticket in a row of [`super::TICKET`].
pub fn ticket_of(row: &SqliteRow) -> Result<StoredTicket, StoreError> {
    let id: TicketId = row.id("id")?;
    let record = format!("ticket {id}");
    let priority: Option<String> = row.value("priority")?;
    let sent = body::read(row.value("body_format")?, row.value("ticket")?)
        .map_err(|reason| StoreError::Damaged { record: record.clone(), reason: format!("column body: {reason}") })?;
    Ok(StoredTicket {
        site: row.id("site")?,
        reference: row.id("reference")?,
        status: word_in(&record, row, "status", Status::from_word)?,
        priority: priority.map(|priority| word(&record, "priority", &priority, Priority::from_word)).transpose()?,
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
fn session_of(record: &str, row: &SqliteRow, column: &str) -> Result<Option<SessionHash>, StoreError> {
    let session: Option<Vec<u8>> = row.value(column)?;
    session.map(|session| digest(record, column, session).map(SessionHash::from)).transpose()
}

fn target_of(record: &str, row: &SqliteRow) -> Result<Option<Target>, StoreError> {
    let target: Option<String> = row.value("target")?;
    target.map(|target| parsed(record, "target", &target)).transpose()
}

fn handling_of(record: &str, row: &SqliteRow) -> Result<Handling, StoreError> {
    let owner: Option<String> = row.value("owner")?;
    Ok(Handling {
        topic: row.value("topic")?,
        severity: word_in(record, row, "severity", Severity::from_word)?,
        owner: owner.map(|owner| word(record, "owner", &owner, Owner::from_word)).transpose()?,
        team: row.value("team")?,
        assignee: row.value("assignee")?,
        turn: word_in(record, row, "turn", Turn::from_word)?,
        answered_at: row.optional_time("answered_at")?,
        updated_at: row.time("updated_at")?,
        read_until: row.value("read_until")?,
        unread: row.value("unread")?,
        confirmation: match row.value::<Option<bool>>("confirmed")? {
            None => Confirmation::NotNeeded,
            Some(false) => {
                let (withheld, first) = (row.value("withheld")?, row.value("withheld_from")?);
                Confirmation::Awaited { withheld, first, code_sent: row.value("code_sent")? }
            }
            Some(true) => Confirmation::Confirmed,
        },
    })
}

/// The ticket in a row of `tickets`, as lists show it.
pub fn listed_ticket_of(row: &SqliteRow) -> Result<ListedTicket, StoreError> {
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
pub fn message_of(row: &SqliteRow) -> Result<Message, StoreError> {
    Ok(Message {
        number: row.value("number")?,
        author: word_in("a message", row, "author", Author::from_word)?,
        name: row.value("name")?,
        body: row.value("body")?,
        at: row.value("at")?,
        attachments: Vec::new(),
    })
}

/// The message in a row and the SHA-256 of the body that it was sent with.
pub fn keyed_message_of(row: &SqliteRow) -> Result<([u8; 32], Message), StoreError> {
    Ok((digest("a message", "sealed", row.value("sealed")?)?, message_of(row)?))
}

/// The attachment in a row of `attachments`.
pub fn attachment_of(row: &SqliteRow) -> Result<StoredAttachment, StoreError> {
    let id: String = row.value("id")?;
    let record = format!("file {id}");
    Ok(StoredAttachment {
        site: row.id("site")?,
        person: row.value::<Option<String>>("person")?.map(CustomerId::from),
        session: session_of(&record, row, "session")?,
        name: row.value("name")?,
        media: word_in(&record, row, "type", FileType::from_word)?,
        size: row.value("size")?,
        has_metadata: row.value("metadata")?,
        file: row.value("file")?,
        put_at: row.time("put_at")?,
        number: row.value("number")?,
        id,
    })
}

/// The activity in a row of `activities`.
pub fn activity_of(row: &SqliteRow) -> Result<Activity, StoreError> {
    Ok(Activity {
        actor: row.value("operator")?,
        kind: word_in("a deed", row, "deed", ActivityKind::from_word)?,
        text: row.value("text")?,
        at: row.time("at")?,
    })
}

/// The delivery in a row of `deliveries`.
pub fn delivery_of(row: &SqliteRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: DeliveryId::new(row.value("id")?),
        site: row.id("site")?,
        destination: row.id("destination")?,
        ticket: row.id("ticket")?,
        kind: word_in("a delivery", row, "what", DeliveryKind::from_word)?,
        number: row.value("number")?,
        state: word_in("a delivery", row, "state", DeliveryState::from_word)?,
        created_at: row.time("created_at")?,
        due_at: row.time("due_at")?,
        first_attempt_at: row.optional_time("tried_at")?,
        settled_at: row.optional_time("settled_at")?,
        attempts: row.value("tries")?,
        failures: row.value("failures")?,
        external_id: row.value("remote")?,
        reason: row.value("told")?,
    })
}

/// The ticket and idempotency key in a row that has both.
pub fn submission_of(row: &SqliteRow) -> Result<StoredSubmission, StoreError> {
    let ticket = ticket_of(row)?;
    let record = format!("submission of ticket {}", ticket.id);
    let key = SubmissionKey {
        key: row.id("seal_key")?,
        body: digest(&record, "seal_body", row.value("seal_body")?)?,
        session: session_of(&record, row, "seal_session")?,
    };
    Ok(StoredSubmission { key, ticket })
}

/// The values of rows. Rows that cannot be read are logged with their ids and left out.
pub fn read_rows<T>(
    rows: &[SqliteRow],
    record: &str,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let values = rows.iter().map(|row| read_row(row, record, &read));
    values.filter_map(Result::transpose).collect()
}

/// The value of a row; none if it cannot be read, which is logged with its id.
pub fn read_row<T>(
    row: &SqliteRow,
    record: &str,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
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
fn row_id(row: &SqliteRow) -> String {
    let number = |column: &str| row.try_get::<i64, _>(column).map(|number| number.to_string());
    let text = |column: &str| row.try_get::<String, _>(column);
    let of_ticket = || Ok::<_, sqlx::Error>(format!("{}/{}", text("ticket")?, number("number")?));
    number("id").or_else(|_| text("id")).or_else(|_| of_ticket()).unwrap_or_default()
}

/// The question in a row of `questions`.
pub fn question_of(row: &SqliteRow) -> Result<Question, StoreError> {
    let id: String = row.value("id")?;
    parsed(&format!("question {id}"), "question", row.value("question")?)
}

/// Parses the JSON of a column.
pub fn parsed<T: DeserializeOwned>(record: &str, column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged {
        record: record.into(),
        reason: format!("column {column}: line {} column {}", error.line(), error.column()),
    })
}

fn word_in<T>(record: &str, row: &SqliteRow, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
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
