//! Changes of tickets among gateways: announced with NOTIFY, and polled for, because notifications are delivered at most once.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions, PgRow};
use tokio::sync::{Mutex, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::PostgresStore;
use super::columns::RowExt;
use super::error::store_error;
use super::rows::{read_rows, session_of};
use deskbell_core::ids::{CustomerId, TicketId};
use deskbell_core::ports::{AnnouncedChange, StoreError, TicketChanges};

/// The channel of the notifications. Their payload is ids, separated by spaces.
const CHANNEL: &str = "deskbell_tickets";
/// The most ids in a notification, whose payload PostgreSQL limits to 8,000 bytes.
const IDS_MAX: usize = 150;
/// How many ids wait to be announced at most. Others are found by polling.
const WAITING_MAX: usize = 10_000;
/// How often every gateway polls.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// How long is waited after an error.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long is waited before it connects again to listen.
const LISTEN_RETRY: Duration = Duration::from_secs(5);
/// The time limit of a connection and of a notification.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// The feed of one gateway.
#[derive(Debug)]
pub struct PostgresTicketChanges {
    announced: mpsc::Sender<TicketId>,
    received: Mutex<mpsc::Receiver<Vec<AnnouncedChange>>>,
}

impl PostgresTicketChanges {
    /// Starts to announce and to listen. `direct` is where notifications are received and sent: the database without a transaction pooler.
    /// Ends when it is dropped.
    pub(super) fn start(store: &PostgresStore, direct: PgConnectOptions) -> PostgresTicketChanges {
        let (announced, waiting) = mpsc::channel(WAITING_MAX);
        let (sender, received) = mpsc::channel(16);
        // Lazily: a gateway starts without notifications as well.
        let pool = PgPoolOptions::new().max_connections(2).acquire_timeout(TIME_LIMIT).connect_lazy_with(direct);
        let (notify, notified) = mpsc::channel(16);
        tokio::spawn(announce(pool.clone(), waiting));
        tokio::spawn(listen(pool, notify));
        let (pool_of_store, gateway) = (store.pool.clone(), store.gateway.clone());
        let feed = Feed { pool: pool_of_store, gateway, oldest: None, known: HashMap::new() };
        tokio::spawn(receive(feed, notified, sender));
        PostgresTicketChanges { announced, received: Mutex::new(received) }
    }
}

#[async_trait]
impl TicketChanges for PostgresTicketChanges {
    fn announce(&self, ticket: &TicketId) {
        // If too many wait, the others find it by polling.
        let _ = self.announced.try_send(ticket.clone());
    }

    async fn changed(&self) -> Vec<AnnouncedChange> {
        match self.received.lock().await.recv().await {
            Some(changed) => changed,
            None => std::future::pending().await,
        }
    }
}

/// Sends what waits in one notification, until nobody can announce anything.
async fn announce(pool: PgPool, mut waiting: mpsc::Receiver<TicketId>) {
    let mut ids = Vec::new();
    while waiting.recv_many(&mut ids, IDS_MAX).await > 0 {
        let texts: Vec<&str> = ids.iter().map(TicketId::as_str).collect();
        let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(texts.join(" ")).execute(&pool);
        match timeout(TIME_LIMIT, notify).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!(%error, "notification failed"),
            Err(_) => tracing::debug!("notification timed out"),
        }
        ids.clear();
    }
}

/// Receives notifications and polls, until nobody wants to know.
async fn receive(
    mut feed: Feed,
    mut notified: mpsc::Receiver<Vec<TicketId>>,
    sender: mpsc::Sender<Vec<AnnouncedChange>>,
) {
    let mut polls = interval(POLL_EVERY);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let changed = tokio::select! {
            () = sender.closed() => return,
            Some(ids) = notified.recv() => feed.notified(&ids).await,
            _ = polls.tick() => feed.polled().await,
        };
        match changed {
            Ok(changed) if changed.is_empty() => {}
            Ok(changed) => drop(sender.send(changed).await),
            Err(error) => {
                tracing::debug!(%error, "polling for changed tickets failed");
                sleep(RETRY_AFTER).await;
            }
        }
    }
}

/// Passes on the ids of notifications, until nobody wants to know. Connects again as often as it takes.
async fn listen(pool: PgPool, sender: mpsc::Sender<Vec<TicketId>>) {
    let mut is_listening = true;
    while !sender.is_closed() {
        let mut listener = match timeout(TIME_LIMIT, connect(&pool)).await {
            Ok(Ok(listener)) => listener,
            failed => {
                // Once for each time that it was lost.
                if std::mem::take(&mut is_listening) {
                    let reason = failed.map_or("timed out".into(), |result| {
                        result.err().map(|error| error.to_string()).unwrap_or_default()
                    });
                    tracing::warn!(reason, "listening for notifications failed; polling instead");
                }
                sleep(LISTEN_RETRY).await;
                continue;
            }
        };
        is_listening = true;
        // What was missed while a connection was lost is found by polling.
        while let Ok(Some(notification)) = listener.try_recv().await {
            let ids = notification.payload().split(' ').map(TicketId::new).collect();
            if sender.send(ids).await.is_err() {
                return;
            }
        }
    }
}

async fn connect(pool: &PgPool) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// The columns of a changed ticket.
macro_rules! changed_ticket {
    () => {
        "SELECT id, site, person, session, changed_in::text AS changed_in FROM tickets"
    };
}

/// Finds out what other gateways have changed.
struct Feed {
    pool: PgPool,
    /// The name under which this gateway changes tickets.
    gateway: String,
    /// The oldest transaction that was running at the last poll. None before the first.
    oldest: Option<u64>,
    /// The transactions in which tickets changed that were passed on, as long as a poll may find them again.
    known: HashMap<TicketId, u64>,
}

impl Feed {
    /// Those tickets, if another gateway changed them and that is news.
    async fn notified(&mut self, ids: &[TicketId]) -> Result<Vec<AnnouncedChange>, StoreError> {
        let ids: Vec<&str> = ids.iter().map(TicketId::as_str).collect();
        let rows = sqlx::query(concat!(changed_ticket!(), " WHERE id = ANY($1) AND changed_by <> $2"));
        let rows = rows.bind(ids).bind(&self.gateway).fetch_all(&self.pool).await.map_err(store_error)?;
        self.news(&rows)
    }

    /// Tickets that other gateways have changed since the last poll.
    async fn polled(&mut self) -> Result<Vec<AnnouncedChange>, StoreError> {
        let oldest = sqlx::query_scalar::<_, String>("SELECT pg_snapshot_xmin(pg_current_snapshot())::text");
        let oldest = transaction_of(&oldest.fetch_one(&self.pool).await.map_err(store_error)?)?;
        // What changed before it started is no news.
        let Some(since) = self.oldest else {
            self.oldest = Some(oldest);
            return Ok(Vec::new());
        };
        let rows = sqlx::query(concat!(changed_ticket!(), " WHERE changed_in >= $1::text::xid8 AND changed_by <> $2"));
        let rows = rows.bind(since.to_string()).bind(&self.gateway);
        let news = self.news(&rows.fetch_all(&self.pool).await.map_err(store_error)?)?;
        self.oldest = Some(oldest);
        self.known.retain(|_, changed_in| *changed_in >= oldest);
        Ok(news)
    }

    fn news(&mut self, rows: &[PgRow]) -> Result<Vec<AnnouncedChange>, StoreError> {
        let changes = read_rows(rows, "ticket", |row| {
            let id: TicketId = row.id("id")?;
            let session = session_of(id.as_str(), row, "session")?;
            let person = row.value::<Option<String>>("person")?.map(CustomerId::from);
            let changed_in = transaction_of(&row.value::<String>("changed_in")?)?;
            Ok((changed_in, AnnouncedChange { id, site: row.id("site")?, person, session }))
        })?;
        let is_news = |(changed_in, change): &(u64, AnnouncedChange)| {
            self.known.insert(change.id.clone(), *changed_in) != Some(*changed_in)
        };
        Ok(changes.into_iter().filter(is_news).map(|(_, change)| change).collect())
    }
}

/// The number of a transaction in the text of a column `xid8`.
fn transaction_of(text: &str) -> Result<u64, StoreError> {
    text.parse().map_err(|_| StoreError::Row(format!("{text:?} is not the number of a transaction")))
}
