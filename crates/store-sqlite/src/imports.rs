//! The imports port in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{ImportOutcome, ImportRun, Imports, StoreError};
use deskbell_core::timestamp::Timestamp;

#[async_trait]
impl Imports for SqliteStore {
    async fn import_run(&self, site: &SiteKey, source: &str) -> Result<ImportRun, StoreError> {
        let imported = query_scalar("SELECT imported_at FROM sources WHERE site = ? AND source = ?");
        let imported_at: Option<String> =
            imported.bind(site.as_str()).bind(source).fetch_optional(&self.readers).await.map_err(store_error)?;
        let now = self.now();
        // An import whose time cannot be read is repeated.
        let since_import = imported_at.and_then(|at| at.parse::<Timestamp>().ok()).map(|at| now.since(at));
        let run =
            query("SELECT failures, retry_at, lease_until, progress FROM import_runs WHERE site = ? AND source = ?");
        let Some(run) =
            run.bind(site.as_str()).bind(source).fetch_optional(&self.readers).await.map_err(store_error)?
        else {
            return Ok(ImportRun { since_import, ..ImportRun::default() });
        };
        let (retry_at, lease_until): (String, String) = (run.value("retry_at")?, run.value("lease_until")?);
        Ok(ImportRun {
            since_import,
            failures: run.value("failures")?,
            retry_in: self.time_until(Some(retry_at)),
            leased_for: self.time_until(Some(lease_until)).filter(|rest| !rest.is_zero()),
            progress: run.value("progress")?,
        })
    }

    async fn lease_import(
        &self,
        site: &SiteKey,
        source: &str,
        holder: &str,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let (now, until) = (self.now_text(), self.lease_end(lease));
        let lease = "
            INSERT INTO import_runs (site, source, holder, lease_until) VALUES (?1, ?2, ?3, ?5)
            ON CONFLICT (site, source) DO UPDATE SET holder = ?3, lease_until = ?5
            WHERE holder = ?3 OR lease_until <= ?4";
        let leased = query(lease).bind(site.as_str()).bind(source).bind(holder).bind(now).bind(until);
        Ok(leased.execute(&self.writer).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn record_import(
        &self,
        site: &SiteKey,
        source: &str,
        holder: &str,
        outcome: &ImportOutcome,
    ) -> Result<(), StoreError> {
        let update = match outcome {
            ImportOutcome::Success { progress } => query(
                "UPDATE import_runs SET holder = '', lease_until = '', failures = 0, retry_at = '', progress = ?4
                WHERE site = ?1 AND source = ?2 AND holder = ?3",
            )
            .bind(site.as_str())
            .bind(source)
            .bind(holder)
            .bind(progress),
            ImportOutcome::Failure { retry_in } => query(
                "UPDATE import_runs SET holder = '', lease_until = '', failures = failures + 1, retry_at = ?4
                WHERE site = ?1 AND source = ?2 AND holder = ?3",
            )
            .bind(site.as_str())
            .bind(source)
            .bind(holder)
            .bind((self.now() + *retry_in).to_string()),
        };
        update.execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }
}
