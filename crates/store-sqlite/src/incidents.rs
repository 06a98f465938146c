//! The incidents port in SQLite.

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::error::store_error;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Incidents, StoreError};

#[async_trait]
impl Incidents for SqliteStore {
    async fn affect(&self, site: &SiteKey, incident: &str, pseudonym: &[u8; 32]) -> Result<(), StoreError> {
        // Repeated reports are the common case and need no writer.
        let known = "SELECT 1 FROM affected WHERE site = ? AND incident = ? AND who = ?";
        let known = query(known)
            .bind(site.as_str())
            .bind(incident)
            .bind(&pseudonym[..])
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        if known.is_some() {
            return Ok(());
        }
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let now = self.now_text();
        let insert = query("INSERT OR IGNORE INTO affected (site, incident, who, at) VALUES (?, ?, ?, ?)");
        let insert = insert.bind(site.as_str()).bind(incident).bind(&pseudonym[..]).bind(&now);
        if insert.execute(&mut *transaction).await.map_err(store_error)?.rows_affected() > 0 {
            let count = "INSERT INTO incident_counts (site, incident, people, last_at) VALUES (?1, ?2, 1, ?3)
                ON CONFLICT (site, incident) DO UPDATE SET people = people + 1, last_at = ?3";
            query(count)
                .bind(site.as_str())
                .bind(incident)
                .bind(now)
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(())
    }

    async fn affected(&self, site: &SiteKey, incident: &str) -> Result<u32, StoreError> {
        let people = query_scalar("SELECT people FROM incident_counts WHERE site = ? AND incident = ?");
        let people: Option<u32> =
            people.bind(site.as_str()).bind(incident).fetch_optional(&self.readers).await.map_err(store_error)?;
        Ok(people.unwrap_or_default())
    }
}
