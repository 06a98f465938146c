//! The store in an SQLite file.
//!
//! One connection writes, so that writers wait in a fair queue instead of SQLite's lock, and waiting tickets share a commit. Readers have
//! connections of their own and never block it (WAL).

mod access_links;
mod agents;
mod answer_mails;
mod attachments;
mod audit_log;
mod batch;
mod chunks;
mod claims;
mod confirmations;
mod conversations;
mod counts;
mod erasure;
mod error;
mod external_tickets;
mod health;
mod imports;
mod incidents;
mod list;
mod listed;
mod mails;
pub mod moves;
mod polls;
mod private;
mod questions;
mod queue;
mod rows;
pub mod schema;
mod site_tables;
pub mod snapshot;
mod submissions;
mod tickets;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use log::LevelFilter;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};

use batch::Batches;
pub use batch::CommitLimits;
use deskbell_core::clock::{Clock, SystemClock};
use deskbell_core::ports::{PendingMigrations, Store, StoreError};
use deskbell_core::timestamp::Timestamp;
#[cfg(any(test, feature = "fault-injection"))]
use error::store_error;

/// How long a write waits for another process, such as an import.
const BUSY: Duration = Duration::from_secs(5);
/// The size to which the write-ahead log is truncated after a checkpoint, in bytes.
const JOURNAL_SIZE_LIMIT: u32 = 64 << 20;
/// How long a request waits for a connection. Shorter than the time limit of a request.
const ACQUIRE: Duration = Duration::from_secs(10);
/// The default number of reading connections.
pub const READERS: u32 = 4;
/// The page cache of a connection, in KiB. The writer's is larger, because tokens are inserted all over their index.
const WRITER_CACHE: u32 = 32 * 1024;
const READER_CACHE: u32 = 8 * 1024;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The number of reading connections.
    pub readers: u32,
    /// The clock by which the store decides what is due and what has expired.
    pub clock: Arc<dyn Clock>,
    /// What is done about migrations that the database lacks.
    pub pending: PendingMigrations,
    /// How many tickets are committed together.
    pub commit_limits: CommitLimits,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            readers: READERS,
            clock: Arc::new(SystemClock),
            pending: PendingMigrations::Apply,
            commit_limits: CommitLimits::default(),
        }
    }
}

/// The store in an SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    batches: Batches,
    clock: Arc<dyn Clock>,
    /// Marks the database as in use for other processes.
    _lock: Arc<File>,
}

impl SqliteStore {
    /// Opens a database file or creates it with its folder, and runs pending migrations. A database that needs a newer program is an error.
    pub async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with(path, StoreOptions::default()).await
    }

    /// Like [`SqliteStore::open`], with options. Unless migrations are applied, the file has to exist.
    pub async fn open_with(path: &Path, options: StoreOptions) -> Result<SqliteStore, StoreError> {
        let StoreOptions { readers, clock, pending, commit_limits } = options;
        let store_error = |reason: String| StoreError::Open { path: path.display().to_string(), reason };
        // First, so that nothing is created while a backup is being restored.
        let lock = SqliteStore::lock(path)?;
        private::create(path).map_err(|error| store_error(error.to_string()))?;
        // FULL: in WAL mode, NORMAL may lose the last commits in a power failure.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Overwrites deleted content, also in freed pages.
            .pragma("secure_delete", "ON")
            // The log grows with the largest transaction and the longest reader, and SQLite does not shrink it without a limit.
            .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT.to_string())
            .busy_timeout(BUSY)
            // Statements contain no user input, but there are many of them.
            .log_statements(LevelFilter::Trace);
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let cached = |kibibytes| options.clone().pragma("cache_size", format!("-{kibibytes}"));
        let writer =
            pool(1).connect_with(cached(WRITER_CACHE)).await.map_err(|error| store_error(error.to_string()))?;
        schema::prepare(&writer, path, pending).await?;
        // An older database may not have these columns.
        if pending != PendingMigrations::Ignore {
            listed::backfill_list_columns(&writer).await?;
        }
        let readers =
            pool(readers).connect_lazy_with(cached(READER_CACHE).create_if_missing(false).pragma("query_only", "ON"));
        let batches = Batches::start(writer.clone(), clock.clone(), commit_limits);
        Ok(SqliteStore { batches, writer, readers, clock, _lock: Arc::new(lock) })
    }

    /// The current time, by which it is decided what is due and what has expired; to the millisecond, as columns have it.
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The current time as columns have it.
    fn now_text(&self) -> String {
        self.now().to_string()
    }

    /// The end of a lease that begins now, as columns have it.
    fn lease_end(&self, lease: Duration) -> String {
        (self.now() + lease).to_string()
    }
}

#[cfg(any(test, feature = "fault-injection"))]
impl SqliteStore {
    /// Stops the database file from growing, as on a full disk, or lets it grow again. For tests.
    pub async fn set_full(&self, is_full: bool) -> Result<(), StoreError> {
        // SQLite raises this limit to the current number of pages.
        let limit = if is_full { "PRAGMA max_page_count = 1" } else { "PRAGMA max_page_count = 1000000000" };
        sqlx::query(limit).execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

// Every query names its columns: the places of columns in a prepared statement with `*` are wrong as soon as a newer program adds one.

/// Whether a message came neither from the sender's own panel, whose keys have no space, nor from an automatic answer.
macro_rules! foreign {
    () => {
        "(author = 'support' OR author = 'customer' AND instr(coalesce(key, ''), ' ') > 0)"
    };
}
use foreign;

/// Columns for the confirmation of the sender's address: its state, null if there is nothing to confirm; how many messages are withheld; and
/// the number of the first of them.
macro_rules! confirmation {
    () => {
        concat!(
            "(SELECT confirmed_at IS NOT NULL FROM confirmations WHERE confirmations.ticket = tickets.id) AS confirmed,
            (SELECT count(*) FROM confirmations JOIN messages INDEXED BY messages_foreign ON messages.ticket = confirmations.ticket
                WHERE confirmations.ticket = tickets.id AND confirmed_at IS NULL AND ",
            $crate::foreign!(),
            ") AS withheld,
            (SELECT coalesce(min(messages.number), 0) FROM confirmations JOIN messages INDEXED BY messages_foreign ON messages.ticket = confirmations.ticket
                WHERE confirmations.ticket = tickets.id AND confirmed_at IS NULL AND ",
            $crate::foreign!(),
            ") AS withheld_from,
            (SELECT code > 0 AND sent_at IS NOT NULL FROM confirmations WHERE confirmations.ticket = tickets.id) AS code_sent"
        )
    };
}
use confirmation;

/// The columns of a ticket with what was sent.
macro_rules! whole_ticket {
    () => {
        concat!(
            "tickets.id, tickets.number, tickets.site, tickets.reference, tickets.status, tickets.priority, tickets.target, tickets.due_at,
            tickets.received_at, tickets.session, tickets.person, tickets.topic, tickets.severity, tickets.owner, tickets.team,
            tickets.assignee, tickets.turn, tickets.answered_at, tickets.updated_at, tickets.read_until, tickets.unread,
            tickets.customer_messages, ticket_bodies.format AS body_format, ticket_bodies.body AS ticket, ",
            $crate::confirmation!()
        )
    };
}
use whole_ticket;

/// Selects the ticket with an id.
const TICKET: &str = concat!(
    "SELECT ",
    whole_ticket!(),
    " FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE tickets.id = ?1"
);

/// Selects the ticket with a reference or id.
const NAMED_TICKET: &str = concat!(
    "SELECT ",
    whole_ticket!(),
    " FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE tickets.reference = ?1 OR tickets.id = ?1"
);

const SUBMISSION: &str = concat!(
    "SELECT ",
    whole_ticket!(),
    ", seals.key AS seal_key, seals.body AS seal_body, seals.session AS seal_session
    FROM seals JOIN tickets ON tickets.id = seals.ticket JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id
    WHERE seals.site = ? AND seals.key = ?"
);

#[cfg(test)]
mod queue_tests;
#[cfg(test)]
mod tests;
