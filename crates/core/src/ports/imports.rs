//! The port for repeated imports: which process runs one, and how the last one ended.

use crate::ids::SiteKey;
use std::time::Duration;

use async_trait::async_trait;

use super::error::StoreError;

/// Imports of sources. Writes are on disk when they return.
#[async_trait]
pub trait Imports: Send + Sync {
    /// The state of a source that is imported repeatedly.
    async fn import_run(&self, site: &SiteKey, source: &str) -> Result<ImportRun, StoreError>;

    /// Acquires or renews the lease of a source; `false` if another holder has it.
    async fn lease_import(
        &self,
        site: &SiteKey,
        source: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<bool, StoreError>;

    /// Records the outcome of an import and releases the lease, if the holder still has it.
    async fn record_import(
        &self,
        site: &SiteKey,
        source: &str,
        holder: &str,
        outcome: &ImportOutcome,
    ) -> Result<(), StoreError>;
}

/// The state of a source that is imported repeatedly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportRun {
    /// How long ago it was last imported; none if it was not.
    pub since_import: Option<Duration>,
    /// How many attempts have failed since.
    pub failures: u32,
    /// The time until the next attempt is due; none if the last one did not fail.
    pub retry_in: Option<Duration>,
    /// How much longer the lease lasts of whoever imports it, or was ended while it did; none if nobody has one.
    pub leased_for: Option<Duration>,
    /// The source's marker for requesting only changes, in the format of its importer; empty if it gave none.
    pub progress: String,
}

/// The outcome of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// Succeeded.
    Success {
        /// See [`ImportRun::progress`].
        progress: String,
    },
    /// Failed.
    Failure {
        /// The time until the next attempt is due.
        retry_in: Duration,
    },
}
