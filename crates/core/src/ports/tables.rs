//! The tables of a store as all stores have them, for moving rows from one store to another. A store has its own names and types for them.

use crate::timestamp::Timestamp;

/// A table of a store.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in the order of the values of a row.
    pub columns: &'static [Column],
    /// The names of the columns that identify a row; none if several rows may be the same.
    pub key: &'static [&'static str],
    /// The column whose numbers the store assigns, each greater than all before.
    pub assigned: Option<&'static str>,
    /// Whether a database without any data already has rows in it, which a move replaces.
    pub is_seeded: bool,
}

/// A column of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: ColumnKind,
    /// Whether a row may have no value.
    pub is_optional: bool,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers of 64 bits.
    Integer,
    /// True or false.
    Boolean,
    /// Texts, also JSON.
    Text,
    /// Bytes, such as digests.
    Bytes,
    /// Times.
    Time,
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// None, in an optional column.
    None,
    /// In a column of [`ColumnKind::Integer`].
    Integer(i64),
    /// In a column of [`ColumnKind::Boolean`].
    Boolean(bool),
    /// In a column of [`ColumnKind::Text`].
    Text(String),
    /// In a column of [`ColumnKind::Bytes`].
    Bytes(Vec<u8>),
    /// In a column of [`ColumnKind::Time`].
    Time(Timestamp),
}

/// The values of a row, in the order of the table's columns.
pub type Row = Vec<Value>;

impl Value {
    /// The memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        let content = match self {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::None | Value::Integer(_) | Value::Boolean(_) | Value::Time(_) => 0,
        };
        size_of::<Value>() + content
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(is_true: bool) -> Value {
        Value::Boolean(is_true)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(bytes)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Value {
        Value::Time(time)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, T::into)
    }
}

impl Column {
    const fn new(name: &'static str, kind: ColumnKind) -> Column {
        Column { name, kind, is_optional: false }
    }

    const fn optional(self) -> Column {
        Column { is_optional: true, ..self }
    }
}

const fn integer(name: &'static str) -> Column {
    Column::new(name, ColumnKind::Integer)
}

const fn boolean(name: &'static str) -> Column {
    Column::new(name, ColumnKind::Boolean)
}

const fn text(name: &'static str) -> Column {
    Column::new(name, ColumnKind::Text)
}

const fn bytes(name: &'static str) -> Column {
    Column::new(name, ColumnKind::Bytes)
}

const fn time(name: &'static str) -> Column {
    Column::new(name, ColumnKind::Time)
}

const fn table(name: &'static str, key: &'static [&'static str], columns: &'static [Column]) -> Table {
    Table { name, columns, key, assigned: None, is_seeded: false }
}

impl Table {
    const fn assigns(self, column: &'static str) -> Table {
        Table { assigned: Some(column), ..self }
    }

    const fn seeded(self) -> Table {
        Table { is_seeded: true, ..self }
    }
}

/// All tables with data. Rows refer to rows of earlier tables only.
pub static TABLES: &[Table] = &[
    table(
        "tickets",
        &["id"],
        &[
            integer("number"),
            text("id"),
            text("site"),
            text("reference"),
            text("status"),
            text("priority").optional(),
            text("target").optional(),
            time("due_at").optional(),
            time("received_at"),
            text("person").optional(),
            bytes("session").optional(),
            text("topic"),
            text("severity"),
            text("owner").optional(),
            text("team"),
            text("assignee"),
            text("turn"),
            time("answered_at").optional(),
            time("updated_at"),
            integer("read_until"),
            integer("unread"),
            integer("customer_messages"),
            text("kind"),
            text("title"),
            text("requester"),
            text("plan"),
            boolean("is_verified"),
            text("robot_signs"),
            boolean("is_test"),
            integer("list_group"),
            integer("list_key"),
        ],
    )
    .assigns("number"),
    table("ticket_bodies", &["ticket"], &[text("ticket"), integer("format"), text("excerpt"), text("body")]),
    table(
        "submission_keys",
        &["site", "key"],
        &[text("site"), text("key"), bytes("body_hash"), bytes("session").optional(), text("ticket")],
    ),
    table("ticket_tokens", &["ticket", "token"], &[integer("ticket"), text("token")]),
    table(
        "messages",
        &["ticket", "number"],
        &[
            text("ticket"),
            integer("number"),
            text("author"),
            text("name"),
            text("body"),
            time("at"),
            text("key").optional(),
            bytes("body_hash").optional(),
        ],
    ),
    table(
        "activities",
        &["ticket", "number"],
        &[
            text("ticket"),
            integer("number"),
            text("actor"),
            text("kind"),
            text("text"),
            time("at"),
            text("key").optional(),
        ],
    ),
    table(
        "deliveries",
        &["id"],
        &[
            integer("id"),
            text("site"),
            text("destination"),
            text("ticket"),
            text("kind"),
            integer("number"),
            text("state"),
            time("created_at"),
            time("due_at"),
            time("first_attempt_at").optional(),
            time("settled_at").optional(),
            integer("attempts"),
            integer("failures"),
            text("external_id"),
            text("reason"),
            boolean("is_head"),
            text("claim").optional(),
            time("claimed_until").optional(),
        ],
    )
    .assigns("id"),
    table(
        "external_tickets",
        &["ticket", "destination"],
        &[
            text("ticket"),
            text("site"),
            text("destination"),
            text("external_id"),
            text("requester"),
            time("poll_at").optional(),
            time("seen_at").optional(),
            text("merged_into").optional(),
            text("merged_after").optional(),
        ],
    ),
    table("erased_external_tickets", &["digest"], &[bytes("digest")]),
    table(
        "attachments",
        &["site", "id"],
        &[
            text("site"),
            text("id"),
            text("person").optional(),
            bytes("session").optional(),
            text("name"),
            text("media_type"),
            integer("size"),
            boolean("has_metadata"),
            text("file"),
            time("uploaded_at"),
            text("ticket").optional(),
            integer("message_number").optional(),
            integer("position").optional(),
        ],
    ),
    table("removed_files", &["file"], &[text("file")]),
    table(
        "upload_usage",
        &["day", "scope", "key"],
        &[text("day"), text("scope"), bytes("key"), integer("bytes"), integer("files")],
    ),
    table(
        "confirmations",
        &["ticket"],
        &[
            text("ticket"),
            text("address"),
            text("mailbox"),
            integer("code"),
            time("sent_at").optional(),
            integer("attempts"),
            time("confirmed_at").optional(),
            time("bounced_at").optional(),
        ],
    ),
    table(
        "mails",
        &["ticket"],
        &[
            text("ticket"),
            text("site"),
            text("address"),
            time("created_at"),
            integer("attempts"),
            time("due_at").optional(),
            text("claim").optional(),
            time("claimed_until").optional(),
        ],
    ),
    table(
        "answer_mails",
        &["ticket"],
        &[
            text("ticket"),
            text("site"),
            bytes("mailbox"),
            integer("queued_until"),
            integer("mailed_until"),
            integer("last_mail").optional(),
            integer("mails_sent"),
            time("unsubscribed_at").optional(),
            time("blocked_at").optional(),
            time("queued_at"),
            integer("attempts"),
            time("due_at").optional(),
            text("claim").optional(),
            time("claimed_until").optional(),
        ],
    ),
    table(
        "access_links",
        &["id"],
        &[
            text("id"),
            text("site"),
            text("address"),
            text("mailbox"),
            text("language"),
            bytes("quota_mailbox"),
            bytes("network").optional(),
            bytes("token_hash").optional(),
            time("requested_at"),
            integer("attempts"),
            time("due_at").optional(),
            text("claim").optional(),
            time("claimed_until").optional(),
            time("expires_at"),
        ],
    ),
    table("session_tickets", &["session", "ticket"], &[bytes("session"), text("ticket"), time("opened_at")]),
    table(
        "unsigned_mails",
        &[],
        &[
            text("ticket"),
            text("site"),
            bytes("mailbox"),
            bytes("session").optional(),
            bytes("network").optional(),
            time("sent_at"),
        ],
    ),
    table("erased_submissions", &["site", "key"], &[text("site"), bytes("key"), time("erased_at")]),
    table("agents", &["id"], &[text("id"), text("name"), text("grants"), time("logged_in_at")]),
    table(
        "agent_sessions",
        &["id"],
        &[
            integer("id"),
            bytes("digest"),
            text("agent"),
            text("method"),
            bytes("credential"),
            text("address"),
            text("browser"),
            time("created_at"),
            time("seen_at"),
            time("expires_at"),
        ],
    )
    .assigns("id"),
    table(
        "audit_log",
        &["number"],
        &[
            integer("number"),
            time("at"),
            text("agent"),
            text("name"),
            text("address"),
            text("kind"),
            text("site"),
            text("ticket"),
            text("detail"),
            integer("count"),
        ],
    )
    .assigns("number"),
    table(
        "visit_counts",
        &["site", "week", "kind"],
        &[
            text("site"),
            text("week"),
            text("kind"),
            integer("shown"),
            integer("opened"),
            integer("solved"),
            integer("sent"),
            integer("deflected"),
        ],
    ),
    table(
        "question_counts",
        &["site", "week", "question"],
        &[text("site"), text("week"), text("question"), integer("opened"), integer("solved"), integer("unhelpful")],
    ),
    table(
        "visits",
        &["week", "site", "visit"],
        &[text("week"), text("site"), text("visit"), text("kind"), integer("steps"), text("questions")],
    ),
    table("week_sizes", &["week", "site"], &[text("week"), text("site"), integer("visits"), integer("search_misses")]),
    table(
        "search_misses",
        &["week", "site", "search"],
        &[text("week"), text("site"), bytes("search"), integer("people"), text("words").optional(), time("last_at")],
    ),
    table(
        "searchers",
        &["week", "site", "search", "pseudonym"],
        &[text("week"), text("site"), bytes("search"), bytes("pseudonym")],
    ),
    table(
        "questions",
        &["site", "id"],
        &[text("site"), text("id"), text("source"), bytes("hash"), integer("revision"), text("question")],
    ),
    table("removed_questions", &["site", "id"], &[text("site"), text("id"), integer("revision"), time("removed_at")]),
    table("question_revisions", &["site"], &[text("site"), integer("revision"), integer("oldest")]),
    table("question_changes", &["only_row"], &[integer("only_row"), integer("count")]).seeded(),
    table(
        "imports",
        &["site", "source"],
        &[
            text("site"),
            text("source"),
            time("imported_at").optional(),
            text("holder").optional(),
            time("lease_until").optional(),
            integer("failures"),
            time("retry_at").optional(),
            text("progress"),
        ],
    ),
    table(
        "affected_customers",
        &["site", "incident", "pseudonym"],
        &[text("site"), text("incident"), bytes("pseudonym"), time("at")],
    ),
    table(
        "incident_counts",
        &["site", "incident"],
        &[text("site"), text("incident"), integer("people"), time("last_at")],
    ),
    table("site_tables", &["site"], &[text("site"), text("text"), time("updated_at")]),
    table("sites_revision", &["only_row"], &[integer("only_row"), integer("revision")]).seeded(),
    table(
        "reload_reports",
        &["gateway"],
        &[text("gateway"), integer("revision"), text("error").optional(), time("at")],
    ),
    table(
        "sync_states",
        &["site", "destination"],
        &[
            text("site"),
            text("destination"),
            time("until").optional(),
            time("listed_at").optional(),
            text("cursor").optional(),
            time("exported_at").optional(),
            boolean("is_behind"),
        ],
    ),
    table(
        "notifications",
        &["site", "destination", "id"],
        &[text("site"), text("destination"), text("id"), time("at")],
    ),
    table("resends", &["only_row"], &[integer("only_row"), integer("count")]).seeded(),
    table("secrets", &["name"], &[text("name"), bytes("value")]).seeded(),
];
