//! The store in a PostgreSQL database, for any number of gateways.
//!
//! Transactions run at the level READ COMMITTED. What reads and then writes locks the row that it depends on first: the ticket, the mailbox, the
//! quota. Keys that must be unique are unique indexes. Times are those of the database.

mod access_links;
mod agents;
mod answer_mails;
mod attachments;
mod audit_log;
mod chunks;
mod claims;
mod clock;
mod columns;
mod confirmations;
mod conversations;
mod counts;
mod erasure;
mod error;
mod external_tickets;
mod gateways;
mod health;
mod imports;
mod incidents;
mod list;
mod locks;
mod mails;
pub mod moves;
mod outages;
mod polls;
mod questions;
mod queue;
mod request_paces;
mod retry;
mod rows;
pub mod schema;
mod secrets;
mod shared_buckets;
mod site_tables;
mod status_polls;
mod submissions;
mod ticket_changes;
mod ticket_tokens;
mod tickets;

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use log::LevelFilter;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, PgConnection, Postgres, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use deskbell_core::ports::{PendingMigrations, Store, StoreError};
use deskbell_core::random;

pub use clock::{DatabaseClock, StoreClock};
pub use ticket_changes::PostgresTicketChanges;

/// The default number of connections for requests and workers.
pub const CONNECTIONS: u32 = 20;
/// The number of connections for what gateways share beside the store, such as rate limits. They are apart from those of requests: when the
/// database hangs, charges that nobody waits for any more must not hold requests up.
const SHARED_CONNECTIONS: u32 = 3;
/// How many of them workers use, who may be as many as sites.
const SHARED_CONNECTIONS_OF_WORKERS: usize = 1;
/// How long a request waits for a connection. Shorter than the time limit of a request.
const ACQUIRE: Duration = Duration::from_secs(10);
/// How long a charge waits for a connection. A gateway that gets none decides alone.
const SHARED_ACQUIRE: Duration = Duration::from_secs(1);
/// The level at which transactions run, whatever the default of the database is, and the limits for a statement and for waiting for a lock. A
/// statement that takes longer holds others up.
const SESSION_SETTINGS: [(&str, &str); 4] = [
    ("default_transaction_isolation", "read committed"),
    ("statement_timeout", "60s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "60s"),
];

/// The same for what gateways share. A gateway decides alone rather than wait, and one that has lost its connection holds up the others only briefly.
const SHARED_SESSION_SETTINGS: [(&str, &str); 4] = [
    ("default_transaction_isolation", "read committed"),
    ("statement_timeout", "500ms"),
    ("lock_timeout", "200ms"),
    ("idle_in_transaction_session_timeout", "2s"),
];

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The largest number of connections for requests and workers.
    pub connections: u32,
    /// The clock by which the store decides what is due and what has expired.
    pub clock: StoreClock,
    /// The URL of the same database without a pooler, if its own is that of a pooler that works by transaction.
    pub direct_url: Option<String>,
    /// What is done about migrations that the database lacks.
    pub pending: PendingMigrations,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            connections: CONNECTIONS,
            clock: StoreClock::Database,
            direct_url: None,
            pending: PendingMigrations::Apply,
        }
    }
}

/// The store in a PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    /// The connections for what gateways share.
    shared_pool: PgPool,
    /// The turns of workers at these connections.
    worker_turns: Arc<Semaphore>,
    clock: StoreClock,
    /// The name of its connections, which no other gateway has.
    gateway: String,
    /// How the database is reached without a pooler.
    direct: PgConnectOptions,
}

/// A connection of a worker, whose turn ends when this is dropped.
#[derive(Debug)]
struct WorkerConnection {
    connection: PoolConnection<Postgres>,
    _turn: OwnedSemaphorePermit,
}

impl Deref for WorkerConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for WorkerConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

fn connect_options(url: &str, gateway: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(error::store_error)?;
    // Only slow ones are logged. A pooler refuses a connection that sets the precision of numbers in text, and none are read as text.
    Ok(options.application_name(gateway).extra_float_digits(None).log_statements(LevelFilter::Off))
}

impl PostgresStore {
    /// Connects to a database, `postgres://USER:PASSWORD@HOST/NAME`, and runs pending migrations. A database that needs a newer program is an
    /// error.
    pub async fn open(url: &str, options: StoreOptions) -> Result<PostgresStore, StoreError> {
        let StoreOptions { connections, clock, direct_url, pending } = options;
        let random: [u8; 8] = random::bytes().map_err(|error| StoreError::Database(error.to_string()))?;
        let gateway = format!("deskbell {:016x}", u64::from_be_bytes(random));
        let direct = connect_options(direct_url.as_deref().unwrap_or(url), &gateway)?;
        // Takes a lock of its session, which a pooler would leave to others.
        schema::prepare(&direct, pending).await?;
        let target = match direct_url {
            // A pooler refuses settings of a session; those of the user in the database are used instead.
            Some(_) => connect_options(url, &gateway)?,
            None => direct.clone().options(SESSION_SETTINGS),
        };
        // Those that waited are not logged: all of them did after an outage, and the metrics show the wait.
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
        let pool = pool.acquire_slow_level(LevelFilter::Off);
        let pool = pool.connect_with(target.clone()).await.map_err(|error| error::connect_error(&target, &error))?;
        // After it has connected, because a move looks for connections after it has begun.
        let mut connection = pool.acquire().await.map_err(error::store_error)?;
        moves::check_not_moving(&mut connection, schema::name_of(&target)).await?;
        drop(connection);
        // Not through a pooler, which refuses their settings. Lazily, because commands share nothing.
        let shared_pool = PgPoolOptions::new().max_connections(SHARED_CONNECTIONS).acquire_timeout(SHARED_ACQUIRE);
        let shared_pool = shared_pool.connect_lazy_with(direct.clone().options(SHARED_SESSION_SETTINGS));
        let worker_turns = Arc::new(Semaphore::new(SHARED_CONNECTIONS_OF_WORKERS));
        Ok(PostgresStore { pool, shared_pool, worker_turns, clock, gateway, direct })
    }

    /// Starts to announce changes of tickets to other gateways and to receive theirs.
    pub fn ticket_changes(&self) -> PostgresTicketChanges {
        PostgresTicketChanges::start(self, self.direct.clone())
    }

    /// The clock of the database, for use cases.
    pub async fn database_clock(&self) -> Result<DatabaseClock, StoreError> {
        DatabaseClock::start(self.pool.clone()).await
    }

    /// A connection, for several queries.
    async fn acquire(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool.acquire().await.map_err(error::store_error)
    }

    /// A connection for a worker, for what gateways share. Workers wait for each other, so that requests find a connection for their charges.
    async fn acquire_for_worker(&self) -> Result<WorkerConnection, StoreError> {
        let turn = self.worker_turns.clone().acquire_owned().await.map_err(|_| StoreError::Busy)?;
        let connection = self.shared_pool.acquire().await.map_err(error::store_error)?;
        Ok(WorkerConnection { connection, _turn: turn })
    }

    /// Begins a transaction on limits that gateways share. It is rolled back if it is dropped.
    async fn begin_shared(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.shared_pool.begin().await.map_err(error::store_error)
    }

    /// Begins a transaction. It is rolled back if it is dropped.
    async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.pool.begin().await.map_err(error::store_error)
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn close(&self) {
        self.shared_pool.close().await;
        self.pool.close().await;
    }
}

// Every query names its columns: a prepared statement with `*` fails as soon as a newer gateway adds a column.

/// Whether a message came neither from the sender's own panel, whose keys have no space, nor from an automatic answer.
macro_rules! foreign {
    () => {
        "(author = 'support' OR author = 'customer' AND position(' ' IN coalesce(key, '')) > 0)"
    };
}
use foreign;

/// Columns for the confirmation of the sender's address: its state, null if there is nothing to confirm; how many messages are withheld; the
/// number of the first of them; and whether a code was sent.
macro_rules! confirmation {
    () => {
        concat!(
            "(SELECT confirmed_at IS NOT NULL FROM confirmations WHERE confirmations.ticket = tickets.id) AS confirmed,
            (SELECT count(*) FROM confirmations JOIN messages ON messages.ticket = confirmations.ticket
                WHERE confirmations.ticket = tickets.id AND confirmed_at IS NULL AND ",
            $crate::foreign!(),
            ") AS withheld,
            (SELECT coalesce(min(messages.number), 0) FROM confirmations JOIN messages ON messages.ticket = confirmations.ticket
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
            "tickets.id, tickets.number, tickets.site, tickets.reference, tickets.status, tickets.priority, tickets.target,
            tickets.due_at, tickets.received_at, tickets.person, tickets.session, tickets.topic, tickets.severity, tickets.owner,
            tickets.team, tickets.assignee, tickets.turn, tickets.answered_at, tickets.updated_at, tickets.read_until,
            tickets.unread, tickets.customer_messages, ticket_bodies.format AS body_format, ticket_bodies.body, ",
            $crate::confirmation!()
        )
    };
}
use whole_ticket;

/// Selects the ticket with an id.
const TICKET: &str = concat!(
    "SELECT ",
    whole_ticket!(),
    " FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE tickets.id = $1"
);

/// Selects the ticket with a reference or id.
const NAMED_TICKET: &str = concat!(
    "SELECT ",
    whole_ticket!(),
    " FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE tickets.reference = $1 OR tickets.id = $1"
);

/// Selects the ticket that was submitted to a site under a key.
const SUBMISSION: &str = concat!(
    "SELECT ",
    whole_ticket!(),
    ", submission_keys.key, submission_keys.body_hash AS key_body_hash, submission_keys.session AS key_session
    FROM submission_keys JOIN tickets ON tickets.id = submission_keys.ticket
    JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id
    WHERE submission_keys.site = $1 AND submission_keys.key = $2"
);

#[cfg(test)]
mod concurrency_tests;
#[cfg(test)]
mod gateway_tests;
#[cfg(test)]
mod row_tests;
#[cfg(test)]
mod shared_limit_tests;
#[cfg(test)]
mod tests;
