//! The rights of customers: erasure, export and limited storage. A [`Selection`] says whose tickets are concerned.

mod document;
mod erase;
mod export;
mod log;
mod retention;
mod selection;

pub use document::{DocumentActivity, DocumentAddress, DocumentFile, DocumentReceipt, TicketDocument};
pub use erase::{EraseSelection, EraseTicket, Erased};
pub use export::{ExportPorts, ExportSelection, Exported};
pub use retention::EnforceRetention;
pub use selection::{Matched, Selection};

use crate::ports::{FileError, StoreError};

/// Why an erasure or export failed.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such ticket.
    #[error("there is no ticket {0}; use its reference, DB-…, or its id")]
    NoTicket(String),
    /// A date is malformed.
    #[error("{0:?} is not a date; use YYYY-MM-DD, such as 2025-01-31")]
    NoDate(String),
    /// The target of an export cannot be written.
    #[error(transparent)]
    Target(#[from] std::io::Error),
    /// An attachment cannot be read or copied.
    #[error(transparent)]
    File(#[from] FileError),
}
