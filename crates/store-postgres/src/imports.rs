//! The imports port in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::query;

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::store_error;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{ImportOutcome, ImportRun, Imports, StoreError};

#[async_trait]
impl Imports for PostgresStore {
    async fn import_run(&self, site: &SiteKey, source: &str) -> Result<ImportRun, StoreError> {
        let mut read = self.acquire().await?;
        let now = self.clock.now(&mut read).await?;
        let run = query(
            "SELECT imported_at, failures, retry_at, lease_until, progress FROM imports WHERE site = $1 AND source = $2",
        );
        let run = run.bind(text(site.as_str())).bind(text(source)).fetch_optional(&mut *read).await;
        let Some(run) = run.map_err(store_error)? else { return Ok(ImportRun::default()) };
        Ok(ImportRun {
            since_import: run.optional_time("imported_at")?.map(|at| now.since(at)),
            failures: run.number("failures")?,
            retry_in: run.optional_time("retry_at")?.map(|at| at.since(now)),
            leased_for: run.optional_time("lease_until")?.map(|at| at.since(now)).filter(|rest| !rest.is_zero()),
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
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        let leased = query(
            "INSERT INTO imports (site, source, holder, lease_until) VALUES ($1, $2, $3, $5)
            ON CONFLICT (site, source) DO UPDATE SET holder = $3, lease_until = $5
            WHERE imports.holder IS NULL OR imports.holder = $3 OR imports.lease_until <= $4",
        );
        let leased = leased
            .bind(text(site.as_str()))
            .bind(text(source))
            .bind(text(holder))
            .bind(Time(now))
            .bind(Time(now + lease));
        Ok(leased.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn record_import(
        &self,
        site: &SiteKey,
        source: &str,
        holder: &str,
        outcome: &ImportOutcome,
    ) -> Result<(), StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        let update = match outcome {
            ImportOutcome::Success { .. } => query(
                "UPDATE imports SET holder = NULL, lease_until = NULL, failures = 0, retry_at = NULL, progress = $4
                WHERE site = $1 AND source = $2 AND holder = $3",
            ),
            ImportOutcome::Failure { .. } => query(
                "UPDATE imports SET holder = NULL, lease_until = NULL, failures = failures + 1, retry_at = $4
                WHERE site = $1 AND source = $2 AND holder = $3",
            ),
        };
        let update = update.bind(text(site.as_str())).bind(text(source)).bind(text(holder));
        let update = match outcome {
            ImportOutcome::Success { progress } => update.bind(text(progress)),
            ImportOutcome::Failure { retry_in } => update.bind(Time(now + *retry_in)),
        };
        update.execute(&mut *write).await.map_err(store_error)?;
        Ok(())
    }
}
