//! The incidents port in PostgreSQL.

use async_trait::async_trait;
use sqlx::{query, query_scalar};

use super::PostgresStore;
use super::columns::{RowExt, Time, text};
use super::error::{commit_error, store_error};
use super::retry::retried;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{Incidents, StoreError};

#[async_trait]
impl Incidents for PostgresStore {
    async fn affect(&self, site: &SiteKey, incident: &str, pseudonym: &[u8; 32]) -> Result<(), StoreError> {
        // Repeated reports are the common case and need no transaction.
        let known =
            "SELECT EXISTS (SELECT 1 FROM affected_customers WHERE site = $1 AND incident = $2 AND pseudonym = $3)";
        let known = query_scalar(known).bind(text(site.as_str())).bind(text(incident)).bind(&pseudonym[..]);
        if known.fetch_one(&self.pool).await.map_err(store_error)? {
            return Ok(());
        }
        retried(|| self.try_affect(site, incident, pseudonym)).await
    }

    async fn affected(&self, site: &SiteKey, incident: &str) -> Result<u32, StoreError> {
        let people = query("SELECT people FROM incident_counts WHERE site = $1 AND incident = $2");
        let people = people.bind(text(site.as_str())).bind(text(incident));
        let row = people.fetch_optional(&self.pool).await.map_err(store_error)?;
        row.map_or(Ok(0), |row| row.number("people"))
    }
}

impl PostgresStore {
    async fn try_affect(&self, site: &SiteKey, incident: &str, pseudonym: &[u8; 32]) -> Result<(), StoreError> {
        let mut write = self.begin().await?;
        let now = self.clock.now(&mut write).await?;
        let insert = query(
            "INSERT INTO affected_customers (site, incident, pseudonym, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        );
        let insert = insert.bind(text(site.as_str())).bind(text(incident)).bind(&pseudonym[..]).bind(Time(now));
        if insert.execute(&mut *write).await.map_err(store_error)?.rows_affected() > 0 {
            let count = query(
                "INSERT INTO incident_counts (site, incident, people, last_at) VALUES ($1, $2, 1, $3)
                ON CONFLICT (site, incident) DO UPDATE SET people = incident_counts.people + 1, last_at = $3",
            );
            let count = count.bind(text(site.as_str())).bind(text(incident)).bind(Time(now));
            count.execute(&mut *write).await.map_err(store_error)?;
        }
        write.commit().await.map_err(commit_error)
    }
}
