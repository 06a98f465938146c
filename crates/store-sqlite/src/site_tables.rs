//! The port for configured sites in SQLite.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction, query, query_scalar};

use super::SqliteStore;
use super::error::{RowExt, store_error};
use super::rows::read_rows;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{ReloadReport, SiteContents, SiteTable, SiteTables, StoreError};

/// How long the report of a gateway is stored.
const REPORT_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[async_trait]
impl SiteTables for SqliteStore {
    async fn sites_revision(&self) -> Result<i64, StoreError> {
        query_scalar("SELECT revision FROM sites_revision").fetch_one(&self.readers).await.map_err(store_error)
    }

    async fn site_tables(&self) -> Result<Vec<SiteTable>, StoreError> {
        let rows = query("SELECT site, text, updated_at FROM site_tables ORDER BY site");
        let table = |row: &SqliteRow| {
            Ok(SiteTable { site: row.id("site")?, text: row.value("text")?, updated_at: row.time("updated_at")? })
        };
        read_rows(&rows.fetch_all(&self.readers).await.map_err(store_error)?, "site", table)
    }

    async fn write_site_table(
        &self,
        site: &SiteKey,
        expected: Option<&str>,
        text: &str,
    ) -> Result<Option<i64>, StoreError> {
        let now = self.now_text();
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let write = match expected {
            None => query("INSERT OR IGNORE INTO site_tables (text, updated_at, site) VALUES (?1, ?2, ?3)"),
            Some(_) => query("UPDATE site_tables SET text = ?1, updated_at = ?2 WHERE site = ?3 AND text = ?4"),
        };
        let write = write.bind(text).bind(now).bind(site.as_str());
        let write = if let Some(expected) = expected { write.bind(expected) } else { write };
        if write.execute(&mut *transaction).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(None);
        }
        let revision = next_revision(&mut transaction).await?;
        transaction.commit().await.map_err(store_error)?;
        Ok(Some(revision))
    }

    async fn remove_site_table(&self, site: &SiteKey) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let delete = query("DELETE FROM site_tables WHERE site = ?").bind(site.as_str());
        if delete.execute(&mut *transaction).await.map_err(store_error)?.rows_affected() == 0 {
            return Ok(None);
        }
        let revision = next_revision(&mut transaction).await?;
        transaction.commit().await.map_err(store_error)?;
        Ok(Some(revision))
    }

    async fn request_reload(&self) -> Result<i64, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let revision = next_revision(&mut transaction).await?;
        transaction.commit().await.map_err(store_error)?;
        Ok(revision)
    }

    async fn record_reload(&self, report: &ReloadReport) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let forget = query("DELETE FROM reload_reports WHERE at < ?").bind((self.now() - REPORT_KEPT).to_string());
        forget.execute(&mut *transaction).await.map_err(store_error)?;
        let record = "INSERT INTO reload_reports (gateway, revision, error, at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (gateway) DO UPDATE SET revision = ?2, error = ?3, at = ?4";
        let record = query(record).bind(&report.gateway).bind(report.revision).bind(&report.error);
        record.bind(self.now_text()).execute(&mut *transaction).await.map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        Ok(())
    }

    async fn reload_reports(&self, since: i64) -> Result<Vec<ReloadReport>, StoreError> {
        let rows = query("SELECT gateway, revision, error FROM reload_reports WHERE revision >= ? ORDER BY gateway");
        let report = |row: &SqliteRow| {
            let (gateway, revision) = (row.value("gateway")?, row.value("revision")?);
            Ok(ReloadReport { gateway, revision, error: row.value("error")? })
        };
        let rows = rows.bind(since).fetch_all(&self.readers).await.map_err(store_error)?;
        read_rows(&rows, "report of a reload", report)
    }

    async fn site_contents(&self, site: &SiteKey) -> Result<SiteContents, StoreError> {
        let tickets = query_scalar("SELECT count(*) FROM tickets WHERE site = ?").bind(site.as_str());
        let questions = query_scalar("SELECT count(*) FROM questions WHERE site = ?").bind(site.as_str());
        let tickets: i64 = tickets.fetch_one(&self.readers).await.map_err(store_error)?;
        let questions: i64 = questions.fetch_one(&self.readers).await.map_err(store_error)?;
        Ok(SiteContents { tickets: tickets.unsigned_abs(), questions: questions.unsigned_abs() })
    }
}

async fn next_revision(transaction: &mut Transaction<'_, Sqlite>) -> Result<i64, StoreError> {
    let next = query_scalar("UPDATE sites_revision SET revision = revision + 1 RETURNING revision");
    next.fetch_one(&mut **transaction).await.map_err(store_error)
}
