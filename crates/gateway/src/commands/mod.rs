//! The commands beside `serve`. Each opens what it needs and runs a use case.

pub mod actor;
pub mod check;
pub mod deliveries;
pub mod erase;
pub mod export;
pub mod health;
pub mod import;
pub mod index;
pub mod migrate;
pub mod moving;
pub mod sessions;
pub mod sites;
pub mod tickets;

use std::sync::Arc;

use crate::config::Settings;
use crate::wire_up;
use deliveries::DeliveriesError;
use deskbell_core::ports::{Files, Store, StoreError};
use deskbell_core::use_cases::agents::{Audit, HandleSessions};
use deskbell_core::use_cases::privacy::PrivacyError;
use sessions::SessionsError;
use tickets::TicketsError;

/// Why stored data was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The database does not exist, and is not created.
    #[error("{0}: database not found; set the gateway's database with --config or --database")]
    NoDatabase(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An erasure or export failed.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
    /// A ticket is not shown.
    #[error(transparent)]
    Tickets(#[from] TicketsError),
    /// Nothing was sent again.
    #[error(transparent)]
    Deliveries(#[from] DeliveriesError),
    /// No session was ended.
    #[error(transparent)]
    Sessions(#[from] SessionsError),
    /// A folder cannot be written.
    #[error("{0}: {1}; use a new or empty folder")]
    Folder(String, String),
}

/// The opened data of a gateway, which may be running.
pub struct OpenData {
    store: Arc<dyn Store>,
    files: Arc<dyn Files>,
    audit: Audit,
}

impl OpenData {
    /// Opens the database and the attachments; neither creates nor migrates the database.
    pub async fn open(settings: &Settings) -> Result<OpenData, DataError> {
        if !settings.database.may_exist() {
            return Err(DataError::NoDatabase(settings.database.to_string()));
        }
        let store = wire_up::open_current_store(settings).await?;
        let files = wire_up::open_files(settings)?;
        let audit = wire_up::audit(settings, &store);
        Ok(OpenData { store, files, audit })
    }

    /// Closes the database.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// The store.
    fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The audit log.
    fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The sessions of agents.
    fn sessions(&self) -> HandleSessions {
        wire_up::sessions(&self.store, &self.audit)
    }
}
