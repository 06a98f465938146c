//! The clock of a store: the database's, by which all gateways decide the same.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{PgConnection, PgPool};
use tokio::time::{sleep, timeout};

use super::columns::Time;
use super::error::store_error;
use deskbell_core::clock::Clock;
use deskbell_core::ports::StoreError;
use deskbell_core::timestamp::Timestamp;

/// The time by which a store decides what is due and what has expired.
#[derive(Clone, Debug, Default)]
pub enum StoreClock {
    /// That of the database server.
    #[default]
    Database,
    /// Another one, for tests.
    Other(Arc<dyn Clock>),
}

impl StoreClock {
    /// The current time, to the millisecond. Inside a transaction it goes on, unlike SQL's `now()`: a lease begins when a lock was granted and
    /// not when somebody began to wait for it.
    pub async fn now(&self, connection: &mut PgConnection) -> Result<Timestamp, StoreError> {
        match self {
            StoreClock::Database => {
                let now = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(connection).await;
                now.map(|Time(now)| now).map_err(store_error)
            }
            StoreClock::Other(clock) => Ok(clock.now()),
        }
    }
}

/// How often a gateway compares its time with the database's.
const COMPARE_EVERY: Duration = Duration::from_secs(10);
/// An answer that takes longer says too little about the time.
const ANSWER_MAX: Duration = Duration::from_millis(500);

/// The time of the database as a gateway continues it: read now and then, and carried on without the clock of the machine, which may be wrong.
#[derive(Clone, Debug)]
pub struct DatabaseClock(Arc<Mutex<Reading>>);

/// A time of the database, and the moment when it was read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    time: Timestamp,
    read_at: Instant,
}

impl DatabaseClock {
    /// Reads the time, and again from time to time until all copies of the clock are dropped.
    pub(super) async fn start(pool: PgPool) -> Result<DatabaseClock, StoreError> {
        let reading = Arc::new(Mutex::new(read(&pool).await.map_err(store_error)?));
        let kept = Arc::downgrade(&reading);
        tokio::spawn(async move {
            loop {
                sleep(COMPARE_EVERY).await;
                let answer = timeout(ANSWER_MAX, read(&pool)).await;
                let Some(reading) = kept.upgrade() else { return };
                // Without an answer the last one goes on.
                if let Ok(Ok(answer)) = answer {
                    *reading.lock().unwrap_or_else(PoisonError::into_inner) = answer;
                }
            }
        });
        Ok(DatabaseClock(reading))
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let Reading { time, read_at } = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        time + read_at.elapsed()
    }
}

async fn read(pool: &PgPool) -> sqlx::Result<Reading> {
    let Time(time) = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(pool).await?;
    Ok(Reading { time, read_at: Instant::now() })
}
