//! The port for configured sites in PostgreSQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{query, query_scalar};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::rows::read_rows;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{ReloadReport, SiteContents, SiteTable, SiteTables, StoreError};

/// How long the report of a gateway is stored.
const REPORT_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[async_trait]
impl SiteTables for PostgresStore {
    async fn sites_revision(&self) -> Result<i64, StoreError> {
        query_scalar("SELECT revision FROM sites_revision").fetch_one(&self.pool).await.map_err(store_error)
    }

    async fn site_tables(&self) -> Result<Vec<SiteTable>, StoreError> {
        let rows = query("SELECT site, text, updated_at FROM site_tables ORDER BY site");
        let table = |row: &PgRow| {
            Ok(SiteTable { site: row.id("site")?, text: row.value("text")?, updated_at: row.time("updated_at")? })
        };
        read_rows(&rows.fetch_all(&self.pool).await.map_err(store_error)?, "site", table)
    }

    async fn write_site_table(
        &self,
        site: &SiteKey,
        expected: Option<&str>,
        table: &str,
    ) -> Result<Option<i64>, StoreError> {
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let written = match expected {
            None => query(
                "INSERT INTO site_tables (text, updated_at, site) VALUES ($1, $2, $3) ON CONFLICT (site) DO NOTHING",
            ),
            Some(_) => query("UPDATE site_tables SET text = $1, updated_at = $2 WHERE site = $3 AND text = $4"),
        };
        let written = written.bind(text(table)).bind(Time(now)).bind(text(site.as_str()));
        let written = if let Some(expected) = expected { written.bind(text(expected)) } else { written };
        if written.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(None);
        }
        let revision = next_revision(&mut write).await?;
        write.commit().await.map_err(commit_error)?;
        Ok(Some(revision))
    }

    async fn remove_site_table(&self, site: &SiteKey) -> Result<Option<i64>, StoreError> {
        let mut write = self.begin().await?;
        let delete = query("DELETE FROM site_tables WHERE site = $1").bind(text(site.as_str()));
        if delete.execute(&mut *write).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(None);
        }
        let revision = next_revision(&mut write).await?;
        write.commit().await.map_err(commit_error)?;
        Ok(Some(revision))
    }

    async fn request_reload(&self) -> Result<i64, StoreError> {
        next_revision(&mut *self.acquire().await?).await
    }

    async fn record_reload(&self, report: &ReloadReport) -> Result<(), StoreError> {
        let mut write = self.acquire().await?;
        let now = self.clock.now(&mut write).await?;
        let record = query(
            "INSERT INTO reload_reports (gateway, revision, error, at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (gateway) DO UPDATE SET revision = $2, error = $3, at = $4",
        );
        let record = record.bind(text(&report.gateway)).bind(report.revision).bind(report.error.as_deref().map(text));
        record.bind(Time(now)).execute(&mut *write).await.map_err(store_error)?;
        // A transaction of its own: gateways that report at the same moment do not wait for each other.
        let forget = query("DELETE FROM reload_reports WHERE at < $1").bind(Time(now - REPORT_KEPT));
        forget.execute(&mut *write).await.map_err(store_error)?;
        Ok(())
    }

    async fn reload_reports(&self, since: i64) -> Result<Vec<ReloadReport>, StoreError> {
        let rows = query("SELECT gateway, revision, error FROM reload_reports WHERE revision >= $1 ORDER BY gateway");
        let report = |row: &PgRow| {
            let (gateway, revision) = (row.value("gateway")?, row.value("revision")?);
            Ok(ReloadReport { gateway, revision, error: row.value("error")? })
        };
        let rows = rows.bind(since).fetch_all(&self.pool).await.map_err(store_error)?;
        read_rows(&rows, "report of a reload", report)
    }

    async fn site_contents(&self, site: &SiteKey) -> Result<SiteContents, StoreError> {
        let counts = query(
            "SELECT (SELECT count(*) FROM tickets WHERE site = $1) AS tickets,
                (SELECT count(*) FROM questions WHERE site = $1) AS questions",
        );
        let row = counts.bind(text(site.as_str())).fetch_one(&self.pool).await.map_err(store_error)?;
        Ok(SiteContents { tickets: row.number("tickets")?, questions: row.number("questions")? })
    }
}

async fn next_revision(write: &mut PgConnection) -> Result<i64, StoreError> {
    let next = query_scalar("UPDATE sites_revision SET revision = revision + 1 RETURNING revision");
    next.fetch_one(write).await.map_err(store_error)
}
