//! The port for imports that are repeated: who is at one, and how the last one went.

use async_trait::async_trait;

use super::error::StoreError;

/// Imports of sources. When a write returns, it is on disk.
#[async_trait]
pub trait Imports: Send + Sync {
    /// What is known of a source that is imported again and again.
    async fn import_run(&self, site: &str, source: &str) -> Result<ImportRun, StoreError>;

    /// Takes the lease of a source until a time, or renews it; `false` where another holder has it.
    async fn lease_import(
        &self,
        site: &str,
        source: &str,
        holder: &str,
        now: &str,
        until: &str,
    ) -> Result<bool, StoreError>;

    /// Notes what came of an import and gives the lease back, where the holder has it still.
    async fn record_import(
        &self,
        site: &str,
        source: &str,
        holder: &str,
        outcome: &ImportOutcome,
    ) -> Result<(), StoreError>;
}

/// What is known of a source that is imported again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportRun {
    /// When it was imported last, RFC 3339 in UTC.
    pub imported_at: Option<String>,
    /// How often it failed since.
    pub failures: u32,
    /// When it is tried again; empty where it did not fail.
    pub retry_at: String,
    /// What the source said by which it can be asked for changes only, as its importer wrote it; empty where it said nothing.
    pub progress: String,
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It took place.
    Success {
        /// See [`ImportRun::progress`].
        progress: String,
    },
    /// It failed.
    Failure {
        /// When it is tried again, RFC 3339 in UTC.
        retry_at: String,
    },
}
