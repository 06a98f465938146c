//! The port for shared status pages in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::query;

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::store_error;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{StatusPolls, StoreError};
use domain::incident::Incident;

#[async_trait]
impl StatusPolls for PostgresStore {
    async fn claim_status_poll(&self, site: &SiteKey, page: &str, every: Duration) -> Result<bool, StoreError> {
        let mut write = self.acquire_for_worker().await?;
        let now = self.clock.now(&mut write).await?;
        let claim = query(
            "INSERT INTO status_polls (site, page, polled_at) VALUES ($1, $2, $3)
            ON CONFLICT (site, page) DO UPDATE SET polled_at = $3 WHERE status_polls.polled_at NOT BETWEEN $4 AND $3 OR status_polls.polled_at = $4",
        );
        let claim = claim.bind(text(site.as_str())).bind(text(page)).bind(Time(now)).bind(Time(now - every));
        Ok(claim.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0)
    }

    async fn record_incidents(&self, site: &SiteKey, page: &str, incidents: &[Incident]) -> Result<(), StoreError> {
        let json = serde_json::to_string(incidents).map_err(|error| StoreError::Row(error.to_string()))?;
        let mut write = self.acquire_for_worker().await?;
        let now = self.clock.now(&mut write).await?;
        let record = query("UPDATE status_polls SET incidents = $3, read_at = $4 WHERE site = $1 AND page = $2");
        let record = record.bind(text(site.as_str())).bind(text(page)).bind(json).bind(Time(now));
        record.execute(&mut *write).await.map_err(store_error)?;
        Ok(())
    }

    async fn recorded_incidents(
        &self,
        site: &SiteKey,
        page: &str,
    ) -> Result<Option<(Vec<Incident>, Duration)>, StoreError> {
        let mut read = self.acquire_for_worker().await?;
        let now = self.clock.now(&mut read).await?;
        let row =
            query("SELECT incidents, read_at FROM status_polls WHERE site = $1 AND page = $2 AND read_at IS NOT NULL");
        let row =
            row.bind(text(site.as_str())).bind(text(page)).fetch_optional(&mut *read).await.map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };
        let incidents = serde_json::from_str(row.value("incidents")?);
        let incidents = incidents.map_err(|error| StoreError::Row(error.to_string()))?;
        Ok(Some((incidents, now.since(row.time("read_at")?))))
    }
}
