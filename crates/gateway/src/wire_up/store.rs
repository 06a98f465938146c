//! Opens the store that the settings name.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{Database, PostgresSettings, Settings};
use deskbell_core::clock::{Clock, SystemClock};
use deskbell_core::ports::{
    MoveSource, MoveTarget, PendingMigrations, SchemaStatus, SharedStore, Store, StoreError, TicketChanges,
};
use store_postgres::PostgresStore;
use store_postgres::moves::PostgresMoveTarget;
use store_sqlite::SqliteStore;
use store_sqlite::moves::{SqliteMoveSource, Unmovable};

/// The open store of a gateway.
pub struct OpenStore {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Its clock, which use cases share, so that they compare times of one clock.
    pub clock: Arc<dyn Clock>,
    /// Changes of tickets by other gateways, if the store may have several.
    pub changes: Option<Arc<dyn TicketChanges>>,
    /// What gateways on the store share beside it, if it may have several.
    pub shared: Option<Arc<dyn SharedStore>>,
}

/// Opens the store of the settings for a gateway.
pub async fn open(settings: &Settings) -> Result<OpenStore, StoreError> {
    match &settings.database {
        Database::Sqlite(path) => {
            let clock: Arc<dyn Clock> = Arc::new(SystemClock);
            let store = Arc::new(open_sqlite(path, settings, clock.clone(), PendingMigrations::Apply).await?);
            Ok(OpenStore { store, clock, changes: None, shared: None })
        }
        Database::Postgres(postgres) => {
            let store = open_postgres(postgres, PendingMigrations::Apply).await?;
            let clock = Arc::new(store.database_clock().await?);
            let changes = Arc::new(store.ticket_changes());
            let store = Arc::new(store);
            Ok(OpenStore { store: store.clone(), clock, changes: Some(changes), shared: Some(store) })
        }
    }
}

/// After how long a command says that it waits for a server.
const WAIT_UNNOTICED: Duration = Duration::from_secs(3);

/// Waits for something of a database, for a command; says so on standard error if its server takes long.
pub async fn wait_for<T>(database: &Database, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    if let Database::Postgres(PostgresSettings { url, .. }) = database {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(WAIT_UNNOTICED) => eprintln!(
                "note: waiting for the database {url}; a server that does not answer within {} seconds is given up",
                store_postgres::schema::CONNECT_MAX.as_secs()
            ),
        }
    }
    work.await
}

/// Opens the store of the settings for a command.
pub async fn open_for_command(settings: &Settings, pending: PendingMigrations) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match &settings.database {
        Database::Sqlite(path) => Arc::new(open_sqlite(path, settings, Arc::new(SystemClock), pending).await?),
        Database::Postgres(postgres) => Arc::new(open_postgres(postgres, pending).await?),
    })
}

async fn open_sqlite(
    path: &Path,
    settings: &Settings,
    clock: Arc<dyn Clock>,
    pending: PendingMigrations,
) -> Result<SqliteStore, StoreError> {
    let readers = settings.database_readers.unwrap_or(store_sqlite::READERS);
    let options = store_sqlite::StoreOptions { readers, clock, pending, ..store_sqlite::StoreOptions::default() };
    SqliteStore::open_with(path, options).await
}

async fn open_postgres(postgres: &PostgresSettings, pending: PendingMigrations) -> Result<PostgresStore, StoreError> {
    let options = store_postgres::StoreOptions {
        connections: postgres.connections.unwrap_or(store_postgres::CONNECTIONS),
        direct_url: postgres.listen_url.as_ref().map(|url| url.with_password().into()),
        pending,
        ..store_postgres::StoreOptions::default()
    };
    PostgresStore::open(postgres.url.with_password(), options).await
}

/// Opens an SQLite file to move everything in it.
pub async fn open_move_source(path: &Path) -> Result<Arc<dyn MoveSource>, Unmovable> {
    Ok(Arc::new(SqliteMoveSource::open(path).await?))
}

/// Opens an SQLite file to cancel its move.
pub async fn open_move_to_cancel(path: &Path) -> Result<Arc<dyn MoveSource>, Unmovable> {
    Ok(Arc::new(SqliteMoveSource::open_any_version(path).await?))
}

/// Opens a PostgreSQL database to move everything to it. `None` if another move uses it.
pub async fn open_move_target(
    PostgresSettings { url, listen_url, .. }: &PostgresSettings,
) -> Result<Option<Arc<dyn MoveTarget>>, StoreError> {
    let target = PostgresMoveTarget::open(listen_url.as_ref().unwrap_or(url).with_password()).await?;
    Ok(target.map(|target| Arc::new(target) as Arc<dyn MoveTarget>))
}

/// The migrations of the database of the settings; those of no database if an SQLite file does not exist.
pub async fn schema_status(settings: &Settings) -> Result<SchemaStatus, StoreError> {
    match &settings.database {
        Database::Sqlite(path) if !path.is_file() => Ok(store_sqlite::schema::empty()),
        Database::Sqlite(path) => store_sqlite::schema::status(path).await,
        Database::Postgres(PostgresSettings { url, listen_url, .. }) => {
            store_postgres::schema::status(listen_url.as_ref().unwrap_or(url).with_password()).await
        }
    }
}

/// The same after connecting to the database at all addresses that a gateway uses. A database that is not served, because it was moved or is being
/// moved, is an error. Changes nothing.
pub async fn check(settings: &Settings) -> Result<SchemaStatus, StoreError> {
    if let Database::Postgres(PostgresSettings { url, listen_url: Some(_), .. }) = &settings.database {
        store_postgres::schema::status(url.with_password()).await?;
    }
    let status = schema_status(settings).await?;
    match &settings.database {
        Database::Sqlite(path) if !path.is_file() => {}
        Database::Sqlite(path) => store_sqlite::moves::check_served(path).await?,
        Database::Postgres(PostgresSettings { url, listen_url, .. }) => {
            store_postgres::moves::check_served(listen_url.as_ref().unwrap_or(url).with_password()).await?;
        }
    }
    Ok(status)
}
