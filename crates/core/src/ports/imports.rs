//! The port for repeated imports: which process runs one, and how the last one ended.

use async_trait::async_trait;

use super::error::StoreError;

/// Imports of sources. Writes are on disk when they return.
#[async_trait]
pub trait Imports: Send + Sync {
    /// The state of a source that is imported repeatedly.
    async fn import_run(&self, site: &str, source: &str) -> Result<ImportRun, StoreError>;

    /// Acquires or renews the lease of a source until a time; `false` if another holder has it.
    async fn lease_import(
        &self,
        site: &str,
        source: &str,
        holder: &str,
        now: &str,
        until: &str,
    ) -> Result<bool, StoreError>;

    /// Records the outcome of an import and releases the lease, if the holder still has it.
    async fn record_import(
        &self,
        site: &str,
        source: &str,
        holder: &str,
        outcome: &ImportOutcome,
    ) -> Result<(), StoreError>;
}

/// The state of a source that is imported repeatedly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportRun {
    /// When it was last imported, RFC 3339 in UTC.
    pub imported_at: Option<String>,
    /// How many attempts have failed since.
    pub failures: u32,
    /// When the next attempt is due; empty if the last one did not fail.
    pub retry_at: String,
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
        /// When the next attempt is due, RFC 3339 in UTC.
        retry_at: String,
    },
}
