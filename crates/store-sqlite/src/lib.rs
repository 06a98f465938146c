//! The store in an SQLite file.
//!
//! One connection writes, so that writers wait in a fair queue and not in SQLite's lock, and tickets that wait share a commit;
//! readers have their own and are never in its way (WAL).

mod attachments;
mod batch;
mod confirmations;
mod conversations;
mod counts;
mod deliveries;
mod erasure;
mod error;
mod list;
mod listed;
mod mails;
mod private;
mod questions;
mod rows;
pub mod snapshot;
mod submissions;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use log::LevelFilter;
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use batch::Batches;
use deskbell_core::ports::{
    Along, InboxCursor, InboxPage, Placed, Seal, Sealed, Shown, Store, StoreError, StoredTicket, View,
};
use deskbell_core::rules::listing::{excerpt, list_place, summarize};
use deskbell_core::rules::{body, tokens};
use domain::targets::Owner;
use error::{Columns, failed};
use rows::{json, sealed_of, ticket_of};

/// How long a write waits for another process, such as an import.
const BUSY: Duration = Duration::from_secs(5);
/// What the write-ahead log is cut to, in bytes, once what is in it has been written to the database.
const JOURNAL_SIZE_LIMIT: u32 = 64 << 20;
/// How long a request waits for a connection; shorter than the request itself may take.
const ACQUIRE: Duration = Duration::from_secs(10);
/// How many connections read where nobody says.
pub const READERS: u32 = 4;
/// How much of the database a connection keeps in memory, in KiB. The one that writes puts words anywhere into their index.
const WRITER_CACHE: u32 = 32 * 1024;
const READER_CACHE: u32 = 8 * 1024;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The store in an SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    batches: Batches,
    /// Says to others that the database is used.
    _lock: Arc<File>,
}

impl SqliteStore {
    /// Opens a file, or makes it with its folder, and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
        SqliteStore::open_with_readers(path, READERS).await
    }

    /// The same with so many connections that read.
    pub async fn open_with_readers(path: &Path, readers: u32) -> Result<SqliteStore, StoreError> {
        let failed = |reason: String| StoreError::Open { path: path.display().to_string(), reason };
        // First, so that nothing is made while a backup is being restored.
        let lock = SqliteStore::hold(path)?;
        private::create(path).map_err(|error| failed(error.to_string()))?;
        // FULL: in WAL mode, NORMAL may lose the last commits when the power fails.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is deleted is overwritten, also in pages that are used no more.
            .pragma("secure_delete", "ON")
            // The log grows with the largest transaction and the longest reader, and SQLite itself never shrinks it.
            .pragma("journal_size_limit", JOURNAL_SIZE_LIMIT.to_string())
            .busy_timeout(BUSY)
            // Statements hold nothing that anybody typed, but there are many of them.
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
        let writer = pool(1).connect_with(cached(WRITER_CACHE)).await.map_err(|error| failed(error.to_string()))?;
        MIGRATOR.run(&writer).await.map_err(|error| failed(error.to_string()))?;
        listed::backfill_list_columns(&writer).await?;
        let readers =
            pool(readers).connect_lazy_with(cached(READER_CACHE).create_if_missing(false).pragma("query_only", "ON"));
        Ok(SqliteStore { batches: Batches::start(writer.clone()), writer, readers, _lock: Arc::new(lock) })
    }

    /// Keeps a ticket inside a transaction, which is undone where it is not new.
    async fn keep(
        transaction: &mut SqliteConnection,
        new: &StoredTicket,
        prepared: &Prepared,
        seal: &Seal,
        along: Along,
    ) -> Result<Placed, StoreError> {
        let held = sqlx::query(SEALED)
            .bind(&new.site)
            .bind(&seal.key)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        if let Some(row) = held {
            return Ok(Placed::KeyTaken(Box::new(sealed_of(&row)?)));
        }
        if erasure::is_erased(transaction, &new.site, &seal.key).await? {
            return Ok(Placed::Erased);
        }
        if let Some(quota) = &along.quota
            && let Some(exceeded) = submissions::spend(transaction, &new.site, quota).await?
        {
            return Ok(Placed::OverQuota(exceeded));
        }
        // An answer that comes at once is the first message that nobody has seen.
        if !insert(transaction, new, prepared, u32::from(along.answer.is_some())).await? {
            return Ok(Placed::ReferenceTaken);
        }
        sqlx::query("INSERT INTO seals (site, key, body, session, ticket) VALUES (?, ?, ?, ?, ?)")
            .bind(&new.site)
            .bind(&seal.key)
            .bind(seal.body.to_vec())
            .bind(seal.session.map(|session| session.to_vec()))
            .bind(&new.id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        let missing = attachments::attach(transaction, new, 0, &new.ticket.attachments).await?;
        if !missing.is_empty() {
            return Ok(Placed::Missing(missing));
        }
        let mut number = None;
        if let Some(answer) = along.answer {
            number = Some(conversations::say(transaction, &new.id, answer, None).await?.number);
        }
        let claim = match &along.unconfirmed {
            Some(address) if confirmations::is_confirmed(transaction, new, address).await? => {
                // Whoever has shown that they read the mailbox is one from whom it needs no protection.
                if let Some(mail) = &along.mail {
                    mails::keep(transaction, new, mail, mails::Mailbox::Confirmed).await?;
                }
                confirmations::Claim::Confirmed
            }
            _ => match &along.mail {
                Some(mail) if mails::keep(transaction, new, mail, mails::Mailbox::Claimed).await? => {
                    confirmations::Claim::CodeMailed
                }
                _ => confirmations::Claim::Unconfirmed,
            },
        };
        if let Some(address) = &along.unconfirmed {
            confirmations::keep(transaction, new, address, claim).await?;
        }
        deliveries::order(transaction, new, &along.deliveries, number, &new.received_at).await?;
        Ok(Placed::New)
    }
}

#[cfg(any(test, feature = "fault-injection"))]
impl SqliteStore {
    /// Lets the database file grow no further, as where the disk is full, or grow again.
    pub async fn set_full(&self, is_full: bool) -> Result<(), StoreError> {
        // No database has fewer pages than it has.
        let limit = if is_full { "PRAGMA max_page_count = 1" } else { "PRAGMA max_page_count = 1000000000" };
        sqlx::query(limit).execute(&self.writer).await.map_err(failed)?;
        Ok(())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn place(&self, new: &StoredTicket, seal: &Seal, along: Along) -> Result<Placed, StoreError> {
        self.batches.place(new, seal, along).await
    }

    async fn sealed(&self, site: &str, key: &str) -> Result<Option<Sealed>, StoreError> {
        let row = sqlx::query(SEALED).bind(site).bind(key).fetch_optional(&self.readers).await.map_err(failed)?;
        row.map(|row| sealed_of(&row)).transpose()
    }

    async fn move_to_person(&self, site: &str, session: &[u8; 32], person: &str) -> Result<(), StoreError> {
        let session = &session[..];
        let something: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tickets WHERE site = ?1 AND session = ?2 AND person IS NULL)
            OR EXISTS (SELECT 1 FROM attachments WHERE site = ?1 AND session = ?2 AND person IS NULL)",
        )
        .bind(site)
        .bind(session)
        .fetch_one(&self.readers)
        .await
        .map_err(failed)?;
        // Most requests of a person come after their session's tickets were moved: those do not wait for who writes.
        if !something {
            return Ok(());
        }
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        for give in [
            "UPDATE tickets SET person = ? WHERE site = ? AND session = ? AND person IS NULL",
            "UPDATE attachments SET person = ? WHERE site = ? AND session = ? AND person IS NULL",
        ] {
            sqlx::query(give).bind(person).bind(site).bind(session).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(())
    }

    async fn ticket(&self, name: &str) -> Result<Option<StoredTicket>, StoreError> {
        let row = sqlx::query(TICKET).bind(name).fetch_optional(&self.readers).await.map_err(failed)?;
        row.map(|row| ticket_of(&row)).transpose()
    }

    async fn list_tickets(&self, view: &View, after: Option<InboxCursor>, limit: u32) -> Result<InboxPage, StoreError> {
        self.list(view, after, limit).await
    }

    async fn log_in(&self, session: &[u8; 32], operator: &str, now: &str, until: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM operators WHERE until <= ?").bind(now).execute(&self.writer).await.map_err(failed)?;
        sqlx::query("INSERT INTO operators (session, operator, until) VALUES (?, ?, ?)")
            .bind(&session[..])
            .bind(operator)
            .bind(until)
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn operator(&self, session: &[u8; 32], now: &str) -> Result<Option<String>, StoreError> {
        let operator = sqlx::query_scalar("SELECT operator FROM operators WHERE session = ? AND until > ?");
        operator.bind(&session[..]).bind(now).fetch_optional(&self.readers).await.map_err(failed)
    }

    async fn log_out(&self, session: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM operators WHERE session = ?")
            .bind(&session[..])
            .execute(&self.writer)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// What is written of a new ticket beside its own columns, made before the transaction that others wait for.
#[derive(Debug)]
pub struct Prepared {
    body: String,
    shown: Shown,
    tokens: BTreeSet<String>,
}

impl Prepared {
    /// What is written of a ticket.
    pub fn new(ticket: &StoredTicket) -> Result<Prepared, StoreError> {
        let body = body::write(&ticket.ticket).map_err(|error| StoreError::Damaged {
            what: format!("ticket {}", ticket.id),
            reason: error.to_string(),
        })?;
        Ok(Prepared { body, shown: summarize(ticket), tokens: tokens::of_ticket(ticket) })
    }
}

/// Writes a ticket with what lists show of it and what it is found by; `false` where another has its reference.
async fn insert(
    write: &mut SqliteConnection,
    new: &StoredTicket,
    prepared: &Prepared,
    unread: u32,
) -> Result<bool, StoreError> {
    let place = list_place(new);
    let inserted = sqlx::query(INSERT_TICKET)
        .bind(&new.id)
        .bind(&new.site)
        .bind(&new.reference)
        .bind(new.status.word())
        .bind(new.priority.map(|priority| priority.word()))
        .bind(new.target.as_ref().map(json).transpose()?)
        .bind(&new.due_at)
        .bind(&new.received_at)
        .bind(&new.person)
        .bind(new.session.map(|session| session.to_vec()))
        .bind(&new.handling.topic)
        .bind(new.handling.severity.word())
        .bind(new.handling.owner.map(Owner::word))
        .bind(&new.handling.team)
        .bind(&new.handling.assignee)
        .bind(new.handling.turn.word())
        .bind(&new.handling.answered_at)
        .bind(&new.handling.updated_at)
        .bind(new.handling.read_until)
        .bind(unread)
        .bind(place.group)
        .bind(place.key)
        .fetch_optional(&mut *write)
        .await
        .map_err(failed)?;
    let Some(inserted) = inserted else { return Ok(false) };
    let number: i64 = inserted.value("number")?;
    sqlx::query("INSERT INTO ticket_bodies (ticket, format, excerpt, body) VALUES (?, ?, ?, ?)")
        .bind(&new.id)
        .bind(body::FORMAT)
        .bind(excerpt(&new.ticket.message))
        .bind(&prepared.body)
        .execute(&mut *write)
        .await
        .map_err(failed)?;
    listed::write_list_columns(write, number, &prepared.shown).await?;
    listed::add_tokens(write, number, &prepared.tokens).await?;
    Ok(true)
}

const INSERT_TICKET: &str = "
    INSERT INTO tickets (id, site, reference, status, priority, target, due_at, received_at, person, session,
        topic, severity, owner, team, assignee, turn, answered_at, updated_at, read_until, unread, list_group, list_key, number)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) + 1 FROM tickets))
    ON CONFLICT (reference) DO NOTHING RETURNING number";

/// Whether a message came neither from the sender's own panel, whose keys have no space, nor by itself.
macro_rules! foreign {
    () => {
        "(author = 'support' OR author = 'customer' AND instr(coalesce(key, ''), ' ') > 0)"
    };
}
use foreign;

/// Whether the address of the sender of a ticket is confirmed, which is null where it need not be; how many messages wait for that, and the
/// number of the first of them.
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
            "tickets.*, ticket_bodies.format AS body_format, ticket_bodies.body AS ticket, ",
            $crate::confirmation!()
        )
    };
}
use whole_ticket;

/// The ticket of an id or a reference.
const TICKET: &str = concat!(
    "SELECT ",
    whole_ticket!(),
    " FROM tickets JOIN ticket_bodies ON ticket_bodies.ticket = tickets.id WHERE tickets.reference = ?1 OR tickets.id = ?1"
);

const SEALED: &str = concat!(
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
